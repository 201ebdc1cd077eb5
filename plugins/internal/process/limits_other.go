//go:build !linux

package process

// limit does nothing where Checkout cannot bound a process.
func limit(int, int64) error { return nil }

type usage struct{}

// Exceeds says which limit the program is beyond; it is only known on Linux.
func (p *Process) Exceeds(memory, cpu int64) string { return "" }
