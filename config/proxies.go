package config

import (
	"errors"
	"net/netip"
	"strings"
)

// Proxies returns the networks of TrustedProxies; an address is a network of its own.
func (c Config) Proxies() []netip.Prefix {
	networks, _ := parseProxies(c.TrustedProxies)
	return networks
}

func isProxies(list string) bool {
	_, ok := parseProxies(list)
	return ok
}

// parseProxies reads addresses and networks between commas. It takes no network of everybody, which would trust the clients
// themselves, and no IPv4 in the clothes of IPv6, which never matches.
func parseProxies(list string) (networks []netip.Prefix, ok bool) {
	if strings.TrimSpace(list) == "" {
		return nil, true
	}
	for part := range strings.SplitSeq(list, ",") {
		network, err := parseNetwork(strings.TrimSpace(part))
		if err != nil || network.Bits() == 0 || network.Addr().Is4In6() {
			return nil, false
		}
		networks = append(networks, network.Masked())
	}
	return networks, true
}

// parseNetwork reads a network, or an address, which has no zone.
func parseNetwork(s string) (netip.Prefix, error) {
	if strings.Contains(s, "/") {
		return netip.ParsePrefix(s)
	}
	address, err := netip.ParseAddr(s)
	if err != nil || address.Zone() != "" {
		return netip.Prefix{}, errors.New("no address without a zone")
	}
	return address.Prefix(address.BitLen())
}
