package config_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/checkout-promotions/checkout/config"
)

func TestOriginsAreAsBrowsersWriteThem(t *testing.T) {
	for list, want := range map[string][]string{
		"":                      nil,
		" ":                     nil,
		"https://shop.example":  {"https://shop.example"},
		"http://localhost:3000": {"http://localhost:3000"},
		" https://a.example:8443 , https://b.example ": {"https://a.example:8443", "https://b.example"},
		"http://[::1]:3000":                            {"http://[::1]:3000"},
	} {
		if diff := cmp.Diff(want, (config.Config{CORSOrigins: list}).Origins()); diff != "" {
			t.Errorf("%q (-want +got):\n%s", list, diff)
		}
	}
}
