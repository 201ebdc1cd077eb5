package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"
)

// TestMain lets this test binary be the program: exec.Command("checkout"), here
// and in scripts, runs main.
func TestMain(m *testing.M) {
	testscript.Main(noLeaks{m}, map[string]func(){"checkout": main})
}

// noLeaks fails a run that leaves goroutines behind.
type noLeaks struct{ m *testing.M }

// Run implements testscript.TestingM.
func (n noLeaks) Run() int {
	code := n.m.Run()
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// TestScripts runs testdata/script: every command and message as a user meets
// them. UPDATE_GOLDEN=1 rewrites the outputs that the scripts compare with.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                filepath.Join("testdata", "script"),
		UpdateScripts:      os.Getenv("UPDATE_GOLDEN") != "",
		RequireUniqueNames: true,
		Setup:              setUp,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits,
			"again": again,
			"taken": taken,
		},
	})
}

// setUp gives a script the examples. The race detector, if there is one, need
// not wait a second at the end of every program.
func setUp(env *testscript.Env) error {
	env.Setenv("GORACE", "atexit_sleep_ms=0")
	return os.CopyFS(filepath.Join(env.WorkDir, "examples"), os.DirFS(filepath.Join("..", "..", "examples")))
}

// exits runs a program and wants an exit code: exits 2 checkout run --prot 1.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits code program [argument...]")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := 0
	if ended, ok := errors.AsType[*exec.ExitError](err); ok {
		got = ended.ExitCode()
	} else {
		ts.Check(err)
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("exit code %d, want %s", got, args[0])
	}
}

// again runs the command that the failure before offers: again 1.
func again(ts *testscript.TestScript, neg bool, args []string) {
	offer := regexp.MustCompile(`(?m)^  run it again: (checkout .*)$`).FindStringSubmatch(ts.ReadFile("stdout"))
	if offer == nil {
		ts.Fatalf("the output has no line that says how to run the test again")
	}
	exits(ts, neg, []string{args[0], "sh", "-c", offer[1]})
}

// taken puts a port that is in use into $TAKEN.
func taken(ts *testscript.TestScript, _ bool, _ []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { _ = l.Close() })
	ts.Setenv("TAKEN", strconv.Itoa(l.Addr().(*net.TCPAddr).Port))
}
