package sdk

import (
	"runtime/debug"
	"testing"
)

func TestGarbageIsCollectedLessOftenUnlessTheAuthorSays(t *testing.T) {
	began := debug.SetGCPercent(100)
	defer debug.SetGCPercent(began)
	for before, want := range map[int]int{100: heapGrowth, 50: 50, -1: -1} {
		debug.SetGCPercent(before)
		collectLess()
		if got := debug.SetGCPercent(before); got != want {
			t.Errorf("with %d before: got %d, want %d", before, got, want)
		}
	}
}
