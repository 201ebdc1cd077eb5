package cli

import (
	"testing"
	"time"

	"github.com/checkout-promotions/checkout/config"
	"github.com/checkout-promotions/checkout/plugins/host"
)

// The configuration imports no host, and says the host's defaults itself.
func TestTheDefaultsOfPluginsAreThoseOfTheHost(t *testing.T) {
	got := config.Default().Plugins
	if got.Timeout != host.DefaultTimeout || got.Start != host.DefaultStart || got.MaxInFlight != host.DefaultMaxInFlight || got.MemoryMiB<<20 != host.DefaultMemory {
		t.Errorf("got %+v, want %s a call, %s to start, %d in flight and %d bytes",
			got, host.DefaultTimeout, host.DefaultStart, host.DefaultMaxInFlight, host.DefaultMemory)
	}
	if host.DefaultTimeout >= 10*time.Second {
		t.Errorf("a call may take %s, as long as a request", host.DefaultTimeout)
	}
}
