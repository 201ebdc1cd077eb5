// Package pgtest gives tests private Postgres servers, made from the binaries of
// this machine:
//
//	server := pgtest.Start(t)     // stopped and removed with the test
//	dsn := server.Create(t)       // a new, empty database
//
// A package most of whose tests need one shares one between them: its TestMain
// calls Share, and its tests Create.
//
// A server listens on a Unix socket in a temporary folder alone, does not wait
// for the disk, and belongs to this process: a shell that holds the other end of
// a pipe stops the server and removes the folder when the pipe breaks, which it
// does even when the process is killed. initdb refuses root, so for root all of
// this runs as the user postgres, or else nobody. Rejected: containers and
// downloaded servers, which need a network, and a server that developers have
// to run and that tests have to share.
//
// Anybody may connect without a password, but the role "locked", whose password
// is "open sesame".
package pgtest

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// superuser owns everything in a server.
const superuser = "checkout"

// shared and sharedFault name the variables by which Share tells this process
// and its children where the server is, or why there is none.
const (
	shared      = "PGTEST_SERVER"
	sharedFault = "PGTEST_FAULT"
)

// Server is a private server.
type Server struct {
	dir    string // holds the data, the log and the socket
	bin    string // the folder of the binaries
	keeper *exec.Cmd
	pipe   io.Closer // breaking it ends the keeper, and with it the server
	syncs  bool      // waits for the disk
}

// Start launches a server for a test, which it fails when that is impossible.
func Start(t testing.TB) *Server {
	t.Helper()
	return start(t, false)
}

// StartSyncing is Start for what measures: the server waits for the disk, and has
// the settings that Postgres comes with.
func StartSyncing(t testing.TB) *Server {
	t.Helper()
	return start(t, true)
}

func start(t testing.TB, syncs bool) *Server {
	t.Helper()
	server, err := launch(syncs)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.close(); err != nil {
			t.Error(err)
		}
	})
	return server
}

// Share launches a server for the tests of a package and returns what stops it.
// When there can be no server, Create fails the tests that want one.
func Share() (stop func() error) {
	server, err := launch(false)
	if err != nil {
		_ = os.Setenv(sharedFault, err.Error())
		return func() error { return nil }
	}
	_ = os.Setenv(shared, server.dir)
	return server.close
}

// Create makes an empty database on the server of Share, which the end of the
// test removes, and returns its DSN.
func Create(t testing.TB) string {
	t.Helper()
	return sharedServer(t).Create(t)
}

func sharedServer(t testing.TB) *Server {
	t.Helper()
	dir := os.Getenv(shared)
	if dir == "" {
		t.Fatal(cmp.Or(os.Getenv(sharedFault), "no server is shared: TestMain has to call pgtest.Share"))
	}
	return &Server{dir: dir}
}

// Create makes an empty database, which the end of the test removes, and
// returns its DSN.
func (s *Server) Create(t testing.TB) string {
	t.Helper()
	name := randomName()
	s.create(t, "CREATE DATABASE "+name, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
	return s.DSN(name)
}

func randomName() string { return "t" + strings.ReplaceAll(uuid.NewString(), "-", "") }

func (s *Server) create(t testing.TB, create, drop string) {
	t.Helper()
	if err := s.do(context.Background(), create); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.drop(drop); err != nil {
			t.Error(err)
		}
	})
}

// drop runs a statement that removes what a test had, once more where the vacuum of
// the server has been at its tables in another order.
func (s *Server) drop(statement string) (err error) {
	for range 3 {
		var failure *pgconn.PgError
		err = s.do(context.Background(), statement)
		if !errors.As(err, &failure) || failure.Code != deadlockDetected {
			return err
		}
	}
	return err
}

// deadlockDetected is the code of Postgres for it.
const deadlockDetected = "40P01"

