package config_test

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/checkout-promotions/checkout/config"
)

func TestHeadersOfTracesAreReadByTheirNames(t *testing.T) {
	for text, want := range map[config.Secret]map[string]string{
		"":                            {},
		"authorization=Bearer a==":    {"authorization": "Bearer a=="},
		"a=1, X-Scope = shop ,empty=": {"a": "1", "X-Scope": "shop", "empty": ""},
	} {
		if diff := cmp.Diff(want, config.Tracing{Headers: text}.HeaderMap()); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text.Reveal(), diff)
		}
	}
}

func TestTrustedCallersAreNetworks(t *testing.T) {
	got := config.Tracing{TrustedCallers: "10.1.2.3/8, ::1"}.Callers()
	want := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
