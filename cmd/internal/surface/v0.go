package surface

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/checkout-promotions/checkout/api"
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

// The bounds of version 0: units of a request, and bytes that so many SKUs take.
const (
	maxUnits = 100_000
	maxBody  = maxUnits * (engine.MaxSKU + 4)
)

// V0 is version 0 of the API, which carries SKUs and quantities, and of a price tells
// sums, lines, applied promotions, gifts and failing plugins. It implements
// ruletest.Surface, and is for one goroutine.
type V0 struct{ *server }

var _ ruletest.Surface = V0{}

// NewV0 starts a server on a free port of the loopback. Close ends it.
func NewV0(ctx context.Context) (V0, error) {
	s, err := newServer(ctx)
	return V0{s}, err
}

// Name implements ruletest.Surface.
func (v V0) Name() string { return "v0" }

// Price implements ruletest.Surface.
func (v V0) Price(ctx context.Context, asked ruletest.Asked) ([]ruletest.Told, error) {
	req := asked.Request
	if needs := unfit(&req); needs != nil {
		return nil, &ruletest.NotCarriedError{Needs: needs}
	}
	if err := v.serve(ctx, asked, func(*api.Options) {}); err != nil {
		return nil, err
	}
	body, err := v.post(ctx, skusOf(req.Cart.Lines))
	if err != nil {
		return nil, err
	}
	var p priceV0
	if err := json.Unmarshal(body, &p); err != nil {
		return nil, fmt.Errorf("read the price: %w", err)
	}
	return p.told(), nil
}

// unfit returns what of the request version 0 has no place for.
func unfit(req *engine.Request) (needs []string) {
	cart, customer := &req.Cart, &req.Cart.Customer
	var units int64
	soldOut := false
	for _, line := range cart.Lines {
		units += line.Quantity
		soldOut = soldOut || line.Item.Stock < 1
	}
	used := false
	for _, u := range req.Usage.Promotions {
		used = used || u != engine.PromotionUsage{}
	}
	for _, part := range []struct {
		is   bool
		name string
	}{
		{len(cart.Lines) == 0, "a cart without goods"},
		{units > maxUnits, "more than " + strconv.Itoa(maxUnits) + " units"},
		{soldOut, "goods that are sold out"},
		{customer.ID != "" || len(customer.Groups)+len(customer.Tags)+len(customer.Attributes) > 0 || customer.Orders != 0 || customer.LifetimeSpend != 0, "a customer"},
		{len(cart.Coupons) > 0, "coupons"},
		{len(cart.Shipping.Shipments) > 0 || cart.Shipping.Country+cart.Shipping.Region != "", "shipping"},
		{cart.Channel != "", "a channel"},
		{cart.Payment != "", "a payment"},
		{len(cart.Attributes) > 0, "attributes of the cart"},
		{used, "usage"},
		{len(req.Usage.Codes) > 0, "codes"},
		{len(req.Paused) > 0, "pauses"},
	} {
		if part.is {
			needs = append(needs, part.name)
		}
	}
	return needs
}

// skusOf lists each unit.
func skusOf(lines []engine.Line) []string {
	var skus []string
	for _, line := range lines {
		for range line.Quantity {
			skus = append(skus, line.Item.SKU)
		}
	}
	return skus
}

// post asks for the price of the units.
func (v V0) post(ctx context.Context, skus []string) ([]byte, error) {
	body, err := json.Marshal(map[string][]string{"skus": skus})
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, v.url+"/v0/inventory/items/price", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	response, err := v.client.Do(request)
	if err != nil {
		return nil, err
	}
	answer, err := io.ReadAll(response.Body)
	if err = errors.Join(err, response.Body.Close()); err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, &ruletest.RefusedError{Answer: strings.TrimSpace(response.Status + ": " + string(answer))}
	}
	return answer, nil
}