// CreateSchema makes an empty schema, which is far cheaper than a database and
// as good for all that does not ask for other schemas, and returns the DSN of
// connections that find everything in it. The end of the test removes it.
func CreateSchema(t testing.TB) string {
	t.Helper()
	s := sharedServer(t)
	name := randomName()
	s.create(t, "CREATE SCHEMA "+name, "DROP SCHEMA "+name+" CASCADE")
	return s.DSN("postgres") + "&search_path=" + name
}

// Socket returns the folder of the server's Unix socket, which is the host to
// connect to.
func (s *Server) Socket() string { return s.dir }

// DSN returns how to connect to a database as the superuser.
func (s *Server) DSN(database string) string {
	u := url.URL{Scheme: "postgres", Path: "/" + database}
	u.RawQuery = url.Values{"host": {s.dir}, "user": {superuser}}.Encode()
	return u.String()
}

// Stop stops the server at once, as if it had crashed; what it had committed is
// there again after Resume.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	if err := s.control("stop", "-m", "immediate"); err != nil {
		t.Fatal(err)
	}
}

// Resume starts the server again after Stop.
func (s *Server) Resume(t testing.TB) {
	t.Helper()
	if err := s.resume(); err != nil {
		t.Fatal(err)
	}
}

// FillDisk makes the disk full for a table that has no row yet: whatever would
// take a first page of it fails as the kernel has it, because its file is
// /dev/full, which Linux has. What it returns gives the table its file back. Both
// restart the server.
func (s *Server) FillDisk(t testing.TB, dsn, table string) (free func()) {
	t.Helper()
	name, err := s.file(dsn, table)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(s.data(), name)
	if info, err := os.Stat(file); err != nil || info.Size() > 0 {
		t.Fatalf("fill the disk for table %s: its file is %v, %v, want an empty one", table, info, err)
	}
	s.exchange(t, func() error {
		return errors.Join(os.Rename(file, file+".kept"), os.Symlink("/dev/full", file))
	})
	return func() {
		t.Helper()
		s.exchange(t, func() error { return errors.Join(os.Remove(file), os.Rename(file+".kept", file)) })
	}
}

// file is that of the table, relative to the data.
func (s *Server) file(dsn, table string) (name string, err error) {
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	err = db.QueryRowContext(context.Background(), "SELECT pg_relation_filepath($1)", table).Scan(&name)
	return name, err
}

// exchange changes the data while the server rests, with all it knew written.
func (s *Server) exchange(t testing.TB, change func() error) {
	t.Helper()
	for _, step := range []func() error{func() error { return s.control("stop", "-m", "fast") }, change, s.resume} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
}

// Run runs one of Postgres' own programs, such as pgbench, on a database of the
// server, and returns what it printed. It fails the test when it fails or is not
// there.
func (s *Server) Run(t testing.TB, program, database string, input []byte, args ...string) string {
	t.Helper()
	if _, err := os.Stat(filepath.Join(s.bin, program)); err != nil {
		t.Fatalf("this needs Postgres' program %s, which %s does not have: run make postgres", program, s.bin)
	}
	cmd := s.command(program, slices.Concat([]string{"-h", s.dir, "-U", superuser}, args, []string{database})...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(input), &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s%s", program, err, out.Bytes(), errs.Bytes())
	}
	return out.String()
}

func (s *Server) do(ctx context.Context, statement string) (err error) {
	db, err := sql.Open("pgx", s.DSN("postgres"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	_, err = db.ExecContext(ctx, statement)
	return err
}

// launch makes a server and starts it.
func launch(syncs bool) (*Server, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "checkout-pg-")
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir, bin: bin, syncs: syncs}
	if err := s.begin(); err != nil {
		return nil, errors.Join(fmt.Errorf("start a Postgres server: %w", err), s.close(), os.RemoveAll(dir))
	}
	return s, nil
}

