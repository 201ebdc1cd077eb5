package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const loaded = "checkout_rules_last_reload_successful"

// rules is a folder of rules that a test edits.
type rules string

func copyRules(t *testing.T) rules {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "rules")
	if err := os.CopyFS(dir, os.DirFS(quickstart("rules"))); err != nil {
		t.Fatal(err)
	}
	return rules(dir)
}

// edit replaces text in tv.yaml.
func (r rules) edit(t *testing.T, old, replacement string) {
	t.Helper()
	replace(t, filepath.Join(string(r), "tv.yaml"), old, replacement)
}

func (r rules) move(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(string(r)+from, string(r)+to); err != nil {
		t.Fatal(err)
	}
}

// threeTVs is what three televisions cost.
func (s *server) threeTVs() string {
	s.t.Helper()
	return s.price(units(3, tv)...).TotalWithDiscount.String()
}

func (s *server) wantThreeTVs(want string) {
	s.t.Helper()
	if got := s.threeTVs(); got != want {
		s.t.Errorf("three televisions: got %s, want %s", got, want)
	}
}

// becomes waits for a new price of three televisions, as long as an editor of
// rules may have to.
func (s *server) becomes(want string) {
	s.t.Helper()
	eventually(s.t, "three televisions for "+want, 2*time.Second, func() bool { return s.threeTVs() == want })
}

func (s *server) metricBecomes(name, want string) {
	s.t.Helper()
	eventually(s.t, name+" "+want, patience, func() bool { return s.metric(name) == want })
}

func TestAnEditedRuleChangesTheNextPrice(t *testing.T) {
	folder := copyRules(t)
	s := start(t, "--memory-db", "--rules", string(folder))
	s.wantThreeTVs("99.98")
	before := s.price(tv).Ruleset

	folder.edit(t, "pay_for: 2", "pay_for: 1")
	s.becomes("49.99")
	if after := s.price(tv).Ruleset; after == before || after != s.logged("rules loaded")["digest"] {
		t.Errorf("ruleset of the price: got %s, before %s, want what the log says", after, before)
	}
	if cost := s.buy(units(3, tv)...).Cost; cost != "49.99" {
		t.Errorf("purchase after the edit: got %s, want 49.99", cost)
	}
}

func TestABrokenRuleKeepsTheOldPrice(t *testing.T) {
	folder := copyRules(t)
	s := start(t, "--memory-db", "--rules", string(folder))
	if got := s.metric(loaded); got != "1" {
		t.Errorf("%s at the start: got %s, want 1", loaded, got)
	}
	folder.edit(t, `category == "tv"`, `categry == "tv"`)
	s.metricBecomes(loaded, "0")
	s.wantThreeTVs("99.98")
	refusal := s.logged("rules not loaded; the last good ruleset stays in force")["error"].(string)
	if want := `tv.yaml:5:27: R0103 unknown name "categry": did you mean "category"?`; !strings.Contains(refusal, want) {
		t.Errorf("log: got %q, want %q in it", refusal, want)
	}
	if got := s.metric(`checkout_rules_reloads_total{result="failure"}`); got != "1" {
		t.Errorf("refused reloads: got %s, want 1", got)
	}

	folder.edit(t, `categry == "tv", quantity: 3, pay_for: 2`, `category == "tv", quantity: 3, pay_for: 1`)
	s.becomes("49.99")
	s.metricBecomes(loaded, "1")
}

func TestAMissingRuleFolderKeepsTheOldPrice(t *testing.T) {
	folder := copyRules(t)
	s := start(t, "--memory-db", "--rules", string(folder))
	folder.move(t, "", ".away")
	s.metricBecomes(loaded, "0")
	s.wantThreeTVs("99.98")
	if err := os.Mkdir(string(folder), 0o777); err != nil { // and an empty one
		t.Fatal(err)
	}
	s.wantThreeTVs("99.98")
	if err := os.Remove(string(folder)); err != nil {
		t.Fatal(err)
	}

	folder.move(t, ".away", "")
	s.metricBecomes(loaded, "1")
	s.wantThreeTVs("99.98")
	folder.edit(t, "pay_for: 2", "pay_for: 1")
	s.becomes("49.99")
}

// Prices in the database are in the shop's currency, so a change of it waits
// for a restart.
func TestAnotherCurrencyWaitsForARestart(t *testing.T) {
	folder := copyRules(t)
	s := start(t, "--memory-db", "--rules", string(folder))
	policy := filepath.Join(string(folder), "policy.yaml")
	if err := os.WriteFile(policy, []byte("currency: EUR\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	s.metricBecomes(loaded, "0")
	s.wantThreeTVs("99.98")
	refusal := s.logged("rules not loaded; the last good ruleset stays in force")["error"].(string)
	if want := "the shop's currency changed from USD to EUR in policy.yaml: restart checkout to change it"; !strings.Contains(refusal, want) {
		t.Errorf("log: got %q, want %q in it", refusal, want)
	}
}

// A limit that nobody counts is none: such rules are not put in force.
func TestLimitsAreCountedWithEachOrder(t *testing.T) {
	folder := copyRules(t)
	s := start(t, "--memory-db", "--rules", string(folder))
	before := s.price(tv).TotalWithDiscount
	limited := filepath.Join(string(folder), "limited.yaml")
	if err := os.WriteFile(limited, []byte("promotions:\n- {id: first-2, limits: {redemptions: 2}, deal: {amount_off: {of: order, amount: 5}}}\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a lower price", patience, func() bool { return s.price(tv).TotalWithDiscount != before })
	for i, want := range []string{"44.99", "44.99", "49.99"} {
		if got := s.buy(tv).Cost; got.String() != want {
			t.Errorf("order %d: got %s, want %s", i+1, got, want)
		}
	}
	if got := s.price(tv).TotalWithDiscount; got != before {
		t.Errorf("got a price of %s after two orders, want %s", got, before)
	}
}

func TestRulesAreWatchedUnlessThatIsOff(t *testing.T) {
	for mode, watched := range map[string]bool{"auto": true, "poll": true, "off": false} {
		t.Run(mode, func(t *testing.T) {
			s := start(t, "--memory-db", "--rules-watch", mode)
			s.stop()
			record := s.log.find("watching rules")
			if (record != nil) != watched || watched && record["mode"] != mode {
				t.Errorf("log: got %v, want watching: %v", record, watched)
			}
		})
	}
}
