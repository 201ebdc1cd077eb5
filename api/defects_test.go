package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/checkout-promotions/checkout/api"
	"github.com/checkout-promotions/checkout/engine"
)

// The tests here are named after what the original system got wrong.

func TestDefect1PromotionsApplyToQuantities(t *testing.T) {
	for _, c := range []struct {
		skus []string
		cost string
		pis  int64
	}{
		{[]string{tv}, "49.99", 0},
		{[]string{tv, tv}, "99.98", 0},
		{slices.Repeat([]string{tv}, 3), "99.98", 0},
		{slices.Repeat([]string{tv}, 4), "149.97", 0},
		{slices.Repeat([]string{tv}, 6), "199.96", 0},
		{slices.Repeat([]string{speaker}, 3), "328.50", 0},
		{slices.Repeat([]string{speaker}, 4), "394.20", 0},
		{slices.Repeat([]string{speaker}, 10), "985.50", 0},
		{[]string{macbook}, "5399.99", 1},
		{[]string{macbook, macbook}, "10799.98", 2},
	} {
		t.Run(fmt.Sprintf("%d of %s", len(c.skus), c.skus[0]), func(t *testing.T) {
			s := open(t)
			quote := s.price(t, c.skus...)
			if got := quote.TotalWithDiscount.String(); got != c.cost {
				t.Errorf("got a price of %s, want %s", got, c.cost)
			}
			var gifts int64
			for _, gift := range quote.Gifts {
				gifts += gift.Quantity
			}
			if gifts != c.pis {
				t.Errorf("got %d gifts, want %d", gifts, c.pis)
			}
			order := s.buy(t, c.skus...)
			if got := order.Cost.String(); got != c.cost {
				t.Errorf("got a cost of %s, want the quoted %s", got, c.cost)
			}
			if got := s.stock(pi); got != 2-c.pis {
				t.Errorf("got a stock of %d Pis, want %d", got, 2-c.pis)
			}
		})
	}
}

func TestDefect2ARepeatedSKUIsAFurtherUnitInQuoteAndPurchase(t *testing.T) {
	s := open(t)
	quote := s.price(t, pi, pi)
	if len(quote.Items) != 2 || quote.Total != "60.00" {
		t.Errorf("got %d items for %s, want 2 for 60.00", len(quote.Items), quote.Total)
	}
	if order := s.buy(t, pi, pi); order.Cost != "60.00" || s.stock(pi) != 0 {
		t.Errorf("got a cost of %s and %d left, want 60.00 and 0", order.Cost, s.stock(pi))
	}
}

func TestDefect4OneOrderCanTakeTheWholeStock(t *testing.T) {
	s := open(t)
	s.buy(t, slices.Repeat([]string{tv}, 10)...)
	if got := s.stock(tv); got != 0 {
		t.Errorf("got a stock of %d, want 0", got)
	}
}

func TestDefect4ARefusedPurchaseChangesNothing(t *testing.T) {
	s := open(t)
	wantError(t, s.do("POST", purchasePath, skus(pi, tv, pi, pi)), 409,
		"insufficient stock for item 234234: requested 3, available 2")
	wantError(t, s.do("POST", purchasePath, skus(tv, "ghost")), 404, `item "ghost" not found`)
	if got := s.orderList(t); len(got) != 0 {
		t.Errorf("got %d orders, want none", len(got))
	}
	if s.stock(tv) != 10 || s.stock(pi) != 2 {
		t.Errorf("got stocks of %d and %d, want 10 and 2", s.stock(tv), s.stock(pi))
	}
}

func TestDefect4AnUnknownSKUIsNotLeftOutOfAPrice(t *testing.T) {
	s := open(t)
	wantError(t, s.do("POST", pricePath, skus(tv, "ghost")), 404, `item "ghost" not found`)
}

func TestDefect5MoneyIsExact(t *testing.T) {
	s := open(t)
	want(t, s.put(`{"items":[
		{"name":"a","sku":"A","price":0.10,"inventory_quantity":9},
		{"name":"b","sku":"B","price":0.2,"inventory_quantity":9},
		{"name":"c","sku":"C","price":4.35,"inventory_quantity":9},
		{"name":"d","sku":"D","price":1E1,"inventory_quantity":9}]}`), 200)
	for _, c := range []struct {
		skus  []string
		total string
	}{
		{[]string{"A", "B"}, "0.30"},
		{[]string{"C", "C", "C"}, "13.05"},
		{[]string{"D"}, "10.00"},
	} {
		body := want(t, s.do("POST", pricePath, skus(c.skus...)), 200)
		if literal := `"total":` + c.total + ","; !strings.Contains(body, literal) {
			t.Errorf("got %s, want %s in it", body, literal)
		}
	}
}

