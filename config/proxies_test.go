package config_test

import (
	"net/netip"
	"testing"

	"github.com/checkout-promotions/checkout/config"
	"github.com/google/go-cmp/cmp"
)

func TestProxiesAreNetworks(t *testing.T) {
	for list, want := range map[string][]string{
		"":                               nil,
		" ":                              nil,
		"10.1.2.3/8":                     {"10.0.0.0/8"},
		"127.0.0.1,::1":                  {"127.0.0.1/32", "::1/128"},
		" 192.0.2.0/24 , 2001:db8::/32 ": {"192.0.2.0/24", "2001:db8::/32"},
	} {
		var got []string
		for _, network := range (config.Config{TrustedProxies: list}).Proxies() {
			got = append(got, netip.Prefix.String(network))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", list, diff)
		}
	}
}
