package webhook

import (
	"errors"
	"net"
	"syscall"
	"time"

	"code.dny.dev/ssrf"
)

// errNotPublic says that a host is somewhere where what callers of an API name is not
// looked for. It does not say where, nor whether there is such a host at all.
var errNotPublic = errors.New("the host has no public address")

// publicDialer connects to public addresses only. It looks at the address that is being
// connected to, after names have been looked up: a name that leads elsewhere the next
// time does not pass.
func publicDialer() *net.Dialer {
	guard := ssrf.New(ssrf.WithAnyPort())
	return &net.Dialer{
		Timeout: 30 * time.Second,
		Control: func(network, address string, c syscall.RawConn) error {
			if guard.Safe(network, address, c) != nil {
				return errNotPublic
			}
			return nil
		},
	}
}
