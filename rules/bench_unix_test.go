//go:build unix

package rules_test

import (
	"runtime"
	"syscall"
	"testing"
	"time"
)

// spentBy runs the functions in turns, so that whatever else the machine does
// falls on all of them, and returns the CPU time of one call of each, in ns.
func spentBy(b *testing.B, functions ...func()) []float64 {
	b.Helper()
	defer runtime.KeepAlive(serverHeap())
	const calls = 100
	spent, rounds := make([]float64, len(functions)), 0
	for b.Loop() {
		for i, f := range functions {
			start := cpuTime(b)
			for range calls {
				f()
			}
			spent[i] += float64((cpuTime(b) - start).Nanoseconds())
		}
		rounds++
	}
	for i := range spent {
		spent[i] /= float64(rounds * calls)
	}
	b.ReportMetric(0, "ns/op") // of all together, which says nothing
	return spent
}

// serverHeap is memory for a benchmark to hold, because a server holds more than
// the benchmark does: without it the collector would run all the time.
func serverHeap() []byte { return make([]byte, 64<<20) }

// cpuTime is the time that the process has had of the machine's processors.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
