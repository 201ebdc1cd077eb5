package main_test

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/checkout-promotions/checkout/engine/goldentest"
	"github.com/checkout-promotions/checkout/persistence/sqlite"
)

// keptShop is a server with a database in a file and rules of its own.
type keptShop struct {
	*server
	file, rules string
	settings    []string // others that a command on the database needs
}

func startKept(t *testing.T) *keptShop {
	t.Helper()
	dir := t.TempDir()
	s := &keptShop{file: filepath.Join(dir, "shop.db"), rules: filepath.Join(dir, "rules")}
	if err := os.CopyFS(s.rules, os.DirFS(quickstart("rules"))); err != nil {
		t.Fatal(err)
	}
	s.server = start(t, "--sqlite", s.file, "--rules", s.rules)
	return s
}

// payFor changes how many of three televisions are paid for, and waits until that
// is in force.
func (s *keptShop) payFor(n string) {
	s.t.Helper()
	before := s.price(tv).Ruleset
	file := filepath.Join(s.rules, "tv.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		s.t.Fatal(err)
	}
	changed := regexp.MustCompile(`pay_for: \d`).ReplaceAll(text, []byte("pay_for: "+n))
	if err := os.WriteFile(file, changed, 0o644); err != nil {
		s.t.Fatal(err)
	}
	eventually(s.t, "new rules", patience, func() bool { return s.price(tv).Ruleset != before })
}

// orders runs a command on the orders and returns what it wrote and its exit code.
func (s *keptShop) orders(command string, args ...string) (stdout, stderr string, code int) {
	s.t.Helper()
	return s.on("orders", command, args...)
}

// on runs a command of a group on the database and returns what it wrote and its
// exit code.
func (s *keptShop) on(group, command string, args ...string) (stdout, stderr string, code int) {
	s.t.Helper()
	program := exec.Command("checkout", append([]string{group, command, "--sqlite", s.file}, args...)...)
	program.Env = environment()
	var out, errs strings.Builder
	program.Stdout, program.Stderr = &out, &errs
	if err := program.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		s.t.Fatal(err)
	}
	return out.String(), errs.String(), program.ProcessState.ExitCode()
}

// wants demands what a command on the orders writes to standard output, and its
// exit code.
func (s *keptShop) wants(code int, want, command string, args ...string) {
	s.t.Helper()
	stdout, stderr, got := s.orders(command, args...)
	if diff := cmp.Diff(want, stdout); diff != "" || got != code {
		s.t.Errorf("orders %s %q: exit code %d, want %d, standard error %s (-want +got):\n%s", command, args, got, code, stderr, diff)
	}
}

// alter changes rows of the database behind the program's back.
func (s *keptShop) alter(statement string, args ...any) {
	s.t.Helper()
	if n := s.execute(statement, args...); n == 0 {
		s.t.Fatalf("%s: changed nothing", statement)
	}
}

