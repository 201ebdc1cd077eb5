package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/config"
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/persistence/postgres"
	"github.com/checkout-promotions/checkout/persistence/sqlite"
)

// withStore is withNewStore for a tool that has nothing to do with a database
// that is not there, and so is not to make one.
func withStore(cmd *cobra.Command, s Streams, run func(context.Context, *persistence.Store) error) error {
	cfg, err := config.Load(config.Sources{Env: s.Env, Flags: cmd.Flags()})
	if err == nil && cfg.Database.Kind == config.KindSQLite {
		err = existing(cfg.Database)
	}
	if err != nil {
		return err
	}
	return withNewStore(cmd, s, run)
}

// withNewStore runs a tool on the database that `checkout run` would use with the
// same settings, whether it runs meanwhile or not. The tool must not be about
// money: it needs no rules, which have the shop's currency, so the store is in
// XXX, ISO 4217 for no currency at all, and refuses to read amounts.
func withNewStore(cmd *cobra.Command, s Streams, run func(context.Context, *persistence.Store) error) (err error) {
	cfg, err := config.Load(config.Sources{Env: s.Env, Flags: cmd.Flags()})
	if err != nil {
		return err
	}
	if err := lasting(cfg.Database); err != nil {
		return err
	}
	none, err := engine.ParseCurrency("XXX")
	if err != nil {
		return err
	}
	data, err := openMigrated(cmd.Context(), cfg.Database, persistence.Options{Currency: none, Endpoints: endpoints(cfg), LowStock: int64(cfg.LowStock)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, environmentError(data.Close())) }()
	return run(cmd.Context(), data)
}

// lasting refuses a database that is gone when the command ends.
func lasting(cfg config.Database) error {
	if cfg.Kind == config.KindMemory {
		return usageError{error: errors.New("a database in memory is gone when its program ends; name one with --sqlite or the db settings")}
	}
	return nil
}

// existing refuses a database that does not last, or has nothing because it is
// not there.
func existing(cfg config.Database) error {
	if err := lasting(cfg); err != nil || cfg.Kind != config.KindSQLite {
		return err
	}
	if _, err := os.Stat(cfg.SQLite); errors.Is(err, fs.ErrNotExist) {
		return environmentError(fmt.Errorf("there is no database %s; name the one of checkout run with --sqlite", cfg.SQLite))
	}
	return nil
}

// openMigrated opens the database and brings its schema up to date.
func openMigrated(ctx context.Context, cfg config.Database, o persistence.Options) (*persistence.Store, error) {
	db, err := openDatabase(ctx, cfg)
	if err != nil {
		return nil, environmentError(err)
	}
	data, err := persistence.New(db, o)
	if err != nil {
		return nil, environmentError(errors.Join(err, db.Close()))
	}
	if err := data.Migrate(ctx); err != nil {
		return nil, environmentError(errors.Join(err, data.Close()))
	}
	return data, nil
}

// openDatabase opens the database of the configuration, for every command that
// uses one.
func openDatabase(ctx context.Context, cfg config.Database) (persistence.Database, error) {
	switch cfg.Kind {
	case config.KindMemory:
		return sqlite.OpenMemory(ctx)
	case config.KindPostgres:
		return postgres.Open(ctx, postgresOptions(cfg))
	default:
		return sqlite.Open(ctx, cfg.SQLite)
	}
}

func postgresOptions(cfg config.Database) postgres.Options {
	if cfg.DSN != "" {
		return postgres.Options{DSN: cfg.DSN.Reveal()}
	}
	return postgres.Options{
		Host: cfg.Host, Port: cfg.Port, User: cfg.User, Password: cfg.Password.Reveal(),
		Database: cfg.Name, SSLMode: string(cfg.SSLMode),
	}
}
