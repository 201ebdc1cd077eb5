package ruletest_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

const pluginRules = `
promotions:
  - {id: spend, when: loyalty.points > 1, deal: {plugin: {name: loyalty, kind: spend}}}
  - {id: must, coupon: MUST, on_failure: reject, deal: {plugin: {name: other}}}
`

const pluginLock = `
version: 1
plugins:
  loyalty:
    version: "1"
    api: 1
    deals: {spend: {effect: order}, items: {effect: items}}
    facts: {points: {type: number}, tier: {type: text}, gold: {type: boolean}}
  other:
    version: "1"
    api: 1
    deals: {take: {effect: order}}
`

// pluginFolder is a folder of rules that use plugins.
func pluginFolder(t *testing.T, tests string) string {
	t.Helper()
	dir := folder(t, pluginRules, catalogue+tests)
	if err := os.WriteFile(filepath.Join(dir, "plugins.lock.yaml"), []byte(pluginLock), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func runPlugins(t *testing.T, tests string, options ruletest.Options) ruletest.Result {
	t.Helper()
	suites, err := ruletest.Load([]string{pluginFolder(t, tests)})
	if err != nil {
		t.Fatal(err)
	}
	result, err := ruletest.RunWith(t.Context(), suites, ruletest.Filter{}, options)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestStubsThatNobodyAsksForAreFaults(t *testing.T) {
	for _, c := range []struct{ name, stubs, want string }{
		{"a plugin that the lock does not have", "{loyalti: {}}",
			`rules_test.yaml:2:9: R0009 plugins.lock.yaml of the rules has no plugin "loyalti": did you mean "loyalty"?`},
		{"a kind of deal", "{loyalty: {deals: {spent: {off: 1}}}}",
			`rules_test.yaml:2:27: R0009 the plugin loyalty has no kind of deal "spent": did you mean "spend"?`},
		{"a fact", "{loyalty: {facts: {point: 1}}}",
			`rules_test.yaml:2:27: R0103 the plugin loyalty has no fact "point": did you mean "points"?`},
		{"a promotion", "{loyalty: {deals: {spend: {spent: {off: 1}}}}}",
			`rules_test.yaml:2:35: R0202 no promotion has the id "spent": did you mean "spend"?`},
		{"a key of an answer", "{loyalty: {deals: {spend: {of: 1}}}}",
			`rules_test.yaml:2:34: R0003 one of units, off, gift, award, none, fault is missing` + "\n" +
				`rules_test.yaml:2:35: R0002 unknown key "of": did you mean "off"?`},
		{"two answers", "{loyalty: {deals: {spend: {off: 1, none: x}}}}",
			`rules_test.yaml:2:43: R0004 off and none cannot stand together: keep one of the two`},
		{"a fault that there is not", "{loyalty: {deals: {spend: {fault: timeouts}}}}",
			`rules_test.yaml:2:42: R0004 "timeouts" is no fault of a plugin: did you mean "timeout"?`},
		{"facts of other types", `{loyalty: {facts: {points: "5", tier: [a], gold: 1}}}`,
			`rules_test.yaml:2:36: R0004 the fact points is a number, got "5"` + "\n" +
				`rules_test.yaml:2:46: R0004 want text, got a list` + "\n" +
				`rules_test.yaml:2:57: R0004 the fact gold is a boolean, got "1"`},
		{"more than money has", "{loyalty: {deals: {spend: {off: 1.005}}}}",
			"rules_test.yaml:2:40: R0004 amount 1.005: USD has 2 decimal digits"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := pluginFolder(t, "stubs: "+c.stubs+"\ntests: [{name: a, given: {cart: [TV]}, expect: {total: 10}}]")
			_, err := ruletest.Load([]string{dir})
			list, ok := err.(diag.List)
			if !ok {
				t.Fatalf("got %v, want a list of faults", err)
			}
			if diff := cmp.Diff(c.want, strings.ReplaceAll(list.Error(), filepath.ToSlash(dir)+"/", "")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestACallThatNoStubAnswersFailsTheCase(t *testing.T) {
	for _, c := range []struct {
		name, test string
		want       []ruletest.Mismatch
	}{
		{"neither a fact nor a deal is there", "{name: a, given: {cart: [TV], coupons: [MUST]}, expect: {total: 1}}", []ruletest.Mismatch{
			{Field: "plugin loyalty.points", Want: "a value in stubs: {loyalty: {facts: {points: …}}}", Got: "nothing"},
			{Field: "plugin other.take", Want: "an answer for promotion must in stubs: {other: {deals: {take: {none: why}}}}", Got: "nothing"},
			{Field: "plugin loyalty.spend", Want: "an answer for promotion spend in stubs: {loyalty: {deals: {spend: {none: why}}}}", Got: "nothing"},
		}},
		{"a customer that the fact does not name", "{name: a, given: {cart: [TV], customer: {id: c-2}}, stubs: {loyalty: {facts: {points: {c-1: 5}}, deals: {spend: {off: 1}}}}, expect: {total: 9}}", []ruletest.Mismatch{
			{Field: "plugin loyalty.points", Want: `a value for the customer "c-2" or for "*" in stubs: {loyalty: {facts: {points: {c-2: …}}}}`, Got: "nothing"},
		}},
		{"another promotion of the kind", "{name: a, given: {cart: [TV]}, stubs: {loyalty: {facts: {points: 5}, deals: {spend: {must: {off: 1}}}}}, expect: {total: 9}}", []ruletest.Mismatch{
			{Field: "plugin loyalty.spend", Want: "an answer for promotion spend in stubs: {loyalty: {deals: {spend: {none: why}}}}", Got: "nothing"},
		}},
		{"a promotion without its coupon is not asked for", "{name: a, given: {cart: [TV]}, stubs: {loyalty: {facts: {points: 5}, deals: {spend: {off: 1}}}}, expect: {total: 9}}", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			result := runPlugins(t, "tests: ["+c.test+"]", ruletest.Options{})
			if diff := cmp.Diff(c.want, result.Cases[0].Mismatches); diff != "" || result.Cases[0].Passed != (c.want == nil) {
				t.Errorf("passed: %v, -want +got:\n%s", result.Cases[0].Passed, diff)
			}
		})
	}
}

func TestRejectionsAreCompared(t *testing.T) {
	stubs := "stubs: {loyalty: {facts: {points: 0}, deals: {spend: {none: x}}}, other: {deals: {take: {fault: crashed}}}}\n"
	for _, c := range []struct {
		name, coupon, expect string
		want                 []ruletest.Mismatch
	}{
		{"as expected", "MUST", "rejected: {promotion: must, fault: crashed}", nil},
		{"another fault", "MUST", "rejected: {promotion: must, fault: timeout}", []ruletest.Mismatch{{Field: "rejected fault", Want: "timeout", Got: "crashed"}}},
		{"another promotion", "MUST", "rejected: spend", []ruletest.Mismatch{{Field: "rejected", Want: "spend", Got: "must"}}},
		{"there is a price", "NONE", "rejected: must", []ruletest.Mismatch{{Field: "rejected", Want: "must", Got: "a price"}}},
		{"there is no price", "MUST", "total: 10", []ruletest.Mismatch{{Field: "quote", Want: "a price", Got: "price cart: plugin other of promotion must: crashed: the stub says so"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			result := runPlugins(t, stubs+"tests: [{name: a, given: {cart: [TV], coupons: ["+c.coupon+"]}, expect: {"+c.expect+"}}]", ruletest.Options{})
			if diff := cmp.Diff(c.want, result.Cases[0].Mismatches); diff != "" || result.Cases[0].Passed != (c.want == nil) {
				t.Errorf("passed: %v, -want +got:\n%s", result.Cases[0].Passed, diff)
			}
		})
	}
}

func TestARejectedCartHasNoQuote(t *testing.T) {
	dir := pluginFolder(t, "tests: [{name: a, given: {cart: [TV]}, expect: {rejected: must, total: 1}}]")
	_, err := ruletest.Load([]string{dir})
	want := "rules_test.yaml:2:59: R0004 a cart that is rejected has no quote: expect nothing else"
	if err == nil || strings.ReplaceAll(err.Error(), filepath.ToSlash(dir)+"/", "") != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// realPlugin takes 3.00 off and has five points for everybody.
type realPlugin struct {
	engine.NoPlugins
	asked []string
}

func (p *realPlugin) Facts(_ context.Context, _ *engine.Cart, _ time.Time, wanted []engine.FactKey) map[engine.FactKey]engine.Value {
	told := make(map[engine.FactKey]engine.Value)
	for _, key := range wanted {
		p.asked = append(p.asked, key.Plugin+"."+key.Name)
		told[key] = engine.NumberValue(engine.NewDecimal(5))
	}
	return told
}

func (p *realPlugin) Evaluate(_ context.Context, _ *engine.Cart, _ time.Time, questions []engine.Question) []engine.Answer {
	var answers []engine.Answer
	for _, q := range questions {
		p.asked = append(p.asked, q.Plugin+"."+q.Kind)
		answers = append(answers, engine.Answer{Promotion: q.Promotion, Deal: q.Deal, Off: 300})
	}
	return answers
}

func TestARealPluginAnswersInPlaceOfItsStubs(t *testing.T) {
	loyalty := &realPlugin{}
	result := runPlugins(t, `
stubs: {loyalty: {facts: {points: 0}, deals: {spend: {off: 1.00}}}, other: {deals: {take: {off: 2.00}}}}
tests: [{name: a, given: {cart: [TV], coupons: [MUST]}, expect: {total: 5.00, applied: [must, spend]}}]
`, ruletest.Options{Plugins: loyalty, Real: []string{"loyalty"}})
	if result.Failed > 0 {
		t.Errorf("got %+v, want 2.00 of the stub and 3.00 of the plugin off", result.Cases[0])
	}
	if diff := cmp.Diff([]string{"loyalty.points", "loyalty.spend"}, loyalty.asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

func TestAStubThatIsAFaultStaysBesideARealPlugin(t *testing.T) {
	loyalty := &realPlugin{}
	result := runPlugins(t, `
stubs: {loyalty: {facts: {points: 0}, deals: {spend: {fault: timeout}}}}
tests: [{name: a, given: {cart: [TV]}, expect: {total: 10.00, not_applied: {spend: {reason: plugin_failed, fault: timeout}}}}]
`, ruletest.Options{Plugins: loyalty, Real: []string{"loyalty"}})
	if result.Failed > 0 {
		t.Errorf("got %+v, want the fault of the stub", result.Cases[0])
	}
	if diff := cmp.Diff([]string{"loyalty.points"}, loyalty.asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}
