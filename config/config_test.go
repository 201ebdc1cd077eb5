package config_test

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/checkout-promotions/checkout/config"
	"github.com/checkout-promotions/checkout/engine/goldentest"
	"github.com/spf13/pflag"
)

func TestListen(t *testing.T) {
	tests := []struct {
		name    string
		address string
		want    string
	}{
		{"no address listens everywhere", "", ":8000"},
		{"an IPv4 address", "127.0.0.1", "127.0.0.1:8000"},
		{"an IPv6 address gets its brackets", "::1", "[::1]:8000"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := (config.Config{Address: tt.address, Port: 8000}).Listen(); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestLogLevel(t *testing.T) {
	want := map[config.LogLevel]slog.Level{
		config.LogDebug: slog.LevelDebug, config.LogInfo: slog.LevelInfo, config.LogWarn: slog.LevelWarn, config.LogError: slog.LevelError,
		"": slog.LevelInfo,
	}
	for name, level := range want {
		if got := name.Level(); got != level {
			t.Errorf("%q: got %s, want %s", name, got, level)
		}
	}
}

// TestHelp holds the help text of the flags.
func TestHelp(t *testing.T) {
	flags := pflag.NewFlagSet("run", pflag.ContinueOnError)
	flags.SortFlags = false
	config.BindFlags(flags)
	goldentest.Compare(t, "testdata/help.golden.txt", flags.FlagUsages())
}

func TestHelpShowsNoPassword(t *testing.T) {
	if usage := parse(t, "--password=hunter2").FlagUsages(); strings.Contains(usage, "hunter2") {
		t.Errorf("the help text shows the password:\n%s", usage)
	}
}
