//go:build !linux

package process

import "os/exec"

// own does nothing where Checkout cannot make a process die with it; the SDK does.
func own(*exec.Cmd) {}

func killGroup(int) {}

func limit(int, int64) error { return nil }

type usage struct{}

// Exceeds says which limit the program is beyond; it is only known on Linux.
func (p *Process) Exceeds(memory, cpu int64) string { return "" }
