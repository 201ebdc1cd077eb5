package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/checkout-promotions/checkout/api"
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/diag"
)

type exchange struct {
	name    string // of the golden file
	method  string
	path    string
	body    string
	headers []string
	reader  io.Reader // instead of body
	before  func(*shop)
	with    func(*shop, *api.Options)
}

func authorized() []string { return []string{"X-Auth-Password", password} }

func (s *shop) sell(list ...string) { s.do("POST", purchasePath, skus(list...)) }

func exchanges() []exchange {
	failing := func(err error) func(*shop, *api.Options) {
		return func(s *shop, o *api.Options) {
			o.IsUnavailable = func(err error) bool { return strings.Contains(err.Error(), "locked") }
			s.basis = func(context.Context, engine.Inquiry) (engine.Basis, error) { return engine.Basis{}, err }
		}
	}
	check := func(name string, err error) api.Check {
		return api.Check{Name: name, Run: func(context.Context) error { return err }}
	}
	return []exchange{
		{name: "status", method: "GET", path: "/status"},
		{name: "health", method: "GET", path: "/health", with: func(_ *shop, o *api.Options) {
			o.Checks = []api.Check{check("store", nil)}
		}},
		{name: "health_down", method: "GET", path: "/health", with: func(_ *shop, o *api.Options) {
			o.Checks = []api.Check{check("store", errors.New("dial tcp 10.0.0.1:5432")), check("rules", nil)}
		}},
		{name: "live", method: "GET", path: "/livez", with: func(_ *shop, o *api.Options) {
			o.Checks = []api.Check{check("store", errors.New("dial tcp 10.0.0.1:5432"))}
		}},
		{name: "not_ready", method: "GET", path: "/readyz", with: func(_ *shop, o *api.Options) {
			o.Checks = []api.Check{check("store", errors.New("dial tcp 10.0.0.1:5432"))}
		}},
		{name: "metrics", method: "GET", path: "/metrics", before: func(s *shop) {
			s.do("GET", itemPath+tv, "")
			s.do("GET", itemPath+"nothing", "")
			s.do("BREW", "/coffee", "")
		}},

		{name: "item_by_sku", method: "GET", path: itemPath + tv},
		{name: "item_by_name", method: "GET", path: itemPath + "Google%20TV"},
		{name: "item_with_gift", method: "GET", path: itemPath + macbook},
		{name: "item_head", method: "HEAD", path: itemPath + tv},
		{name: "item_unknown", method: "GET", path: itemPath + "%3Cb%3E"},
		{name: "item_out_of_stock", method: "GET", path: itemPath + pi, before: func(s *shop) { s.sell(pi, pi) }},

		{name: "price", method: "POST", path: pricePath, body: skus(speaker, tv, tv, macbook, tv, speaker, speaker, speaker)},
		{name: "price_old_path", method: "POST", path: "/v0/inventory/item/price", body: skus(tv, tv, tv)},
		{name: "price_beyond_stock", method: "POST", path: pricePath, body: skus(pi, pi, pi)},
		{name: "price_unknown", method: "POST", path: pricePath, body: skus(tv, "nothing")},
		{name: "price_out_of_stock", method: "POST", path: pricePath, body: skus(tv, pi), before: func(s *shop) { s.sell(pi, pi) }},
		{name: "price_empty_body", method: "POST", path: pricePath},
		{name: "price_truncated", method: "POST", path: pricePath, body: `{"skus":["A"`},
		{name: "price_text_after", method: "POST", path: pricePath, body: `{"skus":["120P90"]} {}`},
		{name: "price_a_list", method: "POST", path: pricePath, body: `["120P90"]`},
		{name: "price_no_skus", method: "POST", path: pricePath, body: `{"sku":"120P90"}`},
		{name: "price_skus_null", method: "POST", path: pricePath, body: `{"skus":null}`},
		{name: "price_skus_empty", method: "POST", path: pricePath, body: `{"skus":[ ]}`},
		{name: "price_faults", method: "POST", path: pricePath, body: `{"skus":["120P90",null,3,"","no spaces",["A"],{},true]}`},
		{name: "price_many_faults", method: "POST", path: pricePath, body: `{"skus":[1,2,3,4,5,6,7,8,9,10,11,12]}`},
		{name: "price_twice", method: "POST", path: pricePath, body: `{"skus":["120P90"],"skus":["43N23P"]}`},
		{name: "price_not_utf8", method: "POST", path: pricePath, body: "{\"skus\":[\"\xff\"]}"},
		{name: "price_body_too_long", method: "POST", path: pricePath, body: skus(strings.Repeat("a", 2<<20))},
		{name: "price_too_many_lines", method: "POST", path: pricePath, body: manySKUs(501)},
		{name: "price_too_many_units", method: "POST", path: pricePath, body: skus(slices.Repeat([]string{tv[:1]}, 100_001)...)},
		{name: "price_too_dear", method: "POST", path: pricePath, body: skus(slices.Repeat([]string{"GOLD"}, 1001)...), before: func(s *shop) {
			s.put(`{"items":[{"name":"Gold","sku":"GOLD","price":9999999999999.99,"inventory_quantity":1}]}`)
		}},
		{name: "price_body_late", method: "POST", path: pricePath, reader: iotest.ErrReader(os.ErrDeadlineExceeded)},
		{name: "price_body_cut_off", method: "POST", path: pricePath, reader: iotest.ErrReader(io.ErrUnexpectedEOF)},
		{name: "price_canceled", method: "POST", path: pricePath, body: skus(tv), with: failing(context.Canceled)},
		{name: "price_panic", method: "POST", path: pricePath, body: skus(tv), with: func(s *shop, _ *api.Options) {
			s.basis = func(context.Context, engine.Inquiry) (engine.Basis, error) { panic("a bug") }
		}},
		{name: "price_store_unavailable", method: "POST", path: pricePath, body: skus(tv), with: failing(errors.New("database is locked (5)"))},
		{name: "price_store_slow", method: "POST", path: pricePath, body: skus(tv), with: failing(context.DeadlineExceeded)},
		{name: "price_store_broken", method: "POST", path: pricePath, body: skus(tv), with: failing(errors.New("SQLSTATE 23505"))},

		{name: "purchase", method: "POST", path: purchasePath, body: skus(tv, macbook, tv, tv)},
		{name: "purchase_unknown", method: "POST", path: purchasePath, body: skus(tv, "nothing")},
		{name: "purchase_out_of_stock", method: "POST", path: purchasePath, body: skus(pi, pi, pi)},
		{name: "purchase_expected", method: "POST", path: purchasePath, body: `{"skus":["` + tv + `"],"expected_total":49.99}`},
		{name: "purchase_price_changed", method: "POST", path: purchasePath, body: `{"skus":["` + macbook + `"],"expected_total":5000}`},
		{name: "purchase_expected_faults", method: "POST", path: purchasePath, body: `{"skus":[7],"expected_total":"49.99"}`},
		{name: "purchase_invalid", method: "POST", path: purchasePath, body: `{"skus":[null]}`},

		{name: "orders_none", method: "GET", path: ordersPath, headers: authorized()},
		{name: "orders", method: "GET", path: ordersPath, headers: authorized(), before: func(s *shop) {
			s.sell(macbook)
			s.sell(tv, tv, tv)
		}},
		{name: "orders_no_password", method: "GET", path: ordersPath},
		{name: "orders_wrong_password", method: "GET", path: ordersPath, headers: []string{"X-Auth-Password", password + "x"}},
		{name: "orders_throttled", method: "GET", path: ordersPath, headers: authorized(), before: func(s *shop) {
			for range 101 {
				s.do("GET", ordersPath, "", "X-Auth-Password", "guess")
			}
		}},

		{name: "items", method: "POST", path: itemsPath, headers: authorized(), body: `{"items":[
			{"name":"Google TV","sku":"120P90","price":39.9,"inventory_quantity":7,"id":99},
			{"name":"<b>Caf\u00e9</b> ","sku":"new-1_a.B","price":0,"inventory_quantity":1,"color":"red"}]}`},
		{name: "items_faults", method: "POST", path: itemsPath, headers: authorized(), body: `{"items":[
			{"name":" \t","sku":"A","price":-0.01,"inventory_quantity":0},
			{"sku":"A","price":null,"inventory_quantity":1.5},
			{"name":"a\u0000b","sku":"B","price":"5","inventory_quantity":"1"},
			null]}`},
		{name: "items_sub_cent", method: "POST", path: itemsPath, headers: authorized(), body: `{"items":[{"name":"A","sku":"A","price":1.005,"inventory_quantity":1}]}`},
		{name: "items_name_taken", method: "POST", path: itemsPath, headers: authorized(), body: `{"items":[{"name":"Google TV","sku":"B","price":1,"inventory_quantity":1}]}`},
		{name: "items_no_password", method: "POST", path: itemsPath, body: `{"items":[]}`},

		{name: "no_such_path", method: "GET", path: "/v0/nothing"},
		{name: "wrong_method", method: "DELETE", path: pricePath},
		{name: "wrong_method_on_get", method: "POST", path: itemPath + tv, body: "{}"},
		{name: "plugins_none", method: "GET", path: "/v1/plugins", headers: authorized()},
		{name: "plugins_no_password", method: "GET", path: "/v1/plugins"},
		{name: "plugins", method: "GET", path: "/v1/plugins", headers: authorized(), with: func(_ *shop, o *api.Options) {
			since := time.Date(2026, 11, 23, 1, 2, 3, 4, time.FixedZone("", 3600))
			o.PluginStatus = func() []api.PluginStatus {
				return []api.PluginStatus{
					{
						Name: "loyalty", State: "running", Since: since, Version: "1.2.0", Digest: "9f86d081", Circuit: "closed", Calls: 120,
						Failures: map[engine.PluginFault]int64{engine.TimedOut: 2, engine.AbovePrice: 1}, Restarts: 1,
						P50: 412345 * time.Nanosecond, P99: 3 * time.Millisecond,
					},
					{Name: "stamps", State: "refused", Since: since, Circuit: "closed", Fault: engine.BadChecksum, Detail: "the program is another"},
				}
			}
		}},
		{name: "unknown_method", method: "BREW", path: "/v0/orders"},

		version1("quote", "quotes", `{"lines":[{"sku":"120P90","quantity":3},{"sku":"43N23P","quantity":1},{"sku":"120P90","quantity":1}]}`),
		version1("quote_summary", "quotes", `{"lines":[{"sku":"A304SD","quantity":3}],"explain":"summary"}`),
		version1("quote_full", "quotes", `{"lines":[{"sku":"120P90","quantity":4}],"explain":"full"}`),
		version1("quote_shipping", "quotes", `{"lines":[{"sku":"120P90","quantity":1}],"shipping":{"country":"DE","shipments":[{"method":"post","price":"4.9"}]}}`),
		version1("quote_empty", "quotes", `{"lines":[]}`),
		version1("quote_unknown", "quotes", `{"lines":[{"sku":"120P90","quantity":1},{"sku":"X","quantity":2}]}`),
		version1("quote_unknown_coupon", "quotes", `{"lines":[{"sku":"120P90","quantity":1}],"coupons":["spring "]}`),
		version1("quote_reported", "quotes", `{"lines":[{"sku":"120P90","quantity":1},{"sku":"X","quantity":2}],"coupons":["SPRING"],"unknown":"report"}`),
		version1("quote_faults", "quotes", `{"lines":[{"sku":"a b","quantity":0},{"quantity":1}],"currency":"XXY","customer":{"orders":-1,"lifetime_spend":"1.005"},
			"coupons":[""],"shipping":{"shipments":[{"price":"1"}]},"explain":"all","unknown":"drop"}`),
		version1("quote_no_lines", "quotes", `{}`),
		version1("quote_wrong_type", "quotes", `{"lines":[{"sku":"120P90","quantity":"3"}]}`),
		version1("quote_fraction", "quotes", `{"lines":[{"sku":"120P90","quantity":1.5}]}`),
		version1("quote_wrong_amount", "quotes", `{"lines":[],"customer":{"lifetime_spend":12.5}}`),
		version1("quote_not_known", "quotes", `{"lines":[],"line":[]}`),
		version1("quote_null", "quotes", `{"lines":[],"customer":{"attributes":{"a~/b":null}}}`),
		version1("quote_twice", "quotes", `{"lines":[],"lines":[]}`),
		version1("quote_no_body", "quotes", ``),
		version1("quote_cut_off", "quotes", `{"lines":[{"sku":"120P90"`),
		version1("quote_text_after", "quotes", `{"lines":[]} {}`),
		version1("quote_a_list", "quotes", `[]`),
		version1("quote_too_long", "quotes", `{"channel":"`+strings.Repeat("x", 2<<20)+`"}`),
		version1("quote_too_dear", "quotes", `{"lines":[{"sku":"43N23P","quantity":1000000000},{"sku":"43N23P","quantity":1000000000}]}`),
		version1("quote_other_currency", "quotes", `{"lines":[{"sku":"43N23P","quantity":1}],"currency":"EUR"}`),
		{name: "quote_no_key", method: "POST", path: "/v1/quotes", body: `{"lines":[]}`, headers: []string{"Content-Type", "application/json"}},
		{name: "quote_no_type", method: "POST", path: "/v1/quotes", body: `{"lines":[]}`, headers: authorized()},
		{name: "quote_store_unavailable", method: "POST", path: "/v1/quotes", body: `{"lines":[]}`, headers: asJSON(), with: failing(errors.New("database is locked (5)"))},
		{name: "quote_panic", method: "POST", path: "/v1/quotes", body: `{"lines":[]}`, headers: asJSON(), with: func(s *shop, _ *api.Options) {
			s.basis = func(context.Context, engine.Inquiry) (engine.Basis, error) { panic("a bug") }
		}},
		{name: "quote_get", method: "GET", path: "/v1/quotes", headers: asJSON()},
		version1("quotes", "quotes:batch", `{"carts":[{"lines":[{"sku":"120P90","quantity":3}]},{"lines":[{"sku":"X","quantity":1}]},{"lines":[{"sku":"A304SD","quantity":0}]}]}`),
		version1("quotes_none", "quotes:batch", `{"carts":[]}`),
		version1("prices", "prices", `{"skus":["43N23P","X","120P90","120P90"]}`),
		version1("prices_faults", "prices", `{"skus":["","a b"]}`),
		version1("offers", "offers", `{"lines":[{"sku":"120P90","quantity":2}],"explain":"summary"}`),
		version1("v1_no_such_path", "nothing", `{}`),
		{name: "rulesets_not_supported", method: "GET", path: "/v1/rulesets", headers: authorized()},
		{name: "ruleset_not_supported", method: "GET", path: "/v1/rulesets/a1", headers: authorized()},
		{name: "activations_not_supported", method: "GET", path: "/v1/activations", headers: authorized()},
		version1("check_not_supported", "rulesets:check", `{"files":[{"path":"a.yaml","content":""}]}`),
		checking("check", `{"files":[{"path":"a.yaml","content":"x"},{"path":"b/c.yaml","content":""}]}`, nil),
		checking("check_busy", `{"files":[{"path":"a.yaml","content":"x"}]}`, api.ErrRulesBusy),
		checking("check_slow", `{"files":[{"path":"a.yaml","content":"x"}]}`, context.DeadlineExceeded),
		checking("check_faults", `{"files":[{"path":"../a.yaml","content":"x"},{"path":"a\\b.yaml"},{"path":"/a.yaml"},{"path":"b.yaml"},{"path":"b.yaml"},{"path":""}]}`, nil),
		checking("check_no_files", `{"files":[]}`, nil),
		checking("check_missing", `{}`, nil),
		{name: "audit_not_supported", method: "GET", path: "/v1/audit", headers: authorized()},
		{name: "problem_page", method: "GET", path: "/docs/problems/forbidden"},
		{name: "problem_page_unknown", method: "GET", path: "/docs/problems/nothing"},
	}
}

