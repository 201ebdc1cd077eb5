// Package process is the program of a plugin as the host has it: started and ended by package launch, with its lines kept and cut, and
// with the limits of the platform.
package process

import (
	"context"
	"errors"
	"time"

	"github.com/checkout-promotions/checkout/plugins/internal/launch"
	"github.com/checkout-promotions/checkout/plugins/internal/wire"
)

// grace is how long a program may take to end when it is asked to.
const grace = 2 * time.Second

// Options say how a program is started. Path and Sockets are required.
type Options struct {
	// Path is the program, and Dir the folder that it runs in, that of the caller
	// when "".
	Path string
	Dir  string
	// Env is all of its environment.
	Env []string
	// Sockets is a folder, with a path of at most launch.MaxRuntime bytes, that
	// nobody else can read.
	Sockets string
	// Timeout is how long it may take until it serves.
	Timeout time.Duration
	// Memory bounds what it may allocate, in bytes; 0 does not.
	Memory int64
	// Output gets each line that it prints.
	Output func(line string)
}

// Process is a program that serves. Its methods are safe for concurrent use, but
// for Exceeds.
type Process struct {
	*wire.Client
	launched *launch.Process
	pid      int
	output   *lines
	usage    usage
}

// Start starts a program and waits until it serves. What it has started is ended
// when it does not. A *launch.VersionError says that it and this host have no
// version of the contract in common.
func Start(ctx context.Context, o Options) (*Process, error) {
	out := &lines{tell: o.Output}
	launched, err := launch.Start(ctx, launch.Options{
		Path: o.Path, Dir: o.Dir, Env: o.Env, Runtime: o.Sockets, StartTimeout: o.Timeout, Output: out,
		Started: func(pid int) error { return limit(pid, o.Memory) },
	})
	if err != nil {
		return nil, explain(err, out)
	}
	return &Process{Client: launched.Client, launched: launched, pid: launched.PID(), output: out}, nil
}

// PID is the number of the process.
func (p *Process) PID() int { return p.pid }

// Ended is closed when the program has ended.
func (p *Process) Ended() <-chan struct{} { return p.launched.Exited() }

// Ending tells how the program has ended, with the last that it printed.
func (p *Process) Ending() string {
	text := p.launched.ExitText()
	if last := p.output.last(); last != "" {
		text += ": " + last
	}
	return text
}

// Kill ends the program, politely first, and all that it has started, and returns
// when it is gone.
func (p *Process) Kill() { p.launched.Close(grace) }

// explain adds what a program that does not serve has printed last.
func explain(err error, out *lines) error {
	if last := out.last(); last != "" {
		return errors.Join(err, errors.New("it printed: "+last))
	}
	return err
}
