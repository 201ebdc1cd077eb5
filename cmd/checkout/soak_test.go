//go:build soak

package main_test

import (
	"cmp"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestSoak lets clients price, sell and change items of a program for SOAKTIME, 10m
// unless told, while its rule files are edited every two seconds, and broken now and
// then. After a fifth of the time nothing grows: the heap after a collection and the
// memory of the process stay within a tenth, and goroutines stay.
func TestSoak(t *testing.T) {
	whole, err := time.ParseDuration(cmp.Or(os.Getenv("SOAKTIME"), "10m"))
	if err != nil {
		t.Fatal(err)
	}
	folder := copyRules(t)
	debug := freeAddress(t)
	address := freeAddress(t)
	_, port, _ := net.SplitHostPort(address)
	s := launch(t, "--sqlite", filepath.Join(t.TempDir(), "shop.db"), "--rules", string(folder), "--port", port, "--log-level", "error",
		"--debug-address", debug)
	s.url = "http://" + address
	eventually(t, "the server is ready", patience, func() bool { status, _, _ := s.try("GET", "/readyz", nil); return status == 200 })
	for _, sku := range []string{tv, "43N23P", "A304SD", "234234"} {
		if status, answer := s.call("PUT", "/v1/items/"+sku+"/stock", map[string]int{"stock": 900_000_000}, keyed("stock-"+sku)...); status != 200 {
			t.Fatalf("stock of %s: got %d %s", sku, status, answer)
		}
	}

	var running sync.RWMutex // held for writing while nobody sends, so that what a request takes is not measured
	stop := make(chan struct{})
	var requests atomic.Int64
	var all sync.WaitGroup
	for client := range 4 {
		all.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				running.RLock()
				err := s.soakStep(client, i)
				running.RUnlock()
				if err != nil {
					t.Error(err)
					return
				}
				requests.Add(1)
			}
		})
	}
	all.Go(func() { // edits rules
		tick := time.NewTicker(2 * time.Second)
		defer tick.Stop()
		for i := 1; ; i++ {
			select {
			case <-stop:
				return
			case <-tick.C:
			}
			text := fmt.Sprintf("promotions:\n  - id: tv-off\n    name: Televisions, edition %d\n    deal: {percent_off: {of: category == \"tv\", percent: %d}}\n", i, 1+i%50)
			if i%10 == 0 {
				text = "promotions: [{id: broken"
			}
			if err := os.WriteFile(filepath.Join(string(folder), "tv.yaml"), []byte(text), 0o644); err != nil {
				t.Error(err)
				return
			}
		}
	})
	begin := s.footprint(whole/5, debug, &running)
	end := s.footprint(whole-whole/5, debug, &running)
	close(stop)
	all.Wait()
	t.Logf("%d requests, %s reloads, %s refused; at the beginning %+v, at the end %+v", requests.Load(),
		s.metric(`checkout_rules_reloads_total{result="success"}`), s.metric(`checkout_rules_reloads_total{result="failure"}`), begin, end)
	if end.heap > begin.heap+begin.heap/10 {
		t.Errorf("the heap grew from %d to %d bytes", begin.heap, end.heap)
	}
	if end.resident > begin.resident+begin.resident/10 {
		t.Errorf("the memory of the process grew from %d to %d bytes", begin.resident, end.resident)
	}
	if end.goroutines > begin.goroutines+5 { // of connections that come and go
		t.Errorf("%d goroutines became %d", begin.goroutines, end.goroutines)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// footprint is what a process takes.
type footprint struct {
	heap       int64 // bytes in use after a collection
	resident   int64 // bytes of the process, those of SQLite included
	goroutines int64
}

// footprint measures after a time, while nobody sends.
func (s *server) footprint(after time.Duration, debug string, running *sync.RWMutex) footprint {
	s.t.Helper()
	<-time.After(after)
	running.Lock()
	defer running.Unlock()
	var heap string
	for range 2 { // what pools keep goes with the second collection
		answer, err := http.Get("http://" + debug + "/debug/pprof/heap?gc=1&debug=1")
		if err != nil {
			s.t.Fatal(err)
		}
		text, err := io.ReadAll(answer.Body)
		_ = answer.Body.Close() // it was read to its end
		if err != nil {
			s.t.Fatal(err)
		}
		_, heap, _ = strings.Cut(string(text), "# HeapAlloc = ")
		heap, _, _ = strings.Cut(heap, "\n")
	}
	number := func(text string) int64 {
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			s.t.Fatal(err)
		}
		return int64(n)
	}
	return footprint{number(heap), number(s.metric("process_resident_memory_bytes")), number(s.metric("go_goroutines"))}
}

func keyed(key string) []string {
	return append(auth(), "Content-Type", "application/json", "Idempotency-Key", key)
}

// soakStep is one request: mostly a quote, now and then an order or an item.
func (s *server) soakStep(client, i int) error {
	cart := map[string]any{"lines": []any{map[string]any{"sku": tv, "quantity": 3}, map[string]any{"sku": "43N23P", "quantity": 1}}, "customer": map[string]any{"id": "c-1"}}
	method, path, body := "POST", "/v1/quotes", cart
	switch {
	case i%100 == 99:
		method, path, body = "PUT", "/v1/items/A304SD", map[string]any{"name": "Alexa Speaker", "price": fmt.Sprintf("109.%02d", i/100%100), "categories": []string{"speakers"}}
	case i%10 == 9:
		path, body = "/v1/orders", cart
	}
	status, answer, err := s.try(method, path, body, keyed(fmt.Sprintf("%d-%d", client, i))...)
	if err == nil && status >= 300 {
		err = fmt.Errorf("%s: got %d %.300s", path, status, answer)
	}
	return err
}
