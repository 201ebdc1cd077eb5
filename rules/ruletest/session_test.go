package ruletest_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

const twoTests = `catalogue: ../items.yaml
fixtures: ../fixtures.yaml
tests:
  - name: one television
    given: {cart: [TV]}
    expect: {total: 10.00}
  - name: several
    given: {cart: several, customer: {groups: ["${group}"]}}
    table:
      - {group: gold, total: 18.00}
      - {group: none, total: 20.00}
`

// twoShops has two folders of rules: a with the tests above, b with one of its own.
func twoShops(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, "items.yaml", "items: [{sku: TV, price: 10}]\n")
	write(t, dir, "fixtures.yaml", "carts: {several: [TV x3]}\n")
	write(t, dir, "a/rules.yaml", rules)
	write(t, dir, "a/rules_test.yaml", twoTests)
	write(t, dir, "b/rules.yaml", rules)
	write(t, dir, "b/rules_test.yaml", catalogue+"tests: [{name: other, given: {cart: [HIFI]}, expect: {total: 5, not_applied: {gold: condition_false}}}]\n")
	return dir
}

// changedIn writes the cases that have changed as "FAIL several group=gold".
func changedIn(u ruletest.Refreshed) []string {
	var texts []string
	for _, c := range u.Changed {
		state := "FAIL "
		if c.Passed {
			state = "ok "
		} else if c.Skipped != "" {
			state = "skip "
		}
		texts = append(texts, strings.TrimSpace(state+c.Name+" "+c.Row))
	}
	return texts
}

func TestASessionRunsWhatAChangeTouches(t *testing.T) {
	replaced := func(text, old, now string) string { return strings.Replace(text, old, now, 1) }
	for _, c := range []struct {
		name, file, text string
		ran              int
		changed          []string
	}{
		{"nothing", "a/rules_test.yaml", twoTests, 0, nil},
		{"a comment in a test file is no change of what stands before it", "a/rules_test.yaml", twoTests + "# the end\n", 3, nil},
		{"a test", "a/rules_test.yaml", replaced(twoTests, "total: 10.00", "total: 11.00"), 1, []string{"FAIL one television"}},
		{"a row of a table, with its test", "a/rules_test.yaml", replaced(twoTests, "20.00", "21.00"), 2, []string{"FAIL several group=none"}},
		{"lines before a test are no change of it", "a/rules_test.yaml", replaced(twoTests, "    given: {cart: [TV]}\n", "    given:\n      cart: [TV]\n"), 1, nil},
		{"a reason not to run a test", "a/rules_test.yaml", replaced(twoTests, "television\n", "television\n    skip: later\n"), 1, []string{"skip one television"}},
		{"a test more, which passes", "a/rules_test.yaml", twoTests + "  - {name: more, given: {cart: [TV x2]}, expect: {total: 20}}\n", 1, nil},
		{"a test less", "a/rules_test.yaml", replaced(twoTests, "  - name: one television\n    given: {cart: [TV]}\n    expect: {total: 10.00}\n", ""), 0, nil},
		{"rules of one folder", "a/rules.yaml", replaced(rules, "percent: 10", "percent: 20"), 3, []string{"FAIL several group=gold"}},
		{"a comment and blanks in rules", "a/rules.yaml", "# rules\n" + replaced(rules, "percent: 10", "percent:   10"), 0, nil},
		{"rules of the other", "b/rules.yaml", replaced(rules, "percent: 10", "percent: 20"), 1, nil},
		{"a promotion more, which tests could name", "a/rules.yaml", rules + "  - {id: all, deal: {percent_off: {of: order, percent: 50}}}\n", 3,
			[]string{"FAIL one television", "FAIL several group=gold", "FAIL several group=none"}},
		{"an item that tests use", "items.yaml", "items: [{sku: TV, price: 10, stock: 4}, {sku: HIFI, price: 1}]\n", 3, nil},
		{"a fixture", "fixtures.yaml", "carts: {several: [TV x4]}\n", 3, []string{"FAIL several group=gold", "FAIL several group=none"}},
		{"a test file more", "b/more_test.yaml", catalogue + "tests: [{name: fails, given: {cart: [TV]}, expect: {total: 5}}]\n", 1, []string{"FAIL fails"}},
		{"a file that has nothing to do with it", "a/readme.md", "hello", 0, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := twoShops(t)
			s := ruletest.NewSession([]string{dir}, ruletest.Filter{}, ruletest.Options{})
			first, err := s.Refresh(t.Context())
			if err != nil || !first.First || first.Ran != 4 || first.Passed != 4 || len(first.Changed) > 0 {
				t.Fatalf("got %+v and %v at first, want 4 cases that pass", first, err)
			}
			write(t, dir, c.file, c.text)
			got, err := s.Refresh(t.Context())
			if err != nil || got.First || got.Ran != c.ran {
				t.Errorf("got %d cases that ran and %v, want %d", got.Ran, err, c.ran)
			}
			if diff := cmp.Diff(c.changed, changedIn(got)); diff != "" {
				t.Errorf("what changed: %s", diff)
			}
			suites, err := ruletest.Load([]string{dir})
			if err != nil {
				t.Fatal(err)
			}
			want, err := ruletest.Run(suites, ruletest.Filter{})
			if diff := cmp.Diff(want, got.Result, cmp.AllowUnexported(engine.Currency{}), cmpopts.EquateEmpty()); diff != "" || err != nil {
				t.Errorf("a fresh run has another result: %v %s", err, diff)
			}
			if again, err := s.Refresh(t.Context()); err != nil || again.Ran != 0 || len(again.Changed) > 0 || again.Passed != got.Passed {
				t.Errorf("got %+v and %v once more, want nothing new", again, err)
			}
		})
	}
}

