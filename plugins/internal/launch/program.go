package launch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-plugin/runner"
)

// program is a process with its group. It implements runner.Runner.
type program struct {
	options Options
	output  *relay
	env     []string
	stdout  *os.File
	stderr  *os.File
	exited  chan struct{} // closed when the process has ended; state is set then
	state   string
	spoke   atomic.Bool // whether it has written to stdout

	mu      sync.Mutex
	process *os.Process // nil before the start
	killed  bool        // also before the start, which then fails
}

var _ runner.Runner = (*program)(nil)

const (
	// lastWords is how long the output of a program is read after its end.
	lastWords = 500 * time.Millisecond
	// A program that was written a moment ago is busy while another that starts
	// has its file open, which is tried so often, with a pause between.
	busyTries = 50
	busyPause = 10 * time.Millisecond
)

func newProgram(o Options, output *relay) *program {
	return &program{options: o, output: output, env: append([]string(nil), o.Env...), exited: make(chan struct{})}
}

// Start implements runner.Runner.
func (p *program) Start(context.Context) error {
	started := make(chan error, 1)
	go p.run(started)
	return <-started
}

// run starts the process, says so, and waits for it, all on one thread.
func (p *program) run(started chan<- error) {
	runtime.LockOSThread() // never unlocked: the thread ends with the process
	defer close(p.exited)
	err := p.start()
	started <- err
	if err != nil {
		return
	}
	state, err := p.process.Wait()
	// Who has left the group may hold the pipes open for ever.
	last := time.Now().Add(lastWords)
	time.AfterFunc(lastWords, p.output.end)
	_, _ = p.stdout.SetReadDeadline(last), p.stderr.SetReadDeadline(last) // an error says that they are closed
	p.mu.Lock()
	defer p.mu.Unlock()
	killGroup(p.process)
	if p.state = state.String(); err != nil {
		p.state = err.Error()
	}
}

// start starts the process with pipes that end when all who hold them have ended.
func (p *program) start() (err error) {
	var out, errs *os.File
	if p.stdout, out, err = os.Pipe(); err != nil {
		return err
	}
	defer out.Close()
	if p.stderr, errs, err = os.Pipe(); err != nil {
		return errors.Join(err, p.stdout.Close())
	}
	defer errs.Close()
	for range busyTries {
		if err = p.execute(out, errs); !errors.Is(err, errBusy) {
			break
		}
		time.Sleep(busyPause)
	}
	if err != nil {
		return errors.Join(err, p.stdout.Close(), p.stderr.Close())
	}
	return nil
}

// execute starts the process with the pipes, unless it was killed before.
func (p *program) execute(out, errs *os.File) error {
	cmd := exec.Command(p.options.Path)
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = p.env, p.options.Dir, out, errs
	ownGroup(cmd)
	if p.options.Prepare != nil {
		if err := p.options.Prepare(cmd); err != nil {
			return err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.killed {
		return errors.New("it was ended before it began")
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	p.process = cmd.Process
	if p.options.Started != nil {
		if err := p.options.Started(cmd.Process.Pid); err != nil {
			killGroup(cmd.Process)
			_, waited := cmd.Process.Wait()
			p.process = nil
			return errors.Join(err, waited)
		}
	}
	return nil
}

// kill ends the process and its group now.
func (p *program) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.killed = true
	select {
	case <-p.exited:
	default:
		if p.process != nil {
			killGroup(p.process)
		}
	}
}

func (p *program) pid() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.process == nil {
		return 0
	}
	return p.process.Pid
}

// Wait implements runner.Runner.
func (p *program) Wait(context.Context) error {
	<-p.exited
	return errors.Join(p.stdout.Close(), p.stderr.Close())
}

// Kill implements runner.Runner.
func (p *program) Kill(context.Context) error {
	p.kill()
	return nil
}

// ID implements runner.Runner: "" before the start.
func (p *program) ID() string {
	if pid := p.pid(); pid != 0 {
		return strconv.Itoa(pid)
	}
	return ""
}

// Name implements runner.Runner.
func (p *program) Name() string { return p.options.Path }

// Stdout implements runner.Runner: go-plugin gets the line of the handshake, and the output the rest.
func (p *program) Stdout() io.ReadCloser {
	return &firstLine{ReadCloser: p.stdout, rest: p.output, spoke: &p.spoke}
}

// Stderr implements runner.Runner.
func (p *program) Stderr() io.ReadCloser { return p.stderr }

// Diagnose implements runner.Runner.
func (p *program) Diagnose(context.Context) string { return "" }

// PluginToHost implements runner.Runner.
func (p *program) PluginToHost(network, address string) (string, string, error) {
	return network, address, nil
}

// HostToPlugin implements runner.Runner.
func (p *program) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}

