package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/checkout-promotions/checkout/api/client"
	v1 "github.com/checkout-promotions/checkout/api/v1"
)

const (
	// serverWait is how long the server may take to answer.
	serverWait = 8 * time.Second
	maxBody    = 64 << 10
	jsonType   = "application/json"
	// shopperCookie names a visitor, so that one who guesses coupon codes keeps nobody
	// else waiting.
	shopperCookie = "shopper"
)

//go:embed page
var page embed.FS

// shop serves the page and what it asks for.
type shop struct {
	server *client.ClientWithResponses
	log    *slog.Logger
}

func newShop(server, key string, log *slog.Logger) (*shop, error) {
	if key == "" {
		return nil, errors.New("no key: set CHECKOUT_KEY to one of the scopes quotes:read, inventory:read and orders:write; checkout keys create makes it")
	}
	c, err := client.NewClientWithResponses(server, client.WithHTTPClient(&http.Client{Timeout: serverWait}),
		client.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
			r.Header.Set("Authorization", "Bearer "+key)
			return nil
		}))
	if err != nil {
		return nil, fmt.Errorf("-server %s: %w", server, err)
	}
	return &shop{c, log}, nil
}

// handler routes requests. Those that change something are refused to pages of other
// origins, which the browser marks.
func (s *shop) handler() http.Handler {
	files, err := fs.Sub(page, "page")
	if err != nil {
		panic(err) // the folder is compiled in
	}
	mux := http.NewServeMux()
	mux.Handle("GET /", http.FileServerFS(files))
	mux.HandleFunc("GET /shop/catalogue", s.catalogue)
	mux.HandleFunc("POST /shop/cart", s.cart)
	mux.HandleFunc("POST /shop/orders", s.order)
	return secured(http.NewCrossOriginProtection().Handler(mux))
}

// secured lets the page use nothing but what comes from here, and be framed by nobody.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		h.Set("Cache-Control", "no-cache")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r)
	})
}

// goods is an item as the listing shows it.
type goods struct {
	v1.ItemPrice
	Stock int64 `json:"stock"`
}

// catalogue answers with all items and what one of each costs now.
func (s *shop) catalogue(w http.ResponseWriter, r *http.Request) {
	stock := map[string]int64{}
	var skus []v1.Sku
	for params := (&v1.ListItemsParams{}); ; {
		items, err := s.server.ListItemsWithResponse(r.Context(), params)
		if err != nil || items.JSON200 == nil {
			s.failed(w, err, items)
			return
		}
		for i := range items.JSON200.Items {
			item := &items.JSON200.Items[i]
			skus, stock[item.Sku] = append(skus, item.Sku), item.Stock
		}
		if items.JSON200.Next == "" {
			break
		}
		params.After = &items.JSON200.Next
	}
	answer := struct {
		Currency string  `json:"currency"`
		Goods    []goods `json:"goods"`
	}{Goods: []goods{}}
	if len(skus) > 0 {
		prices, err := s.server.ListPricesWithResponse(r.Context(), v1.PricesRequest{Skus: skus})
		if err != nil || prices.JSON200 == nil {
			s.failed(w, err, prices)
			return
		}
		answer.Currency = prices.JSON200.Currency
		for _, p := range prices.JSON200.Prices {
			answer.Goods = append(answer.Goods, goods{p, stock[p.Sku]})
		}
	}
	send(w, http.StatusOK, answer)
}

// basket is what the page sends.
type basket struct {
	Lines    []v1.CartLine `json:"lines"`
	Coupons  []string      `json:"coupons"`
	Shipping string        `json:"shipping"` // of shippingPrices
	// For an order: what the shopper has been shown, and what stands for the order, so
	// that sending it again makes no other.
	ExpectedPayable string `json:"expected_payable"`
	Key             string `json:"key"`
}

// shippingPrices are the ways of delivery, before promotions.
func shippingPrices() map[string]string {
	return map[string]string{"standard": "4.90", "express": "9.90"}
}

// cartRequest is what the server is asked to price, or to sell.
type cartRequest struct {
	Lines           []v1.CartLine `json:"lines"`
	Coupons         []string      `json:"coupons,omitempty"`
	Customer        customer      `json:"customer"`
	Shipping        shipping      `json:"shipping"`
	Channel         string        `json:"channel"`
	Explain         string        `json:"explain,omitempty"`
	Unknown         string        `json:"unknown,omitempty"`
	ExpectedPayable string        `json:"expected_payable,omitempty"`
}

