package api

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestManyAddressesTakeBoundedMemory(t *testing.T) {
	l := newRateLimit("address", perSecond(1), rateWindow, errors.New("too many"))
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for i := range 3*maxRated + 1 {
		if err := l.admit(make(http.Header), fmt.Sprint(i), at); err != nil {
			t.Fatalf("the first request of address %d: %v", i, err)
		}
		if n := len(l.young) + len(l.old); n > 2*maxRated {
			t.Fatalf("%d allowances are kept after %d addresses, want at most %d", n, i+1, 2*maxRated)
		}
	}
}

func TestRequestsAtOnceShareTheAllowance(t *testing.T) {
	l := newRateLimit("key", perSecond(10), rateWindow, errors.New("too many"))
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	var admitted atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				if l.admit(make(http.Header), "key", at) == nil {
					admitted.Add(1)
				}
			}
		})
	}
	all.Wait()
	if n := admitted.Load(); n != 20 {
		t.Errorf("%d requests were admitted at one instant, want 20", n)
	}
}
