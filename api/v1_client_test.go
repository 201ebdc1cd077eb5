package api_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/checkout-promotions/checkout/api/client"
	v1 "github.com/checkout-promotions/checkout/api/v1"
)

// clientOf returns the Go client of a shop, which sends the key.
func clientOf(t *testing.T, s *shop, key string) *client.ClientWithResponses {
	t.Helper()
	server := httptest.NewServer(s.server)
	t.Cleanup(server.Close)
	c, err := client.NewClientWithResponses(server.URL, client.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+key)
		return nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTheClientPricesACart(t *testing.T) {
	c := clientOf(t, open(t), password)
	explain := v1.QuoteRequestExplainSummary
	answer, err := c.CreateQuoteWithResponse(t.Context(), v1.QuoteRequest{
		Lines: []v1.CartLine{{Sku: tv, Quantity: 3}}, Customer: v1.Customer{ID: "c-42"}, Explain: &explain,
	})
	if err != nil || answer.JSON200 == nil {
		t.Fatalf("got %v, %s", err, answer.Body)
	}
	if q := answer.JSON200; q.Total.String() != "99.98" || len(q.Promotions) != 1 || len(q.Others) != 2 {
		t.Errorf("got %s", answer.Body)
	}
}

func TestTheClientTellsProblems(t *testing.T) {
	s := open(t)
	answer, err := clientOf(t, s, password).CreateQuoteWithResponse(t.Context(), v1.QuoteRequest{Lines: []v1.CartLine{{Sku: "X", Quantity: 3}}})
	if err != nil || answer.ApplicationProblemJSONDefault == nil || answer.ApplicationProblemJSONDefault.Code != "unknown_items" {
		t.Fatalf("got %v, %s", err, answer.Body)
	}
	answer, err = clientOf(t, s, password+"x").CreateQuoteWithResponse(t.Context(), v1.QuoteRequest{Lines: []v1.CartLine{}})
	if err != nil || answer.ApplicationProblemJSONDefault == nil || answer.ApplicationProblemJSONDefault.Status != 401 {
		t.Fatalf("got %v, %s", err, answer.Body)
	}
}
