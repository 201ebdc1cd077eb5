package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	node "go.yaml.in/yaml/v3"
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

// pluginSettings takes in what a file tells plugins.
func (r *reading) pluginSettings(s setting, doc *document, value any) {
	given, ok := value.(map[string]any)
	if !ok {
		r.faults = append(r.faults, Fault{Source: doc.place(s.key), Problem: "want " + s.kind.want(), Hint: "such as loyalty: {url: https://points.example}"})
		return
	}
	var all PluginSettings
	name := regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)
	for _, plugin := range slices.Sorted(maps.Keys(given)) {
		key := s.key + "." + plugin
		_, mapping := given[plugin].(map[string]any)
		text, err := doc.exactly(plugin)
		inexact, _ := errors.AsType[*inexactError](err)
		switch {
		case !name.MatchString(plugin):
			r.faults = append(r.faults, Fault{Source: doc.place(key), Problem: fmt.Sprintf("%q is no name of a plugin", plugin), Hint: "use a-z, 0-9 and -"})
		case inexact != nil:
			r.faults = append(r.faults, Fault{Source: doc.at(inexact.line, key), Problem: "a value that JSON cannot carry exactly as it is written", Hint: "write a number with digits alone, such as 16 or 0.5, or a text in quotes"})
		case !mapping || err != nil:
			r.faults = append(r.faults, Fault{Source: doc.place(key), Problem: "want a mapping with texts as keys"})
		default:
			if all == nil {
				all = make(PluginSettings)
			}
			all[plugin] = text
		}
	}
	r.values[s.key], r.names[s.key] = all, doc.place(s.key)
}

// plainNode is a part of a document, with aliases followed.
type plainNode struct{ *node.Node }

// UnmarshalYAML implements yaml.Unmarshaler.
func (p *plainNode) UnmarshalYAML(n *node.Node) error {
	p.Node = n
	return nil
}

// children returns what stands under the keys of a mapping, nothing for what is none.
func (p plainNode) children() (all map[string]plainNode, err error) {
	if p.Node == nil || p.Kind != node.MappingNode {
		return nil, nil
	}
	return all, p.Decode(&all)
}

// toldIn returns what a document tells plugins, by their names.
func toldIn(top *node.Node) (map[string]plainNode, error) {
	settings, err := plainNode{top}.children()
	for _, key := range []string{pluginsKey, "settings"} {
		if err == nil {
			settings, err = settings[key].children()
		}
	}
	return settings, err
}

// exactly returns what the document tells a plugin, as JSON with every number as it is written. A value that cannot be carried is an
// *inexactError.
func (d *document) exactly(plugin string) (json.RawMessage, error) {
	told := d.told[plugin]
	if told.Node == nil {
		return nil, nil
	}
	var value exact
	if err := told.Decode(&value); err != nil {
		return nil, err
	}
	return json.Marshal(value)
}

// inexactError says where a value stands that JSON cannot carry as it is written. It does not show it, since it may be a secret.
type inexactError struct{ line int }

// Error implements error.
func (e *inexactError) Error() string { return fmt.Sprintf("line %d: JSON cannot carry it", e.line) }

// exact is YAML as JSON. Numbers do not become floating point on the way, which would change 9007199254740993 and 0.10.
type exact struct{ text json.RawMessage } // nil for null, of which the parser does not tell

// MarshalJSON implements json.Marshaler.
func (e exact) MarshalJSON() ([]byte, error) { return e.text.MarshalJSON() }

// UnmarshalYAML implements yaml.Unmarshaler.
func (e *exact) UnmarshalYAML(n *node.Node) (err error) {
	var value any
	switch tag := n.ShortTag(); {
	case n.Kind == node.MappingNode:
		var below map[string]exact
		err, value = n.Decode(&below), below
	case n.Kind == node.SequenceNode:
		below := []exact{}
		err, value = n.Decode(&below), below
	case (tag == "!!int" || tag == "!!float") && json.Valid([]byte(n.Value)):
		value = json.Number(n.Value)
	case tag == "!!str" || tag == "!!timestamp":
		value = n.Value
	case tag == "!!bool":
		err = n.Decode(&value)
	default:
		return &inexactError{n.Line}
	}
	if err == nil {
		e.text, err = json.Marshal(value)
	}
	return err
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
