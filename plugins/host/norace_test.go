//go:build linux && !race

package host_test

func memory(bytes int64) int64 { return bytes }
