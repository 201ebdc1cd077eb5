package launch

import (
	"bytes"
	"io"
	"sync"
)

// relay lets the streams of a program share a writer, which may block. Who writes waits for the writer, but no longer than to the end.
type relay struct {
	pieces chan piece
	ended  chan struct{}
	ending sync.Once
}

// piece is output on its way to the writer.
type piece struct {
	text    []byte
	written chan struct{}
}

// newRelay returns a relay that has to be ended.
func newRelay(to io.Writer) *relay {
	r := &relay{pieces: make(chan piece), ended: make(chan struct{})}
	go r.pass(to)
	return r
}

// pass passes on output until the end.
func (r *relay) pass(to io.Writer) {
	for {
		select {
		case p := <-r.pieces:
			_, _ = to.Write(p.text) // what a plugin writes is for people; there is nobody to tell
			close(p.written)
		case <-r.ended:
			return
		}
	}
}

// Write implements io.Writer. A writer that fails does not stop the program.
func (r *relay) Write(text []byte) (int, error) {
	p := piece{bytes.Clone(text), make(chan struct{})}
	select {
	case r.pieces <- p:
	case <-r.ended:
		return len(text), nil
	}
	select {
	case <-p.written:
	case <-r.ended:
	}
	return len(text), nil
}

// end lets nobody wait any longer.
func (r *relay) end() { r.ending.Do(func() { close(r.ended) }) }
