package sqlite_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/checkout-promotions/checkout/persistence/storetest"
)

// crashFile names the variable that turns the test binary into the child of
// TestCrash; its value is the database.
const crashFile = "CHECKOUT_TEST_CRASH_FILE"

// sellForEver is the child of TestCrash.
func sellForEver(path string) error {
	store, err := openStore(context.Background(), path)
	if err != nil {
		return err
	}
	return storetest.SellForEver(context.Background(), store)
}

func TestMain(m *testing.M) {
	if path := os.Getenv(crashFile); path != "" {
		fmt.Fprintln(os.Stderr, sellForEver(path))
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}
