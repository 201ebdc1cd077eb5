package replay_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/archive"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/replay"
)

var errGone = errors.New("gone")

// shop is an archive of rulesets.
type shop struct {
	t     *testing.T
	kept  map[string][]byte
	loads int
	r     *replay.Replayer
}

func newShop(t *testing.T) *shop {
	s := &shop{t: t, kept: make(map[string][]byte)}
	s.r = replay.New(func(_ context.Context, digest string) ([]byte, error) {
		s.loads++
		if packed, ok := s.kept[digest]; ok {
			return packed, nil
		}
		return nil, errGone
	})
	return s
}

// rules takes a percentage off all televisions.
func (s *shop) rules(percent int) *engine.Ruleset {
	s.t.Helper()
	files := []compile.File{{Name: "tv.yaml", Data: fmt.Appendf(nil, "promotions:\n  - id: tv\n    deal: {percent_off: {of: category == \"tv\", percent: %d}}\n", percent)}}
	ruleset, err := compile.Compile(files)
	if err != nil {
		s.t.Fatal(err)
	}
	if s.kept[ruleset.Digest()], err = archive.Pack(files); err != nil {
		s.t.Fatal(err)
	}
	return ruleset
}

// order sells two televisions and a lamp.
func (s *shop) order(rules *engine.Ruleset) replay.Order {
	s.t.Helper()
	request := engine.Request{At: time.Date(2026, 11, 22, 1, 2, 3, 0, time.UTC), Cart: engine.Cart{Currency: rules.Currency(), Lines: []engine.Line{
		{Item: &engine.Item{SKU: "TV", Name: "Television", Price: 10000, Categories: []string{"tv"}}, Quantity: 2},
		{Item: &engine.Item{SKU: "LAMP", Name: "Lamp", Price: 999}, Quantity: 1},
	}}}
	quote, err := rules.Price(request)
	if err != nil {
		s.t.Fatal(err)
	}
	text, err := engine.EncodeRequest(request)
	if err != nil {
		s.t.Fatal(err)
	}
	stored, err := json.Marshal(quote)
	if err != nil {
		s.t.Fatal(err)
	}
	return replay.Order{Ruleset: rules.Digest(), Request: string(text), Quote: string(stored)}
}

func (s *shop) wants(order replay.Order, want replay.Result) {
	s.t.Helper()
	got := s.r.Replay(s.t.Context(), order)
	if want.Verdict != replay.Identical && want.Verdict != replay.Different {
		want.Currency = got.Currency
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateErrors(), cmpopts.EquateEmpty(), cmpopts.IgnoreFields(replay.Result{}, "Currency")); diff != "" {
		s.t.Errorf("-want +got:\n%s", diff)
	}
}

func TestOrdersAreReplayedWithTheirOwnRules(t *testing.T) {
	s := newShop(t)
	for _, percent := range []int{10, 20, 10} {
		s.wants(s.order(s.rules(percent)), replay.Result{Verdict: replay.Identical})
	}
	if s.loads != 2 {
		t.Errorf("got %d loads of two rulesets, want 2", s.loads)
	}
}

