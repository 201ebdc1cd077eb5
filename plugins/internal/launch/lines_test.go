//go:build !windows

package launch_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/checkout-promotions/checkout/plugins/internal/launch"
)

func TestTheCauseOfAnEnd(t *testing.T) {
	for _, c := range []struct{ name, printed, want string }{
		{"nothing", "", ""},
		{"the last line, without an end", "one\ntwo", "two"},
		{"a panic, whose trace is long", "one\npanic: no key\n" + strings.Repeat("at\n", 100), "panic: no key"},
		{"an error of Node.js", "x.js:1\nthrow e\n^\n\nTypeError: no key\n    at x.js:1\n\nNode.js v20.20.2\n", "TypeError: no key"},
		{"an error of Node.js with a code", "Error [ERR_MODULE_NOT_FOUND]: no x\n    at y\n\nNode.js v20.20.2\n", "Error [ERR_MODULE_NOT_FOUND]: no x"},
		{"an error of Python", "Traceback (most recent call last):\n  File \"x\"\nValueError: no key\n", "ValueError: no key"},
		{"control characters", "\x1b[1mno\tkey\xff\n", "[1mno key"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var tail launch.Tail
			if _, err := tail.Write([]byte(c.printed)); err != nil {
				t.Fatal(err)
			}
			if got := tail.Cause(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestATailIsBounded(t *testing.T) {
	var tail launch.Tail
	for i := range 1000 {
		fmt.Fprintln(&tail, i)
	}
	if got := tail.Lines(); len(got) != 20 || got[0] != "980" {
		t.Errorf("got %q, want the lines 980 to 999", got)
	}
	fmt.Fprint(&tail, strings.Repeat(strings.Repeat("x", 5000)+"\n", 30))
	if got := strings.Join(tail.Lines(), ""); len(got) != 2000 {
		t.Errorf("got %d bytes, want four lines of 500", len(got))
	}
}

func TestAPanicAtTheStartIsTold(t *testing.T) {
	_, err := launch.Start(t.Context(), options(t, "panicky"))
	failure, ok := errors.AsType[*launch.StartError](err)
	if !ok || failure.Printed.Cause() != "panic: no license" {
		t.Fatalf("got %v, want a panic", err)
	}
	if want := "start: it ended before it had written a line to stdout; it printed:\n  panic: no license\n"; !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v, want it to begin with %s", err, want)
	}
}
