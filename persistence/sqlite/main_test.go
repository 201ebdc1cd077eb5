package sqlite_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// crashFile names the variable that turns the test binary into the child of
// TestCrash; its value is the database.
const crashFile = "CHECKOUT_TEST_CRASH_FILE"

func TestMain(m *testing.M) {
	if path := os.Getenv(crashFile); path != "" {
		fmt.Fprintln(os.Stderr, sellForEver(context.Background(), path))
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}
