//go:build !windows

package launch_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/checkout-promotions/checkout/plugins/internal/launch"
	"github.com/checkout-promotions/checkout/plugins/internal/pluginpb"
	"github.com/checkout-promotions/checkout/plugins/sdk"
)

// TestMain is also the main of plugins: the test, under another name.
func TestMain(m *testing.M) {
	switch filepath.Base(os.Args[0]) {
	case "good":
		os.Exit(sdk.Serve(good{}))
	case "eager": // prints before it serves
		fmt.Fprintln(os.Stderr, "good morning")
		os.Exit(sdk.Serve(eager{}))
	case "parent": // leaves a child that holds the pipes open
		child := exec.Command("sleep", "600")
		child.Stdout, child.Stderr = os.Stdout, os.Stderr
		if err := child.Start(); err != nil {
			panic(err)
		}
		os.Exit(sdk.Serve(good{}))
	case "mute":
		fmt.Fprintln(os.Stderr, "nothing to say")
		time.Sleep(time.Hour)
	case "loud":
		fmt.Println("hello")
		os.Exit(sdk.Serve(good{}))
	case "brief":
		os.Exit(0)
	case "panicky":
		panic("no license")
	case "script": // as Node.js ends
		fmt.Fprint(os.Stderr, "/srv/x.js:1\nthrow new Error('no key')\n^\n\n\x1b[31mError: no key\n    at x.js:1:7\n\nNode.js v20.20.2")
		os.Exit(1)
	case "newer":
		fmt.Println("1|7|unix|/nowhere|grpc|")
		time.Sleep(time.Hour)
	}
	goleak.VerifyTestMain(m)
}

type good struct{}

func (good) Describe() sdk.Description { return sdk.Description{Name: "good"} }

func (good) Evaluate(context.Context, sdk.Request) ([]sdk.Answer, error) {
	stdin, err := os.Stdin.Stat()
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(os.Stderr, "home %q, stdin %v\n", os.Getenv("HOME"), stdin.Mode()&os.ModeCharDevice != 0)
	return []sdk.Answer{sdk.Nothing(os.Getenv("NAME"))}, nil
}

// eager prints to each stdout and stderr that there is.
type eager struct{ good }

func (e eager) Evaluate(ctx context.Context, req sdk.Request) ([]sdk.Answer, error) {
	for fd := 1; fd <= 2; fd++ {
		if _, err := syscall.Write(fd, []byte("still here\n")); err != nil {
			return nil, err
		}
	}
	fmt.Println("still here")
	return e.good.Evaluate(ctx, req)
}

// options start the test as the plugin of the name.
func options(t *testing.T, name string) launch.Options {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.Symlink(self, path); err != nil {
		t.Fatal(err)
	}
	sockets, err := os.MkdirTemp("", "launch")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(sockets); err != nil {
			t.Error(err)
		}
	})
	return launch.Options{Path: path, Env: []string{"NAME=value", "PATH=" + os.Getenv("PATH")}, Runtime: sockets, StartTimeout: 10 * time.Second}
}

func start(t *testing.T, o launch.Options) *launch.Process {
	t.Helper()
	p, err := launch.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close(0) })
	return p
}

func TestPluginGetsItsEnvironmentAlone(t *testing.T) {
	t.Setenv("HOME", "/secret")
	o := options(t, "good")
	output, w := io.Pipe()
	o.Output = w
	p := start(t, o)
	response, err := p.Evaluate(t.Context(), &pluginpb.EvaluateRequest{})
	if err != nil || response.GetAnswers()[0].GetNothing().GetWhy() != "value" || p.Version != 1 {
		t.Errorf("got %v, %v of version %d; want the value of its environment", response, err, p.Version)
	}
	lines := bufio.NewReader(output)
	// What a program prints comes by a stream of its own, so it is read before the program ends.
	if got, err := lines.ReadString('\n'); got != "home \"\", stdin true\n" || err != nil {
		t.Errorf("output: got %q, %v; want the line of the call", got, err)
	}
	rest := make(chan []byte)
	go func() {
		b, err := io.ReadAll(lines)
		if err != nil {
			t.Error(err)
		}
		rest <- b
	}()
	p.Close(5 * time.Second)
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	if got := <-rest; len(got) > 0 {
		t.Errorf("output: got %q more, want nothing", got)
	}
	entries, err := os.ReadDir(o.Runtime)
	if err != nil || len(entries) > 0 {
		t.Errorf("the folder for sockets: got %v, %v; want nothing", entries, err)
	}
}