// execute runs a statement on the database and returns how many rows it changed.
func (s *keptShop) execute(statement string, args ...any) int64 {
	s.t.Helper()
	db, err := sqlite.Open(s.t.Context(), s.file)
	if err != nil {
		s.t.Fatal(err)
	}
	result, err := db.Writer.ExecContext(s.t.Context(), statement, args...)
	if err := errors.Join(err, db.Close()); err != nil {
		s.t.Fatal(err)
	}
	n, err := result.RowsAffected()
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

func TestOldOrdersAreReplayedWithTheRulesOfTheirTime(t *testing.T) {
	s := startKept(t)
	first := s.buy(tv, tv, tv, macbook)
	s.payFor("1")
	second := s.buy(tv, tv, tv)
	s.put(item{"Google TV", tv, "1.00", 3}) // today's catalogue is another
	if first.Cost == second.Cost {
		t.Fatalf("both orders cost %s, want another price by other rules", first.Cost)
	}
	s.wants(0, first.Reference+"  identical\n"+second.Reference+"  identical\n2 identical\n", "replay", first.Reference, second.Reference)
	s.wants(0, "2 identical\n", "replay", "--all")
	s.wants(5, "no orders\n", "replay", "--all", "--until", "2020-01-01")

	old := filepath.Join(t.TempDir(), "old")
	if _, stderr, code := s.orders("rules", first.Reference, "-d", old); code != 0 {
		t.Fatalf("orders rules: exit code %d, %s", code, stderr)
	}
	for _, name := range []string{"tv.yaml", "speakers.yaml"} {
		want, got := readFile(t, quickstart("rules/"+name)), readFile(t, filepath.Join(old, name))
		if got != want {
			t.Errorf("%s: %s", name, cmp.Diff(want, got))
		}
	}
	if _, stderr, code := s.orders("rules", first.Reference, "-d", old); code != 4 || !strings.Contains(stderr, "is not empty; name a new one") {
		t.Errorf("orders rules into the same folder: exit code %d, %s", code, stderr)
	}
}

func TestOldOrdersAreExplainedAndBecomeTests(t *testing.T) {
	s := startKept(t)
	order := s.buy(tv, tv, tv, macbook)
	s.payFor("1")
	stdout, stderr, code := s.on("rules", "explain", "--order", order.Reference, "-p", "tv-3-for-2")
	want := `tv-3-for-2  applied, takes 49.99 off  (tv.yaml:3:5)
  120P90  149.97 -> 99.98  1 at 49.99 now 0.00

  subtotal  5549.96
  discount    49.99
     total  5499.97
No other choice between these promotions saves more.
`
	if diff := cmp.Diff(want, stdout); diff != "" || code != 0 {
		t.Errorf("rules explain --order: exit code %d, %s (-want +got):\n%s", code, stderr, diff)
	}

	file := filepath.Join(s.rules, "recorded_test.yaml")
	if _, stderr, code := s.on("rules", "record", order.Reference, "-f", file, "--name", "an order: of four"); code != 0 {
		t.Fatalf("rules record: exit code %d, %s", code, stderr)
	}
	if _, stderr, code := s.on("rules", "record", order.Reference, "-f", file); code != 4 || !strings.Contains(stderr, "is there already; name a new file") {
		t.Errorf("rules record once more: exit code %d, %s", code, stderr)
	}
	if out, err := exec.Command("checkout", "rules", "test", file).CombinedOutput(); err == nil || !strings.Contains(string(out), "want 5499.97, got 5449.98") {
		t.Errorf("the test beside other rules: %v\n%s", err, out)
	}
	s.payFor("2")
	if out, err := exec.Command("checkout", "rules", "test", file).CombinedOutput(); err != nil {
		t.Errorf("the test beside the rules of that time: %v\n%s", err, out)
	}
	if _, stderr, code := s.on("rules", "record", "019ab4f2-8c1e-7d3a-9b60-5e2f1c7a4d90"); code != 1 {
		t.Errorf("rules record of no order: exit code %d, %s", code, stderr)
	}
}

func TestOrdersOfTheDatabaseAreBacktested(t *testing.T) {
	s := startKept(t)
	s.buy(tv, tv, tv, macbook)
	before := s.price(tv).Ruleset
	s.payFor("1")
	s.buy(tv, tv, tv)
	exported := filepath.Join(t.TempDir(), "orders.jsonl")
	if _, stderr, code := s.orders("export", "-o", exported); code != 0 {
		t.Fatalf("orders export: exit code %d, %s", code, stderr)
	}
	input := regexp.MustCompile(`"from": ".*"|"place": ".*"`)
	var results []string
	for _, from := range [][]string{nil, {"--from", exported}} {
		stdout, stderr, code := s.on("rules", "backtest", append([]string{before, s.rules, "-o", "json"}, from...)...)
		if code != 0 {
			t.Fatalf("rules backtest %q: exit code %d, %s", from, code, stderr)
		}
		results = append(results, input.ReplaceAllString(stdout, ""))
	}
	if diff := cmp.Diff(results[0], results[1]); diff != "" {
		t.Errorf("-database +export:\n%s", diff)
	}
	// Each pays for one television less.
	stdout, stderr, code := s.on("rules", "backtest", before, s.rules, "--fail-if", "discount_delta > 99.97", "--since", "2020-01-01")
	if want := "discount                    99.98    199.96  +99.98  +100.0 %"; code != 1 || !strings.Contains(stdout, want) {
		t.Errorf("got exit code %d, %s\n%s\nwant 1 and %s", code, stderr, stdout, want)
	}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestAnOrderThatWasTamperedWithIsFound(t *testing.T) {
	s := startKept(t)
	good, bad := s.buy(tv), s.buy(tv, tv, tv)
	s.alter(`UPDATE orders SET quote = replace(replace(quote, '"total":9998,"payable":9998', '"total":1,"payable":9998'), '"reason":"applied","discount":4999', '"reason":"applied","discount":0') WHERE reference = ?`, bad.Reference)
	report := bad.Reference + "  different\n" +
		"  promotions[tv-3-for-2].discount  stored 0.00  now 49.99\n" +
		"  total                            stored 0.01  now 99.98\n"
	s.wants(1, report+"1 identical, 1 different\n", "replay", "--all")
	s.wants(1, report+"1 different\n", "replay", bad.Reference)
	s.wants(0, good.Reference+"  identical\n1 identical\n", "replay", good.Reference)
	stdout, _, code := s.orders("replay", bad.Reference, "-o", "json")
	var got struct {
		Different int
		Orders    []struct {
			Verdict     string
			Differences []struct{ Field, Stored, Now string }
		}
	}
	if err := json.Unmarshal([]byte(stdout), &got); err != nil || code != 1 || got.Different != 1 || len(got.Orders) != 1 || len(got.Orders[0].Differences) != 2 {
		t.Errorf("exit code %d, error %v, %s", code, err, stdout)
	}
}

func TestOrdersThatCannotBeReplayedSayWhy(t *testing.T) {
	s := startKept(t)
	before := s.buy(tv)
	s.alter("UPDATE orders SET request = ''")
	s.wants(1, before.Reference+"  unrecorded: it is from before this version kept what orders are priced from, so it cannot be priced again\n1 from before the archive\n", "replay", before.Reference)
	s.wants(0, "1 from before the archive\n", "replay", "--all")
	later := s.buy(tv)
	ruleset := s.price(tv).Ruleset
	s.alter("UPDATE rulesets SET files = substr(files, 1, length(files) / 2)")
	s.wants(1, later.Reference+"  failed: the archived rules "+ruleset+" are damaged: macbook.yaml: unexpected EOF; restore them from a backup\n1 failed\n", "replay", later.Reference)
	_, stderr, code := s.orders("rules", later.Reference, "-d", filepath.Join(t.TempDir(), "old"))
	if want := "checkout: the archived rules " + ruleset + " are damaged: macbook.yaml: unexpected EOF; restore them from a backup\n"; code != 1 || stderr != want {
		t.Errorf("orders rules: exit code %d, %s", code, stderr)
	}
	s.alter("DELETE FROM rulesets")
	s.wants(1, later.Reference+"  failed: the ruleset "+ruleset+" is not in the archive\n1 failed\n", "replay", later.Reference)
}

// A database that does not keep a ruleset keeps it from coming into force, until
// it does.
func TestARulesetThatCannotBeKeptIsNotPutInForce(t *testing.T) {
	s := startKept(t)
	before := s.price(tv, tv, tv)
	s.execute("CREATE TRIGGER full BEFORE INSERT ON rulesets BEGIN SELECT RAISE(ABORT, 'no'); END")
	file := filepath.Join(s.rules, "tv.yaml")
	changed := strings.Replace(readFile(t, file), "pay_for: 2", "pay_for: 1", 1)
	if err := os.WriteFile(file, []byte(changed), 0o644); err != nil {
		t.Fatal(err)
	}
	record := s.logged("rules not loaded; the last good ruleset stays in force")
	if text, _ := record["error"].(string); !strings.HasSuffix(text, ": keep the rules for the orders to come: keep ruleset: database error") {
		t.Errorf("got the log record %v", record)
	}
	if got := s.price(tv, tv, tv); got.Ruleset != before.Ruleset || got.TotalWithDiscount != before.TotalWithDiscount {
		t.Errorf("got %s by %s, want the rules before", got.TotalWithDiscount, got.Ruleset)
	}
	if got := s.metric("checkout_rules_last_reload_successful"); got != "0" {
		t.Errorf("checkout_rules_last_reload_successful: got %s, want 0", got)
	}
	s.execute("DROP TRIGGER full")
	if err := os.WriteFile(file, []byte(changed), 0o644); err != nil { // sooner than the next poll
		t.Fatal(err)
	}
	eventually(t, "new rules", patience, func() bool { return s.price(tv).Ruleset != before.Ruleset })
	if order := s.buy(tv, tv, tv); order.Cost == before.TotalWithDiscount {
		t.Errorf("got the cost %s, want another", order.Cost)
	}
	s.wants(0, "1 identical\n", "replay", "--all")
}

func TestOrdersAreShownListedAndExported(t *testing.T) {
	s := startKept(t)
	s.buy(tv)
	order := s.buy(tv, tv, tv, macbook)
	for _, c := range []struct{ name, text string }{
		{"orders_show.golden.txt", first(s.orders("show", order.Reference))},
		{"orders_list.golden.txt", first(s.orders("list"))},
		{"orders_list_page.golden.txt", first(s.orders("list", "--limit", "1"))},
	} {
		goldentest.Compare(t, filepath.Join("testdata", c.name), masked(c.text))
	}
	stdout, stderr, code := s.orders("export")
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	if code != 0 || len(lines) != 2 {
		t.Fatalf("export: exit code %d, %d lines, %s", code, len(lines), stderr)
	}
	schema := orderSchema(t)
	for _, line := range lines {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(value); err != nil {
			t.Errorf("%v\n%s", err, line)
		}
	}
	wrong, err := jsonschema.UnmarshalJSON(strings.NewReader(strings.Replace(lines[0], `"cart":{`, `"cart":{"mood":1,`, 1)))
	if err != nil || schema.Validate(wrong) == nil {
		t.Errorf("the schema lets pass what no order has, error %v", err)
	}
}

// TestOrdersOfRulesWithPluginsAreExportedAndReplayed sells under rules that ask a
// plugin which is not there.
func TestOrdersOfRulesWithPluginsAreExportedAndReplayed(t *testing.T) {
	s := startKept(t)
	before := s.price(tv).Ruleset
	for _, file := range []struct{ name, text string }{
		{"plugins.lock.yaml", "version: 1\nplugins: {loyalty: {version: '1', api: 1, deals: {spend: {effect: order}}, facts: {points: {type: number}}}}\n"},
		{"points.yaml", "promotions: [{id: points, when: loyalty.points == nil, deal: {plugin: {name: loyalty}}}]\n"},
	} {
		if err := os.WriteFile(filepath.Join(s.rules, file.name), []byte(file.text), 0o644); err != nil {
			t.Fatal(err)
		}
		eventually(t, "new rules", patience, func() bool { return s.price(tv).Ruleset != before })
		before = s.price(tv).Ruleset
	}
	s.buy(tv, tv, tv)
	stdout, stderr, code := s.orders("export")
	for _, part := range []string{`"answers":[{"promotion":"points","fault":"not_running"`, `"reason":"plugin_failed"`} {
		if code != 0 || !strings.Contains(stdout, part) {
			t.Errorf("export: exit code %d, without %s: %s%s", code, part, stdout, stderr)
		}
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(stdout))
	if err != nil {
		t.Fatal(err)
	}
	if err := orderSchema(t).Validate(value); err != nil {
		t.Errorf("%v\n%s", err, stdout)
	}
	s.wants(0, "1 identical\n", "replay", "--all")
}

// masked hides what differs from run to run.
func masked(text string) string {
	for _, mask := range []struct{ pattern, with string }{
		{`[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}`, "REFERENCE-REFERENCE-REFERENCE-REFERE"},
		{`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`, "YYYY-MM-DD HH:MM:SS"},
		{`[0-9a-f]{64}|\b[0-9a-f]{12}\b`, "DIGEST"},
	} {
		text = regexp.MustCompile(mask.pattern).ReplaceAllString(text, mask.with)
	}
	return text
}

func first(stdout, _ string, _ int) string { return stdout }

// orderSchema compiles the schema that the program prints.
func orderSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	program := exec.Command("checkout", "orders", "export", "--schema")
	program.Env = environment()
	text, err := program.Output()
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("orders.schema.json", document); err != nil {
		t.Fatal(err)
	}
	return c.MustCompile("orders.schema.json")
}
