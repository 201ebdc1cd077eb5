package main_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// slowRequest is a request whose body is held back.
type slowRequest struct {
	t    testing.TB
	conn net.Conn
	in   *bufio.Reader
	body string
}

// holdPurchase sends the head of a purchase and returns when the server has it
// in hand and waits for the body.
func (s *server) holdPurchase(body string) *slowRequest {
	s.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = conn.Close() })
	fmt.Fprintf(conn, "POST /v0/inventory/items/purchase HTTP/1.1\r\nHost: shop\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", len(body))
	r := &slowRequest{s.t, conn, bufio.NewReader(conn), body}
	if line, err := r.in.ReadString('\n'); err != nil || !strings.Contains(line, "100 Continue") {
		s.t.Fatalf("answer to the head: got %q, %v, want 100 Continue", line, err)
	}
	_, err = r.in.ReadString('\n')
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

// finish sends the body and returns the answer.
func (r *slowRequest) finish() (status int, answer string) {
	r.t.Helper()
	if _, err := io.WriteString(r.conn, r.body); err != nil {
		r.t.Fatal(err)
	}
	resp, err := http.ReadResponse(r.in, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

func TestAPurchaseInFlightIsFinishedBeforeTheEnd(t *testing.T) {
	file := filepath.Join(t.TempDir(), "shop.db")
	s := start(t, "--sqlite", file)
	purchase := s.holdPurchase(`{"skus":["` + tv + `"]}`)
	s.signal(syscall.SIGTERM)
	s.logged("draining")
	if _, _, err := s.try("GET", "/status", nil); err == nil {
		t.Error("a new request was taken while the server drained")
	}
	if status, answer := purchase.finish(); status != http.StatusOK {
		t.Errorf("purchase in flight: got %d %s, want 200", status, answer)
	}
	if code := s.wait(); code != 0 {
		t.Errorf("exit code: got %d, want 0", code)
	}
	s.logged("stopped")

	if orders := start(t, "--sqlite", file).orders(); len(orders) != 1 {
		t.Errorf("orders after a restart: got %v, want the one in flight", orders)
	}
}

func TestSignalsEndTheProgram(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(sig.String(), func(t *testing.T) {
			s := start(t, "--memory-db")
			s.signal(sig)
			if code := s.wait(); code != 0 {
				t.Errorf("exit code: got %d, want 0", code)
			}
		})
	}
}

func TestASecondSignalEndsTheProgramAtOnce(t *testing.T) {
	s := start(t, "--memory-db", "--shutdown-grace", "1h")
	s.holdPurchase(`{}`)
	s.signal(syscall.SIGTERM)
	s.logged("draining")
	eventually(t, "end of the program", patience, func() bool {
		_ = s.process.Process.Signal(syscall.SIGTERM) // it may have ended
		select {
		case <-s.ended:
			return true
		default:
			return false
		}
	})
	if status := s.process.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() {
		t.Errorf("got exit code %d, want an end by the signal", status.ExitStatus())
	}
}

func TestRequestsThatOutlastTheGraceAreBrokenOff(t *testing.T) {
	s := start(t, "--memory-db", "--shutdown-grace", "10ms")
	s.holdPurchase(`{}`)
	s.signal(syscall.SIGTERM)
	if code := s.wait(); code != 4 {
		t.Errorf("exit code: got %d, want 4", code)
	}
	if want := "checkout: requests in flight were broken off after 10ms"; !strings.Contains(s.log.String(), want) {
		t.Errorf("got no message %q", want)
	}
}

func TestAPortInUseEndsTheSecondServer(t *testing.T) {
	file := filepath.Join(t.TempDir(), "second.db")
	first := start(t, "--memory-db")
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(first.url, "http://"))
	second := launch(t, "--sqlite", file, "--port", port)
	if code := second.wait(); code != 4 {
		t.Errorf("exit code: got %d, want 4", code)
	}
	want := "checkout: listen on 127.0.0.1:" + port + ": the port is in use; choose another with --port, or 0 for any free one\n"
	if !strings.HasSuffix(second.log.String(), want) || second.log.find("listening") != nil {
		t.Errorf("got the log\n%swant the end %s", second.log, want)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("the second server made a database")
	}
	first.wantThreeTVs("99.98")
}

