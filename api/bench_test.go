package api_test

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/checkout-promotions/checkout/api"
	"github.com/checkout-promotions/checkout/engine"
)

// The benchmarks price a cart of 10 lines (15 units), on which all promotions
// apply, beside the same server without promotions and beside a bare chi
// handler that decodes and encodes the same JSON with encoding/json. The
// variants take turns, so that what else the machine does falls on all alike;
// a ratio is the time of the priced variant by that of the other.

// variant is a handler to be measured.
type variant struct {
	name    string
	handler http.Handler
	took    []time.Duration // by each turn
}

func benchCart() ([]engine.Item, []string) {
	items := catalogue()
	asked := []string{tv, speaker, tv, macbook, speaker, tv, speaker, speaker}
	for i := range 7 {
		sku := fmt.Sprintf("ITEM-%02d", i)
		items = append(items, engine.Item{SKU: sku, Name: "An item of the shop " + sku, Price: engine.Amount(1999 + 100*i), Stock: 1000})
		asked = append(asked, sku)
	}
	return items, asked
}

// variants returns the priced one first.
func variants(b *testing.B) (all []*variant, body string) {
	b.Helper()
	items, asked := benchCart()
	with := func(rules *engine.Ruleset) http.Handler {
		return open(b, withRules(engine.New(rules)), func(s *shop, o *api.Options) {
			s.memory = newMemory(items...)
			o.Now = time.Now
		}).server
	}
	none, err := engine.NewRuleset(engine.RulesetConfig{Digest: "digest-of-none", Currency: currency(b, "USD")})
	if err != nil {
		b.Fatal(err)
	}
	body = skus(asked...)
	priced := with(originalRules(b))
	return []*variant{
		{name: "rules", handler: priced},
		{name: "no-rules", handler: with(none)},
		{name: "bare-json", handler: bareHandler(b, want(b, send(priced, "POST", pricePath, bytes.NewBufferString(body)), 200))},
	}, body
}

// answerJSON is the whole of a price for encoding/json.
type answerJSON struct {
	Items []struct {
		Name     string      `json:"name"`
		SKU      string      `json:"sku"`
		Price    json.Number `json:"price"`
		Quantity int64       `json:"inventory_quantity"`
	} `json:"items"`
	Total             json.Number `json:"total"`
	TotalWithDiscount json.Number `json:"total_with_discount"`
	TotalGross        json.Number `json:"total_gross"`
	SKUList           string      `json:"sku_list"`
	Currency          string      `json:"currency"`
	Ruleset           string      `json:"ruleset"`
	Lines             []struct {
		SKU       string      `json:"sku"`
		Quantity  int64       `json:"quantity"`
		UnitPrice json.Number `json:"unit_price"`
		Subtotal  json.Number `json:"subtotal"`
		Discount  json.Number `json:"discount"`
		Total     json.Number `json:"total"`
	} `json:"lines"`
	Promotions []struct {
		ID           string      `json:"id"`
		Name         string      `json:"name"`
		Discount     json.Number `json:"discount"`
		Applications int64       `json:"applications"`
	} `json:"promotions"`
	Gifts []struct {
		SKU       string      `json:"sku"`
		Name      string      `json:"name"`
		Quantity  int64       `json:"quantity"`
		Worth     json.Number `json:"worth"`
		Promotion string      `json:"promotion"`
	} `json:"gifts"`
}

// bareHandler decodes the request and encodes the given answer, byte for byte.
func bareHandler(b testing.TB, text string) http.Handler {
	b.Helper()
	answer := decoded[answerJSON](b, text)
	if again, err := json.Marshal(answer); err != nil || string(again)+"\n" != text {
		b.Fatalf("got %s, want %s: %v", again, text, err)
	}
	router := chi.NewRouter()
	router.Post(pricePath, func(w http.ResponseWriter, r *http.Request) {
		var request struct {
			SKUs []string `json:"skus"`
		}
		if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(&answer)
	})
	return router
}

// interleave lets the variants take turns, and reports the medians of their times, and of
// the ratios of turns that follow each other: what else the machine does now and then does
// not count. A turn is long enough to collect the garbage it makes.
func interleave(b *testing.B, all []*variant, request func(*variant)) {
	const turn = 256
	for _, v := range all {
		request(v)
	}
	b.ResetTimer()
	for range b.N {
		for _, v := range all {
			begin := time.Now()
			for range turn {
				request(v)
			}
			v.took = append(v.took, time.Since(begin))
		}
	}
	b.StopTimer()
	b.ReportMetric(0, "ns/op") // of all variants together: says nothing
	for _, v := range all {
		ratios := make([]float64, b.N)
		for i := range ratios {
			ratios[i] = float64(all[0].took[i]) / float64(v.took[i])
		}
		b.ReportMetric(float64(median(v.took))/turn, v.name+"-ns/req")
		if v != all[0] {
			b.ReportMetric(median(ratios), "x-"+v.name)
		}
	}
}

