//go:build unix

package rules_test

import (
	"runtime"
	"syscall"
	"testing"
	"time"
)

// inTurns measures what and the limit it is held against, and reports the CPU
// time of one call of each and their ratio under the name.
func inTurns(b *testing.B, name string, what, limit func()) {
	b.Helper()
	// A server holds more than this benchmark does; without it the collector
	// would run every few hundred quotes.
	heap := make([]byte, 64<<20)
	defer runtime.KeepAlive(heap)
	const calls = 100
	var spent, limitSpent time.Duration
	rounds := 0
	for b.Loop() {
		start := cpuTime(b)
		for range calls {
			what()
		}
		middle := cpuTime(b)
		for range calls {
			limit()
		}
		spent, limitSpent = spent+middle-start, limitSpent+cpuTime(b)-middle
		rounds++
	}
	b.ReportMetric(0, "ns/op") // of both together, which says nothing
	b.ReportMetric(float64(spent.Nanoseconds())/float64(rounds*calls), "cpu-ns")
	b.ReportMetric(float64(limitSpent.Nanoseconds())/float64(rounds*calls), "limit-cpu-ns")
	b.ReportMetric(float64(spent)/float64(limitSpent), name)
}

// cpuTime is the time that the process has had of the machine's processors.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
