// Package launch starts one plugin and ends it. It knows nothing of rules, restarts or limits: the host supervises what it starts, and
// the conformance suite tests programs by it, so that both start them alike.
//
// # Design
//
// go-plugin starts programs itself, but gives them the stdin of Checkout, puts sockets where it likes, leaves what they have started
// alive, and hangs when that holds the pipes open or the program is stopped (2026-11, v1.8.0). So it is given a runner: a program of
// its own process group, whose thread waits for it from the start to the end; the kernel of Linux kills the program when that thread,
// and with it Checkout, is gone. When the program ends, whatever is left of its group is killed.
//
// # Output
//
// What a program prints to its stdout and stderr as the kernel knows them arrives, also when it was printed just before the end. But the
// server of go-plugin, with which plugins in Go are served, puts other files in the place of os.Stdout and os.Stderr and sends what is
// written to them in a stream beside the calls: of that, what was printed in the moments before the program ends, or is ended, can be lost.
// It cannot be told to leave them (2026-11, v1.8.0). A panic that ends a program is not lost, since the runtime of Go writes it to the
// stderr of the kernel.
//
// An Output that blocks holds up what it is for and nothing else: not the start, not calls, and not the end, from which on half a second
// is left for the rest.
package launch

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"

	"github.com/checkout-promotions/checkout/plugins/internal/wire"
)

// MaxRuntime is the length in bytes of the name of a folder for sockets, whose own names are bounded by operating systems.
const MaxRuntime = 80

// Options say how a plugin is started.
type Options struct {
	// Path is the program.
	Path string
	// Env is its environment; the variables of the handshake are added. It gets nothing else.
	Env []string
	// Dir is its working folder, "" for that of this process.
	Dir string
	// Runtime is the folder for its socket, which nobody else may read; it may have MaxRuntime bytes. It is the caller's, and where the
	// program had to be killed the socket is still there.
	Runtime string
	// StartTimeout is how long it may take until it can be called, 10 seconds if it is 0.
	StartTimeout time.Duration
	// WithoutTLS leaves the socket to the rights of its folder. It is only for measuring what TLS takes.
	WithoutTLS bool
	// Output gets what the program writes to stdout and stderr, from one goroutine, which goes on waiting for it if it blocks after the
	// end. While it blocks, so does the program when it has printed more than fits into some buffers. Nil discards.
	Output io.Writer
	// Prepare changes the command before it is started, such as to set limits. It may be nil.
	Prepare func(*exec.Cmd) error
	// Started is called with the process before it is talked to. It may be nil.
	Started func(pid int) error
}

// Process is a plugin that runs. It is safe for concurrent use.
type Process struct {
	// Client calls it. Calls need deadlines.
	*wire.Client
	// Version is that of the contract which was agreed on.
	Version int

	client  *plugin.Client
	program *program
	output  *relay
	tail    *Tail
	sockets string // the folder of its socket, "" before the start
	closing sync.Once
}

// VersionError says that a program and Checkout have no version of the contract in common.
type VersionError struct{ Err error }

// Error implements error.
func (e *VersionError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *VersionError) Unwrap() error { return e.Err }

// StartError says why a program did not start.
type StartError struct {
	// Printed is what it has printed.
	Printed *Tail
	Err     error
}

// Error implements error: with the last lines that the program has printed.
func (e *StartError) Error() string { return "start: " + e.Err.Error() + e.Printed.Printed() }

// Unwrap returns the cause.
func (e *StartError) Unwrap() error { return e.Err }

// Start starts a plugin and waits until it can be called, or the context ends. The caller closes the process. An error leaves nothing
// behind; it is a *StartError, which wraps a
// *VersionError where no version is in common.
func Start(ctx context.Context, o Options) (*Process, error) {
	if len(o.Runtime) > MaxRuntime {
		return nil, fmt.Errorf("start: the folder for sockets %s has more than %d bytes; choose a shorter one", o.Runtime, MaxRuntime)
	}
	if o.StartTimeout == 0 {
		o.StartTimeout = 10 * time.Second
	}
	tail := &Tail{}
	printed := io.Writer(tail)
	if o.Output != nil {
		printed = io.MultiWriter(tail, o.Output)
	}
	output := newRelay(printed)
	p := &Process{program: newProgram(o, output), output: output, tail: tail}
	p.client = plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  wire.Handshake(),
		VersionedPlugins: wire.Versions(nil),
		RunnerFunc: func(_ hclog.Logger, spec *exec.Cmd, sockets string) (runner.Runner, error) {
			p.sockets = sockets
			p.program.env = append(append(p.program.env, spec.Env...), plugin.EnvUnixSocketDir+"="+o.Runtime)
			return p.program, nil
		},
		UnixSocketConfig: &plugin.UnixSocketConfig{TempDir: o.Runtime},
		StartTimeout:     2 * o.StartTimeout, // the context below is to be first, and to say so
		Stderr:           output,
		SyncStdout:       output,
		SyncStderr:       output,
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		Logger:           hclog.New(&hclog.LoggerOptions{Level: hclog.Off, Output: io.Discard}), // else it reads what is printed as JSON
		AutoMTLS:         !o.WithoutTLS,
		SkipHostEnv:      true,
		GRPCDialOptions:  wire.DialOptions(),
	})
	// go-plugin bounds the handshake alone, not the first connection.
	starting, cancel := context.WithTimeout(ctx, o.StartTimeout)
	defer cancel()
	stop := context.AfterFunc(starting, p.program.kill)
	err := p.connect()
	if !stop() {
		err = fmt.Errorf("it was not ready within %s: %w", o.StartTimeout, starting.Err())
	}
	if err != nil {
		p.Close(0)
		return nil, &StartError{Printed: tail, Err: err}
	}
	return p, nil
}

// connect starts the program and the connection to it.
func (p *Process) connect() error {
	if _, err := p.client.Start(); err != nil {
		return p.program.diagnose(err)
	}
	protocol, err := p.client.Client()
	if err != nil {
		return err
	}
	client, err := protocol.Dispense(wire.Name)
	if err != nil {
		return err
	}
	p.Client, p.Version = client.(*wire.Client), p.client.NegotiatedVersion()
	return nil
}

// PID returns the number of the process.
func (p *Process) PID() int { return p.program.pid() }

// Exited is closed when the process has ended.
func (p *Process) Exited() <-chan struct{} { return p.program.exited }

// ExitText says how the process has ended, "" as long as it has not.
func (p *Process) ExitText() string {
	select {
	case <-p.program.exited:
		return p.program.state
	default:
		return ""
	}
}

// Printed returns what the program prints.
func (p *Process) Printed() *Tail { return p.tail }

// Close asks the plugin to end, kills it when it has not within the grace, and waits until it and what it has started are gone. Calls
// under way fail. It may be called again.
func (p *Process) Close(grace time.Duration) {
	p.closing.Do(func() {
		if grace <= 0 {
			p.program.kill()
		}
		timer := time.AfterFunc(grace, p.program.kill)
		defer timer.Stop()
		defer p.output.end()
		p.client.Kill()
		if p.sockets != "" {
			_ = os.RemoveAll(p.sockets) // go-plugin leaves it where the program could not be started
		}
	})
}