func TestDifferencesAreNamed(t *testing.T) {
	s := newShop(t)
	order := s.order(s.rules(10))
	for _, c := range []struct {
		name, from, to string
		want           []replay.Difference
	}{
		{"a total", `"total":18999,"payable"`, `"total":18998,"payable"`, []replay.Difference{{"total", true, "18998", "18999"}}},
		{"a line's total", `"discount":2000,"total":18000`, `"discount":2000,"total":1`, []replay.Difference{{"lines[TV].total", true, "1", "18000"}}},
		{"a promotion's discount", `"reason":"applied","discount":2000`, `"reason":"applied","discount":1`, []replay.Difference{{"promotions[tv].discount", true, "1", "2000"}}},
		{"a field that was lost", `"optimal":true`, `"bound":0`, []replay.Difference{{"bound", true, "0", ""}, {"optimal", false, "", "true"}}},
		{"a name", `"name":"Lamp"`, `"name":"Lamb"`, []replay.Difference{{"lines[LAMP].name", false, `"Lamb"`, `"Lamp"`}}},
		{"a line that is another", `"sku":"LAMP"`, `"sku":"CAMP"`, []replay.Difference{
			{"lines[CAMP]", false, `{"discount":0,"name":"Lamp","quantity":1,"sku":"CAMP","subtotal":999,"total":999,"unit_price":999,"units":[{"price":999,"quantity":1}]}`, ""},
			{"lines[LAMP]", false, "", `{"discount":0,"name":"Lamp","quantity":1,"sku":"LAMP","subtotal":999,"total":999,"unit_price":999,"units":[{"price":999,"quantity":1}]}`},
		}},
		{"a kind of value", `"units":[{"quantity":1,"price":999}]`, `"units":null`, []replay.Difference{{"lines[LAMP].units", false, "null", `[{"price":999,"quantity":1}]`}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			tampered := order
			tampered.Quote = strings.Replace(order.Quote, c.from, c.to, 1)
			if tampered.Quote == order.Quote {
				t.Fatalf("the quote has no %s: %s", c.from, order.Quote)
			}
			s.wants(tampered, replay.Result{Verdict: replay.Different, Differences: c.want})
		})
	}
}

func TestTheSameFieldsInAnotherOrderAreNoDifference(t *testing.T) {
	s := newShop(t)
	order := s.order(s.rules(10))
	var fields map[string]any
	if err := json.Unmarshal([]byte(order.Quote), &fields); err != nil {
		t.Fatal(err)
	}
	sorted, err := json.Marshal(fields)
	if err != nil || string(sorted) == order.Quote {
		t.Fatalf("got the same text, error %v", err)
	}
	order.Quote = string(sorted)
	s.wants(order, replay.Result{Verdict: replay.Identical})
}