// priceV0 is what a price of version 0 tells. Amounts keep their digits.
type priceV0 struct {
	Subtotal json.Number `json:"total"`
	Total    json.Number `json:"total_with_discount"`
	Currency string      `json:"currency"`
	Ruleset  string      `json:"ruleset"`
	Lines    []struct {
		SKU       string      `json:"sku"`
		Quantity  int64       `json:"quantity"`
		UnitPrice json.Number `json:"unit_price"`
		Discount  json.Number `json:"discount"`
		Total     json.Number `json:"total"`
	} `json:"lines"`
	Promotions []struct {
		ID           string      `json:"id"`
		Discount     json.Number `json:"discount"`
		Applications int64       `json:"applications"`
	} `json:"promotions"`
	Gifts []struct {
		SKU       string      `json:"sku"`
		Quantity  int64       `json:"quantity"`
		Worth     json.Number `json:"worth"`
		Promotion string      `json:"promotion"`
	} `json:"gifts"`
	Failures []struct {
		ID    string `json:"id"`
		Fault string `json:"fault"`
	} `json:"plugin_failures"`
}

func (p *priceV0) told() []ruletest.Told {
	t := telling{{Field: "ruleset", Value: p.Ruleset}, {Field: "currency", Value: p.Currency}}
	t.tell("subtotal", string(p.Subtotal))
	t.tell("total", string(p.Total))
	for _, l := range p.Lines {
		t.line(l.SKU, l.Quantity, string(l.UnitPrice), string(l.Discount), string(l.Total))
	}
	for i, a := range p.Promotions {
		t.applied(i, a.ID, string(a.Discount), a.Applications)
	}
	for _, g := range p.Gifts {
		t.gift(g.SKU, g.Quantity, string(g.Worth), g.Promotion)
	}
	for _, f := range p.Failures {
		t.tell("plugin_failed "+f.ID, f.Fault)
	}
	return t
}

// Tells implements ruletest.Surface.
func (v V0) Tells(q engine.Quote) []ruletest.Told {
	c := q.Currency
	t := telling{{Field: "ruleset", Value: q.Ruleset}, {Field: "currency", Value: c.Code()}}
	t.tell("subtotal", c.Format(q.Subtotal))
	t.tell("total", c.Format(q.Total))
	for _, l := range q.Lines {
		t.line(l.SKU, l.Quantity, c.Format(l.UnitPrice), c.Format(l.Discount), c.Format(l.Total))
	}
	applied := 0
	for _, o := range q.Promotions {
		if o.Reason == engine.Applied {
			t.applied(applied, o.Promotion, c.Format(o.Discount), o.Applications)
			applied++
		}
	}
	for _, g := range q.Gifts {
		t.gift(g.SKU, g.Quantity, c.Format(g.Worth), g.Promotion)
	}
	for _, o := range q.Promotions {
		if o.Reason == engine.PluginFailed && o.Obstacle != nil {
			t.tell("plugin_failed "+o.Promotion, string(o.Obstacle.Fault))
		}
	}
	return t
}

// telling is what is told of a price.
type telling []ruletest.Told

func (t *telling) tell(field, value string) {
	*t = append(*t, ruletest.Told{Field: field, Value: value})
}

func (t *telling) line(sku string, quantity int64, each, discount, total string) {
	t.tell("line "+sku+" quantity", strconv.FormatInt(quantity, 10))
	t.tell("line "+sku+" unit_price", each)
	t.tell("line "+sku+" discount", discount)
	t.tell("line "+sku+" total", total)
}

func (t *telling) applied(i int, id, discount string, times int64) {
	t.tell(fmt.Sprintf("applied[%d]", i), fmt.Sprintf("%s x%d, %s", id, times, discount))
}

func (t *telling) gift(sku string, quantity int64, worth, promotion string) {
	t.tell("gift "+sku+" of "+promotion, fmt.Sprintf("x%d worth %s", quantity, worth))
}
