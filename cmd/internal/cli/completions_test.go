package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/checkout-promotions/checkout/cmd/internal/cli"
)

// TestShellsComplete asks as the scripts of shells do: for the words, and after them
// :4 for no files, :8 for files with these endings, :16 for folders and :6 for no blank.
func TestShellsComplete(t *testing.T) {
	from, err := filepath.Abs(quickstart)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	copyTree(t, from, "shop")
	write(t, map[string]string{"checkout.yaml": "webhooks:\n  - {name: books, url: https://books.example/hooks, secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw}\n"})
	if err = os.MkdirAll("plugins", 0o755); err != nil {
		t.Fatal(err)
	}
	if err = os.WriteFile("plugins/loyalty", nil, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, pool := range []string{"spring", "summer"} {
		if code, _, err := run(t.Context(), "coupons", "create", pool); code != 0 {
			t.Fatal(err)
		}
	}
	filters := "--run file=shop/rules/quickstart_test.yaml"
	for _, tt := range []struct{ line, want string }{
		{"rules test --run ''", "file= test= rule= tag= :6"},
		{"rules coverage --run f", "file= test= rule= tag= :6"},
		{"rules test --run file=", "file=shop/rules/quickstart_test.yaml :6"},
		{"rules test " + filters + ";rule=t", "file=shop/rules/quickstart_test.yaml;rule=tv-3-for-2 :6"},
		{"rules test --run test=every", "test=every third television is free :6"},
		{"rules test shop --run tag=", ":6"},
		{"rules test nowhere --run test=", ":6"},
		{"rules mutate --run t", "tv-3-for-2 :4"},
		{"rules mutate shop/rules/q", "shop/rules/quickstart_test.yaml :4"},
		{"rules diff ''", ":16"},
		{"rules backtest --from ''", "jsonl gz csv :8"},
		{"rules explain -c ''", "yaml yml csv jsonl :8"},
		{"rules explain --config ''", "yaml yml :8"},
		{"rules test --seed ''", ":4"},
		{"rules test -o ''", "+pretty json junit"},
		{"run --rules ''", ":16"},
		{"run --log-level ''", "+debug info warn error :4"},
		{"run --db-sslmode ''", "disable prefer require verify-full :4"},
		{"run --seed ''", "yaml yml :8"},
		{"coupons generate s", "spring summer :4"},
		{"coupons generate sp", "spring :4"},
		{"coupons generate spring ''", ":4"},
		{"coupons generate --sqlite nowhere ''", ":4"},
		{"coupons import ''", "spring summer :4"},
		{"coupons import spring ''", "csv :8"},
		{"coupons revoke --pool ''", "spring summer :4"},
		{"coupons generate spring --count ''", ":4"},
		{"webhooks test --config checkout.yaml ''", "books :4"},
		{"webhooks list --config checkout.yaml --endpoint ''", "books :4"},
		{"webhooks list --state ''", "pending claimed delivered dead :4"},
		{"plugins inspect --plugins plugins ''", "loyalty :4"},
		{"plugins lock --plugins ''", ":16"},
		{"orders return --policy ''", "pro_rata reprice_kept :4"},
		{"items adjust A 1 --reason ''", "+correction receipt :4"},
		{"items export --format ''", "csv jsonl :4"},
	} {
		t.Run(tt.line, func(t *testing.T) {
			args := append([]string{"__complete"}, strings.Fields(strings.ReplaceAll(tt.line, "''", "\x00"))...)
			if last := len(args) - 1; args[last] == "\x00" {
				args[last] = ""
			}
			var out, errs strings.Builder
			if code := cli.Run(t.Context(), args, cli.Streams{Out: &out, Err: &errs}); code != 0 {
				t.Fatalf("exit code %d: %s", code, &errs)
			}
			var words []string
			for line := range strings.Lines(out.String()) {
				word, _, _ := strings.Cut(strings.TrimSpace(line), "\t")
				words = append(words, word)
			}
			got := strings.Join(words, " ")
			some, isSome := strings.CutPrefix(tt.want, "+")
			if !isSome && got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			for _, word := range strings.Fields(some) {
				if isSome && !strings.Contains(" "+got+" ", " "+word+" ") {
					t.Errorf("got %q, want %s among it", got, word)
				}
			}
		})
	}
	if _, err := os.Stat("nowhere"); err == nil {
		t.Error("asking has made a database")
	}
}
