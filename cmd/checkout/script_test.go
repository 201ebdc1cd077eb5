package main_test

import (
	"context"
	"database/sql"
	"errors"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/checkout-promotions/checkout/persistence/postgres/pgtest"
)

// TestScripts runs testdata/script: every command and message as a user meets
// them. UPDATE_GOLDEN=1 rewrites the outputs that the scripts compare with.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                filepath.Join("testdata", "script"),
		UpdateScripts:      os.Getenv("UPDATE_GOLDEN") != "",
		RequireUniqueNames: true,
		Setup:              setUp,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":    exits,
			"again":    again,
			"taken":    taken,
			"postgres": postgres(t),
			"locked":   locked,
			"install":  install(t),
		},
	})
}

// setUp gives a script the examples, and the go command its caches. The race
// detector, if there is one, need not wait a second at the end of every program.
func setUp(env *testscript.Env) error {
	env.Setenv("GORACE", "atexit_sleep_ms=0")
	env.Setenv("XDG_CACHE_HOME", filepath.Join(env.WorkDir, ".cache"))
	if err := setUpGo(env); err != nil {
		return err
	}
	return copyExamples(filepath.Join(env.WorkDir, "examples"))
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

// postgres makes an empty Postgres database and has the programs of the script
// use it. Its DSN is in $DSN.
func postgres(t *testing.T) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, _ bool, _ []string) {
		dsn := pgtest.Create(t)
		u, err := url.Parse(dsn)
		ts.Check(err)
		ts.Setenv("DSN", dsn)
		ts.Setenv("CHECKOUT_DB_HOST", u.Query().Get("host"))
		ts.Setenv("CHECKOUT_DB_USER", u.Query().Get("user"))
		ts.Setenv("CHECKOUT_DB_NAME", u.Path[1:])
	}
}

// locked takes the lock of migrations of the database $DSN, as a program does
// that hangs, until the script ends.
func locked(ts *testscript.TestScript, _ bool, _ []string) {
	db, err := sql.Open("pgx", ts.Getenv("DSN")+"&application_name=hanging")
	ts.Check(err)
	ts.Defer(func() { _ = db.Close() })
	conn, err := db.Conn(context.Background())
	ts.Check(err)
	ts.Defer(func() { _ = conn.Close() })
	_, err = conn.ExecContext(context.Background(), "SELECT pg_advisory_lock(1128811348)")
	ts.Check(err)
}

// taken puts a port that is in use into $TAKEN.
func taken(ts *testscript.TestScript, _ bool, _ []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { _ = l.Close() })
	ts.Setenv("TAKEN", strconv.Itoa(l.Addr().(*net.TCPAddr).Port))
}

// setUpGo lets scripts use the go command as this test does, without a network.
func setUpGo(env *testscript.Env) error {
	names := []string{"GOCACHE", "GOMODCACHE", "GOFLAGS", "CGO_ENABLED", "GOTOOLCHAIN"}
	text, err := exec.Command("go", append([]string{"env"}, names...)...).Output()
	if err != nil {
		return err
	}
	for i, value := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
		env.Setenv(names[i], value)
	}
	env.Setenv("GOPROXY", "off")
	repository, err := filepath.Abs(filepath.Join("..", ".."))
	env.Setenv("REPOSITORY", repository)
	return err
}

// buildExample builds an example of a plugin into a folder.
func buildExample(dir, name string) error {
	build := exec.Command("go", "build", "-o", filepath.Join(dir, name), "./examples/plugins/"+name)
	build.Dir = filepath.Join("..", "..")
	output, err := build.CombinedOutput()
	if err != nil {
		return errors.New(string(output))
	}
	return nil
}

// install puts an example of a plugin into a folder: install plugins loyalty.
func install(t *testing.T) func(*testscript.TestScript, bool, []string) {
	built := t.TempDir()
	var once sync.Once
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) != 2 {
			ts.Fatalf("usage: install folder name")
		}
		once.Do(func() { ts.Check(buildExample(built, "loyalty")) })
		text, err := os.ReadFile(filepath.Join(built, args[1]))
		ts.Check(err)
		ts.Check(os.WriteFile(ts.MkAbs(filepath.Join(args[0], args[1])), text, 0o755))
	}
}
