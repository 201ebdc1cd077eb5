package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/checkout-promotions/checkout/persistence/postgres/pgtest"
)

const (
	password = "open sesame"
	patience = 20 * time.Second // for what takes milliseconds, on a machine with much else to do
)

// server is the program, running as a process of its own.
type server struct {
	t       testing.TB
	url     string
	process *exec.Cmd
	log     *logbook
	client  *http.Client
	ended   chan struct{} // closed when the process has
}

// start runs checkout run with the quickstart's rules and seed and waits until
// it listens. Arguments come after these, and so override them.
func start(t testing.TB, args ...string) *server {
	t.Helper()
	s := launch(t, args...)
	line := s.logged("listening")
	s.url = "http://" + line["address"].(string)
	return s
}

// launch runs checkout run and waits for nothing.
func launch(t testing.TB, args ...string) *server {
	t.Helper()
	s := &server{t: t, log: new(logbook), ended: make(chan struct{})}
	s.client = &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	s.process = exec.Command("checkout", append([]string{"run",
		"--address", "127.0.0.1", "--port", "0", "--log-format", "json",
		"--rules", quickstart("rules"), "--seed", quickstart("inventory.yaml")}, args...)...)
	s.process.Env = environment("CHECKOUT_PASSWORD=" + password)
	s.process.Stderr = s.log
	if err := s.process.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { // ends with the process, for which the cleanup waits
		_ = s.process.Wait() // the exit code is in ProcessState
		close(s.ended)
	}()
	t.Cleanup(s.clean)
	return s
}

func quickstart(name string) string { return filepath.Join("..", "..", "examples", "quickstart", name) }

// environment is that of the test without settings of checkout. The race
// detector, if there is one, need not wait a second at the end.
func environment(more ...string) []string {
	env := []string{"GORACE=atexit_sleep_ms=0"}
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "CHECKOUT_") {
			env = append(env, pair)
		}
	}
	return append(env, more...)
}

func (s *server) clean() {
	_ = s.process.Process.Kill() // it may have ended
	<-s.ended
	s.client.CloseIdleConnections()
	if strings.Contains(s.log.String(), "WARNING: DATA RACE") {
		s.t.Error("the race detector found something")
	}
	if s.t.Failed() {
		s.t.Logf("log of the server without requests:\n%s", s.log.withoutRequests())
	}
}

// signal sends a signal to the process.
func (s *server) signal(sig os.Signal) {
	s.t.Helper()
	if err := s.process.Process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
}

// wait waits for the end of the process and returns its exit code, -1 when a
// signal ended it.
func (s *server) wait() int {
	s.t.Helper()
	select {
	case <-s.ended:
		return s.process.ProcessState.ExitCode()
	case <-time.After(patience):
		s.t.Fatal("the process does not end")
		return 0
	}
}

// stop ends the process as an operator does.
func (s *server) stop() {
	s.t.Helper()
	s.signal(syscall.SIGTERM)
	if code := s.wait(); code != 0 {
		s.t.Fatalf("exit code after SIGTERM: got %d, want 0", code)
	}
}

// kill ends the process as a power cut does.
func (s *server) kill() {
	s.t.Helper()
	s.signal(syscall.SIGKILL)
	s.wait()
}

// logged waits for a record with the message and returns it.
func (s *server) logged(message string) map[string]any {
	s.t.Helper()
	var found map[string]any
	eventually(s.t, "log record "+message, patience, func() bool {
		found = s.log.find(message)
		select {
		case <-s.ended:
			if found == nil {
				s.t.Fatalf("the process ended with code %d before it logged %q", s.wait(), message)
			}
		default:
		}
		return found != nil
	})
	return found
}

// eventually waits until check holds, and not longer than the limit.
func eventually(t testing.TB, what string, limit time.Duration, check func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !check(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within %v", what, limit)
		}
	}
}

// logbook keeps what a process writes to standard error.
type logbook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String returns all that was written.
func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// withoutRequests leaves out the records of requests, of which there are many.
func (l *logbook) withoutRequests() string {
	lines := slices.Collect(strings.Lines(l.String()))
	isRequest := func(line string) bool { return strings.Contains(line, `"msg":"request"`) }
	return strings.Join(slices.DeleteFunc(lines, isRequest), "")
}

// find returns the last record with the message, nil when there is none.
func (l *logbook) find(message string) map[string]any {
	var found map[string]any
	for line := range strings.Lines(l.String()) {
		var record map[string]any
		if json.Unmarshal([]byte(line), &record) == nil && record["msg"] == message {
			found = record
		}
	}
	return found
}

