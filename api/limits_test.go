package api_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/checkout-promotions/checkout/api"
)

// Limits that are less than those of the document are kept to, and greater ones are those.
func TestLimitsAreKeptTo(t *testing.T) {
	small := keyed(t, func(_ *shop, o *api.Options) { o.MaxLines, o.MaxCoupons, o.MaxCarts, o.MaxPrices = 2, 1, 3, 4 })
	large := keyed(t, func(_ *shop, o *api.Options) { o.MaxLines, o.MaxCoupons, o.MaxCarts, o.MaxPrices = 1e6, 1e6, 1e6, 1e6 })
	list := func(n int, element string) string { return strings.Repeat(element+",", n-1) + element }
	const line, cart = `{"sku":"120P90","quantity":1}`, `{"lines":[]}`
	for _, x := range []struct {
		name, path, body, element, pointer string
		small, large                       int
	}{
		{"lines of a quote", quotesPath, `{"lines":[%s]}`, line, "/lines", 2, 500},
		{"lines of an order", "/v1/orders", `{"lines":[%s]}`, line, "/lines", 2, 500},
		{"lines of a hold", "/v1/holds", `{"lines":[%s],"ttl_seconds":1}`, line, "/lines", 2, 500},
		{"units of a return", "/v1/orders/none/returns", `{"units":[%s]}`, line, "/units", 2, 500},
		{"codes", quotesPath, `{"lines":[],"unknown":"report","coupons":[%s]}`, `"A"`, "/coupons", 1, 20},
		{"carts", "/v1/quotes:batch", `{"carts":[%s]}`, cart, "/carts", 3, 500},
		{"prices", "/v1/prices", `{"skus":[%s]}`, `"120P90"`, "/skus", 4, 5000},
	} {
		for _, of := range []struct {
			s    *shop
			most int
		}{{small, x.small}, {large, x.large}} {
			for _, more := range []int{0, 1} {
				body := fmt.Sprintf(x.body, list(of.most+more, x.element))
				w := of.s.do("POST", x.path, body, append(asJSON(), "Idempotency-Key", fmt.Sprintf("k-%d-%d", of.most, more))...)
				refused := strings.Contains(w.Body.String(), `"code":"invalid_body"`) && strings.Contains(w.Body.String(), fmt.Sprintf(`"pointer":"%s"`, x.pointer))
				if refused != (more == 1) {
					t.Errorf("%d %s of at most %d: got %d %.300s", of.most+more, x.name, of.most, w.Code, w.Body)
				}
			}
		}
	}
}

// A body that is nested deeper than anything the document has is refused where that
// begins, however deep it goes on.
func TestDeepBodiesAreRefusedAtOnce(t *testing.T) {
	s := keyed(t)
	const deep = 200_000
	for _, x := range []struct{ name, path, before, after string }{
		{"attributes", quotesPath, `{"lines":[],"attributes":{"a":`, `}}`},
		{"lines", quotesPath, `{"lines":`, `}`},
		{"a member that nobody knows", quotesPath, `{"x":`, `}`},
		{"files", "/v1/rulesets:check", `{"files":`, `}`},
		{"version 0", itemsPath, `{"skus":`, `}`},
	} {
		for _, nest := range [][2]string{{"[", "]"}, {`{"a":`, "}"}} {
			body := x.before + strings.Repeat(nest[0], deep) + "1" + strings.Repeat(nest[1], deep) + x.after
			w := s.do("POST", x.path, body, append(asJSON(), "Idempotency-Key", "deep")...)
			if w.Code != 400 && w.Code != 413 {
				t.Errorf("%s of %s: got %d %.200s, want it refused", x.name, nest[0], w.Code, w.Body)
			}
		}
	}
}
