package postgres_test

import (
	"context"
	"testing"

	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/persistence/postgres/pgtest"
	"github.com/checkout-promotions/checkout/persistence/storetest"
)

// What a process that was killed had sent is committed or not by its session, which
// may take longer to notice. It must not happen while the test counts.
func TestCrash(t *testing.T) {
	dsn := pgtest.CreateSchema(t)
	server := openDSN(t, dsn)
	defer func() { check(t, server.Close()) }()
	const crashing = "crashing"
	storetest.Crash(t, crashDatabase, dsn+"&application_name="+crashing, func(ctx context.Context, dsn string) (*persistence.Store, error) {
		const end = "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity WHERE application_name = ?"
		if _, err := server.Writer.ExecContext(ctx, end, crashing); err != nil {
			return nil, err
		}
		return openStore(ctx, dsn)
	})
}