func asJSON() []string { return append(authorized(), "Content-Type", "application/json") }

// version1 is an exchange of version 1 by a caller who may do everything.
func version1(name, path, body string) exchange {
	return exchange{name: name, method: "POST", path: "/v1/" + path, body: body, headers: asJSON()}
}

// checking is an exchange about rule files with a server whose checks end with err, or
// find one fault.
func checking(name, body string, err error) exchange {
	x := version1(name, "rulesets:check", body)
	x.with = func(_ *shop, o *api.Options) {
		o.CheckRules = func(_ context.Context, files []api.RuleFile) (api.RuleCheck, error) {
			return api.RuleCheck{Digest: fmt.Sprint(len(files)), Findings: []api.RuleFinding{{
				Diagnostic: diag.Diagnostic{
					Code: "unknown-key", File: files[0].Path, Range: diag.Range{Start: diag.Position{Line: 3, Column: 7}}, Message: "not known", Hint: "leave it out",
				},
				Promotions: []string{"a"}, Shows: "nothing", Cart: "lines: []",
			}}}, err
		}
	}
	return x
}

func manySKUs(n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = "S" + strings.Repeat("x", i%9) + "-" + string(rune('a'+i%26)) + string(rune('a'+i/26))
	}
	return skus(list...)
}

func TestEveryAnswerIsTheGoldenOne(t *testing.T) {
	files := map[string]bool{ // those of other tests
		"key_busy.golden.json": true, "key_invalid.golden.json": true,
		"key_not_supported.golden.json": true, "key_reused.golden.json": true,
	}
	for _, name := range slices.Concat(orderGoldens(), itemGoldens(), couponGoldens(), webhookGoldens(), promotionGoldens(), pauseGoldens()) {
		files[name+".golden.json"] = true
	}
	for _, x := range slices.Concat(rulesetSteps(), bookSteps()) {
		files[x.name+".golden.json"] = true
	}
	for _, x := range exchanges() {
		t.Run(x.name, func(t *testing.T) {
			s := open(t, func(s *shop, o *api.Options) {
				if x.with != nil {
					x.with(s, o)
				}
			})
			if x.before != nil {
				x.before(s)
			}
			headers := append([]string{"X-Request-Id", "golden"}, x.headers...)
			if x.reader == nil {
				x.reader = strings.NewReader(x.body)
			}
			golden(t, x.name, send(s.http, x.method, x.path, x.reader, headers...))
		})
		files[x.name+".golden.json"] = true
	}
	found, err := filepath.Glob(filepath.Join("testdata", "*.golden.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range found {
		if !files[filepath.Base(file)] {
			t.Errorf("no exchange has the golden file %s", file)
		}
	}
}

// golden compares the answer with testdata/name.golden.json, or writes it there
// when UPDATE_GOLDEN is set.
func golden(t *testing.T, name string, w *httptest.ResponseRecorder) {
	t.Helper()
	got := render(t, w)
	file := filepath.Join("testdata", name+".golden.json")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v: run UPDATE_GOLDEN=1 go test ./api/...", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s: -want +got\n%s", file, diff)
	}
}

func render(t *testing.T, w *httptest.ResponseRecorder) []byte {
	t.Helper()
	headers := make(map[string]string)
	for _, name := range []string{"Allow", "Content-Type", "ETag", "Idempotency-Replayed", "Link", "Location", "Retry-After", "X-Content-Type-Options", "X-Request-Id"} {
		if value := w.Header().Get(name); value != "" {
			headers[name] = value
		}
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(struct {
		Status  int               `json:"status"`
		Headers map[string]string `json:"headers"`
		Body    any               `json:"body"`
	}{w.Code, headers, renderBody(w.Body.String())}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// renderBody keeps JSON to the digit, and of metrics what does not depend on
// the clock's ticks.
func renderBody(body string) any {
	if json.Valid([]byte(body)) {
		return json.RawMessage(body)
	}
	lines := []string{}
	for line := range strings.Lines(body) {
		if !strings.Contains(line, "_bucket") && !strings.HasPrefix(line, "promhttp") {
			lines = append(lines, strings.TrimSuffix(line, "\n"))
		}
	}
	return lines
}
