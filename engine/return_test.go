package engine_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/checkout-promotions/checkout/engine"
)

// soldOrder is an order of lines "SKU" with so many units for so much.
func soldOrder(lines map[string]engine.QuoteLine, gifts ...engine.Gift) *engine.Order {
	o := &engine.Order{Reference: "r", State: engine.OrderPlaced}
	for _, sku := range slices.Sorted(maps.Keys(lines)) {
		line := lines[sku]
		line.SKU = sku
		o.Quote.Lines = append(o.Quote.Lines, line)
		o.Quote.Total += line.Total
	}
	o.Quote.Gifts = gifts
	return o
}

// back returns units and follows it in the order, as a store does.
func back(o *engine.Order, r engine.ReturnRequest) (engine.Return, error) {
	made, state, err := o.Return(r)
	if err == nil {
		o.State, o.Refunded, o.Returns = state, o.Refunded+made.Refund, append(o.Returns, made)
	}
	return made, err
}

func TestReturnsRefundWhatTheUnitsCost(t *testing.T) {
	// Three televisions for two, 4999 each, and a gift of the same SKU.
	order := func() *engine.Order {
		return soldOrder(map[string]engine.QuoteLine{
			"TV": {Quantity: 3, Total: 9998}, "CABLE": {Quantity: 1, Total: 500},
		}, engine.Gift{SKU: "TV", Quantity: 1}, engine.Gift{SKU: "PI", Quantity: 1})
	}
	list := func(kept map[string]int64) (engine.Amount, error) {
		return engine.Amount(kept["TV"])*4999 + engine.Amount(kept["CABLE"])*500, nil
	}
	type step struct {
		units  map[string]int64
		policy engine.ReturnPolicy
		refund engine.Amount
		state  engine.OrderState
	}
	tests := []struct {
		name  string
		steps []step
	}{
		{"one unit at a time, what rounding leaves over is not lost", []step{
			{map[string]int64{"TV": 1}, engine.ProRata, 3333, engine.OrderPlaced},
			{map[string]int64{"TV": 1}, engine.ProRata, 3332, engine.OrderPlaced},
			{map[string]int64{"TV": 1}, engine.ProRata, 3333, engine.OrderPlaced},
		}},
		{"bought units come back before gifts, and gifts refund nothing", []step{
			{map[string]int64{"TV": 4, "PI": 1}, engine.ProRata, 9998, engine.OrderPlaced},
			{map[string]int64{"CABLE": 1}, engine.ProRata, 500, engine.OrderReturned},
		}},
		{"the free unit of three for two is worth nothing when two are kept", []step{
			{map[string]int64{"TV": 1}, engine.RepriceKept, 0, engine.OrderPlaced},
			{map[string]int64{"TV": 1}, engine.RepriceKept, 4999, engine.OrderPlaced},
			{map[string]int64{"PI": 1}, engine.RepriceKept, 0, engine.OrderPlaced},
			{map[string]int64{"TV": 2, "CABLE": 1}, engine.RepriceKept, 5499, engine.OrderReturned},
		}},
		{"no policy after another refunds more than was paid", []step{
			{map[string]int64{"TV": 2}, engine.ProRata, 6665, engine.OrderPlaced},
			{map[string]int64{"CABLE": 1}, engine.RepriceKept, 0, engine.OrderPlaced},
			{map[string]int64{"TV": 2, "PI": 1}, engine.ProRata, 3333, engine.OrderReturned},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := order()
			for i, s := range tt.steps {
				made, err := back(o, engine.ReturnRequest{Units: s.units, Policy: s.policy, KeptPrice: list})
				if err != nil || made.Refund != s.refund || o.State != s.state {
					t.Errorf("return %d: got refund %d, state %s, error %v; want %d, %s, none", i, made.Refund, o.State, err, s.refund, s.state)
				}
			}
		})
	}
}

