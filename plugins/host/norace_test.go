//go:build linux && !race

package host_test

import (
	"testing"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/plugins/host"
)

// bounded says that the memory of programs can be bounded.
const bounded = true

func memory(bytes int64) int64 { return bytes }

func TestMemoryIsBounded(t *testing.T) {
	f := newFolder(t, host.Options{Memory: memory(256 << 20), Timeout: 10 * time.Second})
	f.use()
	before := f.status().PID
	f.wantFault(`{"do":"eat"}`, engine.Crashed, "")
	f.until("another process", func(s host.Status) bool { return s.State == host.Running && s.PID != before })
	f.wantServed()
}
