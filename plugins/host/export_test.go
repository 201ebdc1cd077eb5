package host

import (
	"context"
	"time"
)

// NewFast returns a host that notices in moments what others notice in seconds.
func NewFast(o Options) (*Host, error) {
	h, err := New(o)
	if err != nil {
		return nil, err
	}
	h.pace.look, h.pace.health, h.pace.healthWait = 50*time.Millisecond, 200*time.Millisecond, 500*time.Millisecond
	h.pace.longestPause = time.Second
	return h, nil
}

// WithoutTLS has the host talk to programs that it starts from now on in the clear.
func (h *Host) WithoutTLS() { h.starter.withoutTLS = true }

// CheckNow asks a running plugin for its health.
func (h *Host) CheckNow(ctx context.Context, name string) error {
	return h.plugin(name).current.Load().program.check(ctx)
}