func TestReturnsAreRefused(t *testing.T) {
	order := soldOrder(map[string]engine.QuoteLine{"TV": {Quantity: 3, Total: 9998}}, engine.Gift{SKU: "PI", Quantity: 1})
	if _, err := back(order, engine.ReturnRequest{Units: map[string]int64{"TV": 2}, Policy: engine.ProRata}); err != nil {
		t.Fatal(err)
	}
	dear := errors.New("too dear")
	for _, tt := range []struct {
		name  string
		state engine.OrderState
		r     engine.ReturnRequest
		want  error
	}{
		{"nothing", engine.OrderPlaced, engine.ReturnRequest{Policy: engine.ProRata}, &engine.CartError{Field: "units", Problem: "a return is of one unit or more"}},
		{"more units than are left", engine.OrderPlaced, engine.ReturnRequest{Units: map[string]int64{"TV": 2}}, &engine.ReturnError{Reference: "r", SKU: "TV", Requested: 2, Left: 1}},
		{"no units of a SKU", engine.OrderPlaced, engine.ReturnRequest{Units: map[string]int64{"TV": 0}}, &engine.ReturnError{Reference: "r", SKU: "TV", Left: 1}},
		{"fewer than none", engine.OrderPlaced, engine.ReturnRequest{Units: map[string]int64{"PI": -1}}, &engine.ReturnError{Reference: "r", SKU: "PI", Requested: -1, Left: 1}},
		{"a SKU that was not sold", engine.OrderPlaced, engine.ReturnRequest{Units: map[string]int64{"X": 1}}, &engine.ReturnError{Reference: "r", SKU: "X", Requested: 1}},
		{"no policy", engine.OrderPlaced, engine.ReturnRequest{Units: map[string]int64{"TV": 1}}, &engine.CartError{Field: "policy", Problem: `is ""; want pro_rata or reprice_kept`}},
		{"of a cancelled order", engine.OrderCancelled, engine.ReturnRequest{Units: map[string]int64{"TV": 1}}, &engine.OrderStateError{Reference: "r", State: engine.OrderCancelled, Returns: 1}},
		{"kept units that cannot be priced", engine.OrderPlaced, engine.ReturnRequest{Units: map[string]int64{"TV": 1}, Policy: engine.RepriceKept}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := *order
			o.State = tt.state
			if tt.want == nil {
				o.Quote.Lines = append(slices.Clone(o.Quote.Lines), engine.QuoteLine{SKU: "Z", Quantity: 1, Total: 1})
				tt.r.KeptPrice, tt.want = func(map[string]int64) (engine.Amount, error) { return 0, dear }, dear
			}
			if _, _, err := o.Return(tt.r); err != tt.want && !cmp.Equal(fmt.Sprintf("%#v", err), fmt.Sprintf("%#v", tt.want)) {
				t.Errorf("got error %v, want %v", err, tt.want)
			}
		})
	}
	if _, err := order.Cancellation(); fmt.Sprint(err) != "order r cannot be cancelled: units of it were returned (returns: 1); return the rest instead" {
		t.Errorf("got error %v", err)
	}
}

// TestRefundsNeverExceedWhatWasPaid makes random returns of random orders.
func TestRefundsNeverExceedWhatWasPaid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lines, price := make(map[string]engine.QuoteLine), make(map[string]engine.Amount)
		for _, sku := range []string{"A", "B", "C"} {
			n := rapid.Int64Range(1, 7).Draw(t, "units")
			total := engine.Amount(rapid.OneOf(rapid.Int64Range(0, 1000), rapid.Just(int64(engine.MaxAmount/3))).Draw(t, "total"))
			lines[sku], price[sku] = engine.QuoteLine{Quantity: n, Total: total}, engine.Amount(rapid.Int64Range(0, 400).Draw(t, "price"))
		}
		o := soldOrder(lines, engine.Gift{SKU: "A", Quantity: 1}, engine.Gift{SKU: "G", Quantity: 2})
		policies := rapid.SampledFrom([][]engine.ReturnPolicy{{engine.ProRata}, {engine.RepriceKept}, {engine.ProRata, engine.RepriceKept}}).Draw(t, "policies")
		for o.State == engine.OrderPlaced {
			units := make(map[string]int64)
			for _, u := range o.Units() {
				units[u.SKU] += u.Quantity
			}
			skus := slices.Sorted(maps.Keys(units))
			sku := rapid.SampledFrom(skus).Draw(t, "sku")
			asked := map[string]int64{sku: rapid.Int64Range(1, units[sku]).Draw(t, "n")}
			if other := rapid.SampledFrom(skus).Draw(t, "another"); other != sku {
				asked[other] = 1
			}
			made, err := back(o, engine.ReturnRequest{
				Units: asked, Policy: rapid.SampledFrom(policies).Draw(t, "policy"),
				KeptPrice: func(kept map[string]int64) (sum engine.Amount, _ error) {
					for sku, n := range kept {
						sum += price[sku] * engine.Amount(n)
					}
					return sum, nil
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			var parts engine.Amount
			for _, u := range made.Units {
				parts += u.Refund
				if u.Refund < 0 {
					t.Fatalf("got a refund of %d for %s", u.Refund, u.SKU)
				}
			}
			if made.Refund < 0 || parts != made.Refund || o.Refunded > o.Quote.Total {
				t.Fatalf("got refund %d in parts of %d, %d in all; %d was paid", made.Refund, parts, o.Refunded, o.Quote.Total)
			}
		}
		if len(policies) == 1 && o.Refunded != o.Quote.Total {
			t.Fatalf("got %d back for everything, want %d", o.Refunded, o.Quote.Total)
		}
	})
}

func TestACancellationIsOfEverything(t *testing.T) {
	o := soldOrder(map[string]engine.QuoteLine{"TV": {Quantity: 3, Total: 9998}, "PI": {Quantity: 1, Total: 7}}, engine.Gift{SKU: "PI", Quantity: 2})
	got, err := o.Cancellation()
	want := []engine.ReturnedUnits{{SKU: "PI", Quantity: 1, Refund: 7}, {SKU: "PI", Quantity: 2, Gift: true}, {SKU: "TV", Quantity: 3, Refund: 9998}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
}
