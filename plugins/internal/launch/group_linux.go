package launch

import (
	"os"
	"os/exec"
	"syscall"
)

// ownGroup starts the command as the leader of a process group, and has it killed when this process is gone.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// killGroup kills all processes of the group of a leader, also when the leader has ended.
func killGroup(leader *os.Process) { _ = syscall.Kill(-leader.Pid, syscall.SIGKILL) } // an error says that nobody is left

// errBusy is of a program that somebody writes to.
const errBusy = syscall.ETXTBSY
