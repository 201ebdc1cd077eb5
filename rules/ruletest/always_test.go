package ruletest_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/invariant"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

func placesOf(all []invariant.Invariant) []string {
	var places []string
	for _, i := range all {
		places = append(places, i.Text+" "+filepath.ToSlash(i.Place))
	}
	return places
}

func TestInvariantsOfTheTestsBesideRules(t *testing.T) {
	files, err := ruletest.Read(fstest.MapFS{
		"a_test.yaml":           {Data: []byte("unread: [\"\"]\nalways: [quote.total >= 0, {permute: coupons}]\ntests: [{name: 3}]\n")},
		"b_test.yml":            {Data: []byte("always: [quote.total >= 0, quote.payable >= 0]\n")},
		"deep/c_test.yaml":      {Data: []byte("rules: ..\nalways: [quote.saving >= 0]\n")},
		"deep/own_test.yaml":    {Data: []byte("always: [quote.total == 1]\nrules: .\n")},
		"other_test.yaml":       {Data: []byte("rules: ../other\nalways: [quote.total == 2]\n")},
		"testdata/d_test.yaml":  {Data: []byte("always: [quote.total == 3]\n")},
		".hidden/e_test.yaml":   {Data: []byte("always: [quote.total == 4]\n")},
		"rules.yaml":            {Data: []byte("always: [quote.total == 5]\n")},
		"deeper/still_test.yml": {Data: []byte("tests: []\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	all, err := ruletest.Always(files, "HEAD:rules", pounds(t))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"quote.total >= 0 HEAD:rules/a_test.yaml:2:10", "permute coupons HEAD:rules/a_test.yaml:2:28",
		"quote.payable >= 0 HEAD:rules/b_test.yml:1:28", "quote.saving >= 0 HEAD:rules/deep/c_test.yaml:2:10",
	}
	if diff := cmp.Diff(want, placesOf(all)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	files[0].Data = []byte("always: [quote.totl >= 0]")
	_, err = ruletest.Always(files, "rules", pounds(t))
	if got, want := err.Error(), "rules/a_test.yaml:1:16: R0103 quote has no \"totl\""; !strings.HasPrefix(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestInvariantsOfTestFilesThatAreNamed(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"a_test.yaml": "rules: ../other\nalways: [quote.total >= 0]\n", "b_test.yaml": "tests: []\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	all, err := ruletest.AlwaysIn([]string{dir}, pounds(t))
	want := []string{"quote.total >= 0 " + filepath.ToSlash(dir) + "/a_test.yaml:2:10"}
	if got := placesOf(all); err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	if _, err := ruletest.AlwaysIn([]string{filepath.Join(dir, "b_test.yaml")}, pounds(t)); !errors.Is(err, ruletest.ErrNoInvariants) {
		t.Errorf("got %v, want %v", err, ruletest.ErrNoInvariants)
	}
}

func pounds(t *testing.T) engine.Currency {
	t.Helper()
	c, err := engine.ParseCurrency("GBP")
	if err != nil {
		t.Fatal(err)
	}
	return c
}
