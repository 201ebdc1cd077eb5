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
		{
			"a number that JSON cannot carry", "plugins:\n  settings:\n    loyalty:\n      pin: 0x10",
			":4: plugins.settings.loyalty: a value that JSON cannot carry exactly as it is written; write a number with digits alone, such as 16 or 0.5, or a text in quotes",
		},
		{
			"a number without end", "plugins: {settings: {loyalty: {rates: [1, .inf]}}}",
			":1: plugins.settings.loyalty: a value that JSON cannot carry exactly as it is written; write a number with digits alone, such as 16 or 0.5, or a text in quotes",
		},
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

func TestPluginsAreToldWhatIsWritten(t *testing.T) {
	tests := []struct{ name, yaml, want string }{
		{"decimals", "{a: 0.1, b: 6.50, c: -0.075, d: 1e3}", `{"a":0.1,"b":6.50,"c":-0.075,"d":1e3}`},
		{"numbers beyond floating point", "{a: 9007199254740993, b: 123456789012345678901234567890, c: 0.1000000000000000055}", `{"a":9007199254740993,"b":123456789012345678901234567890,"c":0.1000000000000000055}`},
		{"texts, also those that look like something else", `{a: "0x10", b: yes, c: '0.10', d: 2026-11-22}`, `{"a":"0x10","b":"yes","c":"0.10","d":"2026-11-22"}`},
		{"flags and nothing", "{a: true, b: null, c: ~, d: {}, e: []}", `{"a":true,"b":null,"c":null,"d":{},"e":[]}`},
		{"keys that are numbers, as texts", "{a: {1: 2}}", `{"a":{"1":2}}`},
		{"lists and mappings in each other", "{a: [{b: 0.10}, [0.20]]}", `{"a":[{"b":0.10},[0.20]]}`},
		{"what stands elsewhere", "{a: &x {b: 0.10}, c: *x, d: {<<: *x, e: 1}}", `{"a":{"b":0.10},"c":{"b":0.10},"d":{"b":0.10,"e":1}}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := config.Load(config.Sources{File: write(t, "plugins: {settings: {loyalty: "+tt.yaml+"}}")})
			if told := string(got.Plugins.Settings["loyalty"]); err != nil || told != tt.want {
				t.Errorf("got  %s, %v\nwant %s", told, err, tt.want)
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