// blocked is a writer that blocks until it is released.
type blocked struct {
	once     sync.Once
	began    chan struct{}
	released chan struct{}
}

func (b *blocked) Write(text []byte) (int, error) {
	b.once.Do(func() { close(b.began) })
	<-b.released
	return len(text), nil
}

func TestOutputThatBlocksHoldsUpNothing(t *testing.T) {
	for _, grace := range []time.Duration{0, 5 * time.Second} {
		t.Run(fmt.Sprintf("with a grace of %s", grace), func(t *testing.T) {
			t.Parallel()
			b := &blocked{began: make(chan struct{}), released: make(chan struct{})}
			defer close(b.released)
			o := options(t, "eager")
			o.Output = b
			p := start(t, o)
			<-b.began
			for range 3 {
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				if _, err := p.Evaluate(ctx, &pluginpb.EvaluateRequest{}); err != nil {
					t.Errorf("a call: %v", err)
				}
				cancel()
			}
			closed := make(chan struct{})
			go func() {
				defer close(closed)
				p.Close(grace)
			}()
			select {
			case <-closed:
			case <-time.After(10 * time.Second):
				t.Fatal("Close waits for the output")
			}
			if p.ExitText() == "" {
				t.Error("it has not ended")
			}
		})
	}
}

// What the kernel knows as stdout and stderr arrives to the last byte.
func TestLastWordsArrive(t *testing.T) {
	t.Parallel()
	o := options(t, "mute")
	o.StartTimeout = 2 * time.Second
	var output strings.Builder
	o.Output = &output
	if _, err := launch.Start(t.Context(), o); err == nil {
		t.Fatal("got no error")
	}
	if got, want := output.String(), "nothing to say\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCloseEndsEverything(t *testing.T) {
	for _, name := range []string{"good", "parent"} {
		for _, stopped := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, stopped %v", name, stopped), func(t *testing.T) {
				t.Parallel()
				p := start(t, options(t, name))
				pid := p.PID()
				if stopped { // a program that nothing but the kernel can end
					if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
						t.Fatal(err)
					}
				}
				began := time.Now()
				p.Close(500 * time.Millisecond)
				p.Close(0)
				<-p.Exited()
				if took := time.Since(began); took > 5*time.Second || p.ExitText() == "" {
					t.Errorf("it took %s until it had ended: %q", took, p.ExitText())
				}
				if err := syscall.Kill(-pid, 0); !errors.Is(err, syscall.ESRCH) && !zombies(t, pid) {
					t.Errorf("its group: got %v, want none", err)
				}
			})
		}
	}
}

// zombies reports whether those left of a group have ended and only wait for the init of the machine.
func zombies(t *testing.T, group int) bool {
	t.Helper()
	out, err := exec.Command("ps", "-eo", "pgid=,stat=").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		if fields := strings.Fields(line); fields[0] == fmt.Sprint(group) && !strings.HasPrefix(fields[1], "Z") {
			return false
		}
	}
	return true
}

func TestExitIsSeenAtOnce(t *testing.T) {
	p := start(t, options(t, "parent"))
	if err := syscall.Kill(p.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-p.Exited()
	if got, want := p.ExitText(), "signal: killed"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestProgramsThatDoNotStart(t *testing.T) {
	tests := []struct {
		name    string
		want    string
		version bool
	}{
		{"mute", "start: it was not ready within 2s: context deadline exceeded; it printed:\n  nothing to say", false},
		{"script", "start: it ended before it had written a line to stdout; it printed:\n  /srv/x.js:1\n  throw new Error('no key')\n  ^\n" +
			"  [31mError: no key\n  at x.js:1:7\n  Node.js v20.20.2", false},
		{"loud", `start: its first line on stdout is not that of a plugin, or it ended before: "hello"`, false},
		{"brief", "start: it ended before it had written a line to stdout", false},
		{"newer", "start: it and this Checkout have no version of the contract in common; use one of either that fits the other: incompatible API version with plugin. Plugin version: 7, Client versions: [1]", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := options(t, tt.name)
			if tt.name == "mute" {
				o.StartTimeout = 2 * time.Second
			}
			_, err := launch.Start(t.Context(), o)
			if err == nil || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
			if _, version := errors.AsType[*launch.VersionError](err); version != tt.version {
				t.Errorf("a VersionError: got %v, want %v", version, tt.version)
			}
			folders, err := filepath.Glob(filepath.Join(o.Runtime, "plugin-dir*"))
			if err != nil || len(folders) > 0 {
				t.Errorf("folders of go-plugin: got %v, %v; want none", folders, err)
			}
		})
	}
}
