package config

import (
	"net"
	"net/url"
)

// isIssuer accepts URLs of issuers, and "" for none. Without TLS an issuer is only believed on this machine.
func isIssuer(s string) bool {
	u, err := url.Parse(s)
	if s == "" || err != nil {
		return s == ""
	}
	ip := net.ParseIP(u.Hostname())
	here := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	return u.Hostname() != "" && u.User == nil && u.RawQuery == "" && !u.ForceQuery && u.Fragment == "" &&
		(u.Scheme == "https" || u.Scheme == "http" && here)
}
