package ruletest_test

import (
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/checkout-promotions/checkout/rules/ruletest"
)

const tracedTests = catalogue + `tests:
  - {name: fails, given: {cart: [TV x2]}, expect: {total: 1}}
  - {name: passes, given: {cart: [TV]}, expect: {total: 10}}
  - {name: later, skip: not yet, given: {cart: [TV]}, expect: {total: 1}}
  - name: steps
    given: {cart: [TV x3]}
    steps: [{do: commit, expect: {total: 20}}, {do: refund, ref: 1}, {do: price, expect: {total: 20}}]
  - {name: refused, given: {rules: "promotions: 1"}, compile_error: {code: R0004}}
`

func runOptions(t *testing.T, options ruletest.Options) ruletest.Result {
	t.Helper()
	suites, err := ruletest.Load([]string{folder(t, rules, tracedTests)})
	if err != nil {
		t.Fatal(err)
	}
	result, err := ruletest.RunWith(t.Context(), suites, ruletest.Filter{}, options)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestTracesTellWhatEachPromotionDid(t *testing.T) {
	for tracing, want := range map[ruletest.Tracing][]string{
		ruletest.TraceNone:  {"fails", "passes", "later", "steps", "refused"},
		ruletest.TraceFails: {"fails: below_quantity, condition_false", "passes", "later", "steps", "refused"},
		ruletest.TraceAll: {"fails: below_quantity, condition_false", "passes: below_quantity, condition_false", "later",
			"steps: step 1 (commit) applied, condition_false: step 3 (price) applied, condition_false", "refused"},
	} {
		t.Run(string(tracing), func(t *testing.T) {
			var got []string
			for _, c := range runOptions(t, ruletest.Options{Trace: tracing}).Cases {
				text := c.Name
				for _, trace := range c.Trace {
					var reasons []string
					for _, o := range trace.Quote.Promotions {
						reasons = append(reasons, o.Reason.String())
					}
					slices.Sort(reasons)
					text += ": " + strings.TrimSpace(trace.Step+" "+strings.Join(reasons, ", "))
					if len(trace.Parts) == 0 {
						t.Errorf("%s has no parts of conditions", c.Name)
					}
				}
				got = append(got, text)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCasesWithAPriceAreTimed(t *testing.T) {
	var timed []string
	for _, c := range runOptions(t, ruletest.Options{Bench: true}).Cases {
		if c.Timing != nil {
			timed = append(timed, c.Name)
			if c.Timing.P50 <= 0 || c.Timing.P99 < c.Timing.P50 {
				t.Errorf("%s takes %v", c.Name, *c.Timing)
			}
		}
	}
	if want := []string{"fails", "passes", "steps"}; !slices.Equal(timed, want) {
		t.Errorf("got timings of %q, want %q", timed, want)
	}
	if c := runOptions(t, ruletest.Options{}).Cases[0]; c.Timing != nil {
		t.Error("nobody has asked for a timing")
	}
}

func TestARunTellsHowFarItIs(t *testing.T) {
	var calls, most atomic.Int64
	runOptions(t, ruletest.Options{Progress: func(done, total int) {
		calls.Add(1)
		if done == total {
			most.Store(int64(total))
		}
	}})
	if calls.Load() != 5 || most.Load() != 5 {
		t.Errorf("got %d calls and %d cases, want 5", calls.Load(), most.Load())
	}
}

func TestOnlySelectsCases(t *testing.T) {
	result := runOptions(t, ruletest.Options{Only: func(_ ruletest.Suite, c ruletest.Case) bool { return c.Name == "passes" }})
	if len(result.Cases) != 1 || result.Cases[0].Name != "passes" {
		t.Errorf("got %+v", result.Cases)
	}
}
