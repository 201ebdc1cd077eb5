package api_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/checkout-promotions/checkout/api"
)

func TestMain(m *testing.M) {
	if file := os.Getenv(crashFile); file != "" {
		fmt.Fprintln(os.Stderr, serveForEver(context.Background(), file))
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

// running is a server that Serve runs on a port of its own.
type running struct {
	address string
	url     string
	stop    context.CancelFunc
	ended   chan error
}

func run(t *testing.T, h http.Handler, o api.ServeOptions) *running {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	r := &running{listener.Addr().String(), "http://" + listener.Addr().String(), stop, make(chan error, 1)}
	go func() { r.ended <- api.Serve(ctx, listener, h, o) }()
	t.Cleanup(func() {
		stop()
		http.DefaultClient.CloseIdleConnections()
	})
	return r
}

// end waits for Serve to return.
func (r *running) end(t *testing.T) error {
	t.Helper()
	select {
	case err := <-r.ended:
		return err
	case <-time.After(10 * time.Second):
		t.Fatal("the server did not end")
		return nil
	}
}

// held is a handler that answers when it is let go.
type held struct {
	entered chan struct{}
	let     chan struct{}
}

func hold() *held { return &held{make(chan struct{}, 10), make(chan struct{})} }

func (h *held) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.entered <- struct{}{}
	select {
	case <-h.let:
		_, _ = io.WriteString(w, "done")
	case <-r.Context().Done():
	}
}

func TestAShutdownWaitsForRequestsInFlight(t *testing.T) {
	h := hold()
	r := run(t, h, api.ServeOptions{})
	answers := make(chan string, 1)
	go func() {
		answer, err := http.Get(r.url)
		if err != nil {
			answers <- err.Error()
			return
		}
		answers <- readAll(t, answer)
	}()
	<-h.entered
	r.stop()
	for refusing := false; !refusing; {
		c, err := net.Dial("tcp", r.address)
		if refusing = err != nil; !refusing {
			c.Close()
			time.Sleep(time.Millisecond)
		}
	}
	select {
	case err := <-r.ended:
		t.Fatalf("got an end (%v) before the request was answered", err)
	default:
	}
	close(h.let)
	if got := <-answers; got != "done" {
		t.Errorf("got %q, want the answer", got)
	}
	if err := r.end(t); err != nil {
		t.Errorf("got %v, want nil", err)
	}
}

func TestAShutdownDoesNotWaitForEver(t *testing.T) {
	h := hold()
	r := run(t, h, api.ServeOptions{Grace: 50 * time.Millisecond})
	broken := make(chan error, 1)
	go func() {
		answer, err := http.Get(r.url)
		if err == nil {
			answer.Body.Close()
		}
		broken <- err
	}()
	<-h.entered
	r.stop()
	err := r.end(t)
	if want := "requests in flight were broken off after 50ms: context deadline exceeded"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if err := <-broken; err == nil {
		t.Error("got an answer, want a broken connection")
	}
}

func TestServeReturnsWhatBreaksTheListener(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	err = api.Serve(t.Context(), listener, http.NotFoundHandler(), api.ServeOptions{})
	if !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v, want %v", err, net.ErrClosed)
	}
}

// lockedBuffer is a log that may be read while it is written.
type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}

func TestTheLogTellsTheServersLife(t *testing.T) {
	log := new(lockedBuffer)
	r := run(t, http.NotFoundHandler(), api.ServeOptions{Log: slog.New(slog.NewTextHandler(log, nil))})
	answer, err := http.Get(r.url)
	if err != nil {
		t.Fatal(err)
	}
	readAll(t, answer)
	r.stop()
	if err := r.end(t); err != nil {
		t.Fatal(err)
	}
	rest := log.String()
	for _, line := range []string{"msg=listening address=" + r.address, "msg=draining", "msg=stopped"} {
		_, after, found := strings.Cut(rest, line)
		if !found {
			t.Fatalf("got the log %s, want %q next in it", log.String(), line)
		}
		rest = after
	}
}

func TestASlowHeaderEndsTheConnection(t *testing.T) {
	r := run(t, http.NotFoundHandler(), api.ServeOptions{ReadHeaderTimeout: 20 * time.Millisecond})
	c, err := net.Dial("tcp", r.address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = io.WriteString(c, "GET / HT")
	_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := io.Copy(io.Discard, c); err != nil {
		t.Errorf("got %v, want the connection closed by the server", err)
	}
	r.stop()
	if err := r.end(t); err != nil {
		t.Error(err)
	}
}

func TestASlowBodyIsARequestTimeout(t *testing.T) {
	s := open(t)
	r := run(t, s.server, api.ServeOptions{ReadTimeout: 50 * time.Millisecond})
	answer, body := raw(t, r.address, "POST "+pricePath+" HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{\"skus\":[")
	if answer.StatusCode != 408 || body != "{\"error\":\"body: not received in time\"}\n" {
		t.Errorf("got %d %s, want 408 in JSON", answer.StatusCode, body)
	}
	r.stop()
	if err := r.end(t); err != nil {
		t.Error(err)
	}
}

func TestABodyThatIsTooLongEndsTheConnection(t *testing.T) {
	s := open(t, func(_ *shop, o *api.Options) { o.MaxBody = 10 })
	r := run(t, s.server, api.ServeOptions{})
	answer, _ := raw(t, r.address, "POST "+pricePath+" HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n"+strings.Repeat(" ", 32)+"\r\n")
	if answer.StatusCode != 413 || !answer.Close {
		t.Errorf("got %d, closing %v, want 413 and the connection closed", answer.StatusCode, answer.Close)
	}
	r.stop()
	if err := r.end(t); err != nil {
		t.Error(err)
	}
}

func TestAnIdleConnectionIsClosed(t *testing.T) {
	s := open(t)
	r := run(t, s.server, api.ServeOptions{IdleTimeout: 20 * time.Millisecond})
	c, err := net.Dial("tcp", r.address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = io.WriteString(c, "HEAD /status HTTP/1.1\r\nHost: x\r\n\r\n")
	_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
	answer, err := io.ReadAll(c)
	if err != nil {
		t.Errorf("got %v, want the connection closed by the server", err)
	}
	head, body, _ := strings.Cut(string(answer), "\r\n\r\n")
	if !strings.HasPrefix(head, "HTTP/1.1 200") || body != "" {
		t.Errorf("got %q, want a header and no body", answer)
	}
	r.stop()
	if err := r.end(t); err != nil {
		t.Error(err)
	}
}

// raw sends text, reads one answer with its body and hangs up.
func raw(t *testing.T, address, text string) (answer *http.Response, body string) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
	answer, err = http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	return answer, readAll(t, answer)
}
