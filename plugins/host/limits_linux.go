package host

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// maxFiles is how many files a program may have open.
	maxFiles = 4096
	// roomBeside is what a program may allocate beyond the memory that it may use,
	// in bytes: Go and Node.js allocate in large pieces, of which they use little.
	roomBeside = 256 << 20
)

// limit bounds what the program, and what it starts, may allocate. It gets no core
// files, which could hold what customers bought. The limit of allocations stops who
// eats much within a moment; meter finds who uses more than memory.
func limit(pid int, memory int64) error {
	bounds := map[int]uint64{unix.RLIMIT_CORE: 0, unix.RLIMIT_NOFILE: maxFiles, unix.RLIMIT_DATA: uint64(memory) + roomBeside}
	for resource, most := range bounds {
		var now unix.Rlimit
		if err := unix.Prlimit(pid, resource, nil, &now); err != nil {
			return fmt.Errorf("limit what it uses: %w", err)
		}
		most = min(most, now.Max) // nobody may raise what is lower already
		if err := unix.Prlimit(pid, resource, &unix.Rlimit{Cur: most, Max: most}, nil); err != nil {
			return fmt.Errorf("limit what it uses: %w", err)
		}
	}
	return nil
}

const (
	// clockTick is the unit of /proc/PID/stat on all that Go runs on.
	clockTick = 10 * time.Millisecond
	// hotLooks is how often in a row a program may use too much.
	hotLooks = 5
)

// meter looks at what a program uses. One goroutine uses it.
type meter struct {
	at   time.Time // of the last look
	used time.Duration
	hot  int // how often in a row it was beyond the limit
}

// exceeds says which limit the program is beyond, "" for none: memory in bytes, or
// the processor in percent of one for several looks in a row, 0 for any number.
func (m *meter) exceeds(pid int, memory, cpu int64) string {
	if resident := residentOf(pid); resident > memory {
		return fmt.Sprintf("it uses %d MiB of memory, more than the %d that it may; see plugins.memory_mib and what the plugin asks for", resident>>20, memory>>20)
	}
	now, used := time.Now(), processorOf(pid)
	before := *m
	m.at, m.used = now, used
	if cpu <= 0 || before.at.IsZero() || used < before.used {
		return ""
	}
	if percent := int64(100 * (used - before.used) / now.Sub(before.at)); percent > cpu {
		if m.hot++; m.hot >= hotLooks {
			return fmt.Sprintf("it uses %d %% of a processor, more than %d", percent, cpu)
		}
		return ""
	}
	m.hot = 0
	return ""
}

// residentOf is the memory that the program uses, in bytes; 0 when it is gone.
func residentOf(pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	fields := bytes.Fields(text)
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}

// processorOf is the time of processors that the program has used.
func processorOf(pid int) time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	_, rest, found := bytes.Cut(text, []byte(") ")) // the name may hold anything
	fields := bytes.Fields(rest)
	if !found || len(fields) < 13 {
		return 0
	}
	user, err := strconv.ParseInt(string(fields[11]), 10, 64)
	if err != nil {
		return 0
	}
	system, err := strconv.ParseInt(string(fields[12]), 10, 64)
	if err != nil {
		return 0
	}
	return time.Duration(user+system) * clockTick
}
