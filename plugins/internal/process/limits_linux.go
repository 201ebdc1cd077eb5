package process

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// maxFiles is how many files a program may have open.
const maxFiles = 4096

// limit bounds what the program may allocate: its data, which Go and Node.js do not
// count their reserves in. It gets no core files, which could hold what customers
// bought.
func limit(pid int, memory int64) error {
	bounds := map[int]uint64{unix.RLIMIT_CORE: 0, unix.RLIMIT_NOFILE: maxFiles}
	if memory > 0 {
		bounds[unix.RLIMIT_DATA] = uint64(memory)
	}
	for resource, most := range bounds {
		if err := unix.Prlimit(pid, resource, &unix.Rlimit{Cur: most, Max: most}, nil); err != nil {
			return err
		}
	}
	return nil
}

// usage is what a program had used when it was last looked at.
type usage struct {
	at   time.Time
	used time.Duration
	hot  int // how often in a row it was beyond the limit
}

const (
	// clockTick is the unit of /proc/PID/stat on all that Go runs on.
	clockTick = 10 * time.Millisecond
	// hotLooks is how often in a row a program may use too much.
	hotLooks = 5
)

// Exceeds says which limit the program is beyond, "" for none: memory in bytes, or
// the processor in percent of one for several looks in a row, 0 for none. It is to
// be called about once a second, by one goroutine.
func (p *Process) Exceeds(memory, cpu int64) string {
	if resident := residentOf(p.pid); memory > 0 && resident > memory {
		return fmt.Sprintf("it uses %d MiB of memory, more than %d", resident>>20, memory>>20)
	}
	now, used := time.Now(), processorOf(p.pid)
	before := p.usage
	p.usage.at, p.usage.used = now, used
	if cpu <= 0 || before.at.IsZero() || used < before.used {
		return ""
	}
	if percent := int64(100 * (used - before.used) / now.Sub(before.at)); percent > cpu {
		if p.usage.hot++; p.usage.hot >= hotLooks {
			return fmt.Sprintf("it uses %d %% of a processor, more than %d", percent, cpu)
		}
		return ""
	}
	p.usage.hot = 0
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
