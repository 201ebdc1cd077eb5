package surface_test

import (
	"testing"

	"github.com/checkout-promotions/checkout/cmd/internal/surface"
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

func startV1(t *testing.T) surface.V1 {
	t.Helper()
	v1, err := surface.NewV1(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return v1
}

// TestVersion1TellsOfEveryRuleTestWhatTheEngineSays runs every rule test of the
// repository: the whole quote is compared, reasons and changes of units included.
func TestVersion1TellsOfEveryRuleTestWhatTheEngineSays(t *testing.T) {
	result := runOn(t, startV1(t), everyRuleTest()...)
	priced, skipped := 0, map[string]int{}
	for _, c := range result.Cases {
		switch {
		case c.Failed():
			t.Errorf("%s:%d %s on %s: %v", c.File, c.Line, c.Name, c.Surface, c.Mismatches)
		case c.Surface != "v1":
		case c.Passed:
			priced++
		default:
			skipped[c.Skipped]++
		}
	}
	t.Logf("%d cases over version 1, skipped %v", priced, skipped)
	if priced < 1000 {
		t.Errorf("got %d cases priced over version 1, want those of the repository", priced)
	}
}

// TestVersion1IsHeldToWhatTheEngineSays has the engine say something else than version 1
// tells, by a nanosecond, which the comparison must not pass over.
func TestVersion1IsHeldToWhatTheEngineSays(t *testing.T) {
	v1 := startV1(t)
	result := runOn(t, skewed{v1}, "../../../examples/quickstart")
	for _, c := range result.Cases {
		if c.Surface == "v1" && !c.Failed() {
			t.Errorf("%s: passed, though version 1 tells another instant", c.Name)
		}
	}
}

// skewed has the engine say that every quote is of another instant.
type skewed struct{ surface.V1 }

// Tells implements ruletest.Surface.
func (s skewed) Tells(q engine.Quote) []ruletest.Told {
	q.At = q.At.Add(1)
	return s.V1.Tells(q)
}
