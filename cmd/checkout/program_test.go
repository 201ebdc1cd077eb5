package main

import (
	"fmt"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"

	"github.com/checkout-promotions/checkout/persistence/postgres/pgtest"
)

// TestMain lets this test binary be the program: exec.Command("checkout"), here
// and in scripts, runs main.
func TestMain(m *testing.M) {
	testscript.Main(noLeaks{m}, map[string]func(){"checkout": main})
}

// noLeaks fails a run that leaves goroutines behind. The tests of a run share a
// Postgres server.
type noLeaks struct{ m *testing.M }

// Run implements testscript.TestingM.
func (n noLeaks) Run() int {
	stop := pgtest.Share()
	code := n.m.Run()
	if err := stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}
