package engine_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/checkout-promotions/checkout/engine"
)

func TestAPausedPromotionActsAsADisabledOne(t *testing.T) {
	baskets(t, 5, func(t *rapid.T) {
		d := draws{t}
		s := drawWholeShop(t)
		s.request.Explain, s.request.Hints = d.one(2, "explain"), d.one(3, "hints")
		disabled := *s
		disabled.promotions = append([]engine.Promotion{}, s.promotions...)
		s.request.Paused = make(engine.Pauses)
		for i := range disabled.promotions {
			p := &disabled.promotions[i]
			if d.one(3, "paused") && !p.Disabled {
				p.Disabled = true
				s.request.Paused[p.ID] = pickOf(d, "until", time.Time{}, s.request.At.Add(time.Nanosecond))
			} else if d.one(6, "was paused") {
				s.request.Paused[p.ID] = s.request.At
			}
		}
		quote, want := s.price(t), disabled.price(t)
		quote.Trace, want.Trace = "", ""
		for i := range quote.Promotions {
			if o := &quote.Promotions[i]; o.Reason == engine.Paused {
				o.Reason = engine.Disabled
			}
		}
		for i := range quote.Coupons {
			if c := &quote.Coupons[i]; c.Reason == engine.Paused {
				c.Reason = engine.Disabled
			}
		}
		if diff := cmp.Diff(asJSON(t, want), asJSON(t, quote)); diff != "" {
			t.Fatalf("paused %v:\n%s\n%s", s.request.Paused, diff, s)
		}
	})
}

func TestAPauseHasAReasonOfItsOwnUntilItEnds(t *testing.T) {
	end := time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
	p := engine.Promotion{ID: "p", Deals: []engine.Deal{&engine.AmountOff{Of: setA, Amount: minor(100), Per: engine.PerSelection}}}
	for _, c := range []struct {
		name   string
		change func(*engine.Promotion)
		paused engine.Pauses
		at     time.Time
		want   string
	}{
		{"nobody has paused it", nil, nil, end, "1.00"},
		{"somebody has", nil, engine.Pauses{"p": time.Time{}}, end, "paused"},
		{"another one is paused", nil, engine.Pauses{"q": time.Time{}}, end, "1.00"},
		{"the last moment of a pause", nil, engine.Pauses{"p": end}, end.Add(-time.Nanosecond), "paused"},
		{"the instant at which it ends", nil, engine.Pauses{"p": end}, end, "1.00"},
		{"a disabled one stays disabled", func(p *engine.Promotion) { p.Disabled = true }, engine.Pauses{"p": time.Time{}}, end, "disabled"},
		{"one that is over is paused first", func(p *engine.Promotion) { p.Schedule.Until = end }, engine.Pauses{"p": time.Time{}}, end, "paused"},
	} {
		t.Run(c.name, func(t *testing.T) {
			paused := p
			if c.change != nil {
				c.change(&paused)
			}
			s := &shop{promotions: []engine.Promotion{paused}}
			s.request = engine.Request{Explain: true, At: c.at, Paused: c.paused, Cart: engine.Cart{Currency: usd(t), Lines: []engine.Line{line("A", 1000, 1)}}}
			if got := results(s.price(t))["p"]; got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			standing := map[string]engine.Standing{"1.00": engine.StandsActive, "paused": engine.StandsPaused, "disabled": engine.StandsDisabled}[c.want]
			if got := paused.Standing(c.at, c.paused, engine.PromotionUsage{}, usd(t)); got != standing {
				t.Errorf("it stands %s, want %s", got, standing)
			}
		})
	}
}

func TestARequestHasThePausesThatMatterToIt(t *testing.T) {
	at := time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
	rules := (&shop{promotions: []engine.Promotion{{ID: "a"}, {ID: "b"}}}).rules(t)
	for _, c := range []struct {
		name      string
		all, want engine.Pauses
	}{
		{"none", nil, nil},
		{"nothing is left out", engine.Pauses{"a": {}, "b": at.Add(1)}, engine.Pauses{"a": {}, "b": at.Add(1)}},
		{"one that has ended, and one of other rules", engine.Pauses{"a": {}, "b": at, "x": {}}, engine.Pauses{"a": {}}},
		{"none is left", engine.Pauses{"b": at, "x": {}}, nil},
	} {
		before := len(c.all)
		if diff := cmp.Diff(c.want, rules.PausesAt(at, c.all)); diff != "" || len(c.all) != before {
			t.Errorf("%s: %d of %d are left of all (-want +got):\n%s", c.name, len(c.all), before, diff)
		}
	}
}

func TestARecordedRequestKeepsItsPauses(t *testing.T) {
	req := engine.Request{Paused: engine.Pauses{"b": {}, "a": time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)}}
	text := recorded(t, req)
	if want := `"paused":{"a":"2026-12-01T09:00:00Z","b":"0001-01-01T00:00:00Z"}`; !strings.Contains(string(text), want) {
		t.Errorf("got %s, want %s in it", text, want)
	}
	if diff := cmp.Diff(req.Paused, replayed(t, text).Paused); diff != "" {
		t.Error(diff)
	}
	fast, err := engine.NewRequestDecoder().Decode(text)
	if diff := cmp.Diff(req.Paused, fast.Paused); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}
