package report_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/engine/goldentest"
	"github.com/checkout-promotions/checkout/rules/backtest"
	"github.com/checkout-promotions/checkout/rules/catalogue"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/invariant"
	"github.com/checkout-promotions/checkout/rules/report"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

const shop = "../../examples/online-shop"

// newRules are those that the example shop thinks about.
const newRules = `promotions:
  - {id: ten-percent, name: "10 % from 200 pounds", when: cart.subtotal >= 200, limits: {budget: 100}, deal: {percent_off: {of: order, percent: 10}}}
`

// always reads invariants.
func always(t *testing.T, list string) []invariant.Invariant {
	t.Helper()
	doc := syntax.Parse("shop_test.yaml", []byte(list))
	all := invariant.Read(doc.Root(), compiled(t).Currency())
	if err := doc.Faults().Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func compiled(t *testing.T, more ...compile.File) *engine.Ruleset {
	t.Helper()
	files, err := compile.Read(os.DirFS(shop + "/rules"))
	if err != nil {
		t.Fatal(err)
	}
	rules, err := compile.Compile(append(files, more...))
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

// backtested is a backtest of the example shop's orders.
func backtested(t *testing.T, change func(*backtest.Options)) *backtest.Result {
	t.Helper()
	old := compiled(t)
	data, err := os.ReadFile(shop + "/inventory.yaml")
	if err != nil {
		t.Fatal(err)
	}
	items, err := catalogue.Parse("inventory.yaml", data, old.Currency())
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(shop + "/orders.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	source, err := backtest.NewCSV(f, -1, backtest.CSV{
		Currency: old.Currency(), Items: engine.NewCatalog(items), Countries: map[string]string{"United Kingdom": "GB"},
		Columns: map[backtest.Field]string{backtest.FieldOrder: "invoice", backtest.FieldAt: "ordered_at", backtest.FieldName: "description", backtest.FieldPrice: "unit_price"},
	})
	if err != nil {
		t.Fatal(err)
	}
	o := backtest.Options{Old: old, New: compiled(t, compile.File{Name: "new.yaml", Data: []byte(newRules)})}
	change(&o)
	result, err := backtest.Run(t.Context(), source, o)
	if err != nil {
		t.Fatal(err)
	}
	result.Old.Name, result.New.Name, result.Input.From = "HEAD:rules", "<rules>", "orders.csv"
	return result
}

func TestBacktest(t *testing.T) {
	schema := strictSchema(t, "backtest-report")
	for _, c := range []struct {
		name, golden string
		condition    string
		change       func(*backtest.Options)
	}{
		{"a new promotion", "backtest", "discount_delta_pct > 2", func(o *backtest.Options) {
			o.Invariants = always(t, "[quote.total <= 500, quote.total >= 0, {permute: cart.lines}]")
		}},
		{"nothing changes", "backtest_same", "changed > 0", func(o *backtest.Options) { o.New = o.Old }},
		{"no orders", "backtest_none", "changed > 0", func(o *backtest.Options) { o.Since = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			result := backtested(t, c.change)
			condition, err := backtest.ParseCondition(c.condition)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := condition.Judge(result); err != nil {
				t.Fatal(err)
			}
			var text, page bytes.Buffer
			if err := report.BacktestPretty(&text, result); err != nil {
				t.Fatal(err)
			}
			if err := report.BacktestHTML(&page, result); err != nil {
				t.Fatal(err)
			}
			data, err := json.MarshalIndent(result, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(value); err != nil {
				t.Errorf("the JSON is not as the schema says: %v", err)
			}
			goldentest.Compare(t, "testdata/"+c.golden+".golden.txt", text.String())
			judged := report.BacktestReport("checkout rules backtest", result, 0, false)
			goldentest.Compare(t, "testdata/"+c.golden+"_report.golden.txt", written(t, judged, report.Compact)+written(t, judged, report.TAP))
			goldentest.Compare(t, "testdata/"+c.golden+".golden.json", string(data)+"\n")
			library := regexp.MustCompile(`(?s)<script>/\*!\n \* Chart\.js.*?</script>`)
			if !library.Match(page.Bytes()) {
				t.Error("the page has no library of charts")
			}
			goldentest.Compare(t, "testdata/"+c.golden+".golden.html", string(library.ReplaceAll(page.Bytes(), []byte("<script>Chart.js</script>"))))
		})
	}
}

// TestPageOfABacktestInABrowser opens the page from a file and looks whether every
// chart is drawn, and whether the browser has something to complain about.
func TestPageOfABacktestInABrowser(t *testing.T) {
	browser := findBrowser(t)
	for _, c := range []struct {
		name   string
		charts int
		change func(*backtest.Options)
	}{
		{"a promotion with a budget", 5, func(*backtest.Options) {}},
		{"nothing changes", 4, func(o *backtest.Options) { o.New = o.Old }},
		{"no orders", 0, func(o *backtest.Options) { o.Since = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			var page bytes.Buffer
			if err := report.BacktestHTML(&page, backtested(t, c.change)); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(t.TempDir(), "page.html")
			if err := os.WriteFile(file, page.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			dom, log := open(t, browser, file)
			if got := strings.Count(dom, `data-drawn="true"`); got != c.charts || strings.Count(dom, "<canvas") != c.charts {
				t.Errorf("got %d charts drawn of %d, want %d; the browser says:\n%s", got, strings.Count(dom, "<canvas"), c.charts, log)
			}
			if strings.Contains(log, "CONSOLE") {
				t.Errorf("the browser complains:\n%s", log)
			}
		})
	}
	t.Run("a page with a fault is noticed", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "page.html")
		if err := os.WriteFile(file, []byte("<script>missing()</script>"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, log := open(t, browser, file); !strings.Contains(log, "CONSOLE") || !strings.Contains(log, "missing is not defined") {
			t.Errorf("the fault is not in what the browser says:\n%s", log)
		}
	})
}

// findBrowser returns a Chromium.
func findBrowser(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("no Chromium is installed; run make browser")
	return ""
}

// open loads the page in a browser, and returns what it is then and the log.
func open(t *testing.T, browser, file string) (dom, log string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
		"--user-data-dir="+t.TempDir(), "--enable-logging=stderr", "--virtual-time-budget=5000", "--window-size=1280,2000", "--dump-dom", "file://"+file)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s", browser, err, errs.String())
	}
	return out.String(), errs.String()
}

func TestAReportOfABacktestFailsForWhatTheCommandFailsFor(t *testing.T) {
	result := backtest.Result{
		Orders:     backtest.Orders{Priced: 5, Failed: 2, Broken: 1},
		Failures:   []backtest.Failure{{Kind: "unread", Orders: 2, Examples: []backtest.Example{{Reference: "r1", Place: "line 3", Problem: "no lines"}}}},
		Invariants: []backtest.Checked{{Invariant: "quote.total >= 0", Place: "shop_test.yaml:4:9", Orders: 5, New: 1, Examples: []backtest.Breach{{Reference: "r2", New: "-1 >= 0"}}}},
		FailIf:     &backtest.Verdict{Condition: "dearer > 0", Met: []string{"GBP"}},
	}
	for _, c := range []struct {
		name     string
		unpriced int64
		judged   bool
		want     string
	}{
		{"all of it", 1, false, `not-priced orders can be priced: 2 orders could not be priced
shop_test.yaml:4:1: invariant-broken always quote.total >= 0: broken in 1 order of 5 under the new rules, in 0 under the old
fail-if not dearer > 0: it is so (GBP)
3 failed, 0 passed
`},
		{"orders may be impossible to price, and the condition judges invariants", 2, true, `fail-if not dearer > 0: it is so (GBP)
shop_test.yaml:4: skipped always quote.total >= 0: it is broken in 1 order of 5, which the condition judges
1 failed, 1 passed, 1 skipped
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := written(t, report.BacktestReport("backtest", &result, c.unpriced, c.judged), report.Compact); got != c.want {
				t.Errorf("got\n%swant\n%s", got, c.want)
			}
		})
	}
}