// firstLine reads the first line and then passes all that follows to another, without end of lines of any length. The line is there
// before anything is passed on, since the other may block.
type firstLine struct {
	io.ReadCloser
	rest    io.Writer
	spoke   *atomic.Bool // whether there was anything to read
	past    bool
	pending []byte // what came together with the line
}

// Read implements io.Reader.
func (f *firstLine) Read(buffer []byte) (int, error) {
	if f.past {
		return 0, f.pass(buffer)
	}
	n, err := f.ReadCloser.Read(buffer)
	if n > 0 {
		f.spoke.Store(true)
	}
	if end := bytes.IndexByte(buffer[:n], '\n'); end >= 0 {
		f.past, f.pending = true, bytes.Clone(buffer[end+1:n])
		return end + 1, nil // the error comes again
	}
	return n, err
}

// pass passes on what follows the line until there is no more.
func (f *firstLine) pass(buffer []byte) error {
	next := f.pending
	for {
		if len(next) > 0 {
			_, _ = f.rest.Write(next) // a relay has no errors
		}
		n, err := f.ReadCloser.Read(buffer)
		if next = buffer[:n]; n == 0 && err != nil {
			return err
		}
	}
}

// Executable refuses a file that no system would run as a program, and says what to do.
func Executable(path string, info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is no file", path)
	}
	if runtime.GOOS != "windows" && info.Mode()&0o111 == 0 {
		return fmt.Errorf("%s is not executable; chmod +x it", path)
	}
	return nil
}

// Group lets a command lead a process group. What it returns kills all of the group, as the end of the context of the command does, and is
// to be called when the command has been waited for.
func Group(cmd *exec.Cmd) (kill func()) {
	ownGroup(cmd)
	kill = func() {
		if cmd.Process != nil {
			killGroup(cmd.Process)
		}
	}
	cmd.Cancel = func() error {
		kill()
		return nil
	}
	return kill
}

// diagnose says what the errors of go-plugin mean to who runs a plugin. Its errors have no types.
func (p *program) diagnose(err error) error {
	switch text := err.Error(); {
	case strings.HasPrefix(text, "incompatible API version"):
		return &VersionError{fmt.Errorf("it and this Checkout have no version of the contract in common; use one of either that fits the other: %s", text)}
	case strings.HasPrefix(text, "incompatible core API version"):
		return &VersionError{errors.New("it was made for another go-plugin than version 1")}
	case strings.HasPrefix(text, "Unrecognized remote plugin message: \nFailed to read any lines") && !p.spoke.Load():
		return errors.New("it ended before it had written a line to stdout")
	case strings.HasPrefix(text, "Unrecognized remote plugin message: \nFailed to read any lines"):
		return errors.New("its first line on stdout is not that of a plugin: it has no end")
	case strings.HasPrefix(text, "Unrecognized remote plugin message"):
		return fmt.Errorf("its first line on stdout is not that of a plugin, or it ended before: %.200q", strings.TrimPrefix(text, "Unrecognized remote plugin message: "))
	case strings.HasPrefix(text, "unsupported plugin protocol"):
		return errors.New("it does not speak gRPC")
	default:
		return err
	}
}