func TestDefect5PricesThatCannotBeKeptAreRefused(t *testing.T) {
	const message = "items[0].price: want at most 2 digits after the point, and at most 10000000000000.00 USD"
	for _, price := range []string{
		"0.001", "1e-3", "49.999", "1e14", "1e308", "1e999999999", "1E-999999999", "10000000000000.01",
		strings.Repeat("9", 40), "0." + strings.Repeat("0", 100_000) + "1", "1" + strings.Repeat("0", 100_000),
	} {
		s := open(t)
		wantError(t, s.put(`{"items":[{"name":"a","sku":"A","price":`+price+`,"inventory_quantity":1}]}`), 400, message)
	}
}

func TestDefect5OtherCurrenciesKeepTheirDigits(t *testing.T) {
	for code, price := range map[string]string{"JPY": "1500", "BHD": "1.250", "USD": "1.25", "CLF": "1.2500"} {
		s := open(t, func(_ *shop, o *api.Options) { o.Currency = currency(t, code) })
		body := want(t, s.put(`{"items":[{"name":"a","sku":"A","price":`+price+`,"inventory_quantity":1}]}`), 200)
		if !strings.Contains(body, `"price":`+price+`,`) {
			t.Errorf("%s: got %s, want the price %s", code, body, price)
		}
	}
}

func TestDefect6UpsertIsBySKU(t *testing.T) {
	s := open(t)
	body := want(t, s.put(`{"items":[
		{"id":2,"name":"Google TV","sku":"120P90","price":1,"inventory_quantity":3},
		{"id":1,"name":"New","sku":"NEW","price":2,"inventory_quantity":4}]}`), 200)
	got := decoded[struct{ Items []item }](t, body).Items
	if got[0].ID != 1 || got[1].ID == 1 || got[1].ID == 2 {
		t.Errorf("got ids %d and %d, want 1 and a new one", got[0].ID, got[1].ID)
	}
	if s.stock(macbook) != 5 || s.stock(tv) != 3 || s.stock("NEW") != 4 {
		t.Errorf("got stocks of %d, %d, %d, want 5, 3, 4", s.stock(macbook), s.stock(tv), s.stock("NEW"))
	}
}

func TestDefect6TheSameSKUTwiceIsRefused(t *testing.T) {
	s := open(t)
	wantError(t, s.put(`{"items":[
		{"name":"a","sku":"A","price":1,"inventory_quantity":1},
		{"name":"b","sku":"B","price":1,"inventory_quantity":1},
		{"name":"c","sku":"A","price":1,"inventory_quantity":1}]}`), 400,
		"items[2].sku: the same as in items[0]")
	want(t, s.do("GET", itemPath+"A", ""), 404)
}

func TestDefect6SKUsThatDifferInCaseAreTwoItems(t *testing.T) {
	s := open(t)
	want(t, s.put(`{"items":[
		{"name":"a","sku":"abc","price":1,"inventory_quantity":1},
		{"name":"b","sku":"ABC","price":2,"inventory_quantity":1}]}`), 200)
	if got := s.price(t, "ABC").Total; got != "2.00" {
		t.Errorf("got %s, want 2.00", got)
	}
}

func TestDefect6ANameThatAnotherSKUHasIsAConflict(t *testing.T) {
	s := open(t)
	wantError(t, s.put(`{"items":[{"name":"Google TV","sku":"A","price":1,"inventory_quantity":1}]}`), 409,
		`item A: the name "Google TV" belongs to item 120P90`)
	wantError(t, s.put(`{"items":[
		{"name":"x","sku":"A","price":1,"inventory_quantity":1},
		{"name":"x","sku":"B","price":1,"inventory_quantity":1}]}`), 409,
		`item B: the name "x" belongs to item A`)
}

