package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/config"
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/engine/apikey"
	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/persistence/coupon"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

// Streams are what a run of the program reads and writes.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
	// Env is the environment in the form key=value.
	Env []string
}

// Command returns the tree of commands, for those who document it. A run of it with
// other arguments needs another tree.
func Command(s Streams) *cobra.Command { return newRoot(s) }

// Run runs the program with the arguments, without its name, and returns the
// exit code. When ctx is done a server drains and a tool stops.
func Run(ctx context.Context, args []string, s Streams) int {
	root := newRoot(s)
	root.SetArgs(append([]string{}, afterFlags(args)...)) // not nil, which would mean those of the process
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitOK
	}
	writeError(s.Err, err)
	if usage, ok := errors.AsType[usageError](err); ok {
		writeUsage(s.Err, cmp.Or(usage.command, cmd))
	}
	return exitCode(err)
}

// usageError is a wrong command line.
type usageError struct {
	error
	command *cobra.Command // the one whose usage helps; nil for the one that ran
}

func (e usageError) Unwrap() error { return e.error }

// silentError is an end that has been reported already.
type silentError struct{ code int }

func (e silentError) Error() string { return fmt.Sprintf("exit code %d", e.code) }

// codedError is an error with its exit code.
type codedError struct {
	code int
	error
}

func (e codedError) Unwrap() error { return e.error }

// refusal gives errors of a store that are about the request, and not about the
// database, their exit codes.
func refusal(err error) error {
	switch {
	case err == nil, errors.As(err, new(silentError)), errors.As(err, new(usageError)), errors.As(err, new(codedError)):
		return err
	case errors.As(err, new(*persistence.InvalidError)), errors.As(err, new(*engine.PauseOverError)):
		return codedError{exitUsage, err}
	case errors.As(err, new(*engine.UnknownItemError)), errors.As(err, new(*engine.OutOfStockError)), errors.As(err, new(*engine.NameTakenError)),
		errors.As(err, new(*persistence.UnknownOrderError)), errors.As(err, new(*persistence.UnknownRulesetError)),
		errors.As(err, new(*engine.OrderStateError)), errors.As(err, new(*engine.ReturnError)),
		errors.As(err, new(*persistence.UnknownHoldError)), errors.As(err, new(*persistence.HoldStateError)),
		errors.As(err, new(*persistence.PoolTakenError)), errors.As(err, new(*persistence.UnknownPoolError)),
		errors.As(err, new(*persistence.UnknownCodesError)), errors.As(err, new(*coupon.GuessableError)),
		errors.As(err, new(*apikey.UnknownError)), errors.As(err, new(*persistence.KeyTakenError)),
		errors.As(err, new(*persistence.KeyReplacedError)), errors.As(err, new(*apikey.InactiveError)),
		errors.As(err, new(*unknownPromotionError)):
		return codedError{exitFindings, err}
	default:
		return environmentError(err)
	}
}

// environmentError marks what went wrong with files, the network or the
// database; nil stays nil.
func environmentError(err error) error {
	if err == nil {
		return nil
	}
	return codedError{exitEnvironment, err}
}

// exitCode is the one table from errors to exit codes.
func exitCode(err error) int {
	var coded codedError
	var silent silentError
	switch {
	case errors.As(err, &silent):
		return silent.code
	case errors.As(err, new(diag.List)):
		return exitRules
	case errors.Is(err, ruletest.ErrNoTests):
		return exitNothing
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.As(err, &coded):
		return coded.code
	case errors.As(err, new(usageError)), errors.As(err, new(*config.Error)):
		return exitUsage
	default:
		return exitEnvironment
	}
}

// writeError writes an error for people: diagnostics with their excerpts, others
// on one line after the name of the program, what was reported before not again.
func writeError(w io.Writer, err error) {
	var faults diag.List
	switch {
	case errors.As(err, new(silentError)):
	case errors.As(err, &faults):
		fmt.Fprint(w, faults.Render())
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(w, "checkout: interrupted")
	default:
		fmt.Fprintf(w, "checkout: %v%s\n", err, remedy(err))
	}
}

// remedy is what to do about a fault of the database, after what is wrong.
func remedy(err error) string {
	fault, ok := errors.AsType[*persistence.Error](err)
	if !ok || fault.Fault.Remedy == "" {
		return ""
	}
	return "; " + fault.Fault.Remedy
}

// writeUsage writes how the command is called.
func writeUsage(w io.Writer, cmd *cobra.Command) {
	line, more := cmd.UseLine(), "flags"
	if cmd.HasAvailableSubCommands() {
		line, more = cmd.CommandPath()+" [command]", "commands"
	}
	fmt.Fprintf(w, "\nUsage:\n  %s\n\nRun \"%s --help\" for the %s.\n", line, cmd.CommandPath(), more)
}
