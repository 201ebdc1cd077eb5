package host_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"google.golang.org/grpc/status"

	"github.com/checkout-promotions/checkout/plugins/host"
)

// A program stands still while somebody looks at it with a debugger.
func TestAProgramThatADebuggerHoldsIsNotIll(t *testing.T) {
	for _, c := range []struct {
		name string
		dev  bool
		want error
	}{
		{"in development", true, nil},
		{"else", false, context.DeadlineExceeded},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFolder(t, host.Options{Dev: c.dev})
			f.use()
			release := debug(t, f.status().PID)
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			err := f.host.CheckNow(ctx, "rogue")
			release()
			if status.Code(err) != status.FromContextError(c.want).Code() {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

const debuggerVariable = "CHECKOUT_TEST_DEBUGGER"

// debug has another process hold all threads of a program, as a debugger does, until
// release is called.
func debug(t *testing.T, pid int) (release func()) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	debugger := exec.Command(self)
	debugger.Env, debugger.Stderr = append(os.Environ(), debuggerVariable+"="+strconv.Itoa(pid)), os.Stderr
	in, inErr := debugger.StdinPipe()
	out, outErr := debugger.StdoutPipe()
	if err := errors.Join(inErr, outErr, debugger.Start()); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "held\n" {
		t.Errorf("the debugger: %q, %v", line, err)
	}
	return func() {
		if err := errors.Join(in.Close(), debugger.Wait()); err != nil {
			t.Error(err)
		}
	}
}

// runDebugger is the main of the debugger, whose end lets go of what it holds.
func runDebugger(pid string) int {
	runtime.LockOSThread() // one thread debugs
	threads, err := filepath.Glob("/proc/" + pid + "/task/*")
	for _, path := range threads {
		thread, convErr := strconv.Atoi(filepath.Base(path))
		err = errors.Join(err, convErr, unix.PtraceAttach(thread))
		_, waitErr := unix.Wait4(thread, nil, unix.WALL, nil)
		err = errors.Join(err, waitErr)
	}
	if err != nil {
		panic(err)
	}
	fmt.Println("held")
	_, _ = io.Copy(io.Discard, os.Stdin) // its end is the end
	return 0
}
