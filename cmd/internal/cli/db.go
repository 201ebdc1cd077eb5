package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/config"
	"github.com/checkout-promotions/checkout/persistence"
)

func newDB(s Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "db",
		Short: "Bring the schema of a database up to date",
		Long: `Bring the schema of a database up to date. checkout run does so by itself when it
starts; these commands are for those who want to do it before, or to look.

The database is that of checkout run, by the same settings: a YAML file (--config),
CHECKOUT_ variables and flags.` + findingsAre("migrations are pending, or the lock is held"),
	}
	asGroup(cmd)
	cmd.AddCommand(newDBMigrate(s), newDBStatus(s), newDBUnlock(s))
	return cmd
}

func newDBMigrate(s Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Apply the migrations that are pending",
		Long: `Apply the migrations that are pending, all of them or none, and print their names.
A database that does not exist is made by SQLite; in Postgres it has to be there.`,
		Example: `  checkout db migrate --sqlite data/db
  CHECKOUT_DB_PASSWORD=secret checkout db migrate --db-host db.internal --db-user shop`,
	}
	return onSchema(s, cmd, true, func(ctx context.Context, schema *persistence.Schema) error {
		applied, err := schema.Migrate(ctx)
		if err != nil {
			return environmentError(err)
		}
		for _, name := range applied {
			if _, err := fmt.Fprintln(s.Out, "applied", name); err != nil {
				return environmentError(err)
			}
		}
		if len(applied) == 0 {
			_, err = fmt.Fprintln(s.Out, "nothing to do: the schema is up to date")
		}
		return environmentError(err)
	})
}

func newDBStatus(s Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status",
		Short: "List the migrations and when they were applied",
		Long: `List the migrations of this version, and when the database got each. The exit code
is 1 when some are pending. It changes nothing.`,
		Example: `  checkout db status --sqlite data/db
  checkout db status --db-host db.internal -o json`,
	}
	var formats []string
	addOutput(cmd, &formats)
	return onSchema(s, cmd, false, func(ctx context.Context, schema *persistence.Schema) error {
		outputs, err := parseOutputs(formats)
		if err != nil {
			return err
		}
		all, err := schema.Migrations(ctx)
		if err != nil {
			return environmentError(err)
		}
		err = write(outputs, s.Out, func(w io.Writer, format string) error {
			if format == formatJSON {
				return writeStatusJSON(w, all)
			}
			return writeStatus(w, all)
		})
		if err == nil && pending(all) > 0 {
			return silentError{exitFindings}
		}
		return err
	})
}

func pending(all []persistence.Migration) int {
	n := 0
	for _, m := range all {
		if m.Pending() {
			n++
		}
	}
	return n
}

func writeStatus(w io.Writer, all []persistence.Migration) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, m := range all {
		state := "pending"
		if !m.Pending() {
			state = "applied " + m.AppliedAt.Format(time.DateTime) + " UTC"
		}
		fmt.Fprintf(table, "%s\t%s\n", m.Name, state) // Flush reports its error
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "%d migrations, %d pending\n", len(all), pending(all))
	return err
}

// writeStatusJSON writes {"migrations": [{"name", "applied_at"}], "pending"};
// applied_at is null for one that is pending.
func writeStatusJSON(w io.Writer, all []persistence.Migration) error {
	type migration struct {
		Name      string     `json:"name"`
		AppliedAt *time.Time `json:"applied_at"`
	}
	report := struct {
		Migrations []migration `json:"migrations"`
		Pending    int         `json:"pending"`
	}{Migrations: make([]migration, len(all)), Pending: pending(all)}
	for i, m := range all {
		report.Migrations[i].Name = m.Name
		if !m.Pending() {
			report.Migrations[i].AppliedAt = &m.AppliedAt
		}
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(report)
}

func newDBUnlock(s Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "unlock",
		Short: "End a session that keeps the lock of migrations",
		Long: `Show who holds the lock that lets one process migrate at a time, and with --force end
the session, which undoes the migrations it was running. Databases free the lock by
themselves when the process that holds it ends, so this is for one that hangs, or whose
machine is gone. The exit code is 1 when the lock is held and --force is not given.`,
		Example: `  checkout db unlock --db-host db.internal
  checkout db unlock --db-host db.internal --force`,
	}
	force := cmd.Flags().Bool("force", false, "end the sessions that hold the lock")
	return onSchema(s, cmd, false, func(ctx context.Context, schema *persistence.Schema) error {
		locks := schema.Locks()
		if locks == nil {
			_, err := fmt.Fprintln(s.Out, "nothing can stay locked: SQLite frees its lock with the process that holds it")
			return environmentError(err)
		}
		return unlock(ctx, s.Out, locks, *force)
	})
}

func unlock(ctx context.Context, w io.Writer, locks persistence.Locks, force bool) error {
	holders, err := locks.Holders(ctx)
	if err != nil {
		return environmentError(err)
	}
	if len(holders) == 0 {
		_, err := fmt.Fprintln(w, "nobody holds the lock of migrations")
		return environmentError(err)
	}
	for _, h := range holders {
		_, err := fmt.Fprintf(w, "session %d, %s, since %s UTC\n", h.ID, h.Client, h.Since.Format(time.DateTime))
		if err == nil && force {
			err = end(ctx, w, locks, h.ID)
		}
		if err != nil {
			return environmentError(err)
		}
	}
	if force {
		return nil
	}
	if _, err := fmt.Fprintln(w, "it holds the lock of migrations; if it is not at work, end it with --force"); err != nil {
		return environmentError(err)
	}
	return silentError{exitFindings}
}

func end(ctx context.Context, w io.Writer, locks persistence.Locks, id int64) error {
	ended, err := locks.End(ctx, id)
	if err != nil {
		return err
	}
	if !ended {
		_, err = fmt.Fprintf(w, "session %d had ended by itself\n", id)
		return err
	}
	_, err = fmt.Fprintf(w, "ended session %d\n", id)
	return err
}

// onSchema makes do the action of the command, on the schema of the configured
// database. Create lets it make the file of a database.
func onSchema(s Streams, cmd *cobra.Command, create bool, do func(context.Context, *persistence.Schema) error) *cobra.Command {
	config.BindDatabaseFlags(cmd.Flags())
	cmd.Flags().SortFlags = false
	cmd.Args, cmd.ValidArgsFunction = noArguments, cobra.NoFileCompletions
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		cfg, err := config.Load(config.Sources{Env: s.Env, Flags: cmd.Flags()})
		if err != nil {
			return err
		}
		schema, err := openSchema(cmd.Context(), cfg.Database, create)
		if err != nil {
			return environmentError(err)
		}
		defer func() { err = errors.Join(err, environmentError(schema.Close())) }()
		return do(cmd.Context(), schema)
	}
	return cmd
}

func openSchema(ctx context.Context, cfg config.Database, create bool) (*persistence.Schema, error) {
	if cfg.Kind == config.KindSQLite && !create {
		if _, err := os.Stat(cfg.SQLite); errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("open database %q: there is no such file; checkout db migrate makes one", cfg.SQLite)
		}
	}
	db, err := openDatabase(ctx, cfg)
	if err != nil {
		return nil, err
	}
	schema, err := persistence.NewSchema(db)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return schema, nil
}
