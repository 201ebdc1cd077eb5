package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"

	"github.com/checkout-promotions/checkout/rules/ruletest"
)

const cleared = "\x1b[H\x1b[2J\x1b[3J"

func TestATerminalIsDrawnAnew(t *testing.T) {
	var out, err bytes.Buffer
	v := newScreen(Streams{Out: &out, Err: &err}, []output{{format: formatPretty}})
	if v.redraws {
		t.Fatal("a buffer is no terminal")
	}
	v.redraws = true
	says := func(text string) rendering {
		return func(w io.Writer, _ string) error {
			_, err := io.WriteString(w, text)
			return err
		}
	}
	if err := v.write(says("news\n"), says("all\n")); err != nil {
		t.Fatal(err)
	}
	fault := errors.Join(ruletest.ErrNoTests)
	v.failed(fault, "1 passed")
	v.failed(fault, "1 passed")
	if want := cleared + "news\n" + cleared; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
	if want := "checkout: no rule tests found\nthe last good run: 1 passed\n"; err.String() != want {
		t.Errorf("got %q, want it told once: %q", err.String(), want)
	}
	if !v.recovered() || v.recovered() {
		t.Error("want that it is well again told once")
	}
}

func TestWatchingEndsWithWhatFails(t *testing.T) {
	broken := errors.New("broken")
	if err := watch(t.Context(), func() []string { return []string{t.TempDir()} }, func(context.Context) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
}
