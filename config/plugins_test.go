package config_test

import (
	"errors"
	"testing"

	"github.com/spf13/pflag"

	"github.com/checkout-promotions/checkout/config"
)

func TestFaultsOfPluginSettings(t *testing.T) {
	tests := []struct{ name, file, want string }{
		{"no mapping", "plugins: bin", ":1: plugins: want a mapping with some of dir, dev, timeout, start, max_in_flight, memory_mib, cpu_percent, settings"},
		{"an unknown key", "plugins: {dri: bin}", ":1: plugins.dri: no such setting; did you mean dir?"},
		{"a number out of range", "plugins:\n  memory_mib: 0", ":2: plugins.memory_mib: want a whole number from 1 to 1048576, got the number 0"},
		{"a duration that is none", "plugins: {timeout: soon}", ":1: plugins.timeout: want a duration above zero, such as 15s or 1m30s, got \"soon\""},
		{
			"settings that are no mapping", "plugins: {settings: [secret]}",
			":1: plugins.settings: want a mapping of settings for each plugin, by its name; such as loyalty: {url: https://points.example}",
		},
		{"settings of one plugin that are no mapping", "plugins:\n  settings:\n    loyalty: secret", ":3: plugins.settings.loyalty: want a mapping with texts as keys"},
		{"settings of what is no plugin", "plugins: {settings: {Loyalty: {}}}", ":1: plugins.settings.Loyalty: \"Loyalty\" is no name of a plugin; use a-z, 0-9 and -"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := write(t, tt.file)
			_, err := config.Load(config.Sources{File: path})
			if err == nil || err.Error() != "configuration: "+path+tt.want {
				t.Errorf("got  %v\nwant configuration: %s%s", err, path, tt.want)
			}
		})
	}
}

func TestWhatIsSaidOfPluginsInTheFileAlone(t *testing.T) {
	_, err := config.Load(config.Sources{Env: []string{"CHECKOUT_PLUGINS_TIMEOUT=1s"}})
	const want = "configuration: CHECKOUT_PLUGINS_TIMEOUT: this is set in the file alone; set plugins.timeout in the file"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestFlagsOverrideOneSettingOfPluginsAndLeaveTheOthers(t *testing.T) {
	flags := pflag.NewFlagSet("plugins", pflag.ContinueOnError)
	config.BindPluginFlags(flags)
	err := flags.Parse([]string{"--plugins", "bin", "--rules", "r"})
	got, loadErr := config.Load(config.Sources{File: write(t, "plugins: {dir: other, memory_mib: 64}"), Flags: flags})
	if err := errors.Join(err, loadErr); err != nil {
		t.Fatal(err)
	}
	want := config.Default()
	want.Rules, want.Plugins.Dir, want.Plugins.MemoryMiB = "r", "bin", 64
	if got.Plugins.Dir != want.Plugins.Dir || got.Plugins.MemoryMiB != want.Plugins.MemoryMiB || got.Rules != want.Rules || got.Plugins.Start != want.Plugins.Start {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}
