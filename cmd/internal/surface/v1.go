package surface

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/checkout-promotions/checkout/api"
	"github.com/checkout-promotions/checkout/api/client"
	v1 "github.com/checkout-promotions/checkout/api/v1"
	"github.com/checkout-promotions/checkout/cmd/internal/readback"
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

// V1 is version 1 of the API, asked by its generated client. It carries whole carts, and
// tells all of a quote, why promotions were not applied included, but for redemptions. It
// implements ruletest.Surface, and is for one goroutine.
type V1 struct {
	*server
	client *client.ClientWithResponses
}

var _ ruletest.Surface = V1{}

// NewV1 starts a server on a free port of the loopback. Close ends it.
func NewV1(ctx context.Context) (V1, error) {
	s, err := newServer(ctx)
	if err != nil {
		return V1{}, err
	}
	c, err := client.NewClientWithResponses(s.url, client.WithHTTPClient(s.client), client.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+password)
		return nil
	}))
	if err != nil {
		return V1{}, errors.Join(err, s.Close())
	}
	return V1{s, c}, nil
}

// password is that of the server, whose port others of the machine could find.
const password = "only-for-rule-tests"

// Name implements ruletest.Surface.
func (V1) Name() string { return "v1" }

// Price implements ruletest.Surface.
func (v V1) Price(ctx context.Context, asked ruletest.Asked) ([]ruletest.Told, error) {
	if needs := unfitForV1(&asked.Request.Cart); needs != nil {
		return nil, &ruletest.NotCarriedError{Needs: needs}
	}
	err := v.serve(ctx, asked, func(o *api.Options) {
		o.Password, o.CallerGuesses, o.CustomerGuesses = password, -1, -1
		o.Inventory = used{o.Inventory, asked.Request}
	})
	if err != nil {
		return nil, err
	}
	r, err := v.client.CreateQuoteWithResponse(ctx, requestV1(&asked.Request))
	if err != nil {
		return nil, err
	}
	if r.JSON200 == nil {
		return nil, &ruletest.RefusedError{Answer: strings.TrimSpace(r.Status() + ": " + string(r.Body))}
	}
	quote, money, err := readback.Quote(r.JSON200)
	if err := errors.Join(err, money.Err); err != nil {
		return nil, fmt.Errorf("read the quote: %w", err)
	}
	return v.Tells(quote), nil
}

// used is an inventory with the uses and pauses of a case, which the database has not.
type used struct {
	api.Inventory
	request engine.Request
}

// Basis implements api.Inventory.
func (u used) Basis(ctx context.Context, of engine.Inquiry) (engine.Basis, error) {
	basis, err := u.Inventory.Basis(ctx, of)
	basis.Usage, basis.Paused = u.request.Usage, u.request.Paused
	return basis, err
}

// unfitForV1 returns what of the cart is over the limits of version 1.
func unfitForV1(cart *engine.Cart) (needs []string) {
	for _, code := range cart.Coupons {
		if code == "" || len(code) > 64 {
			needs = append(needs, "codes that are empty or long")
		}
	}
	if len(cart.Coupons) > 20 {
		needs = append(needs, "more than 20 coupons")
	}
	return needs
}

// requestV1 is the cart as version 1 has it.
func requestV1(req *engine.Request) v1.QuoteRequest {
	cart, customer := &req.Cart, &req.Cart.Customer
	code, full, report := cart.Currency.Code(), v1.QuoteRequestExplainFull, v1.QuoteRequestUnknownReport
	body := v1.QuoteRequest{
		Lines: []v1.CartLine{}, Currency: &code, Explain: &full, Unknown: &report,
		Coupons: cart.Coupons, Channel: cart.Channel, Payment: cart.Payment, Attributes: cart.Attributes,
		Customer: v1.Customer{
			ID: customer.ID, Groups: customer.Groups, Tags: customer.Tags, Orders: customer.Orders, Attributes: customer.Attributes,
			LifetimeSpend: cart.Currency.Decimal(customer.LifetimeSpend),
		},
		Shipping: v1.Shipping{Country: cart.Shipping.Country, Region: cart.Shipping.Region},
	}
	if !req.At.IsZero() { // which a case without an instant has, and no request
		body.At = &req.At
	}
	for _, l := range cart.Lines {
		body.Lines = append(body.Lines, v1.CartLine{Sku: l.Item.SKU, Quantity: l.Quantity})
	}
	for _, s := range cart.Shipping.Shipments {
		body.Shipping.Shipments = append(body.Shipping.Shipments, v1.Shipment{Method: s.Method, Price: cart.Currency.Decimal(s.Price)})
	}
	return body
}