func (s *Server) begin() error {
	if err := giveAway(s.dir); err != nil {
		return err
	}
	if err := s.keep(); err != nil {
		return err
	}
	initdb := s.command("initdb", "-D", s.data(), "-U", superuser, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions")
	if err := run(initdb); err != nil {
		return err
	}
	if err := s.configure(); err != nil {
		return err
	}
	if err := s.resume(); err != nil {
		return err
	}
	return s.do(context.Background(), "CREATE ROLE locked LOGIN PASSWORD 'open sesame'")
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// configure appends to what initdb has written; the later setting counts, of
// the rules for clients the first.
func (s *Server) configure() error {
	settings := fmt.Sprintf("\nlisten_addresses = ''\nunix_socket_directories = '%s'\n", s.dir)
	if !s.syncs {
		settings += "fsync = off\nfull_page_writes = off\nautovacuum = off\n" +
			"max_connections = 80\nshared_buffers = 32MB\nmax_wal_size = 2GB\ndeadlock_timeout = 100ms\n"
	}
	file, err := os.OpenFile(filepath.Join(s.data(), "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = io.WriteString(file, settings)
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	clients := filepath.Join(s.data(), "pg_hba.conf")
	return os.WriteFile(clients, []byte("local all locked scram-sha-256\nlocal all all trust\n"), 0o600)
}

// keep starts the shell that outlives this process for a moment.
func (s *Server) keep() error {
	const script = `trap '' INT TERM HUP; read -r _; "$0" -D "$1/data" -m immediate stop >/dev/null 2>&1; rm -rf "$1"`
	keeper := exec.Command("sh", "-c", script, filepath.Join(s.bin, "pg_ctl"), s.dir)
	keeper.Dir = s.dir
	asServerUser(keeper)
	pipe, err := keeper.StdinPipe()
	if err != nil {
		return err
	}
	s.keeper, s.pipe = keeper, pipe
	return keeper.Start()
}

// close stops the server and removes its folder.
func (s *Server) close() error {
	if s.pipe == nil {
		return nil
	}
	err := s.pipe.Close()
	_ = s.keeper.Wait() // its exit code is that of rm
	if _, left := os.Stat(s.dir); left == nil {
		err = errors.Join(err, os.RemoveAll(s.dir)) // the folder itself, when its parent is ours alone
	}
	return err
}

func (s *Server) resume() error {
	return s.control("start", "-w", "-t", "60", "-l", filepath.Join(s.dir, "log"))
}

func (s *Server) control(args ...string) error {
	return run(s.command("pg_ctl", slices.Concat([]string{"-D", s.data()}, args)...))
}

// command prepares one of the server's programs, in a folder that its user may
// enter.
func (s *Server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, name), args...)
	cmd.Dir = s.dir
	asServerUser(cmd)
	return cmd
}

// run runs a program to its end and returns what it wrote when it failed. The
// output is a file, because a server that pg_ctl starts would keep a pipe open.
func run(cmd *exec.Cmd) error {
	output, err := os.CreateTemp("", "checkout-pg-output-")
	if err != nil {
		return err
	}
	defer func() { _, _ = output.Close(), os.Remove(output.Name()) }()
	cmd.Stdout, cmd.Stderr = output, output
	if err := cmd.Run(); err != nil {
		text, _ := os.ReadFile(output.Name())
		return fmt.Errorf("%s: %w\n%s", filepath.Base(cmd.Path), err, bytes.TrimSpace(text))
	}
	return nil
}

// binaries returns the folder of the server's programs.
func binaries() (string, error) {
	var folders []string
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		folders = append(folders, strings.TrimSpace(string(out)))
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			folders = append(folders, filepath.Dir(path))
		}
	}
	installed, err := filepath.Glob("/usr/lib/postgresql/*/bin") // Debian keeps them out of PATH
	if err != nil {
		return "", err
	}
	for _, folder := range append(folders, installed...) {
		if complete(folder) {
			return folder, nil
		}
	}
	return "", errors.New("this test needs the Postgres server programs initdb, pg_ctl and postgres, and finds none: run make postgres")
}

func complete(folder string) bool {
	for _, name := range []string{"initdb", "pg_ctl", "postgres"} {
		if info, err := os.Stat(filepath.Join(folder, name)); err != nil || info.IsDir() {
			return false
		}
	}
	return true
}
