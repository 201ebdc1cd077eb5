package cli

import (
	"context"

	"github.com/checkout-promotions/checkout/config"
	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/persistence/postgres"
	"github.com/checkout-promotions/checkout/persistence/sqlite"
)

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
