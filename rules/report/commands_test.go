package report_test

import (
	"strings"
	"testing"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/engine/goldentest"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/difference"
	"github.com/checkout-promotions/checkout/rules/invariant"
	"github.com/checkout-promotions/checkout/rules/lint"
	"github.com/checkout-promotions/checkout/rules/report"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

// TestReportsOfCommands holds what each command says in formats that other programs
// read.
func TestReportsOfCommands(t *testing.T) {
	fault, checked, tests, differences := faulty(), checkedRules(t), testedRules(), differentRules()
	formatted := []report.Formatted{{File: "a.yaml", Formatted: true}, {File: "b.yaml", Line: 7}}
	promises := []report.Promise{{Name: "it starts"}, {Name: "it ends", Broken: "it runs on\nfor a minute"}}
	var all strings.Builder
	for _, c := range []struct {
		report  report.Report
		formats []string
	}{
		{report.TestReport(tests, "checkout rules test"), []string{report.Compact, report.JUnit}},
		{report.CheckReport("checkout rules check", checked, diag.List{fault}, diag.SeverityWarning), []string{report.Compact, report.JUnit}},
		{report.CheckReport("checkout rules check --fail-level note", checked, nil, diag.SeverityNote), []string{report.Compact}},
		{report.CoverageReport("checkout rules coverage", halfCovered()), []string{report.Compact, report.GitHub}},
		{report.MutantsReport("checkout rules mutate", mutated()), []string{report.Compact, report.JUnit}},
		{report.FormattingReport("checkout rules fmt", formatted, diag.List{fault}), []string{report.Compact, report.TAP}},
		{differences.Report("checkout rules diff", "old", "new"), []string{report.Compact, report.GitHub}},
		{report.ContractReport("checkout plugins check", promises), []string{report.Compact, report.JUnit}},
	} {
		for _, format := range c.formats {
			all.WriteString("== " + c.report.Name + ", " + format + "\n" + written(t, c.report, format))
		}
	}
	goldentest.Compare(t, "testdata/report_commands.golden.txt", all.String())
}

func TestFormatting(t *testing.T) {
	files := []report.Formatted{{File: "a.yaml", Formatted: true}, {File: "b.yaml", Line: 7}}
	faults := diag.List{{Code: "R0001", File: "c.yaml", Range: span(1, 1, 1, 2), Message: "no YAML"}}
	for _, c := range []struct {
		name, want string
		files      []report.Formatted
		faults     diag.List
		write      func(*strings.Builder, []report.Formatted, diag.List) error
	}{
		{"text of all", "c.yaml:1:1: R0001 no YAML\n\n1 fault\nb.yaml:7: would be formatted otherwise\n", files, faults,
			func(b *strings.Builder, f []report.Formatted, l diag.List) error {
				return report.FormattingPretty(b, f, l)
			}},
		{"text of nothing", "", nil, nil,
			func(b *strings.Builder, f []report.Formatted, l diag.List) error {
				return report.FormattingPretty(b, f, l)
			}},
		{"JSON of nothing", "{\n  \"version\": 1,\n  \"files\": [],\n  \"faults\": []\n}\n", nil, nil,
			func(b *strings.Builder, f []report.Formatted, l diag.List) error {
				return report.FormattingJSON(b, f, l)
			}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b strings.Builder
			if err := c.write(&b, c.files, c.faults); err != nil {
				t.Fatal(err)
			}
			if b.String() != c.want {
				t.Errorf("got  %q\nwant %q", b.String(), c.want)
			}
		})
	}
	var b strings.Builder
	if err := report.FormattingJSON(&b, files, faults); err != nil {
		t.Fatal(err)
	}
	goldentest.Compare(t, "testdata/formatting.golden.json", b.String())
}

func faulty() diag.Diagnostic {
	return diag.Diagnostic{Code: "R0103", File: "shop/b.yaml", Range: span(2, 3, 2, 5), Message: `unknown name "tv"`, Hint: `did you mean "tvs"?`, Line: "  tv > 3",
		Fix: &diag.Fix{Title: "write tvs", Edits: []diag.Edit{{File: "shop/b.yaml", Range: span(2, 3, 2, 5), Text: "tvs"}}}}
}

