package couponfile_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/checkout-promotions/checkout/engine/couponfile"
)

func TestRead(t *testing.T) {
	for _, c := range []struct {
		name, file string
		want       []string
	}{
		{"a column", "code\nA\nB\n", []string{"2 A", "3 B"}},
		{"among others, after a byte order mark", "\ufeffname, Code \r\nann,A\r\nbob,\"B,C\"\r\n", []string{"2 A", "3 B,C"}},
		{"headings alone", "code\n", nil},
		{"an empty file", "", []string{"fault 1: the file is empty; its first line has to name the columns, one of them code"}},
		{"no such column", "A\nB\n", []string{"fault 1: no column is called code; the first line has to name the columns"}},
		{"a short line", "a,code\nb\nc,D\n", []string{"fault 2: has no column code", "3 D"}},
		{"a broken line", "code\nA\n\"B\n", []string{"2 A", `fault 3: is no CSV: extraneous or missing " in quoted-field; nothing after it was read`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			err := couponfile.Read(strings.NewReader(c.file), func(code string, line int) error {
				got = append(got, fmt.Sprint(line, " ", code))
				return nil
			}, func(line int, problem string) { got = append(got, fmt.Sprintf("fault %d: %s", line, problem)) })
			if err != nil || !slices.Equal(got, c.want) {
				t.Errorf("got %q and %v, want %q", got, err, c.want)
			}
		})
	}
}

func TestReadStops(t *testing.T) {
	broken := errors.New("broken")
	nothing := func(int, string) { t.Error("got a fault, want none") }
	if err := couponfile.Read(iotest.ErrReader(broken), func(string, int) error { return nil }, nothing); !errors.Is(err, broken) {
		t.Errorf("got %v, want the error of the file", err)
	}
	if err := couponfile.Read(strings.NewReader("code\nA\nB\n"), func(string, int) error { return broken }, nothing); !errors.Is(err, broken) {
		t.Errorf("got %v, want that of who takes the codes", err)
	}
}
