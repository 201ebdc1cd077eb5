package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/store"
)

// How soon --watch sees a change: after events, and where there are none.
const (
	watchDebounce = 30 * time.Millisecond
	watchPoll     = 3 * time.Second
)

// watch calls again at first and whenever files at the paths may have changed, until
// ctx is done, whose error it returns, or again fails.
func watch(ctx context.Context, paths func() []string, again func(context.Context) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	err := store.Changes(ctx, store.ChangesOptions{
		Paths: paths, Debounce: watchDebounce, Poll: watchPoll,
		Changed: func(ctx context.Context) {
			if err := again(ctx); err != nil {
				stop(err)
			}
		},
	})
	return cmp.Or(err, context.Cause(ctx))
}

// screen is where a command that watches shows what it finds: a terminal is cleared
// each time, elsewhere lines follow one another.
type screen struct {
	s       Streams
	outputs []output
	redraws bool   // what is shown takes the place of what was
	fault   string // that is shown, "" for none
}

func newScreen(s Streams, outputs []output) screen {
	first := outputs[0]
	return screen{s: s, outputs: outputs, redraws: isTerminal(s.Out) && first.file == "" && first.format == formatPretty}
}

// isTerminal reports whether somebody looks at the output.
func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// clear makes room on a terminal.
func (v *screen) clear() {
	if v.redraws {
		_, _ = io.WriteString(v.s.Out, "\x1b[H\x1b[2J\x1b[3J") // a terminal that is gone is no reason to stop
	}
}

// failed shows what stands in the way of a run, once, and what the last good one was.
func (v *screen) failed(err error, last string) {
	var b strings.Builder
	writeError(&b, err)
	if b.String() == v.fault {
		return
	}
	v.fault = b.String()
	v.clear()
	fmt.Fprint(v.s.Err, v.fault)
	if last != "" {
		fmt.Fprintf(v.s.Err, "the last good run: %s\n", last)
	}
}

// recovered reports whether something stood in the way until now.
func (v *screen) recovered() bool {
	was := v.fault != ""
	v.fault = ""
	return was
}

// write writes to each output: to files all, and to standard output what is new.
func (v *screen) write(news, all rendering) error {
	for _, o := range v.outputs {
		report := all
		if o.file == "" {
			report = news
			v.clear()
		}
		if err := o.write(v.s.Out, report); err != nil {
			return environmentError(err)
		}
	}
	return nil
}

// waits reports whether a watching command goes on after the error: once files are
// changed, things may be well.
func waits(err error) bool {
	return errors.As(err, new(diag.List)) || errors.As(err, new(*os.PathError)) || exitCode(err) == exitNothing
}
