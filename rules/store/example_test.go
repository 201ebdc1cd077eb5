package store_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/store"
)

// A server opens its rules, watches them and prices with what is in force. Here
// an author saves a good file and then a broken one. Programs pass
// compile.Compile; the example has a smaller language.
func ExampleOpen() {
	dir, err := os.MkdirTemp("", "rules")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	save := func(text string) {
		temp, name := filepath.Join(dir, ".tmp"), filepath.Join(dir, "sale.yaml")
		_ = os.WriteFile(temp, []byte(text), 0o644)
		_ = os.Rename(temp, name)
	}
	save("percent: 10\n")

	live := engine.New(nil)
	changes := make(chan store.Status, 1)
	w, err := store.Open(store.Options{
		Dir:      dir,
		Compile:  toy,
		Publish:  func(_ context.Context, r *engine.Ruleset, _ []compile.File) error { live.Swap(r); return nil },
		Observe:  func(s store.Status) { changes <- s },
		Debounce: 10 * time.Millisecond,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	report := func() {
		s := <-changes
		fmt.Println("loads:", s.Loads, "good:", s.LastSuccess, "error:", s.LastError,
			"in force as reported:", live.Active().Digest() == s.Digest)
	}
	report()

	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- w.Run(ctx) }()
	save("percent: 20\n")
	report()
	save("percent: lots\n")
	report()
	cancel()
	fmt.Println("ended:", <-done)
	// Output:
	// loads: 1 good: true error: <nil> in force as reported: true
	// loads: 2 good: true error: <nil> in force as reported: true
	// loads: 2 good: false error: sale.yaml: "percent: lots\n" is no percentage in force as reported: true
	// ended: <nil>
}
