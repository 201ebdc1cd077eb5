package webhook

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"syscall"
	"time"

	"code.dny.dev/ssrf"
)

// errNotPublic says that a host is somewhere where what callers of an API name is not
// looked for. It does not say where, nor whether there is such a host at all.
var errNotPublic = errors.New("the host has no public address")

// CheckURL says what is wrong with an address to post events to, as far as it shows; one
// that has to be public is of https, because what is sent is nobody else's business.
func CheckURL(address string, public bool) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "":
		return errors.New("want an address such as https://example.com/hooks")
	case u.User != nil || u.Fragment != "":
		return errors.New("want an address without a user and a #")
	case !public:
		return nil
	case u.Scheme != "https":
		return errors.New("want an address of https")
	}
	if ip, err := netip.ParseAddr(u.Hostname()); err == nil && ssrf.New(ssrf.WithAnyPort()).SafeAddr(ip) != nil {
		return errNotPublic
	}
	return nil
}

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
