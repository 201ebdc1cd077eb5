package lint_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/engine/goldentest"
	"github.com/checkout-promotions/checkout/rules/catalogue"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/lint"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

// now is the instant at which the cases are looked at.
func now() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

// shopCase is an archive of testdata: rule files, perhaps inventory.yaml, and before
// them "max-stack: N" and "pools: name codes, name revoked".
type shopCase struct {
	name    string
	files   []compile.File
	options lint.Options
}

func readCase(t *testing.T, path string) shopCase {
	t.Helper()
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	c := shopCase{name: strings.TrimSuffix(filepath.Base(path), ".txtar"), options: lint.Options{At: now()}}
	for line := range strings.Lines(string(archive.Comment)) {
		if n, ok := strings.CutPrefix(strings.TrimSpace(line), "max-stack: "); ok {
			if c.options.MaxStack, err = strconv.Atoi(n); err != nil {
				t.Fatal(err)
			}
		}
	}
	for line := range strings.Lines(string(archive.Comment)) {
		list, ok := strings.CutPrefix(strings.TrimSpace(line), "pools: ")
		if !ok {
			continue
		}
		c.options.Pools = make(map[string]lint.Pool)
		for pool := range strings.SplitSeq(list, ", ") {
			name, state, _ := strings.Cut(pool, " ")
			codes, err := strconv.ParseInt(state, 10, 64)
			if err != nil && state != "revoked" {
				t.Fatal(err)
			}
			c.options.Pools[name] = lint.Pool{Codes: codes, Revoked: state == "revoked"}
		}
	}
	for _, f := range archive.Files {
		if f.Name == "inventory.yaml" {
			c.options.Inventory = items(t, f.Data)
			continue
		}
		c.files = append(c.files, compile.File{Name: f.Name, Data: f.Data})
	}
	return c
}