type customer struct {
	ID string `json:"id"`
}

type shipping struct {
	Country   string     `json:"country"`
	Shipments []shipment `json:"shipments"`
}

type shipment struct {
	Method string `json:"method"`
	Price  string `json:"price"`
}

// read reads a basket and makes the request of it.
func (s *shop) read(w http.ResponseWriter, r *http.Request) (basket, cartRequest, error) {
	var b basket
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&b); err != nil {
		return b, cartRequest{}, fmt.Errorf("the cart cannot be read: %w", err)
	}
	price, known := shippingPrices()[b.Shipping]
	if !known {
		return b, cartRequest{}, fmt.Errorf("there is no delivery %q", b.Shipping)
	}
	return b, cartRequest{
		Lines: append([]v1.CartLine{}, b.Lines...), Coupons: b.Coupons, Customer: customer{shopper(w, r)}, Channel: "web",
		Shipping: shipping{"DE", []shipment{{b.Shipping, price}}},
	}, nil
}

// cart answers with the quote of a cart, and what would save more. What is not known is
// told, and does not keep the rest from having a price.
func (s *shop) cart(w http.ResponseWriter, r *http.Request) {
	_, request, err := s.read(w, r)
	if err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	request.Explain, request.Unknown = "summary", "report"
	offers, err := s.server.ListOffersWithBodyWithResponse(r.Context(), jsonType, encoded(request))
	if err != nil || offers.JSON200 == nil {
		s.failed(w, err, offers)
		return
	}
	forward(w, offers)
}

// order sells the cart at the price that was shown. The key of the page makes it once.
func (s *shop) order(w http.ResponseWriter, r *http.Request) {
	b, request, err := s.read(w, r)
	if err != nil || b.Key == "" || b.ExpectedPayable == "" {
		refuse(w, http.StatusBadRequest, "the order has no key or no price")
		return
	}
	request.ExpectedPayable = b.ExpectedPayable
	order, err := s.server.CreateOrderWithBodyWithResponse(r.Context(), &v1.CreateOrderParams{IdempotencyKey: "storefront-" + b.Key}, jsonType, encoded(request))
	if err != nil || order.JSON201 == nil {
		s.failed(w, err, order)
		return
	}
	forward(w, order)
}

// shopper names the visitor, by a cookie that no script can read.
func shopper(w http.ResponseWriter, r *http.Request) string {
	if c, err := r.Cookie(shopperCookie); err == nil && len(c.Value) == len(rand.Text()) {
		return c.Value
	}
	name := rand.Text()
	http.SetCookie(w, &http.Cookie{Name: shopperCookie, Value: name, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode, MaxAge: 86400})
	return name
}

// answered is an answer of the server.
type answered interface {
	StatusCode() int
	GetBody() []byte
}

// forward sends an answer of the server on to the page, as it is.
func forward(w http.ResponseWriter, a answered) {
	w.Header().Set("Content-Type", jsonType)
	w.WriteHeader(a.StatusCode())
	_, _ = w.Write(a.GetBody()) // the page may be gone
}

// failed tells the page that the server has refused, or not answered at all.
func (s *shop) failed(w http.ResponseWriter, err error, a answered) {
	if err != nil {
		s.log.Error("ask the server", "error", err)
		refuse(w, http.StatusBadGateway, "The shop does not answer. Your cart is kept; try again in a moment.")
		return
	}
	s.log.Warn("the server has refused", "status", a.StatusCode(), "answer", strings.TrimSpace(string(a.GetBody())))
	switch a.StatusCode() {
	case http.StatusUnauthorized, http.StatusForbidden: // which is no business of the shopper
		refuse(w, http.StatusBadGateway, "The shop is not set up yet.")
	default:
		forward(w, a)
	}
}

// refuse answers with a problem, as the server does.
func refuse(w http.ResponseWriter, status int, detail string) {
	send(w, status, struct {
		Status int    `json:"status"`
		Code   string `json:"code"`
		Detail string `json:"detail"`
	}{status, "storefront", detail})
}

func send(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", jsonType)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // likewise
}

func encoded(value any) *bytes.Reader {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // texts and numbers
	}
	return bytes.NewReader(text)
}
