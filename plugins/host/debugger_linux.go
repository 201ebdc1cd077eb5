package host

import (
	"bytes"
	"fmt"
	"os"
)

// debugged tells whether a debugger holds the program.
func debugged(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, rest, found := bytes.Cut(text, []byte("\nTracerPid:"))
	tracer, _, _ := bytes.Cut(rest, []byte("\n"))
	return err == nil && found && string(bytes.TrimSpace(tracer)) != "0"
}
