package main_test

import (
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	v1 "github.com/checkout-promotions/checkout/api/v1"
)

// TestRulesArePublishedToAServer goes the way of somebody who changes the rules of a
// server from another machine.
func TestRulesArePublishedToAServer(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("..", "..", "examples", "quickstart"))); err != nil {
		t.Fatal(err)
	}
	rules, key := filepath.Join(dir, "rules"), filepath.Join(dir, "key.txt")
	write := func(file, text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(key, password+"\n")
	s := start(t, "--sqlite", filepath.Join(dir, "shop.db"), "--rules-from", "database")
	checkout := func(code int, args ...string) string {
		t.Helper()
		program := exec.Command("checkout", append([]string{"rules"}, args...)...)
		program.Env = environment("CHECKOUT_SERVER=" + s.url)
		text, err := program.CombinedOutput()
		if err != nil && !errors.As(err, new(*exec.ExitError)) {
			t.Fatal(err)
		}
		if got := program.ProcessState.ExitCode(); got != code {
			t.Fatalf("rules %q: got exit code %d, want %d\n%s", args, got, code, text)
		}
		return string(text)
	}
	has := func(got, want string) {
		t.Helper()
		if !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("got %s, want %s in it", got, want)
		}
	}
	total := func() string {
		cart := map[string]any{"lines": []any{map[string]any{"sku": tv, "quantity": 3}}}
		return get[v1.Quote](s, http.MethodPost, "/v1/quotes", cart, "Content-Type", "application/json", "Authorization", "Bearer "+password).Total.String()
	}
	has(total(), "^99.98$")

	file := filepath.Join(rules, "tv.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	write(file, strings.Replace(string(text), "pay_for: 2", "pay_for: 1", 1))
	has(checkout(2, "push", rules), "no key of the API: set CHECKOUT_KEY")
	pushed := checkout(0, "push", rules, "--root", dir, "--key-file", key, "-m", "one for three")
	has(pushed, "^published [0-9a-f]{64}; put it in force by checkout rules activate\n$")
	digest := strings.Fields(pushed)[1]
	digest = strings.TrimSuffix(digest, ";")
	has(total(), "^99.98$")
	has(checkout(1, "activate", digest, "--key-file", key), `(?s)the server refuses: .* tests of the ruleset fail.*\(rules_tests_fail\)\n  rules/quickstart_test.yaml:\d+: `)
	has(checkout(1, "activate", digest, "--key-file", key, "--force", "--expect", "another"), `\(changed_meanwhile\)`)
	has(checkout(0, "activate", digest, "--key-file", key, "--force", "-m", "anyway"), "^in force: "+digest+"\nbefore:   [0-9a-f]{64}\n$")
	has(total(), "^49.99$")
	has(checkout(0, "rollback", "--key-file", key, "-m", "too generous"), "before:   "+digest)
	has(total(), "^99.98$")
	has(checkout(0, "history", "--key-file", key), `(?s)password  too generous\n.*`+digest[:12]+`  password  anyway\n.*folder`)
	has(checkout(0, "history", "--key-file", key, "--limit", "1", "-o", "json"), `"message": "too generous"`)

	write(file, "promotions: [{id: broken}]\n")
	has(checkout(1, "push", rules, "--key-file", key), `(?s)\(rules_invalid\)\n  /files/\d+/content: tv.yaml:1:\d+: `)
	write(key, "wrong")
	has(checkout(1, "history", "--key-file", key), `\(unauthorized\)`)
	has(checkout(4, "history", "--key-file", key, "--server", "http://127.0.0.1:1"), "is it running, and --server right")
	has(checkout(2, "push", rules, "--root", filepath.Join(dir, "elsewhere"), "--key-file", key), "are not below it")
}
