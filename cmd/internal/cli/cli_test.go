package cli_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/checkout-promotions/checkout/cmd/internal/cli"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var quickstart = filepath.Join("..", "..", "..", "examples", "quickstart")

// run runs the program and returns what it wrote.
func run(ctx context.Context, args ...string) (code int, out, err string) {
	var stdout, stderr bytes.Buffer
	code = cli.Run(ctx, args, cli.Streams{Out: &stdout, Err: &stderr})
	return code, stdout.String(), stderr.String()
}

func TestNoArgumentsAreNotThoseOfTheProcess(t *testing.T) {
	var out bytes.Buffer
	if code := cli.Run(t.Context(), nil, cli.Streams{Out: &out, Err: io.Discard}); code != 0 || !strings.Contains(out.String(), "VERSION:") {
		t.Errorf("got code %d and\n%s\nwant the help", code, out.String())
	}
}

func TestTheProgramIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, args := range [][]string{
		{"rules", "test", quickstart},
		{"rules", "check", filepath.Join(quickstart, "rules")},
		{"run", "--memory-db", "--port", "0", "--log-level", "error", "--rules", filepath.Join(quickstart, "rules")},
	} {
		code, out, err := run(ctx, args...)
		if code != 130 || out != "" || err != "checkout: interrupted\n" {
			t.Errorf("%v: got code %d, output %q and errors %q, want 130 and that it was interrupted", args, code, out, err)
		}
	}
}

// brokenPipe is an output that nobody reads.
type brokenPipe struct{}

// Write implements io.Writer.
func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestAnOutputThatFailsIsNotSilent(t *testing.T) {
	for _, args := range [][]string{
		{"version"},
		{"rules", "test", quickstart},
		{"rules", "test", "-o", "json", quickstart},
		{"rules", "check", filepath.Join(quickstart, "rules")},
	} {
		var stderr bytes.Buffer
		code := cli.Run(t.Context(), args, cli.Streams{Out: brokenPipe{}, Err: &stderr})
		if code != 4 || !strings.Contains(stderr.String(), "broken pipe") {
			t.Errorf("%v: got code %d and errors %q, want 4 and a broken pipe", args, code, stderr.String())
		}
	}
}

// The server reads its settings from the streams alone, and neither goroutines
// nor connections nor files stay behind: TestMain looks.
func TestAServerLeavesNothingBehind(t *testing.T) {
	t.Setenv("CHECKOUT_PORT", "none")
	for _, database := range []string{"CHECKOUT_MEMORY_DB=true", "CHECKOUT_SQLITE=" + filepath.Join(t.TempDir(), "shop.db")} {
		ctx, cancel := context.WithCancel(t.Context())
		log := &listening{url: make(chan string, 1)}
		ended := make(chan int)
		go func() {
			ended <- cli.Run(ctx, []string{"run", "--rules", filepath.Join(quickstart, "rules")}, cli.Streams{
				Out: io.Discard, Err: log, Env: []string{"CHECKOUT_PORT=0", "CHECKOUT_ADDRESS=127.0.0.1", database},
			})
		}()
		select {
		case url := <-log.url:
			answers(t, url)
		case code := <-ended:
			t.Fatalf("%s: the server ended with code %d", database, code)
		}
		cancel()
		if code := <-ended; code != 0 {
			t.Errorf("%s: got exit code %d, want 0", database, code)
		}
	}
}

func answers(t *testing.T, url string) {
	t.Helper()
	defer http.DefaultClient.CloseIdleConnections()
	resp, err := http.Get(url + "/status")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("status: got %s", resp.Status)
	}
}

// listening is a log that tells where the server listens.
type listening struct{ url chan string }

// Write implements io.Writer.
func (l *listening) Write(record []byte) (int, error) {
	if found := regexp.MustCompile(`msg=listening address=(\S+)`).FindSubmatch(record); found != nil {
		l.url <- "http://" + string(found[1])
	}
	return len(record), nil
}

func TestAFaultAtTheStartClosesTheDatabase(t *testing.T) {
	file := filepath.Join(t.TempDir(), "shop.db")
	code, _, text := run(t.Context(), "run", "--sqlite", file, "--port", "0", "--rules", filepath.Join(quickstart, "rules"), "--seed", "nowhere.yaml")
	if code != 4 || !strings.Contains(text, "checkout: read the seed: open nowhere.yaml: ") {
		t.Errorf("got code %d and %s, want 4 and that the seed is missing", code, text)
	}
	if _, err := os.Stat(file + "-wal"); err == nil {
		t.Error("the database was not closed: its write-ahead log is there")
	}
}
