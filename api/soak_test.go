//go:build soak

package api_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/checkout-promotions/checkout/api"
	"github.com/checkout-promotions/checkout/engine"
)

// TestSoak lets clients price, sell and change items for SOAKTIME, 10m unless told,
// while the rules change every two seconds. After a fifth of the time nothing grows:
// the heap after a collection stays within a tenth, and goroutines stay.
func TestSoak(t *testing.T) {
	whole := 10 * time.Minute
	if text := os.Getenv("SOAKTIME"); text != "" {
		var err error
		if whole, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
	}
	store := database(t, filepath.Join(t.TempDir(), "shop.db"))
	items := catalogue()
	for i := range items {
		items[i].Stock = engine.MaxQuantity
	}
	if _, err := store.Upsert(t.Context(), items); err != nil {
		t.Fatal(err)
	}
	rules := engine.New(originalRules(t))
	s := open(t, on(store, &wrapper{}), withRules(rules), func(_ *shop, o *api.Options) { o.Now = time.Now })
	server := httptest.NewServer(s.server)
	defer server.Close()

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
				err := soakStep(server, client, i)
				running.RUnlock()
				if err != nil {
					t.Error(err)
					return
				}
				requests.Add(1)
			}
		})
	}
	all.Go(func() {
		tick := time.NewTicker(2 * time.Second)
		defer tick.Stop()
		for i := int64(1); ; i++ {
			select {
			case <-stop:
				return
			case <-tick.C:
				rules.Swap(percentRules(t, fmt.Sprint("digest-", i), 1+i%50))
			}
		}
	})
	begin := newFootprint(whole/5, &running)
	end := newFootprint(whole-whole/5, &running)
	close(stop)
	all.Wait()
	t.Logf("%d requests; at the beginning %+v, at the end %+v", requests.Load(), begin, end)
	if end.heap > begin.heap+begin.heap/10 {
		t.Errorf("the heap grew from %d to %d bytes", begin.heap, end.heap)
	}
	if end.goroutines > begin.goroutines+5 { // what a request has just now
		t.Errorf("%d goroutines became %d", begin.goroutines, end.goroutines)
	}
}

// footprint is what a process takes.
type footprint struct {
	heap       uint64 // bytes in use after a collection
	goroutines int
}

// newFootprint measures after a time, while nobody sends.
func newFootprint(after time.Duration, running *sync.RWMutex) footprint {
	<-time.After(after)
	running.Lock()
	defer running.Unlock()
	runtime.GC()
	runtime.GC() // what pools keep goes with the second
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return footprint{m.HeapAlloc, runtime.NumGoroutine()}
}

// soakStep is one request: mostly a quote, now and then an order or an item.
func soakStep(server *httptest.Server, client, i int) error {
	path, body := quotesPath, `{"lines":[{"sku":"120P90","quantity":3},{"sku":"43N23P","quantity":1}],"customer":{"id":"c-1"}}`
	switch {
	case i%100 == 99:
		path, body = itemsPath, fmt.Sprintf(`{"items":[{"name":"Google TV","sku":"120P90","price":49.%02d,"inventory_quantity":1000000000}]}`, i/100%100)
	case i%10 == 9:
		path, body = "/v1/orders", `{"lines":[{"sku":"120P90","quantity":1}],"customer":{"id":"c-1"}}`
	}
	r, err := http.NewRequest("POST", server.URL+path, bytes.NewBufferString(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+password)
	r.Header.Set("X-Auth-Password", password)
	r.Header.Set("Idempotency-Key", fmt.Sprintf("%d-%d", client, i))
	w, err := server.Client().Do(r)
	if err != nil {
		return err
	}
	text, err := io.ReadAll(w.Body)
	if err == nil && w.StatusCode >= 300 {
		err = fmt.Errorf("%s: got %d %.300s", path, w.StatusCode, text)
	}
	return errors.Join(err, w.Body.Close())
}