func median[T cmp.Ordered](of []T) T {
	return slices.Sorted(slices.Values(of))[len(of)/2]
}

// sink is a ResponseWriter that costs next to nothing.
type sink struct {
	header http.Header
	status int
}

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) WriteHeader(status int)      { s.status = status }
func (s *sink) Write(b []byte) (int, error) { return len(b), nil }

func BenchmarkPriceInProcess(b *testing.B) {
	all, body := variants(b)
	inProcess(b, all, pricePath, body)
}

// inProcess asks the handlers themselves, and counts what they allocate.
func inProcess(b *testing.B, all []*variant, path, body string) {
	call := caller(b, path, body)
	interleave(b, all, call)
	for _, v := range all {
		b.ReportMetric(testing.AllocsPerRun(200, func() { call(v) }), v.name+"-allocs/req")
	}
}

// caller returns what sends the request to a handler, with next to no allocation of its
// own.
func caller(b testing.TB, path, body string) func(*variant) {
	reader := bytes.NewReader(nil)
	request := httptest.NewRequest("POST", path, io.NopCloser(reader))
	request.ContentLength = int64(len(body))
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+password)
	text := []byte(body)
	w := &sink{header: make(http.Header)}
	return func(v *variant) {
		reader.Reset(text)
		request.Body = io.NopCloser(reader)
		clear(w.header)
		v.handler.ServeHTTP(w, request)
		if w.status >= 400 {
			b.Fatalf("%s: got status %d", v.name, w.status)
		}
	}
}

func BenchmarkPriceOverLoopback(b *testing.B) {
	all, body := variants(b)
	overLoopback(b, all, pricePath, body)
}

// overLoopback asks servers, each over a connection of its own.
func overLoopback(b *testing.B, all []*variant, path, body string) {
	dialogs := make(map[*variant]*dialog)
	for _, v := range all {
		server := httptest.NewServer(v.handler)
		defer server.Close()
		dialogs[v] = newDialog(b, server.Listener.Addr().String(), path, body)
		defer dialogs[v].conn.Close()
	}
	interleave(b, all, func(v *variant) { dialogs[v].exchange(b) })
}

// dialog asks the same over one connection again and again, with less work for
// the client than net/http's.
type dialog struct {
	conn    net.Conn
	request []byte
	answer  []byte // as long as every answer is
}

func newDialog(b *testing.B, address, path, body string) *dialog {
	b.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		b.Fatal(err)
	}
	request := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s",
		path, password, len(body), body)
	d := &dialog{conn: conn, request: []byte(request)}
	if _, err := conn.Write(d.request); err != nil {
		b.Fatal(err)
	}
	var seen bytes.Buffer
	answer, err := http.ReadResponse(bufio.NewReader(io.TeeReader(conn, &seen)), nil)
	if err != nil {
		b.Fatal(err)
	}
	readAll(b, answer)
	d.answer = make([]byte, seen.Len())
	return d
}

func (d *dialog) exchange(b *testing.B) {
	if _, err := d.conn.Write(d.request); err != nil {
		b.Fatal(err)
	}
	if _, err := io.ReadFull(d.conn, d.answer); err != nil {
		b.Fatal(err)
	}
	if !bytes.HasPrefix(d.answer, []byte("HTTP/1.1 200")) {
		b.Fatalf("got %.80s", d.answer)
	}
}

// BenchmarkKeyedPurchase tells what a key costs, and a replay.
func BenchmarkKeyedPurchase(b *testing.B) {
	for _, c := range []struct {
		name string
		key  func(i int) []string
	}{
		{"without a key", func(int) []string { return nil }},
		{"with a key", func(i int) []string { return withKey(fmt.Sprint("K", i)) }},
		{"replayed", func(int) []string { return withKey("K") }},
	} {
		b.Run(c.name, func(b *testing.B) {
			s := keyed(b)
			s.put(`{"items":[{"name":"Google TV","sku":"120P90","price":49.99,"inventory_quantity":1000000}]}`)
			body := skus(tv, tv, tv)
			i := 0
			for b.Loop() {
				want(b, s.do("POST", purchasePath, body, c.key(i)...), 200)
				i++
			}
		})
	}
}