// Tells implements ruletest.Surface.
func (V1) Tells(q engine.Quote) []ruletest.Told {
	money := q.Currency.Format
	t := telling{{Field: "ruleset", Value: q.Ruleset}, {Field: "currency", Value: q.Currency.Code()}}
	t.tell("at", q.At.UTC().String())
	t.tell("optimal", strconv.FormatBool(q.Optimal))
	for _, sum := range []struct {
		name   string
		amount engine.Amount
	}{
		{"subtotal", q.Subtotal}, {"discount", q.Discount}, {"total", q.Total},
		{"shipping_discount", q.ShippingDiscount}, {"shipping_total", q.ShippingTotal}, {"payable", q.Payable},
	} {
		t.tell(sum.name, money(sum.amount))
	}
	if !q.Optimal {
		t.tell("bound", money(q.Bound))
	}
	for _, l := range q.Lines {
		t.line(l.SKU, l.Quantity, money(l.UnitPrice), money(l.Discount), money(l.Total))
		t.tell("line "+l.SKU+" subtotal", money(l.Subtotal))
		t.tell("line "+l.SKU+" name", l.Name)
		var runs []string
		for _, u := range l.Units {
			runs = append(runs, fmt.Sprintf("%d at %s", u.Quantity, money(u.Price)))
		}
		t.tell("line "+l.SKU+" units", strings.Join(runs, ", "))
	}
	for i, s := range q.Shipments {
		t.tell(fmt.Sprintf("shipment[%d]", i), fmt.Sprintf("%s for %s less %s is %s", s.Method, money(s.Price), money(s.Discount), money(s.Total)))
	}
	for _, g := range q.Gifts {
		t.gift(g.SKU, g.Quantity, money(g.Worth), g.Promotion)
		t.tell("gift "+g.SKU+" of "+g.Promotion+" name", g.Name)
	}
	for i, a := range q.Awards {
		t.tell(fmt.Sprintf("award[%d]", i), a.Kind+" "+a.Amount+" of "+a.Promotion)
	}
	for i := range q.Promotions {
		t.outcome(i, &q.Promotions[i], money)
	}
	for _, c := range q.Coupons {
		t.tell("coupon "+c.Code, c.Reason.String()+" "+strings.Join(c.Promotions, ", "))
	}
	return t
}

// outcome tells what became of a promotion, of which the API calls each by a name.
func (t *telling) outcome(i int, o *engine.Outcome, money func(engine.Amount) string) {
	name := o.Name
	if name == "" {
		name = o.Promotion
	}
	at := "promotion " + o.Promotion
	t.tell(at+" name", name)
	if o.Reason != engine.Applied {
		t.tell(at, o.Reason.String())
		if why := o.Obstacle; why != nil {
			detail := why.Detail
			if why.Fault != "" {
				detail = "" // what a plugin says is for the log
			}
			t.tell(at+" obstacle", fmt.Sprintf("%v %q %q %v", why.By, detail, why.Fault, why.Why))
		}
		return
	}
	t.applied(i, o.Promotion, money(o.Discount), o.Applications)
	t.tell(at+" coupon", o.Coupon)
	for j, l := range o.Lines { // shipments of one method may be several
		of := fmt.Sprintf("%s on [%d] %s%s", at, j, l.SKU, l.Shipment)
		t.tell(of, fmt.Sprintf("x%d, %s", l.Quantity, money(l.Discount)))
		if l.Change != nil {
			t.tell(of+" change", fmt.Sprintf("%s to %s: %v", money(l.Change.Before), money(l.Change.After), l.Change.Units))
		}
	}
}
