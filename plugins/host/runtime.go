package host

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/checkout-promotions/checkout/plugins/internal/launch"
)

const (
	// runtimePrefix is what the names of the folders of hosts begin with.
	runtimePrefix = "checkout-plugins-"
	// ownerFile is locked as long as the host of a folder lives.
	ownerFile = "owner"
	// longestInside is how long names in the folder of a host are: the random part
	// of its own, and a folder in it.
	longestInside = 24
)

// newRuntime makes a folder that only this user can read, for the copies of
// programs and their sockets, after those of hosts that were killed are removed.
// The owner is to be closed when the folder is removed.
func newRuntime(temp string) (dir string, owner *os.File, err error) {
	base, err := runtimeBase(temp)
	if err != nil {
		return "", nil, err
	}
	swept := sweep(base)
	if dir, err = os.MkdirTemp(base, runtimePrefix); err != nil {
		return "", nil, errors.Join(err, swept)
	}
	// The lock is there before the name that others look for.
	made := filepath.Join(dir, ownerFile+".new")
	if owner, err = os.OpenFile(made, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600); err == nil {
		if err = tryLock(owner); err == nil {
			err = os.Rename(made, filepath.Join(dir, ownerFile))
		}
	}
	if err != nil {
		return "", nil, errors.Join(err, os.RemoveAll(dir))
	}
	return dir, owner, swept
}

// runtimeBase is the folder of temporary files, or that which all Unix systems
// have where its name is too long for sockets.
func runtimeBase(temp string) (string, error) {
	most := launch.MaxRuntime - len("/"+runtimePrefix) - longestInside
	bases := []string{temp}
	if runtime.GOOS != "windows" {
		bases = append(bases, "/tmp")
	}
	i := slices.IndexFunc(bases, func(base string) bool { return len(base) <= most })
	if i < 0 {
		return "", fmt.Errorf("the folder of temporary files %s has a name of more than %d bytes, which is too long for sockets; set TMP to a shorter one", temp, most)
	}
	return bases[i], nil
}

// sweep removes the folders of hosts that were killed, and ends what their plugins
// have left. Folders of other users are let be.
func sweep(base string) error {
	dirs, err := filepath.Glob(filepath.Join(base, runtimePrefix+"*"))
	if err != nil {
		return err
	}
	var errs []error
	for _, dir := range dirs {
		if info, err := os.Lstat(dir); err != nil || !info.IsDir() || !ours(info) {
			continue
		}
		owner, err := os.OpenFile(filepath.Join(dir, ownerFile), os.O_RDWR, 0)
		if err != nil || tryLock(owner) != nil { // it is being made or removed, or its host lives
			_ = owner.Close()
			continue
		}
		endLeftovers(dir)
		errs = append(errs, removeRuntime(dir, owner))
	}
	return errors.Join(errs...)
}

// removeRuntime removes a folder whose owner this process is.
func removeRuntime(dir string, owner *os.File) error {
	if runtime.GOOS == "windows" { // which removes no open file
		return errors.Join(owner.Close(), os.RemoveAll(dir))
	}
	return errors.Join(os.RemoveAll(dir), owner.Close())
}
