//go:build linux && race

package host_test

// memory bounds nothing: the race detector maps terabytes, of which it uses little.
func memory(int64) int64 { return 1 << 60 }