// checkedRules has a finding with a witness and a note.
func checkedRules(t *testing.T) []report.Checked {
	t.Helper()
	files := []compile.File{{Name: "a.yaml", Data: []byte("promotions: [{id: tenth, deal: {percent_off: {of: order, percent: 10}}}, {id: fifth, deal: {percent_off: {of: order, percent: 5}}}]\n")}}
	rules, err := compile.Compile(files)
	if err != nil {
		t.Fatal(err)
	}
	found, err := lint.Check(files, lint.Options{MaxStack: 12})
	if err != nil {
		t.Fatal(err)
	}
	for i := range found {
		found[i].File = "shop/a.yaml"
	}
	found = append(found, lint.Finding{Diagnostic: diag.Diagnostic{Code: "R0501", File: "shop/a.yaml", Range: span(4, 5, 4, 9), Message: "hardly ever true", Severity: diag.SeverityNote}})
	return []report.Checked{{Folder: "shop", Files: []string{"shop/a.yaml", "shop/c.yaml"}, Ruleset: rules, Findings: found}}
}

func testedRules() ruletest.Result {
	seed := uint64(7)
	return ruletest.Result{Passed: 1, Failed: 1, Skipped: 1, Seed: &seed, Cases: []ruletest.CaseResult{
		{File: "shop/a_test.yaml", Line: 3, Name: "good", Surface: "engine", Passed: true},
		{File: "shop/a_test.yaml", Line: 3, Name: "good", Surface: "http", Skipped: "not on this surface, because it cannot carry coupons"},
		{File: "shop/a_test.yaml", Line: 5, Name: "bad", Row: "qty=3", Surface: "http", Filter: "test=bad", Mismatches: []ruletest.Mismatch{{Field: "total", Want: "1.00", Got: "2.00"}},
			Broken: []invariant.Violation{{Invariant: "quote.total >= 0", Values: "-1.00 >= 0"}},
			WhyNot: []ruletest.WhyNot{{Promotion: "tenth", Source: "shop.yaml:2:5", Reason: engine.ConditionFalse, Obstacle: engine.Obstacle{Why: []engine.Clause{{Source: "a > 1", Values: "1 > 1"}}}}}},
	}}
}

func differentRules() report.Differences {
	return report.Differences{Cases: 4, Difference: difference.Difference{
		Promotions: []difference.Change{
			{Kind: difference.Added, Promotion: "spring", Source: "spring.yaml:2:5"},
			{Kind: difference.Removed, Promotion: "winter", Source: "winter.yaml:3:5"},
			{Kind: difference.Changed, Promotion: "tenth", Source: "all.yaml:9:3", Fields: []difference.Field{
				{Name: "when", Old: "a > 1", New: "a > 2"}, {Name: "priority", New: "5"}, {Name: "group", Old: "x"}, {Name: "deal.percent_off.of", New: "tvs", Through: []string{"tvs"}}}},
		},
		Policy:  []difference.Field{{Name: "cap.percent", Old: "10", New: "20"}},
		Plugins: []difference.Field{{Name: "loyalty", Old: "1", New: "2"}},
	}, Outcomes: []difference.Outcome{{File: "shop_test.yaml", Line: 4, Name: "a cart", Row: "n=1", Old: difference.Priced{Total: "1.00", Payable: "1.00"}, New: difference.Priced{Error: "no price"}}}}
}

// TestCommandsInJSON holds what programs read of a command, in full and of nothing.
func TestCommandsInJSON(t *testing.T) {
	different := differentRules()
	for golden, write := range map[string]func(*strings.Builder) error{
		"tests":           func(b *strings.Builder) error { return report.TestsJSON(b, testedRules()) },
		"tests_none":      func(b *strings.Builder) error { return report.TestsJSON(b, ruletest.Result{}) },
		"check":           func(b *strings.Builder) error { return report.CheckJSON(b, checkedRules(t), diag.List{faulty()}) },
		"check_none":      func(b *strings.Builder) error { return report.CheckJSON(b, nil, nil) },
		"difference":      func(b *strings.Builder) error { return different.JSON(b) },
		"difference_none": func(b *strings.Builder) error { return new(report.Differences).JSON(b) },
	} {
		t.Run(golden, func(t *testing.T) {
			var b strings.Builder
			if err := write(&b); err != nil {
				t.Fatal(err)
			}
			goldentest.Compare(t, "testdata/"+golden+".golden.json", b.String())
		})
	}
}