func TestARestartKeepsTheData(t *testing.T) {
	file := filepath.Join(t.TempDir(), "data", "shop.db") // the folder is made
	s := start(t, "--sqlite", file)
	s.put(item{"Google TV", tv, "59.99", 7}, item{"Cable", "CABLE", "3.00", 4})
	sold := s.buy(tv, tv, "CABLE")
	s.stop()

	s = start(t, "--sqlite", file)
	if orders := s.orders(); len(orders) != 1 || orders[0].Reference != sold.Reference || orders[0].Cost != "122.98" {
		t.Errorf("orders: got %v, want %s for 122.98", orders, sold.Reference)
	}
	want := item{"Google TV", tv, "59.99", 5}
	if got := s.price(tv).Items[0]; got != want {
		t.Errorf("item: got %v, want %v", got, want)
	}
	if record := s.logged("the database has items: the seed is not loaded"); record["items"] != 5.0 {
		t.Errorf("log: got %v, want 5 items", record)
	}
	if got := s.stock("CABLE"); got != 3 {
		t.Errorf("stock of an item of the administrator's: got %d, want 3", got)
	}
}

func TestADatabaseInAnotherCurrencyIsRefused(t *testing.T) {
	file, folder := filepath.Join(t.TempDir(), "shop.db"), copyRules(t)
	start(t, "--sqlite", file).stop()
	if err := os.WriteFile(filepath.Join(string(folder), "policy.yaml"), []byte("currency: EUR\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	s := launch(t, "--sqlite", file, "--rules", string(folder))
	if code := s.wait(); code != 4 {
		t.Errorf("exit code: got %d, want 4", code)
	}
	if want := "set the currency to USD, or add the items again with prices in EUR\n"; !strings.HasSuffix(s.log.String(), want) {
		t.Errorf("got the log\n%swant the end %s", s.log, want)
	}
}

func TestMemoryIsForgotten(t *testing.T) {
	s := start(t, "--memory-db")
	s.buy(tv)
	s.stop()
	if s = start(t, "--memory-db"); s.stock(tv) != 10 || len(s.orders()) != 0 {
		t.Errorf("got stock %d and orders %v, want a new shop", s.stock(tv), s.orders())
	}
}

func TestPasswordGuardsOrdersAndItems(t *testing.T) {
	items := map[string]any{"items": []item{{"Cable", "CABLE", "3.00", 4}}}
	headers := map[string][]string{
		"none":           nil,
		"empty":          {"X-Auth-Password", ""},
		"wrong":          {"X-Auth-Password", "open sesam"},
		"suffixed":       {"X-Auth-Password", password + "!"},
		"a bearer token": {"Authorization", "Bearer " + password},
	}
	s := start(t, "--memory-db")
	for name, header := range headers {
		t.Run(name, func(t *testing.T) { s.wantGuarded(items, header...) })
	}
	if got := s.stock("CABLE"); got != 0 {
		t.Errorf("an item was stored without the password")
	}
	s.orders() // right away, after the wrong ones
}

func (s *server) wantGuarded(items any, header ...string) {
	s.t.Helper()
	if status, answer := s.call("GET", "/v0/orders", nil, header...); status != http.StatusUnauthorized {
		s.t.Errorf("orders: got %d %s, want 401", status, answer)
	}
	if status, answer := s.call("POST", "/v0/inventory/items", items, header...); status != http.StatusUnauthorized {
		s.t.Errorf("items: got %d %s, want 401", status, answer)
	}
}

func TestWithoutAPasswordEverybodyIsRefused(t *testing.T) {
	s := start(t, "--memory-db", "--password", "")
	warning := s.logged("no password is configured: orders and changes of the inventory answer 401; set CHECKOUT_PASSWORD")
	if warning["level"] != "WARN" {
		t.Errorf("got %v, want a warning", warning)
	}
	s.wantGuarded(nil)
	s.wantGuarded(nil, auth()...)
	s.wantGuarded(nil, "X-Auth-Password", "")
	s.wantThreeTVs("99.98")
}

func TestTheLogShowsNoPassword(t *testing.T) {
	s := start(t, "--memory-db", "--log-level", "debug")
	s.orders()
	s.stop()
	if strings.Contains(s.log.String(), password) {
		t.Error("the log has the password in it")
	}
}