func TestDefect7AnswersAreInTheOrderOfTheRequest(t *testing.T) {
	s := open(t)
	asked := []string{speaker, pi, tv, pi, macbook}
	quote := s.price(t, asked...)
	var got []string
	for _, item := range quote.Items {
		got = append(got, item.SKU)
		if item.Quantity == 0 {
			t.Errorf("%s: got a stock of 0, want the item's", item.SKU)
		}
	}
	if !slices.Equal(got, asked) {
		t.Errorf("got items %q, want %q", got, asked)
	}
	if list := decoded[[]string](t, quote.SKUList); !slices.Equal(list, asked) {
		t.Errorf("got sku_list %q, want %q", list, asked)
	}
	if quote.Total != quote.TotalGross {
		t.Errorf("got total %s and total_gross %s, want the same", quote.Total, quote.TotalGross)
	}
}

func TestDefect7BothPathsPriceABatch(t *testing.T) {
	s := open(t)
	body := skus(tv, macbook, tv, tv)
	one := want(t, s.do("POST", pricePath, body), 200)
	other := want(t, s.do("POST", "/v0/inventory/item/price", body), 200)
	if one != other {
		t.Errorf("got %s and %s, want the same", one, other)
	}
}

func TestDefect8AFaultIsNamedByFieldAndIndex(t *testing.T) {
	const ok = `"name":"a","sku":"A","price":1,"inventory_quantity":1`
	s := open(t)
	for _, c := range []struct{ body, message string }{
		{`{"items":{}}`, "items: want a list, got an object"},
		{`{"items":[]}`, "items: want at least one"},
		{`{"items":[{}]}`, "items[0].sku: missing; items[0].name: missing; items[0].price: missing; items[0].inventory_quantity: missing"},
		{`{"items":[{` + ok + `},null]}`, "items[1]: want an object, got null"},
		{`{"items":[{` + ok + `},[]]}`, "items[1]: want an object, got a list"},
		{`{"items":[{"name":"a","sku":"A","inventory_quantity":1}]}`, "items[0].price: missing"},
		{`{"items":[{"name":"a","sku":"A","price":null,"inventory_quantity":1}]}`, "items[0].price: want a number, got null"},
		{`{"items":[{"name":"a","sku":"A","price":"1","inventory_quantity":1}]}`, "items[0].price: want a number, got a text"},
		{`{"items":[{"name":"a","sku":"A","price":-1,"inventory_quantity":1}]}`, "items[0].price: want 0 or more"},
		{`{"items":[{"name":"a","sku":"A","price":1,"inventory_quantity":0}]}`, "items[0].inventory_quantity: want a whole number from 1 to 1000000000"},
		{`{"items":[{"name":"a","sku":"A","price":1,"inventory_quantity":1e3}]}`, "items[0].inventory_quantity: want a whole number from 1 to 1000000000"},
		{`{"items":[{"name":"a","sku":"A","price":1,"inventory_quantity":9223372036854775808}]}`, "items[0].inventory_quantity: want a whole number from 1 to 1000000000"},
		{`{"items":[{"name":"   ","sku":"A","price":1,"inventory_quantity":1}]}`, "items[0].name: blank"},
		{`{"items":[{"name":"","sku":"A","price":1,"inventory_quantity":1}]}`, "items[0].name: blank"},
		{`{"items":[{"name":"a\u0000","sku":"A","price":1,"inventory_quantity":1}]}`, "items[0].name: has control characters"},
		{`{"items":[{"name":"\ud800","sku":"A","price":1,"inventory_quantity":1}]}`, "items[0].name: not valid JSON after byte 19: invalid surrogate pair `\\ud800\",\"sku` in string"},
		{`{"items":[{"name":"` + strings.Repeat("é", 201) + `","sku":"A","price":1,"inventory_quantity":1}]}`, "items[0].name: more than 200 characters"},
		{`{"items":[{"name":"a","sku":"` + strings.Repeat("A", 65) + `","price":1,"inventory_quantity":1}]}`, `items[0].sku: want 1 to 64 letters, digits, "-", "_" or "."`},
		{`{"items":[{"name":"a","sku":"é","price":1,"inventory_quantity":1}]}`, `items[0].sku: want 1 to 64 letters, digits, "-", "_" or "."`},
		{`{"items":[{"name":"a","sku":"A","sku":"B","price":1,"inventory_quantity":1}]}`, "items[0].sku: given twice"},
		{`{"items":[{` + ok + `}]}garbage`, `body: not valid JSON after byte 67: invalid character 'g' after top-level value`},
		{`{"ITEMS":[{` + ok + `}]}`, "items: missing"},
		{"\xef\xbb\xbf{}", `body: not valid JSON after byte 0: invalid character '\ufeff' at start of value`},
		{" \n", "body: empty, want a JSON object"},
		{`null`, "body: want an object, got null"},
		{`7`, "body: want an object, got a number"},
	} {
		wantError(t, s.put(c.body), 400, c.message)
	}
	want(t, s.do("GET", itemPath+"A", ""), 404) // nothing of them was stored
}

