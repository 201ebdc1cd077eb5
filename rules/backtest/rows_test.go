package backtest_test

import (
	"encoding/csv"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/checkout-promotions/checkout/rules/backtest"
)

// TestRowsAreThoseOfEncodingCSV compares rows, the lines that they begin at, and
// faults, of texts with quotes, blank lines and both ends of lines anywhere.
func TestRowsAreThoseOfEncodingCSV(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.SampledFrom([]string{
			"a,b\n", "a,b\n", "a,b\n", "1,\"x, y\"\n", "a,b\r\n", "\"two\nlines\",b\n", "\"q\"\"q\",\"\"\n", "\n", "\r\n", "a", ",", "\"", "\n", "\r", "é,b\n",
			"long," + strings.Repeat("x", 70_000) + "\n", "\"" + strings.Repeat("y\n", 3_000) + "\",b\n",
		}), 0, 12).Draw(t, "parts")
		text := strings.Join(parts, "")
		rows, lines, err := backtest.Rows(iotest.HalfReader(strings.NewReader(text)))
		wantRows, wantLines, wantErr := csvRows(strings.NewReader(text))
		if diff := cmp.Diff(wantRows, rows); diff != "" {
			t.Fatalf("rows of %q: -want +got:\n%s", text, diff)
		}
		if diff := cmp.Diff(wantLines, lines); diff != "" {
			t.Fatalf("lines of %q: -want +got:\n%s", text, diff)
		}
		if message(err) != message(wantErr) {
			t.Fatalf("%q: got error %v, want %v", text, err, wantErr)
		}
	})
}

func csvRows(in io.Reader) (all [][]string, lines []int64, err error) {
	r := csv.NewReader(in)
	for {
		row, err := r.Read()
		if err != nil {
			return all, lines, err
		}
		line, _ := r.FieldPos(0)
		all, lines = append(all, row), append(lines, int64(line))
	}
}
