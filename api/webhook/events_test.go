package webhook_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/checkout-promotions/checkout/persistence/event"
)

// TestEveryTypeHasItsPage holds that events.md documents the types there are,
// each with the example that the tests of package event compare with.
func TestEveryTypeHasItsPage(t *testing.T) {
	page, err := os.ReadFile("events.md")
	check(t, err)
	got, want := map[string]string{}, map[string]string{}
	for _, m := range regexp.MustCompile("(?s)\n## ([a-z.]+)\n\n[A-Z][^#`]*.*?\n```json\n(.*?)```\n").FindAllStringSubmatch(string(page), -1) {
		got[m[1]] = m[2]
	}
	for _, kind := range event.Types() {
		example, err := os.ReadFile(filepath.Join("..", "..", "persistence", "event", "testdata", string(kind)+".golden.json"))
		check(t, err)
		want[string(kind)] = string(example)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("examples of events.md (-want +got):\n%s", diff)
	}
}
