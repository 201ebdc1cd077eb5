package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

// channel is where changes of the catalogue are announced. It belongs to the whole
// database: shops in two schemas of it only look more often than they have to.
const channel = "checkout_catalogue"

// pingEvery is how often a listener makes sure that its connection is alive.
const pingEvery = 30 * time.Second

// listen returns a persistence.Database.Listen, which opens a connection of its own.
func listen(config *pgx.ConnConfig) func(context.Context, func()) error {
	return func(ctx context.Context, hint func()) (err error) {
		conn, err := pgx.ConnectConfig(ctx, config.Copy())
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
		if _, err := conn.Exec(ctx, "LISTEN "+channel); err != nil {
			return err
		}
		for hint(); ; {
			wait, cancel := context.WithTimeout(ctx, pingEvery)
			_, err := conn.WaitForNotification(wait)
			cancel()
			switch {
			case err == nil:
				hint()
			case ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded):
				return err
			default:
				if err := conn.Ping(ctx); err != nil {
					return err
				}
			}
		}
	}
}