func TestASessionOutlivesFaults(t *testing.T) {
	for _, c := range []struct{ name, file, text, want string }{
		{"of rules", "a/rules.yaml", "promotions: [{id: a, deal: {percent_of: {}}}]", `a/rules.yaml:1:29: R0002 unknown key "percent_of": did you mean "percent_off"?`},
		{"of a test", "a/rules_test.yaml", strings.Replace(twoTests, "total: 10", "totl: 10", 1), "a/rules_test.yaml:4:5: R0203 the test expects nothing: add expect with a total, or the promotions applied\n" +
			`a/rules_test.yaml:6:14: R0002 unknown key "totl": did you mean "total"?`},
		{"of a test that names what the rules no longer have", "b/rules.yaml", strings.Replace(rules, "id: gold", "id: silver", 1), `b/rules_test.yaml:2:79: R0202 no promotion has the id "gold": there is silver, three-for-two`},
		{"of a test without an instant that the rules now ask for", "b/rules.yaml", strings.Replace(rules, "- id: gold", "- id: gold\n    schedule: {from: 2026-12-01}", 1),
			"b/rules_test.yaml:2:9: R0203 the outcome depends on the time, because of gold: give the instant: given: {at: 2026-12-24T10:00:00Z}, or set it in defaults"},
		{"of items", "items.yaml", "items: [{sku: TV, price: x}]\n", "a/rules_test.yaml:5:20: R0201 the catalogue has no item \"TV\"\n" +
			"fixtures.yaml:1:19: R0201 the catalogue has no item \"TV\"\n" +
			`items.yaml:1:26: R0004 number "x": not a decimal number`},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := twoShops(t)
			s := ruletest.NewSession([]string{dir}, ruletest.Filter{}, ruletest.Options{})
			if _, err := s.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
			before, err := os.ReadFile(filepath.Join(dir, c.file))
			if err != nil {
				t.Fatal(err)
			}
			write(t, dir, c.file, c.text)
			_, err = s.Refresh(t.Context())
			var faults diag.List
			if !errors.As(err, &faults) {
				t.Fatalf("got %v, want faults", err)
			}
			if diff := cmp.Diff(c.want, strings.ReplaceAll(faults.Error(), filepath.ToSlash(dir)+"/", "")); diff != "" {
				t.Error(diff)
			}
			write(t, dir, c.file, string(before))
			if got, err := s.Refresh(t.Context()); err != nil || got.Ran != 0 || got.Passed != 4 || len(got.Changed) > 0 {
				t.Errorf("got %+v and %v once it is right again, want the last results", got, err)
			}
		})
	}
}

func TestASessionKnowsWhatItDependsOn(t *testing.T) {
	dir := twoShops(t)
	write(t, dir, "c/only_test.yaml", "rules: ../a\ncatalogue: ../later.yaml\ntests: [{name: a, given: {cart: [TV]}, expect: {total: 10}}]\n")
	s := ruletest.NewSession([]string{filepath.Join(dir, "c")}, ruletest.Filter{}, ruletest.Options{})
	if _, err := s.Refresh(t.Context()); err == nil {
		t.Error("the catalogue is not there, want a fault")
	}
	want := []string{"c", "a", "c/only_test.yaml", "later.yaml"}
	var got []string
	for _, name := range s.Inputs() {
		got = append(got, filepath.ToSlash(strings.TrimPrefix(name, dir+string(filepath.Separator))))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	write(t, dir, "later.yaml", "items: [{sku: TV, price: 10}]\n")
	if got, err := s.Refresh(t.Context()); err != nil || got.Passed != 1 {
		t.Errorf("got %+v and %v, want one that passes", got, err)
	}
}

func TestACaseThatFailedIsRunAgainWhenRulesMove(t *testing.T) {
	dir := twoShops(t)
	write(t, dir, "b/rules_test.yaml", catalogue+"tests: [{name: a, given: {cart: [HIFI]}, expect: {applied: [gold]}}, {name: b, given: {cart: [HIFI]}, expect: {total: 5}}]\n")
	s := ruletest.NewSession([]string{filepath.Join(dir, "b")}, ruletest.Filter{}, ruletest.Options{})
	if _, err := s.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "b/rules.yaml", "# a line more\n"+rules)
	got, err := s.Refresh(t.Context())
	if err != nil || got.Ran != 1 || len(got.Changed) > 0 {
		t.Fatalf("got %+v and %v, want one case that ran and did not change", got, err)
	}
	if source := got.Cases[0].WhyNot[0].Source; !strings.HasSuffix(source, "b/rules.yaml:6:5") {
		t.Errorf("got the place %s, want that of now", source)
	}
}