func items(t *testing.T, data []byte) []engine.Item {
	t.Helper()
	usd, err := engine.ParseCurrency("USD")
	if err != nil {
		t.Fatal(err)
	}
	all, err := catalogue.Parse("inventory.yaml", data, usd)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func check(t *testing.T, c shopCase) []lint.Finding {
	t.Helper()
	found, err := lint.Check(c.files, c.options)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func cases(t *testing.T) []shopCase {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var all []shopCase
	for _, path := range paths {
		all = append(all, readCase(t, path))
	}
	return all
}

// TestFindings compares what is found in each case with a golden file, proves each
// witness by its test, and wants of R0501.txtar the finding R0501, of
// R0501-near-*.txtar no finding R0501.
func TestFindings(t *testing.T) {
	for _, c := range cases(t) {
		t.Run(c.name, func(t *testing.T) {
			found := check(t, c)
			var b strings.Builder
			for _, f := range found {
				b.WriteString(f.Render())
				if f.Witness != nil {
					fmt.Fprintf(&b, "     = seen on %s: %s\n", f.Witness.Cart(), f.Witness.Shows)
				}
				if f.Fix != nil {
					fmt.Fprintf(&b, "     = fix: %s\n", f.Fix.Title)
				}
			}
			goldentest.Compare(t, "testdata/"+c.name+".golden.txt", b.String())
			code, near, isNear := strings.Cut(c.name, "-near-")
			has := slices.ContainsFunc(found, func(f lint.Finding) bool { return string(f.Code) == strings.Split(code, "-")[0] })
			if has == isNear {
				t.Errorf("%s found: %t (near miss: %q)", code, has, near)
			}
			proveWitnesses(t, c, found)
		})
	}
}

// proveWitnesses runs the tests of all witnesses beside the rules.
func proveWitnesses(t *testing.T, c shopCase, found []lint.Finding) {
	t.Helper()
	folder, want := t.TempDir(), 0
	for _, f := range c.files {
		write(t, filepath.Join(folder, f.Name), f.Data)
	}
	rules, err := compile.Compile(c.files)
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range found {
		if f.Witness == nil {
			continue
		}
		want++
		test, err := f.Test(rules)
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(folder, fmt.Sprintf("w%d_test.yaml", i)), test)
	}
	if want == 0 {
		return
	}
	suites, err := ruletest.Load([]string{folder})
	if err != nil {
		t.Fatal(err)
	}
	result, err := ruletest.Run(suites, ruletest.Filter{})
	if err != nil || result.Failed > 0 || result.Passed != want {
		t.Errorf("got %d of %d witnesses whose test passes, %d that fail, %v", result.Passed, want, result.Failed, err)
	}
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestEveryCodeHasACaseAndANearMiss holds the cases against the pages. Those of
// which a cart can show anything must have a witness.
func TestEveryCodeHasACaseAndANearMiss(t *testing.T) {
	byName := make(map[string]shopCase)
	for _, c := range cases(t) {
		byName[c.name] = c
		if code, _, near := strings.Cut(c.name, "-near-"); near {
			byName[code+"-near"] = c
		}
	}
	noCart := []diag.Code{diag.NotInCatalogue, diag.Unused, diag.NotPinned, diag.UselessAllowance}
	for _, page := range diag.Pages() {
		if !strings.HasPrefix(string(page.Code), "R05") {
			continue
		}
		c, ok := byName[string(page.Code)]
		if _, near := byName[string(page.Code)+"-near"]; !ok || !near {
			t.Errorf("testdata lacks a case of %s, or a near miss", page.Code)
			continue
		}
		witnessed := slices.ContainsFunc(check(t, c), func(f lint.Finding) bool { return f.Code == page.Code && f.Witness != nil })
		if !witnessed && !slices.Contains(noCart, page.Code) {
			t.Errorf("the case of %s has no witness", page.Code)
		}
	}
}

// TestFixes compares the files of each case, put right, with a golden file. They
// compile, and nothing that can be fixed is left.
func TestFixes(t *testing.T) {
	for _, c := range cases(t) {
		fixed, done, err := lint.Fix(c.files, c.options)
		if err != nil {
			t.Fatal(err)
		}
		if len(done) == 0 {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			var b strings.Builder
			for _, f := range fixed {
				fmt.Fprintf(&b, "-- %s --\n%s", f.Name, f.Data)
			}
			goldentest.Compare(t, "testdata/"+c.name+".fixed.golden.txt", b.String())
			for _, f := range check(t, shopCase{files: fixed, options: c.options}) {
				if f.Fix != nil {
					t.Errorf("%s can still be fixed:\n%s", f.Code, f.Render())
				}
			}
		})
	}
}

func TestMisspeltNamesAreFixed(t *testing.T) {
	files := []compile.File{{Name: "a.yaml", Data: []byte(`# what shops write
sets: {tvs: category == "tv"}
promotions:
  - id: a
    wehn: tvz.quantitty > 3   # more than three
    deal: {amount_off: {of: tvs, amuont: 5}}
`)}}
	want := `# what shops write
sets: {tvs: category == "tv"}
promotions:
  - id: a
    when: tvs.quantity > 3   # more than three
    deal: {amount_off: {of: tvs, amount: 5}}
`
	fixed, done, err := lint.Fix(files, lint.Options{At: now()})
	if err != nil || string(fixed[0].Data) != want || len(done) != 4 {
		t.Errorf("got %d fixes, %v and\n%s", len(done), err, fixed[0].Data)
	}
}

func TestFaultsThatCannotBeFixedAreTold(t *testing.T) {
	files := []compile.File{{Name: "a.yaml", Data: []byte("promotions:\n  - {id: a, deal: {amount_off: {of: order, amount: -1}}}\n")}}
	fixed, done, err := lint.Fix(files, lint.Options{At: now()})
	if err == nil || len(done) != 0 || string(fixed[0].Data) != string(files[0].Data) {
		t.Errorf("got %d fixes, %v", len(done), err)
	}
}