func TestDefect8ABodyWithoutEndIsRefusedAndNotEchoed(t *testing.T) {
	s := open(t, func(_ *shop, o *api.Options) { o.MaxBody = 100 })
	body := skus(strings.Repeat("secret", 50))
	wantError(t, s.do("POST", pricePath, body), 413, "body: more than 100 bytes")
	// Without a Content-Length the length shows only while reading.
	wantError(t, send(s.server, "POST", pricePath, struct{ *strings.Reader }{strings.NewReader(body)}), 413, "body: more than 100 bytes")
	want(t, s.do("POST", pricePath, skus(tv)+strings.Repeat(" ", 100-len(skus(tv)))), 200)
}

func TestDefect8EveryKeyCanBeReached(t *testing.T) {
	names := []string{
		"plain", "sixltr", "a b", "a/b", "/a//b/", "50%", "50%25", "%2F", "a+b", "q?x=1&y#z", "é☕", "<script>alert('x')</script>",
		"'; DROP TABLE items; --", `"quoted\"`, "..", "../../x", ".", "trailing ", "a;b", "😀",
	}
	s := open(t)
	for i, name := range names {
		quoted, err := json.Marshal(name)
		if err != nil {
			t.Fatal(err)
		}
		want(t, s.put(fmt.Sprintf(`{"items":[{"name":%s,"sku":"K%d","price":1,"inventory_quantity":1}]}`, quoted, i)), 200)
	}
	server := httptest.NewServer(s.server)
	defer server.Close()
	for i, name := range names {
		for form, key := range map[string]string{
			"escaped":     url.PathEscape(name),
			"raw slashes": strings.ReplaceAll(url.PathEscape(name), "%2F", "/"),
			"all escaped": percentAll(name),
		} {
			t.Run(name+", "+form, func(t *testing.T) {
				answer, err := http.Get(server.URL + itemPath + key)
				if err != nil {
					t.Fatal(err)
				}
				got := decoded[priced](t, readAll(t, answer))
				if len(got.Items) != 1 || got.Items[0].SKU != fmt.Sprintf("K%d", i) || got.Items[0].Name != name {
					t.Errorf("got %+v, want item K%d named %q", got.Items, i, name)
				}
			})
		}
	}
}

func percentAll(s string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, "%%%02x", s[i])
	}
	return b.String()
}

func TestDefect8KeysThatNoItemCanHaveAreNotFound(t *testing.T) {
	s := open(t)
	for _, key := range []string{"%FF%FE", "a%00b", "%00", "", strings.Repeat("x", 10_000), strings.Repeat("%c3%a9", 201)} {
		want(t, s.do("GET", itemPath+key, ""), 404)
	}
}

func TestDefect8TheSKUIsTriedBeforeTheName(t *testing.T) {
	s := open(t)
	want(t, s.put(`{"items":[{"name":"120P90","sku":"OTHER","price":1,"inventory_quantity":1}]}`), 200)
	got := decoded[priced](t, want(t, s.do("GET", itemPath+tv, ""), 200))
	if got.Items[0].SKU != tv {
		t.Errorf("got item %s, want %s", got.Items[0].SKU, tv)
	}
}

func TestDefect8ManySKUsAreOneRequest(t *testing.T) {
	s := open(t)
	got := s.price(t, slices.Repeat([]string{tv}, 40_000)...)
	if got.Total != "1999600.00" {
		t.Errorf("got %s, want 1999600.00", got.Total)
	}
}

func TestDefect9NothingOfADriverReachesCallers(t *testing.T) {
	cause := fmt.Errorf("commit: %w", errors.New(`ERROR: duplicate key violates "items_sku_key" (SQLSTATE=23505)`))
	s := open(t, func(s *shop, _ *api.Options) {
		s.upsertBasics = func(context.Context, []engine.Item) ([]engine.Item, error) { return nil, cause }
		s.list = func(context.Context) ([]engine.Order, error) { return nil, cause }
		s.basis = func(context.Context, engine.Inquiry) (engine.Basis, error) {
			return engine.Basis{}, fmt.Errorf("SQLSTATE=1: %w", &engine.UnknownItemError{Key: "x"})
		}
	})
	wantError(t, s.put(`{"items":[{"name":"a","sku":"A","price":1,"inventory_quantity":1}]}`), 500, "internal error")
	wantError(t, s.do("GET", ordersPath, "", "X-Auth-Password", password), 500, "internal error")
	wantError(t, s.do("POST", pricePath, skus(tv)), 404, `item "x" not found`)
}

