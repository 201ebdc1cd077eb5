package cli_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/checkout-promotions/checkout/cmd/internal/cli"
)

// watched is a command that watches a folder, with what it writes.
type watched struct {
	t        *testing.T
	dir      string
	out, err lines
	stop     context.CancelFunc
	ended    chan int
}

// lines is an output whose writes are received.
type lines chan string

// Write implements io.Writer.
func (l lines) Write(data []byte) (int, error) {
	l <- string(data)
	return len(data), nil
}

// startWatching runs a command in a folder with the files.
func startWatching(t *testing.T, files map[string]string, args ...string) *watched {
	t.Helper()
	w := &watched{t: t, dir: t.TempDir(), out: make(lines, 100), err: make(lines, 100), ended: make(chan int, 1)}
	for name, text := range files {
		w.save(name, text)
	}
	t.Chdir(w.dir)
	ctx, stop := context.WithCancel(t.Context())
	w.stop = stop
	go func() { w.ended <- cli.Run(ctx, args, cli.Streams{Out: w.out, Err: w.err}) }()
	return w
}

// save writes a file as an editor does, by renaming.
func (w *watched) save(name, text string) {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		err = os.WriteFile(path+"~", []byte(text), 0o600)
	}
	if err == nil {
		err = os.Rename(path+"~", path)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// wants waits for the text on one of the outputs.
func (w *watched) wants(from lines, text string) {
	w.t.Helper()
	var got strings.Builder
	for end := time.After(20 * time.Second); ; {
		select {
		case more := <-from:
			got.WriteString(more)
		case <-end:
			w.t.Fatalf("got %q, want %q", got.String(), text)
		}
		if got.Len() >= len(text) || !strings.HasPrefix(text, got.String()) {
			break
		}
	}
	if diff := cmp.Diff(text, got.String()); diff != "" {
		w.t.Fatal(diff)
	}
}

// interrupt ends the command as Ctrl-C does.
func (w *watched) interrupt() {
	w.t.Helper()
	w.stop()
	if code := <-w.ended; code != 130 {
		w.t.Errorf("got exit code %d, want 130", code)
	}
	w.wants(w.err, "checkout: interrupted\n")
	if len(w.out)+len(w.err) > 0 {
		w.t.Errorf("got %d writes more, want none", len(w.out)+len(w.err))
	}
}

const (
	watchedRules = `promotions:
  - id: tv-10
    when: cart.quantity > 3
    deal: {percent_off: {of: order, percent: 10}}
`
	watchedTests = `catalogue: ../items.yaml
tests:
  - name: ten percent from four
    given: {cart: ["TV x${qty}"]}
    table:
      - {qty: 3, total: 30.00}
      - {qty: 4, total: 36.00}
`
	watchedItems = "items: [{sku: TV, price: 10}]\n"
)

func TestTestsAreRunAgainWhenFilesChange(t *testing.T) {
	w := startWatching(t, map[string]string{"shop/tv.yaml": watchedRules, "shop/tv_test.yaml": watchedTests, "items.yaml": watchedItems},
		"rules", "test", "--watch", "-o", "pretty", "-o", "compact=all.txt", "shop")
	w.wants(w.out, "2 passed\n")

	w.save("shop/tv.yaml", strings.Replace(watchedRules, "> 3", "> 4", 1))
	w.wants(w.err, "2 cases run\n")
	w.wants(w.out, `FAIL shop/tv_test.yaml:7  ten percent from four [qty=4]
  total        want 36.00, got 40.00
  run it again: checkout rules test shop --run 'file=shop/tv_test.yaml;test=ten percent from four;qty=4'

1 failed, 1 passed
`)
	w.save("shop/tv.yaml", "promotions: [{id: tv-10, deal: {}}]")
	w.wants(w.err, `shop/tv.yaml:1:32: R0003 the deal is empty
   1 | promotions: [{id: tv-10, deal: {}}]
     |                                ^
     = such as percent_off: {of: order, percent: 10}

1 fault
the last good run: 1 failed, 1 passed
`)
	w.save("shop/tv.yaml", watchedRules)
	w.wants(w.err, "2 cases run\n")
	w.wants(w.out, "ok   shop/tv_test.yaml:7  ten percent from four [qty=4]\n2 passed\n")

	w.save("items.yaml", "items: [{sku: TV, price: 10}, {sku: PC, price: 100}]\n")
	w.wants(w.err, "2 cases run, as before: 2 passed\n")
	w.save("shop/pc_test.yaml", "catalogue: ../items.yaml\ntests: [{name: a computer, given: {cart: [PC]}, expect: {total: 100}}]\n")
	w.wants(w.err, "1 case run\n")
	w.wants(w.out, "3 passed\n")
	w.interrupt()
	if data, err := os.ReadFile("all.txt"); err != nil || string(data) != "3 passed\n" {
		t.Errorf("got %q and %v in the file, want all cases", data, err)
	}
}

func TestWatchedFormatsHaveWhatChanged(t *testing.T) {
	files := map[string]string{"shop/tv.yaml": watchedRules, "shop/tv_test.yaml": watchedTests, "items.yaml": watchedItems}
	for format, want := range map[string]string{
		"compact": "shop/tv_test.yaml:7:1: test-failed ten percent from four [qty=4]: total: want 36.00, got 35.00\n1 failed, 1 passed\n",
		"tap": `TAP version 14
1..1
not ok 1 - shop/tv_test.yaml:7 ten percent from four [qty=4]
  ---
  message: "total: want 36.00, got 35.00"
  detail: |2
    FAIL shop/tv_test.yaml:7  ten percent from four [qty=4]
      total        want 36.00, got 35.00
      run it again: checkout rules test . --run 'file=shop/tv_test.yaml;test=ten percent from four;qty=4'
  ...
`,
	} {
		t.Run(format, func(t *testing.T) {
			w := startWatching(t, files, "rules", "test", "--watch", "-o", format, ".")
			switch format {
			case "compact":
				w.wants(w.out, "2 passed\n")
			case "tap":
				w.wants(w.out, "TAP version 14\n1..2\nok 1 - shop/tv_test.yaml:6 ten percent from four [qty=3]\nok 2 - shop/tv_test.yaml:7 ten percent from four [qty=4]\n")
			}
			w.save("shop/tv.yaml", strings.Replace(watchedRules, "percent_off: {of: order, percent: 10}", "amount_off: {of: order, amount: 5}", 1))
			w.wants(w.err, "2 cases run\n")
			w.wants(w.out, want)
			w.interrupt()
		})
	}
}

func TestWatchWaitsForTestsThatAreNotThere(t *testing.T) {
	w := startWatching(t, map[string]string{"items.yaml": watchedItems}, "rules", "test", "--watch", ".")
	w.wants(w.err, "checkout: no rule tests found in .: tests are files called *_test.yaml\n")
	w.save("shop/tv.yaml", watchedRules)
	w.save("shop/tv_test.yaml", watchedTests)
	w.wants(w.out, "2 passed\n")
	w.interrupt()
}

func TestWatchDoesNotGoWithWhatIsAboutOneRun(t *testing.T) {
	for flag, want := range map[string]string{"--shuffle": "--shuffle", "--fail-fast": "--fail-fast", "--cover=90": "--cover", "--update": "--update"} {
		code, _, err := run(t.Context(), "rules", "test", "--watch", flag, quickstart)
		if first, _, _ := strings.Cut(err, "\n"); code != 2 || first != "checkout: --watch does not go with "+want {
			t.Errorf("got code %d and %q for %s, want 2 and that they do not go together", code, err, flag)
		}
	}
}

func TestRulesAreCheckedAgainWhenFilesChange(t *testing.T) {
	w := startWatching(t, map[string]string{"shop/tv.yaml": watchedRules}, "rules", "check", "--watch", "shop")
	w.wants(w.out, "shop: 1 promotion in 1 file, ruleset 5b11943061f3, 1 note, which --fail-level note shows\n")
	w.save("shop/tv.yaml", strings.Replace(watchedRules, "quantity", "quantty", 1))
	w.wants(w.out, `shop/tv.yaml:3:16: R0103 cart has no "quantty"
   3 |     when: cart.quantty > 3
     |                ^^^^^^^
     = did you mean "quantity"?

1 fault
`)
	w.save("shop/tv.yaml", strings.Replace(watchedRules, "> 3", "> -1", 1))
	w.wants(w.out, `gone shop/tv.yaml:3:16: R0103 cart has no "quantty"
shop/tv.yaml:3:11: warning R0502 the condition of tv-10 is always true
   3 |     when: cart.quantity > -1
     |           ^^^^^^^^^^^^^^^^^^
     = leave it out
     = seen on ITEM-1 x1 at 10.00: tv-10 is applied to a cart that has nothing but what its deal needs
     = --fix does: Remove the condition, which is always true

shop: 1 promotion in 1 file, ruleset 34df6660674c, 1 warning, 1 note, which --fail-level note shows
`)
	w.save("shop/tv.yaml", "# a comment\n"+strings.Replace(watchedRules, "> 3", "> -1", 1))
	w.wants(w.out, "shop: 1 promotion in 1 file, ruleset 3586099463a8, 1 warning, 1 note, which --fail-level note shows\n")
	w.interrupt()
}
