package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/checkout-promotions/checkout/config"
	"github.com/checkout-promotions/checkout/persistence"
)

// serverFlag is the one thing that has a command ask a server in place of the database.
// No variable does: one that is forgotten would change what a command works on.
const serverFlag = "server"

// overServer is the end of the help of commands that have two ways.
const overServer = `

With --server URL a running server is asked in place of the database, over its API, with
the key of ` + keyVariable + ` or --key-file; settings of a database are not read then, and
` + serverVariable + ` is not either.`

// onceMore is what those of them that write add to it.
const onceMore = ` The server does it once, also where its answer is lost and the
command asks again; whoever repeats the command gives it the same --idempotency-key.`

// ways are the two that a command has to what it works on.
type ways[T any] struct {
	// settings binds the flags of the database.
	settings func(*pflag.FlagSet)
	// database opens that of the settings, and closes it.
	database func(cmd *cobra.Command, run func(context.Context, T) error) error
	// server is T over the API.
	server func(*caller) T
	// writes says that the command changes something.
	writes bool
	// only are the flags that a server has nothing for, and -o json where onlyPretty.
	only       []string
	onlyPretty bool
}

// archiveOrServer are the ways of what reads the archive of a database.
func archiveOrServer[T any](s Streams, archive func(*persistence.Archive) T, server func(*caller) T) ways[T] {
	return ways[T]{
		settings: config.BindDatabaseFlags,
		database: func(cmd *cobra.Command, run func(context.Context, T) error) error {
			return onArchiveOf(cmd, s, func(ctx context.Context, a *persistence.Archive) error { return run(ctx, archive(a)) })
		},
		server: server,
	}
}

// storeOrServer are the ways of what needs the whole database.
func storeOrServer[T any](s Streams, writes bool, store func(*persistence.Store) T, server func(*caller) T) ways[T] {
	return ways[T]{
		settings: config.BindDatabaseFlags, writes: writes,
		database: func(cmd *cobra.Command, run func(context.Context, T) error) error {
			return withStore(cmd, s, func(ctx context.Context, data *persistence.Store) error { return run(ctx, store(data)) })
		},
		server: server,
	}
}

// bothWays makes run the action of the command, on the database of the settings or, with
// --server, on a server. What run returns is written to where -o says.
func bothWays[T any](s Streams, cmd *cobra.Command, w ways[T], run func(ctx context.Context, on T, args []string) (rendering, error)) *cobra.Command {
	var formats []string
	addOutput(cmd, &formats)
	if cmd.ValidArgsFunction == nil {
		cmd.ValidArgsFunction = cobra.NoFileCompletions
	}
	var outputs []output
	bothWaysTo(cmd, s, w, func(ctx context.Context, on T, args []string) error {
		tell, err := run(ctx, on, args)
		if err != nil {
			return err
		}
		return write(outputs, s.Out, tell)
	})
	act := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
		if outputs, err = parseOutputs(formats); err != nil {
			return err
		}
		if w.onlyPretty && asksServer(cmd) && slices.ContainsFunc(outputs, func(o output) bool { return o.format == formatJSON }) {
			return usageError{error: fmt.Errorf("-o json of %q tells what servers do not: leave out -o json, or --%s", cmd.CommandPath(), serverFlag)}
		}
		return act(cmd, args)
	}
	return cmd
}

// bothWaysTo is bothWays of an action that writes its results itself.
func bothWaysTo[T any](cmd *cobra.Command, s Streams, w ways[T], run func(ctx context.Context, on T, args []string) error) *cobra.Command {
	var r remote
	settings := pflag.NewFlagSet("", pflag.ContinueOnError)
	settings.SortFlags = false
	w.settings(settings)
	cmd.Flags().AddFlagSet(settings)
	server := r.bindBeside(w.writes)
	cmd.Flags().AddFlagSet(server)
	cmd.Flags().SortFlags = false
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if !asksServer(cmd) {
			if name := changed(server); name != "" {
				return usageError{error: fmt.Errorf("--%s is for a server: name it with --%s", name, serverFlag)}
			}
			return w.database(cmd, func(ctx context.Context, on T) error { return refusal(run(ctx, on, args)) })
		}
		if name := changed(settings); name != "" {
			return usageError{error: fmt.Errorf("--%s is for a database, and --%s asks a server: leave one of them out", name, serverFlag)}
		}
		for _, name := range w.only {
			if cmd.Flags().Changed(name) {
				return usageError{error: fmt.Errorf("--%s is nothing for a server: leave it out, or --%s", name, serverFlag)}
			}
		}
		c, err := r.open(r.server, s.Env)
		if err != nil {
			return err
		}
		return refusal(run(cmd.Context(), w.server(c), args))
	}
	return cmd
}

// changed is the name of a flag of the set that was given, "" for none.
func changed(flags *pflag.FlagSet) string {
	name := ""
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Changed && name == "" {
			name = f.Name
		}
	})
	return name
}

// bindBeside are the flags of a command that asks a server only where it is named.
func (r *remote) bindBeside(writes bool) *pflag.FlagSet {
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	flags.SortFlags = false
	flags.StringVar(&r.server, serverFlag, "", "ask the server at this `URL` in place of the database")
	flags.StringVar(&r.keyFile, "key-file", "", "`FILE` with the key of the API of the server (default "+keyVariable+")")
	if writes {
		flags.StringVar(&r.once, "idempotency-key", "", "`KEY` by which the server does this once (default a new one)")
	}
	return flags
}

// asksServer tells that a command was told to ask a server.
func asksServer(cmd *cobra.Command) bool {
	f := cmd.Flags().Lookup(serverFlag)
	return f != nil && f.Changed
}

// serverPage is how many are asked for at once, the most that the API gives.
const serverPage = 200

// inPagesOf asks for pages until there are limit elements, 0 for all, or no more; visit
// gets each, and ends it by false. page returns a page of at most n and its next cursor.
func inPagesOf[E any](after string, limit int, page func(after *string, n int) ([]E, string, error), visit func(*E) (bool, error)) error {
	for left := limit; limit == 0 || left > 0; {
		n := serverPage
		if limit > 0 {
			n = min(n, left)
		}
		list, next, err := page(given(after), n)
		if err != nil {
			return err
		}
		for i := range list {
			if more, err := visit(&list[i]); err != nil || !more {
				return err
			}
		}
		if after, left = next, left-len(list); next == "" {
			return nil
		}
	}
	return nil
}

// given is nil for nothing.
func given[T comparable](value T) *T {
	var none T
	if value == none {
		return nil
	}
	return &value
}
