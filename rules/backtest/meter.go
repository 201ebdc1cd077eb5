package backtest

import (
	"io"
	"sync/atomic"
)

// meter counts the bytes that are read.
type meter struct {
	in   io.Reader
	size int64
	read atomic.Int64
}

// Read implements io.Reader.
func (m *meter) Read(p []byte) (int, error) {
	n, err := m.in.Read(p)
	m.read.Add(int64(n))
	return n, err
}

func (m *meter) progress() (done, total int64) { return m.read.Load(), m.size }
