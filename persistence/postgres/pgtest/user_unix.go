//go:build unix

package pgtest

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
)

// serverUser returns the user that the server runs as when this process is
// root; nil when it is not.
func serverUser() *syscall.Credential {
	if os.Getuid() != 0 {
		return nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, errUser := strconv.ParseUint(u.Uid, 10, 32)
		gid, errGroup := strconv.ParseUint(u.Gid, 10, 32)
		if errUser == nil && errGroup == nil {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		}
	}
	return nil
}

// giveAway makes the folder the server user's.
func giveAway(folder string) error {
	if os.Getuid() != 0 {
		return nil
	}
	u := serverUser()
	if u == nil {
		return fmt.Errorf("initdb refuses root, and there is neither a user postgres nor a user nobody; run the tests as another user")
	}
	return os.Chown(folder, int(u.Uid), int(u.Gid))
}

// asServerUser makes the program run as the server user, and out of reach of
// the signals that a terminal sends.
func asServerUser(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: serverUser()}
}
