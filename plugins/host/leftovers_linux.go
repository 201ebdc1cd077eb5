package host

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// endLeftovers ends what plugins of a host that is gone have started: the kernel
// ends them with their host, and not what they have started. What has them as its
// ancestor has their home in its environment, in the folder of that host, whose
// name no other has.
func endLeftovers(dir string) {
	all, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		return
	}
	for _, path := range all {
		text, err := os.ReadFile(path)
		if err != nil || !hasHome(text, dir) { // it has ended, or is another user's
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil {
			_ = syscall.Kill(pid, syscall.SIGKILL) // an error says that it has ended
		}
	}
}

// hasHome tells whether an environment is that of a plugin in the folder.
func hasHome(environ []byte, dir string) bool {
	for v := range bytes.SplitSeq(environ, []byte{0}) {
		if bytes.HasPrefix(v, []byte("HOME="+dir+string(filepath.Separator))) {
			return true
		}
	}
	return false
}
