package sdk

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/checkout-promotions/checkout/plugins/internal/wire"
)

// The exit codes of Serve.
const (
	exitDone  = 0 // Checkout has ended the plugin, or is gone
	exitFault = 1 // it could not be served
	exitUsage = 2 // it was started by hand
)

// parentInterval is how often a plugin looks whether Checkout still lives.
const parentInterval = 250 * time.Millisecond

// Serve serves the plugin to the Checkout that has started the program, until that ends it, and returns the exit code of the program:
//
//	func main() { os.Exit(sdk.Serve(plugin{})) }
//
// A program that was started by hand says what it is on stderr, and the code is 2. When Checkout dies without ending its plugins, Serve
// returns within a second; on Windows it does not notice, and the program has to be ended by hand.
func Serve(p Plugin) int {
	handshake := wire.Handshake()
	if os.Getenv(handshake.MagicCookieKey) != handshake.MagicCookieValue {
		byHand(p)
		return exitUsage
	}
	collectLess()
	stderr := os.Stderr   // go-plugin puts another in its place
	began := os.Getppid() // before Checkout can know that the plugin lives, and die
	served, initialised := make(chan struct{}), make(chan struct{}, 1)
	go func() {
		defer close(served)
		plugin.Serve(&plugin.ServeConfig{
			HandshakeConfig:  handshake,
			VersionedPlugins: wire.Versions(&server{plugin: p}),
			GRPCServer: func(options []grpc.ServerOption) *grpc.Server {
				initialised <- struct{}{}
				return wire.NewServer(options)
			},
			Logger: hclog.New(&hclog.LoggerOptions{Level: hclog.Warn, Output: stderr}),
		})
	}()
	if !untilOrphaned(served, began, os.Getppid, parentInterval) {
		return exitDone
	}
	if len(initialised) == 0 {
		return exitFault
	}
	return exitDone
}

// heapGrowth is by how many percent the memory in use grows before the garbage is collected.
const heapGrowth = 400

// collectLess lets garbage be collected less often than Go does by itself, unless the author or GOGC says how often: plugins keep little
// and make much garbage, so that a collector that waits for a few megabytes costs a tenth of the processor. The limit of memory still
// holds: Checkout tells it as GOMEMLIMIT.
func collectLess() {
	if before := debug.SetGCPercent(heapGrowth); before != 100 {
		debug.SetGCPercent(before)
	}
}

// byHand tells a person what to do with the program.
func byHand(p Plugin) {
	name := p.Describe().Name
	fmt.Fprintf(os.Stderr, `%s is a plugin of Checkout and is not run by hand. Put it into the folder of plugins, then:
  checkout plugins check %[1]s    # prove that it works
  checkout plugins lock           # let rules use it
`, name)
}

// untilOrphaned waits until the plugin is no longer served, or the process has another parent than it began with: false. Processes
// whose parent has died are given to another, except on Windows.
func untilOrphaned(served <-chan struct{}, began int, parent func() int, interval time.Duration) bool {
	if runtime.GOOS == "windows" {
		<-served
		return true
	}
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-served:
			return true
		case <-ticker.C:
			if parent() != began {
				return false
			}
		}
	}
}
