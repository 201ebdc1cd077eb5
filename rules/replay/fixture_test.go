package replay_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/checkout-promotions/checkout/rules/archive"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/replay"
)

// TestOrdersOfAllVersionsAreReplayed replays what earlier versions have stored.
// A fault here is a customer's order that this version prices otherwise; never
// mend it by changing the files.
func TestOrdersOfAllVersionsAreReplayed(t *testing.T) {
	folders, err := filepath.Glob(filepath.Join("testdata", "orders", "*", "orders.jsonl"))
	if err != nil || len(folders) == 0 {
		t.Fatalf("got orders %v, error %v", folders, err)
	}
	for _, file := range folders {
		files, err := compile.Read(os.DirFS(filepath.Join(filepath.Dir(file), "rules")))
		if err != nil {
			t.Fatal(err)
		}
		packed, err := archive.Pack(files)
		if err != nil {
			t.Fatal(err)
		}
		r := replay.New(func(context.Context, string) ([]byte, error) { return packed, nil })
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(bytes.NewReader(text))
		lines.Buffer(nil, 1<<20)
		n := 0
		for ; lines.Scan(); n++ {
			var order struct {
				Reference, Ruleset string
				Request, Quote     json.RawMessage
			}
			if err := json.Unmarshal(lines.Bytes(), &order); err != nil {
				t.Fatal(err)
			}
			got := r.Replay(t.Context(), replay.Order{Ruleset: order.Ruleset, Request: string(order.Request), Quote: string(order.Quote)})
			if got.Verdict != replay.Identical {
				t.Errorf("%s: order %s: got %+v, want it identical", file, order.Reference, got)
			}
		}
		if lines.Err() != nil || n == 0 {
			t.Errorf("%s: got %d orders, error %v", file, n, lines.Err())
		}
	}
}