// call sends a request and returns the answer. A body that is nil is none.
func (s *server) call(method, path string, body any, header ...string) (status int, answer string) {
	s.t.Helper()
	status, answer, err := s.try(method, path, body, header...)
	if err != nil {
		s.t.Fatal(err)
	}
	return status, answer
}

// try is call for servers that may go away, and for other goroutines than the
// test's.
func (s *server) try(method, path string, body any, header ...string) (status int, answer string, err error) {
	text, err := json.Marshal(body)
	if err != nil {
		return 0, "", err
	}
	r, err := http.NewRequest(method, s.url+path, bytes.NewReader(text))
	if err != nil {
		return 0, "", err
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := s.client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	read, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(read), err
}

// get decodes the answer of a call that must succeed.
func get[T any](s *server, method, path string, body any, header ...string) T {
	s.t.Helper()
	var value T
	status, answer := s.call(method, path, body, header...)
	if status != http.StatusOK {
		s.t.Fatalf("%s %s: got status %d: %s", method, path, status, answer)
	}
	if err := json.Unmarshal([]byte(answer), &value); err != nil {
		s.t.Fatalf("%s %s: %v in %s", method, path, err, answer)
	}
	return value
}

// item is an item as the API writes it. Money stays text.
type item struct {
	Name  string      `json:"name"`
	SKU   string      `json:"sku"`
	Price json.Number `json:"price"`
	Stock int         `json:"inventory_quantity"`
}

type gift struct {
	SKU      string `json:"sku"`
	Quantity int    `json:"quantity"`
}

type price struct {
	Items             []item      `json:"items"`
	Total             json.Number `json:"total"`
	TotalWithDiscount json.Number `json:"total_with_discount"`
	TotalGross        json.Number `json:"total_gross"`
	SKUList           string      `json:"sku_list"`
	Ruleset           string      `json:"ruleset"`
	Gifts             []gift      `json:"gifts"`
}

type receipt struct {
	Reference string      `json:"order_reference"`
	Cost      json.Number `json:"cost"`
	Gifts     []gift      `json:"gifts"`
}

type order struct {
	Reference string      `json:"reference"`
	SKUs      []string    `json:"skus"`
	Cost      json.Number `json:"cost"`
}

func (s *server) price(skus ...string) price {
	s.t.Helper()
	return get[price](s, "POST", "/v0/inventory/items/price", cart(skus))
}

func (s *server) buy(skus ...string) receipt {
	s.t.Helper()
	return get[receipt](s, "POST", "/v0/inventory/items/purchase", cart(skus))
}

func (s *server) orders() []order {
	s.t.Helper()
	return get[[]order](s, "GET", "/v0/orders", nil, auth()...)
}

// put adds or updates items as an administrator.
func (s *server) put(items ...item) {
	s.t.Helper()
	get[any](s, "POST", "/v0/inventory/items", map[string]any{"items": items}, auth()...)
}

// stock returns how many units there are, 0 when the item cannot be priced.
func (s *server) stock(sku string) int {
	s.t.Helper()
	status, answer := s.call("GET", "/v0/inventory/item/price/"+sku, nil)
	var p price
	if err := json.Unmarshal([]byte(answer), &p); status != http.StatusOK || err != nil {
		return 0
	}
	return p.Items[0].Stock
}

func auth() []string { return []string{"X-Auth-Password", password} }

func cart(skus []string) map[string][]string { return map[string][]string{"skus": skus} }

// units returns a SKU n times.
func units(n int, sku string) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = sku
	}
	return list
}

// eachDatabase runs the test on every database. The arguments choose a new one.
func eachDatabase(t *testing.T, test func(t *testing.T, database ...string)) {
	t.Run("in memory", func(t *testing.T) { test(t, "--memory-db") })
	eachLasting(t, test)
}

// eachLasting runs the test on every database that outlasts the program.
func eachLasting(t *testing.T, test func(t *testing.T, database ...string)) {
	t.Run("in a file", func(t *testing.T) { test(t, "--sqlite", filepath.Join(t.TempDir(), "shop.db")) })
	t.Run("on Postgres", func(t *testing.T) { test(t, "--db-dsn", pgtest.Create(t)) })
}

// together runs f n times at once and waits. f gets its number.
func together(n int, f func(i int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { f(i) })
	}
	all.Wait()
}

// metric returns the value of a metric without labels.
func (s *server) metric(name string) string {
	s.t.Helper()
	_, text := s.call("GET", "/metrics", nil)
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	return fmt.Sprintf("no metric %s", name)
}

// programVersion is what checkout version prints.
func programVersion(t testing.TB) string {
	t.Helper()
	program := exec.Command("checkout", "version")
	program.Env = environment()
	out, err := program.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(strings.TrimPrefix(string(out), "checkout "))
}