func TestFieldsThatLaterVersionsAddedAreNoDifference(t *testing.T) {
	const now = `{"total":1,"mood":{"now":"good"},"lines":[{"sku":"A","note":"x"},{"sku":"B","note":"y"}],"gifts":[]}`
	since := map[string]int{"mood": 3, "lines[].note": 2, "gifts": 1}
	for _, c := range []struct {
		name, stored string
		format       int
		want         replay.Result
	}{
		{"an order from before all of them", `{"total":1,"lines":[{"sku":"A"},{"sku":"B"}],"gifts":[]}`, 1,
			replay.Result{Verdict: replay.Identical, Added: []string{"lines[].note", "mood"}}},
		{"an order from before the last", `{"total":1,"lines":[{"sku":"A","note":"x"},{"sku":"B"}],"gifts":[]}`, 2,
			replay.Result{Verdict: replay.Different, Differences: []replay.Difference{{"lines[B].note", false, "", `"y"`}}}},
		{"a field that the order's version had and left out", `{"total":1,"lines":[{"sku":"A"},{"sku":"B"}]}`, 1,
			replay.Result{Verdict: replay.Different, Differences: []replay.Difference{{"gifts", false, "", "[]"}}}},
		{"an added field that has another value", `{"total":1,"mood":{"now":"bad"},"lines":[{"sku":"A"},{"sku":"B"}],"gifts":[]}`, 1,
			replay.Result{Verdict: replay.Different, Differences: []replay.Difference{{"mood.now", false, `"bad"`, `"good"`}}}},
		{"elements in another order", `{"total":1,"lines":[{"sku":"B"},{"sku":"A"}],"gifts":[]}`, 1,
			replay.Result{Verdict: replay.Different, Differences: []replay.Difference{{"lines (order)", false, "[B A]", "[A B]"}}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := replay.Compare([]byte(c.stored), []byte(now), c.format, since)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got, cmpopts.EquateEmpty(), cmpopts.EquateComparable(engine.Currency{})); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestWhatCannotBeReplayedSaysWhy(t *testing.T) {
	s := newShop(t)
	good := s.order(s.rules(10))
	other := s.order(s.rules(20))
	lost, damaged, broken, request, quote := good, good, good, good, good
	lost.Ruleset = "0000"
	request.Request = `{"format":99}`
	quote.Quote = `{"total":`
	bad := []compile.File{{Name: "tv.yaml", Data: []byte("promotions: [{id: tv, deal: {percent_of: 1}}]")}}
	broken.Ruleset = compile.Digest(bad)
	var err error
	if s.kept[broken.Ruleset], err = archive.Pack(bad); err != nil {
		t.Fatal(err)
	}
	good.Request = ""
	s.wants(good, replay.Result{Verdict: replay.Unrecorded})
	s.kept[damaged.Ruleset] = s.kept[other.Ruleset]
	for _, c := range []struct {
		name  string
		order replay.Order
		want  string
	}{
		{"rules that are not in the archive", lost, "gone"},
		{"rules that are others", damaged, "the archived rules " + damaged.Ruleset + " are damaged: they are the rules " + other.Ruleset + "; restore them from a backup"},
		{"rules that do not compile", broken, "the archived rules " + broken.Ruleset + " do not compile with this version: tv.yaml:1:30: R0002 unknown key \"percent_of\": did you mean \"percent_off\"?"},
		{"a request of a later version", request, "recorded request: it is of format 99, from a later version; this version knows up to 3: use that version"},
		{"a quote that is none", func() replay.Order { o := other; o.Quote = quote.Quote; return o }(), "the stored quote is damaged: unexpected EOF"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for range 2 { // the second time from the cache
				got := s.r.Replay(t.Context(), c.order)
				if got.Verdict != replay.Failed || got.Err == nil || got.Err.Error() != c.want {
					t.Errorf("got %s, error %v, want %s", got.Verdict, got.Err, c.want)
				}
			}
		})
	}
}

func TestOnlySomeRulesetsAreKeptInMemory(t *testing.T) {
	s := newShop(t)
	const rulesets = 17
	for range 2 {
		for percent := 1; percent <= rulesets; percent++ {
			s.wants(s.order(s.rules(percent)), replay.Result{Verdict: replay.Identical})
		}
	}
	if s.loads != 2*rulesets {
		t.Errorf("got %d loads, want %d: one ruleset too many for the cache", s.loads, 2*rulesets)
	}
}

func TestACanceledReplayIsNotRemembered(t *testing.T) {
	s := newShop(t)
	order := s.order(s.rules(10))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got := s.r.Replay(ctx, order); !errors.Is(got.Err, context.Canceled) {
		t.Errorf("got %+v, want that it was canceled", got)
	}
	s.wants(order, replay.Result{Verdict: replay.Identical})
}

func TestKeptUnitsAreThePriceOfTheirTime(t *testing.T) {
	s := newShop(t)
	order := s.order(s.rules(10))
	s.rules(20)
	price, err := s.r.KeptPrice(t.Context(), order)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		units map[string]int64
		want  engine.Amount
	}{
		{map[string]int64{"TV": 2, "LAMP": 1}, 18999},
		{map[string]int64{"TV": 1}, 9000},
		{map[string]int64{"LAMP": 1, "X": 5}, 999},
		{map[string]int64{"TV": 2, "LAMP": 0}, 18000},
	} {
		if got, err := price(c.units); got != c.want || err != nil {
			t.Errorf("%v: got %d, error %v, want %d", c.units, got, err, c.want)
		}
	}
	order.Request = ""
	if _, err := s.r.KeptPrice(t.Context(), order); !errors.As(err, new(*replay.UnrecordedError)) {
		t.Errorf("got error %v, want an *UnrecordedError", err)
	}
	if _, err := s.r.KeptPrice(t.Context(), replay.Order{Ruleset: "none", Request: s.order(s.rules(10)).Request}); !errors.Is(err, errGone) {
		t.Errorf("got error %v, want %v", err, errGone)
	}
}
