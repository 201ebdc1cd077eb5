package host

import (
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/checkout-promotions/checkout/engine"
)

// The defaults of Options.
const (
	DefaultTimeout     = 250 * time.Millisecond
	DefaultStart       = 10 * time.Second
	DefaultMaxInFlight = 32
	DefaultMemory      = 512 << 20
)

// Options tune a Host. Only Dir and Currency are required.
type Options struct {
	// Dir is the folder with the programs, each under the name of its plugin. The
	// user that the host runs as should not be able to write to it.
	Dir string
	// Currency is the shop's, which plugins are told at their start.
	Currency engine.Currency
	// Settings are what the server's configuration says to each plugin, as JSON.
	Settings map[string]json.RawMessage
	// Dev lets programs run that are not pinned, or not as they were.
	Dev bool
	// Timeout is how long one call may take, DefaultTimeout when 0. A plugin may
	// want less.
	Timeout time.Duration
	// Start is how long a program may take until it serves, DefaultStart when 0.
	Start time.Duration
	// MaxInFlight is how many calls of one plugin run at once; more wait as long
	// as a call may take. DefaultMaxInFlight when 0.
	MaxInFlight int64
	// Memory is how many bytes of memory a plugin may use, DefaultMemory when 0,
	// and CPU how many percent of one processor for longer than a few seconds, 0
	// for any number. A plugin may want less. Where the platform cannot hold one,
	// it is not held.
	Memory int64
	CPU    int64
	// Tracer makes a span of each call below the one in the context of who asks, where that
	// is recorded; nil makes none.
	Tracer trace.Tracer
	// Logger is told what happens to plugins, and gets what they print.
	// slog.Default when nil.
	Logger *slog.Logger
}

func (o Options) withDefaults() Options {
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Start <= 0 {
		o.Start = DefaultStart
	}
	if o.MaxInFlight <= 0 {
		o.MaxInFlight = DefaultMaxInFlight
	}
	if o.Memory <= 0 {
		o.Memory = DefaultMemory
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o
}

// Pin is a plugin that rules want, as the lock file of their folder says.
type Pin struct {
	Name    string
	Version string
	// Digests are the SHA-256 of programs that may run, in hex.
	Digests []string
	// Kinds are the kinds of deals that the rules know, and Facts the names of
	// facts.
	Kinds map[string]engine.Effect
	Facts []string
}

// equal tells whether the plugin is wanted alike.
func (p Pin) equal(other Pin) bool {
	return p.Name == other.Name && p.Version == other.Version && slices.Equal(p.Digests, other.Digests) &&
		maps.Equal(p.Kinds, other.Kinds) && slices.Equal(p.Facts, other.Facts)
}

// State says how a plugin is.
type State string

// The states of a plugin.
const (
	Starting State = "starting"
	Running  State = "running"
	Waiting  State = "waiting" // it failed, and is started again after a while
	Refused  State = "refused" // it will not be started unless it is replaced
	Stopped  State = "stopped"
)

// States returns every state.
func States() []State { return []State{Starting, Running, Waiting, Refused, Stopped} }

// Status is how a plugin is, with the figures since the host has been running it.
type Status struct {
	Name    string
	State   State
	Since   time.Time
	Version string // that it says, "" before it has
	Digest  string // SHA-256 of the program, in hex
	PID     int
	// Fault and Detail say what is wrong, "" for nothing.
	Fault  engine.PluginFault
	Detail string
	// Circuit is open while the plugin is not asked because it failed too often.
	Circuit  string
	Calls    int64
	Failures map[engine.PluginFault]int64
	Restarts int64
	// Took is the time of all calls together.
	Took time.Duration
	// P50 and P99 are of the last 1,024 calls.
	P50, P99 time.Duration
}