func TestDefect9WithoutAConfiguredPasswordGuardedPathsAreClosed(t *testing.T) {
	s := open(t, func(_ *shop, o *api.Options) { o.Password = "" })
	for _, headers := range [][]string{nil, {"X-Auth-Password", ""}, {"X-Auth-Password", "x"}} {
		want(t, s.do("GET", ordersPath, "", headers...), 401)
		want(t, s.do("POST", itemsPath, `{}`, headers...), 401)
	}
	want(t, s.do("GET", itemPath+tv, ""), 200)
}

func TestDefect10AGiftIsAnExtraUnit(t *testing.T) {
	s := open(t)
	quote := s.price(t, macbook, pi)
	if quote.TotalWithDiscount != "5429.99" || len(quote.Gifts) != 1 {
		t.Errorf("got %s with %d gifts, want 5429.99 with 1", quote.TotalWithDiscount, len(quote.Gifts))
	}
	order := s.buy(t, macbook, pi)
	if order.Cost != "5429.99" || s.stock(pi) != 0 {
		t.Errorf("got a cost of %s and %d Pis left, want 5429.99 and 0", order.Cost, s.stock(pi))
	}
	if got := s.orderList(t)[0].SKUs; !slices.Equal(got, []string{macbook, pi, pi}) {
		t.Errorf("got an order of %q, want the MacBook and two Pis", got)
	}
	// No Pi is left: a further MacBook comes without one, and can be bought.
	if order := s.buy(t, macbook); order.Cost != "5399.99" || s.stock(pi) != 0 {
		t.Errorf("got a cost of %s and %d Pis left, want 5399.99 and 0", order.Cost, s.stock(pi))
	}
}

// TestTheOriginalClientsScenario is what the original system's Go client does.
func TestTheOriginalClientsScenario(t *testing.T) {
	s := open(t)
	for range 2 { // twice against one server
		want(t, s.put(`{"items":[
			{"name":"Google TV","sku":"120P90","price":49.99,"inventory_quantity":10},
			{"name":"MacBook Pro","sku":"43N23P","price":5399.99,"inventory_quantity":5},
			{"name":"Alexa Speaker ","sku":"A304SD","price":109.50,"inventory_quantity":10},
			{"name":"Raspberry Pi B","sku":"234234","price":30.00,"inventory_quantity":2}]}`), 200)
		for _, sku := range []string{tv, macbook, speaker, pi} {
			want(t, s.do("GET", itemPath+sku, ""), 200)
		}
		got := decoded[priced](t, want(t, s.do("GET", itemPath+"Alexa%20Speaker%20", ""), 200))
		if got.Items[0].Name != "Alexa Speaker " {
			t.Errorf("got the name %q, want the trailing space kept", got.Items[0].Name)
		}
		addAndBuy(t, s, 9, 1000)
	}
	orders := s.orderList(t)
	if _, err := uuid.Parse(orders[0].Reference); err != nil || len(orders) != 2000 {
		t.Errorf("got %d orders, the newest %q, want 2000 with UUIDs: %v", len(orders), orders[0].Reference, err)
	}
}

func addAndBuy(t *testing.T, s *shop, clients, items int) {
	t.Helper()
	var group sync.WaitGroup
	for client := range clients {
		group.Go(func() {
			for i := client; i < items; i += clients {
				body := fmt.Sprintf(`{"items":[{"name":"item %d","sku":"SKU%d","price":1.5,"inventory_quantity":1}]}`, i, i)
				if w := s.put(body); w.Code != 200 {
					t.Errorf("put item %d: got %d: %s", i, w.Code, w.Body)
				}
				if w := s.do("POST", purchasePath, skus(fmt.Sprintf("SKU%d", i))); w.Code != 200 {
					t.Errorf("buy item %d: got %d: %s", i, w.Code, w.Body)
				}
			}
		})
	}
	group.Wait()
}
