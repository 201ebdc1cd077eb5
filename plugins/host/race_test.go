//go:build linux && race

package host_test

// bounded says that the memory of programs cannot be bounded here; the tests of that
// run without the race detector.
const bounded = false

// memory bounds nothing: the race detector maps terabytes, of which it uses little.
func memory(int64) int64 { return 1 << 60 }
