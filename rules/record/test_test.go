package record_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/record"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

// TestRecordedTestsPass records the carts of all rule tests of the examples and of
// the language, and runs what was recorded beside the same rules.
func TestRecordedTestsPass(t *testing.T) {
	suites, err := ruletest.Load([]string{"../../examples"})
	if err != nil {
		t.Fatal(err)
	}
	recorded := 0
	for _, suite := range suites {
		folder := t.TempDir()
		if err := os.CopyFS(folder, os.DirFS(filepath.Dir(suite.File))); err != nil {
			t.Fatal(err)
		}
		clearTests(t, folder)
		for i, c := range suite.Cases {
			request, err := suite.Request(c)
			if err != nil || c.Rejected() {
				continue
			}
			got, err := record.Test(suite.Rules, request, c.Name)
			if err != nil {
				t.Errorf("%s %s: %v", suite.File, c.Name, err)
				continue
			}
			file := filepath.Join(folder, "recorded_test.yaml")
			if err := os.WriteFile(file, got.File, 0o644); err != nil {
				t.Fatal(err)
			}
			result := run(t, file)
			if result.Failed > 0 || result.Passed != 1 {
				t.Errorf("%s, case %d %s: %+v\n%s", suite.File, i, c.Name, result.Cases, got.File)
			}
			recorded++
		}
	}
	if recorded < 100 {
		t.Errorf("got %d tests, want those of the examples", recorded)
	}
}

func clearTests(t *testing.T, folder string) {
	t.Helper()
	tests, err := filepath.Glob(filepath.Join(folder, "*_test.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range tests {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
}

func run(t *testing.T, file string) ruletest.Result {
	t.Helper()
	suites, err := ruletest.Load([]string{file})
	if err == nil {
		result, err := ruletest.Run(suites, ruletest.Filter{})
		if err == nil {
			return result
		}
	}
	text, readErr := os.ReadFile(file)
	t.Fatalf("the recorded test has faults: %v\n%s", errors.Join(err, readErr), text)
	return ruletest.Result{}
}

// TestRecordedTestsTellNothingOfTheCustomer has a customer full of facts.
func TestRecordedTestsTellNothingOfTheCustomer(t *testing.T) {
	suites, err := ruletest.Load([]string{"../../examples/quickstart"})
	if err != nil {
		t.Fatal(err)
	}
	suite := suites[0]
	request, err := suite.Request(suite.Cases[2])
	if err != nil {
		t.Fatal(err)
	}
	request.Cart.Customer = engine.Customer{
		ID: "secret-id", Groups: []string{"secret-group"}, Tags: []string{"secret-tag"}, Orders: 7, LifetimeSpend: 1234567,
		Attributes: engine.Attributes{"email": engine.TextValue("secret@example.com")},
	}
	request.Cart.Attributes = engine.Attributes{"note": engine.TextValue("secret note")}
	request.Cart.Shipping = engine.Shipping{Country: "secret-land", Region: "secret-region"}
	request.Cart.Coupons = []string{"SECRET-1"}
	request.Usage.Codes = map[string]engine.CodeUsage{"SECRET-1": {Pool: "secret-pool"}}
	got, err := record.Test(suite.Rules, request, "recorded order")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ToLower(string(got.File))
	if strings.Contains(text, "secret") || strings.Contains(text, "12345") || len(got.Kept) > 0 {
		t.Errorf("kept %q:\n%s", got.Kept, got.File)
	}
}

// TestRecordedTestsKnowWhatWasPaused leaves out the pauses that change nothing.
func TestRecordedTestsKnowWhatWasPaused(t *testing.T) {
	suites, err := ruletest.Load([]string{"../../examples/quickstart"})
	if err != nil {
		t.Fatal(err)
	}
	suite := suites[0]
	for _, c := range suite.Cases {
		request, err := suite.Request(c)
		if err != nil {
			t.Fatal(err)
		}
		quote, err := suite.Rules.Price(request)
		if err != nil || quote.Discount == 0 {
			continue
		}
		applied := quote.Promotions[0].Promotion
		request.Paused = engine.Pauses{applied: time.Time{}, "gone": time.Time{}}
		got, err := record.Test(suite.Rules, request, "recorded order")
		if err != nil {
			t.Fatal(err)
		}
		if want := "      paused: [" + applied + "]\n"; !strings.Contains(string(got.File), want) {
			t.Errorf("got\n%s, want %q in it", got.File, want)
		}
		return
	}
	t.Error("no test has a discount")
}
