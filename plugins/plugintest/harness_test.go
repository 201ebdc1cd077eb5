package plugintest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/checkout-promotions/checkout/plugins/plugintest"
	"github.com/checkout-promotions/checkout/plugins/sdk"
)

// fake answers as it is told.
type fake struct{ answer func() []sdk.Answer }

func (fake) Describe() sdk.Description {
	return sdk.Description{Name: "fake", Version: "1.0.0", Deals: []sdk.DealKind{{
		Name: "off", Effect: sdk.OffOrderEffect, ConfigSchema: `{"type": "object"}`, Examples: []json.RawMessage{[]byte(`{}`)},
	}}}
}

func (f fake) Evaluate(context.Context, sdk.Request) ([]sdk.Answer, error) { return f.answer(), nil }

// recorder is a test whose faults are kept.
type recorder struct {
	testing.TB
	faults []string
}

func (r *recorder) Error(args ...any) { r.faults = append(r.faults, fmt.Sprint(args...)) }
func (r *recorder) Errorf(f string, args ...any) {
	r.faults = append(r.faults, fmt.Sprintf(f, args...))
}

func TestPromisesThatAreBrokenFailTheTest(t *testing.T) {
	calls := int64(0)
	tests := []struct {
		name   string
		answer func() []sdk.Answer
		want   []string
	}{
		{"fine", func() []sdk.Answer { return []sdk.Answer{{ID: "d", Off: 100}} }, nil},
		{"more than there is", func() []sdk.Answer { return []sdk.Answer{{ID: "d", Off: 101}} }, []string{"deal d: above_price: 101 off the order, which costs 100"}},
		{"a surcharge", func() []sdk.Answer { return []sdk.Answer{{ID: "d", Off: -1}} }, []string{"deal d: negative_amount: -1 off the order"}},
		{"another effect", func() []sdk.Answer { return []sdk.Answer{{ID: "d", Gift: sdk.GiftUnits{SKU: "G", Quantity: 1}}} }, []string{"deal d: wrong_effect: gift, of a deal whose effect is order"}},
		{"no answer", func() []sdk.Answer { return nil }, []string{"deal d has 0 answers, want one"}},
		{"two answers", func() []sdk.Answer { return []sdk.Answer{{ID: "d"}, {ID: "d"}} }, []string{"deal d has 2 answers, want one"}},
		{"an answer to another", func() []sdk.Answer { return []sdk.Answer{{ID: "d"}, {ID: "e"}} }, []string{`an answer to "e", which was not asked`}},
		{"another answer each time", func() []sdk.Answer { calls++; return []sdk.Answer{{ID: "d", Off: calls}} }, []string{
			"asked twice, the plugin answers differently, and its description does not say Stateful:\n" +
				"[{ID:d Units:[] Off:1 Gift:{SKU: Quantity:0} Award:{Kind: Amount:} Why: Failure:}]\n" +
				"[{ID:d Units:[] Off:2 Gift:{SKU: Quantity:0} Award:{Kind: Amount:} Why: Failure:}]",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := &recorder{TB: t}
			h := plugintest.New(r, fake{tt.answer})
			cart := sdk.Cart{Currency: sdk.Currency{Code: "USD", Digits: 2}, Lines: []sdk.Line{{SKU: "A", Quantity: 1, Price: 100}}}
			if _, err := h.Evaluate(sdk.Request{Cart: cart, Deals: []sdk.Deal{{ID: "d", Kind: "off"}}}); err != nil {
				t.Fatal(err)
			}
			if got := slices.Compact(r.faults); !slices.Equal(got, tt.want) { // it asks twice
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}
