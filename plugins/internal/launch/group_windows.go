package launch

import (
	"os"
	"os/exec"

	"golang.org/x/sys/windows"
)

// ownGroup does nothing: Windows has no process groups that could be ended as one.
func ownGroup(*exec.Cmd) {}

// killGroup kills the process, and not what it has started.
func killGroup(leader *os.Process) { _ = leader.Kill() } // an error says that it has ended

// errBusy is of a program that somebody writes to.
const errBusy = windows.ERROR_SHARING_VIOLATION
