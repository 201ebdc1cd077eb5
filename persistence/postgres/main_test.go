package postgres_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/checkout-promotions/checkout/persistence/postgres/pgtest"
	"github.com/checkout-promotions/checkout/persistence/storetest"
)

// crashDatabase names the variable that turns the test binary into the child of
// TestCrash; its value is the DSN.
const crashDatabase = "CHECKOUT_TEST_CRASH_DATABASE"

// sellForEver is the child of TestCrash.
func sellForEver(dsn string) error {
	store, err := openStore(context.Background(), dsn)
	if err != nil {
		return err
	}
	return storetest.SellForEver(context.Background(), store)
}

func TestMain(m *testing.M) {
	if dsn := os.Getenv(crashDatabase); dsn != "" {
		fmt.Fprintln(os.Stderr, sellForEver(dsn))
		os.Exit(1)
	}
	stop := pgtest.Share()
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if err := stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = max(code, 1)
		}
		os.Exit(code)
	}))
}
