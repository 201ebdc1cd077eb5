package host

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// endLeftovers ends what plugins whose home was the folder, or in it, have started
// and left. The kernel ends plugins with their host, and this package ends their
// group, but neither ends who has left that. All have the home in their
// environment, whose name no other has, but for those that were given another.
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

// hasHome tells whether an environment has its home in the folder.
func hasHome(environ []byte, dir string) bool {
	for v := range bytes.SplitSeq(environ, []byte{0}) {
		if home, found := bytes.CutPrefix(v, []byte("HOME="+dir)); found && (len(home) == 0 || home[0] == filepath.Separator) {
			return true
		}
	}
	return false
}
