package store_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/checkout-promotions/checkout/rules/store"
)

// waitForChange fails the test when no change is told of.
func waitForChange(t *testing.T, changes <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-changes:
	case <-time.After(10 * time.Second):
		t.Fatalf("%s was not noticed", what)
	}
}

func TestChangesAreToldOfWhereverTheyAre(t *testing.T) {
	dir := t.TempDir()
	must(t, os.Mkdir(filepath.Join(dir, "rules"), 0o700))
	must(t, os.Mkdir(filepath.Join(dir, "items"), 0o700))
	item, found := filepath.Join(dir, "items", "items.yaml"), filepath.Join(dir, "later", "found.yaml")
	paths := []string{filepath.Join(dir, "rules"), item} // touched by Changes alone
	changes, ended := make(chan struct{}), make(chan error)
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		ended <- store.Changes(ctx, store.ChangesOptions{
			Debounce: 20 * time.Millisecond, Poll: never,
			Paths: func() []string { return slices.Clone(paths) },
			Changed: func(ctx context.Context) {
				if text, err := os.ReadFile(item); err == nil && string(text) == "b" && !slices.Contains(paths, found) {
					paths = append(paths, found)
				}
				select {
				case changes <- struct{}{}:
				case <-ctx.Done():
				}
			},
		})
	}()
	waitForChange(t, changes, "the beginning")
	waitForChange(t, changes, "what was there before it was watched")
	for _, name := range []string{item, filepath.Join(dir, "rules", "a.yaml")} {
		must(t, os.WriteFile(name, []byte("a"), 0o600))
		waitForChange(t, changes, name)
	}
	must(t, os.Mkdir(filepath.Join(dir, "rules", "new"), 0o700))
	waitForChange(t, changes, "a new folder")
	must(t, os.WriteFile(filepath.Join(dir, "rules", "new", "b.yaml"), []byte("b"), 0o600))
	waitForChange(t, changes, "a file in the new folder")

	must(t, os.WriteFile(item, []byte("b"), 0o600))
	waitForChange(t, changes, "the items again")
	waitForChange(t, changes, "a path more")
	must(t, os.Mkdir(filepath.Dir(found), 0o700))
	waitForChange(t, changes, "the folder of a file that was missing")
	must(t, os.WriteFile(found, []byte("b"), 0o600))
	waitForChange(t, changes, "the file that was missing")
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestChangesFindWhatOnlyAPollCanFind(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	n := 0
	err := store.Changes(ctx, store.ChangesOptions{
		Mode: store.ModePoll, Debounce: time.Millisecond, Poll: 2 * time.Millisecond,
		Paths: func() []string { return []string{t.TempDir()} },
		Changed: func(context.Context) {
			if n++; n == 4 {
				stop()
			}
		},
	})
	if err != nil || n < 4 {
		t.Errorf("got %d calls and %v, want 4", n, err)
	}
}

func TestChangesNeedToKnowWhatToDo(t *testing.T) {
	want := "watch files: Paths and Changed are needed"
	if err := store.Changes(t.Context(), store.ChangesOptions{}); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
