// Package process starts the programs of plugins, and ends them for certain: a
// program gets nothing of the environment, a folder of its own for its socket, a
// process group, and the limits of the platform; it dies with the process that has
// started it, and so does what it has started itself. It says when it has ended,
// which hashicorp/go-plugin does not.
package process

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc/connectivity"

	"github.com/checkout-promotions/checkout/plugins/internal/wire"
)

// Options say how a program is started. Path and Sockets are required.
type Options struct {
	// Path is the program, and Dir the folder that it runs in, that of the caller
	// when "".
	Path string
	Dir  string
	// Env is all of its environment.
	Env []string
	// Sockets is a folder, with a path of less than 80 bytes, that nobody else can
	// read.
	Sockets string
	// Timeout is how long it may take until it serves.
	Timeout time.Duration
	// Memory bounds what it may allocate, in bytes; 0 does not.
	Memory int64
	// Output gets each line that it prints.
	Output func(line string)
}

// Process is a program that serves. Its methods are safe for concurrent use.
type Process struct {
	*wire.Client
	client *plugin.Client
	cmd    *exec.Cmd
	pid    int
	output *lines

	ended chan struct{}
	gone  chan struct{} // closed when the thread that started it may end
	left  sync.Once
	usage usage
}

// Start starts a program and waits until it serves. What it has started is ended
// when it does not.
func Start(ctx context.Context, o Options) (*Process, error) {
	cmd := exec.Command(o.Path)
	cmd.Dir, cmd.Env = o.Dir, append(o.Env[:len(o.Env):len(o.Env)], "PLUGIN_UNIX_SOCKET_DIR="+o.Sockets)
	own(cmd)
	out := &lines{tell: o.Output}
	p := &Process{
		client: plugin.NewClient(&plugin.ClientConfig{
			HandshakeConfig: wire.Handshake(), VersionedPlugins: wire.Versions(nil), Cmd: cmd,
			AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC}, AutoMTLS: true, SkipHostEnv: true,
			StartTimeout: o.Timeout, GRPCDialOptions: wire.DialOptions(),
			Stderr: out, SyncStdout: out, SyncStderr: out, Logger: hclog.NewNullLogger(),
		}),
		cmd: cmd, output: out, ended: make(chan struct{}), gone: make(chan struct{}),
	}
	started := make(chan error, 1)
	go p.hold(started)
	var err error
	select {
	case err = <-started:
	case <-ctx.Done():
		err = ctx.Err()
		go func() { <-started; p.Kill() }()
		return nil, err
	}
	if err == nil {
		err = p.connect(o.Memory)
	}
	if err != nil {
		p.Kill()
		return nil, p.explain(err)
	}
	return p, nil
}

// hold starts the program from a thread that lives as long as it does: Linux ends
// the program with the thread that has started it.
func (p *Process) hold(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	_, err := p.client.Start()
	started <- err
	<-p.gone
}

// connect opens the connection, and watches over it.
func (p *Process) connect(memory int64) error {
	protocol, err := p.client.Client()
	if err != nil {
		return err
	}
	served, err := protocol.Dispense(wire.Name)
	if err != nil {
		return err
	}
	client, ok := served.(*wire.Client)
	connection, isGRPC := protocol.(*plugin.GRPCClient)
	if !ok || !isGRPC {
		return fmt.Errorf("it serves a %T", served)
	}
	p.Client, p.pid = client, p.cmd.Process.Pid
	if err := limit(p.pid, memory); err != nil {
		return fmt.Errorf("limit its memory: %w", err)
	}
	go p.watch(connection)
	return nil
}

// watch closes ended when the connection is lost, which it is as soon as the
// program ends.
func (p *Process) watch(c *plugin.GRPCClient) {
	defer close(p.ended)
	for {
		switch state := c.Conn.GetState(); state {
		case connectivity.TransientFailure, connectivity.Shutdown:
			p.awaitExit()
			return
		default:
			if state == connectivity.Idle {
				c.Conn.Connect()
			}
			c.Conn.WaitForStateChange(context.Background(), state)
		}
	}
}

// exitWait is how long a program that has lost its connection may take to end.
const exitWait = time.Second

func (p *Process) awaitExit() {
	for wait := time.Now().Add(exitWait); !p.client.Exited() && time.Now().Before(wait); {
		time.Sleep(5 * time.Millisecond)
	}
}

// PID is the number of the process.
func (p *Process) PID() int { return p.pid }

// Ended is closed when the program has ended or its connection is lost.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// Ending tells how the program has ended, with the last that it printed.
func (p *Process) Ending() string {
	text := "its connection is lost"
	if p.client.Exited() && p.cmd.ProcessState != nil {
		text = p.cmd.ProcessState.String()
	}
	if last := p.output.last(); last != "" {
		text += ": " + last
	}
	return text
}

// Kill ends the program, politely first, and all that it has started, and returns
// when it is gone.
func (p *Process) Kill() {
	p.client.Kill()
	if p.cmd.Process != nil {
		killGroup(p.cmd.Process.Pid)
	}
	p.left.Do(func() { close(p.gone) })
}

// explain adds what a program that does not serve has printed last.
func (p *Process) explain(err error) error {
	if last := p.output.last(); last != "" {
		return errors.Join(err, errors.New("it printed: "+last))
	}
	return err
}
