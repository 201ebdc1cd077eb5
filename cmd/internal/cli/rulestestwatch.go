package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/checkout-promotions/checkout/rules/report"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

// testWatch runs tests again when their files change.
type testWatch struct {
	screen  screen
	session *ruletest.Session
	command string
	last    ruletest.Result // of the last run without faults
}

func watchTests(ctx context.Context, s Streams, o testOptions, outputs []output, options ruletest.Options) error {
	filter, err := ruletest.ParseFilter(o.filter)
	if err != nil {
		return usageError{error: err}
	}
	if err := checkPaths(o.paths); err != nil {
		return err
	}
	w := &testWatch{
		screen:  newScreen(s, outputs),
		session: ruletest.NewSession(o.paths, filter, options),
		command: commandLine("checkout rules test", o.paths),
	}
	return watch(ctx, w.session.Inputs, w.again)
}

// again runs what a change touches, and shows what changed by that.
func (w *testWatch) again(ctx context.Context) error {
	update, err := w.session.Refresh(ctx)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil && waits(err):
		w.screen.failed(err, w.lastRun())
		return nil
	case err != nil:
		return err
	}
	counted := update.Passed != w.last.Passed || update.Failed != w.last.Failed || update.Skipped != w.last.Skipped
	recovered := w.screen.recovered()
	w.last = update.Result
	if !update.First && !recovered && !counted && len(update.Changed) == 0 {
		if update.Ran > 0 && !w.screen.redraws {
			fmt.Fprintf(w.screen.s.Err, "%s, as before: %s\n", ran(update.Ran), report.TestCounts(w.last))
		}
		return nil
	}
	if !update.First && !w.screen.redraws {
		fmt.Fprintln(w.screen.s.Err, ran(update.Ran))
	}
	err = w.screen.write(func(out io.Writer, format string) error {
		if update.First {
			return writeTests(out, format, update.Result, w.command)
		}
		return w.writeNews(out, format, update)
	}, func(out io.Writer, format string) error {
		return writeTests(out, format, update.Result, w.command)
	})
	if err == nil {
		err = environmentError(report.TestsTrace(w.screen.s.Err, update.Changed))
	}
	return err
}

// writeNews writes the cases that changed, and on a terminal in a few words those that
// go on failing.
func (w *testWatch) writeNews(out io.Writer, format string, update ruletest.Refreshed) error {
	switch format {
	case formatPretty:
		return report.TestsChangedPretty(out, update, w.command, w.screen.redraws)
	case formatJSON:
		news := update.Result
		news.Cases = update.Changed
		return report.TestsJSON(out, news)
	default:
		return report.TestsChangedReport(update, w.command).Write(out, format)
	}
}

func (w *testWatch) lastRun() string {
	if len(w.last.Cases) == 0 {
		return ""
	}
	return report.TestCounts(w.last)
}

// ran says how many cases were run.
func ran(n int) string {
	if n == 1 {
		return "1 case run"
	}
	return fmt.Sprintf("%d cases run", n)
}
