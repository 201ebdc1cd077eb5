package rules_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/catalogue"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/lint"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

// TestPagesOfCodes compiles the files that the pages show: what to avoid must
// have the fault and no other, what to prefer none.
func TestPagesOfCodes(t *testing.T) {
	for _, page := range diag.Pages() {
		t.Run(string(page.Code), func(t *testing.T) {
			faults := faultsOf(t, page.Code, page.Avoid)
			if len(faults) == 0 {
				t.Error("what the page says to avoid has no fault")
			}
			for _, fault := range faults {
				if fault.Code != page.Code {
					t.Errorf("what the page says to avoid has another fault:\n%s", fault.Render())
				}
			}
			if faults := faultsOf(t, page.Code, page.Prefer); len(faults) > 0 {
				t.Errorf("what the page says to prefer has faults:\n%s", faults.Render())
			}
		})
	}
}

// faultsOf returns the faults of a rule file, or, for a code of tests, those of a
// test file, whose tests must pass if it has none.
func faultsOf(t *testing.T, code diag.Code, text string) diag.List {
	t.Helper()
	folder := t.TempDir()
	files := map[string]string{"rules.yaml": text + "\n"}
	if strings.HasPrefix(string(code), "R02") {
		files = map[string]string{
			"rules_test.yaml": text + "\n",
			"rules.yaml": `promotions:
  - {id: spring, deal: {percent_off: {of: order, percent: 10}}}
  - {id: summer, enabled: false, deal: {percent_off: {of: order, percent: 10}}}
`,
		}
	}
	var faults diag.List
	if archive := txtar.Parse([]byte(text + "\n")); len(archive.Files) > 0 {
		delete(files, "rules.yaml")
		for _, f := range archive.Files {
			files[f.Name] = string(f.Data)
		}
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if strings.HasPrefix(string(code), "R05") {
		return findingsOf(t, files)
	}
	if _, tests := files["rules_test.yaml"]; !tests {
		if _, err := compileFolder(folder); err != nil && !errors.As(err, &faults) {
			t.Fatal(err)
		}
		return faults
	}
	suites, err := ruletest.Load([]string{folder})
	if errors.As(err, &faults) {
		return faults
	}
	if err != nil {
		t.Fatal(err)
	}
	if result, err := ruletest.Run(suites, ruletest.Filter{}); err != nil || result.Failed > 0 {
		t.Errorf("got %d failures, %v; want what a page prefers to pass", result.Failed, err)
	}
	return nil
}

// findingsOf returns the findings in rules that load, with the items of
// inventory.yaml.
func findingsOf(t *testing.T, files map[string]string) diag.List {
	t.Helper()
	o := lint.Options{At: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC), MaxStack: 60, Pools: map[string]lint.Pool{"letters": {Codes: 10}}}
	var rules []compile.File
	for name, text := range files {
		if name != "inventory.yaml" {
			rules = append(rules, compile.File{Name: name, Data: []byte(text)})
			continue
		}
		usd, err := engine.ParseCurrency("USD")
		if err != nil {
			t.Fatal(err)
		}
		if o.Inventory, err = catalogue.Parse(name, []byte(text), usd); err != nil {
			t.Fatal(err)
		}
	}
	found, err := lint.Check(rules, o)
	if err != nil {
		t.Fatal(err)
	}
	var all diag.List
	for _, f := range found {
		all = append(all, f.Diagnostic)
	}
	return all
}

// TestEveryReasonHasAPage holds the pages against the engine's closed list.
func TestEveryReasonHasAPage(t *testing.T) {
	var want, got []string
	for _, reason := range append(engine.Reasons(), engine.UnknownCode) {
		want = append(want, reason.String())
	}
	for _, page := range diag.ReasonPages() {
		got = append(got, page.Reason)
		if page.Title == "" || page.Meaning == "" || page.Do == "" {
			t.Errorf("the page of %s has an empty part", page.Reason)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the pages are not those of the engine's reasons (-want +got):\n%s", diff)
	}
}

// TestThePageOfPluginFailedHasEveryFault holds it against the engine's closed list.
func TestThePageOfPluginFailedHasEveryFault(t *testing.T) {
	for _, page := range diag.ReasonPages() {
		if page.Reason != engine.PluginFailed.String() {
			continue
		}
		for _, fault := range engine.PluginFaults() {
			if !strings.Contains(page.Meaning, string(fault)) {
				t.Errorf("the page of plugin_failed lacks %s", fault)
			}
		}
	}
}
