package config

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// pluginsKey is the mapping that the settings of plugins stand in.
const pluginsKey = "plugins"

// Plugins says how the plugins are run that the rules ask.
type Plugins struct {
	// Dir is the folder of the programs; without one nothing is run, and deals of plugins fail.
	Dir string `koanf:"dir"`
	// Dev lets programs run that plugins.lock.yaml does not pin.
	Dev bool `koanf:"dev"`
	// Timeout is how long one call may take.
	Timeout time.Duration `koanf:"timeout"`
	// Start is how long a program may take until it serves.
	Start time.Duration `koanf:"start"`
	// MaxInFlight is how many calls of one plugin run at once.
	MaxInFlight int `koanf:"max_in_flight"`
	// MemoryMiB is how much memory one plugin may use.
	MemoryMiB int `koanf:"memory_mib"`
	// CPUPercent is how much of one processor a plugin may use for longer than a few seconds; 0 is any.
	CPUPercent int `koanf:"cpu_percent"`
	// Settings are what each plugin is told at its start, by its name.
	Settings PluginSettings `koanf:"settings"`
}

// PluginSettings are JSON objects by the names of plugins. They may hold secrets, which no message shows.
type PluginSettings map[string]json.RawMessage

// pluginSettings takes what plugins are told, which only the file can give.
type pluginSettings struct{}

func (pluginSettings) want() string { return "a mapping of settings for each plugin, by its name" }

// parse takes no text but that of none.
func (pluginSettings) parse(text string) (any, bool) { return PluginSettings(nil), text == "map[]" }

// pluginSettings takes in what a file tells plugins; place says where a key stands.
func (r *reading) pluginSettings(s setting, place func(key string) string, value any) {
	given, ok := value.(map[string]any)
	if !ok {
		r.faults = append(r.faults, Fault{Source: place(s.key), Problem: "want " + s.kind.want(), Hint: "such as loyalty: {url: https://points.example}"})
		return
	}
	var all PluginSettings
	name := regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)
	for _, plugin := range slices.Sorted(maps.Keys(given)) {
		at := place(s.key + "." + plugin)
		told, mapping := given[plugin].(map[string]any)
		text, err := json.Marshal(told)
		switch {
		case !name.MatchString(plugin):
			r.faults = append(r.faults, Fault{Source: at, Problem: fmt.Sprintf("%q is no name of a plugin", plugin), Hint: "use a-z, 0-9 and -"})
		case !mapping || err != nil:
			r.faults = append(r.faults, Fault{Source: at, Problem: "want a mapping with texts as keys"})
		default:
			if all == nil {
				all = make(PluginSettings)
			}
			all[plugin] = text
		}
	}
	r.values[s.key], r.names[s.key] = all, place(s.key)
}

// group returns the settings that stand in a mapping, by their keys in it, and those keys in order.
func group(key string) (map[string]setting, []string) {
	by, names := map[string]setting{}, []string{}
	for _, s := range settings() {
		if name, in := strings.CutPrefix(s.key, key+"."); in {
			by[name], names = s, append(names, name)
		}
	}
	return by, names
}
