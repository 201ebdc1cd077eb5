package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"
	node "go.yaml.in/yaml/v3"
)

// readFile reads the settings of a YAML file; no path, no settings.
func readFile(path string) reading {
	r := newReading()
	if path == "" {
		return r
	}
	k := koanf.New(".")
	doc := &document{YAML: yaml.Parser(), path: path, lines: map[string]int{}, places: map[string]int{}}
	if err := k.Load(file.Provider(path), doc); err != nil {
		r.faults = append(doc.faults, fileFault(path, err))
		return r
	}
	by, names := named(func(s setting) string { s.key, _, _ = strings.Cut(s.key, "."); return s.key })
	values := k.Raw()
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if s, known := by[key]; known {
			if key == s.key {
				r.value(s, doc, values[key])
			} else {
				r.group(key, doc, values[key])
			}
			continue
		}
		for _, leaf := range leaves(key, values[key]) {
			r.faults = append(r.faults, unknown(doc.place(leaf), leaf, names))
		}
	}
	r.faults = doc.sort(append(r.faults, doc.faults...))
	return r
}

// value takes in what a file says of a setting.
func (r *reading) value(s setting, doc *document, value any) {
	switch s.kind.(type) {
	case webhooks:
		r.webhooks(s, doc.place, value)
	case pluginSettings:
		r.pluginSettings(s, doc, value)
	default:
		r.scalar(s, doc.place(s.key), value)
	}
}

// group takes in what a file says of settings that stand in a mapping.
func (r *reading) group(key string, doc *document, value any) {
	values, mapping := value.(map[string]any)
	by, names := group(key)
	if !mapping {
		r.faults = append(r.faults, Fault{Source: doc.place(key), Problem: "want a mapping with some of " + strings.Join(names, ", ")})
		return
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if s, known := by[name]; known {
			r.value(s, doc, values[name])
			continue
		}
		r.faults = append(r.faults, unknown(doc.place(key+"."+name), name, names))
	}
}

// fileFault is the fault of a file that could not be read or is not YAML.
func fileFault(path string, err error) Fault {
	var unread *fs.PathError
	if errors.As(err, &unread) {
		return Fault{Source: path, Problem: unread.Err.Error(), Hint: "name a YAML file that can be read"}
	}
	lines := strings.Split(strings.TrimPrefix(err.Error(), "yaml: "), "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return Fault{Source: path, Problem: strings.Join(lines, " "), Hint: "write it as checkout.sample.yaml does"}
}

// leaves returns the paths of the values in and below a key.
func leaves(key string, value any) []string {
	below, ok := value.(map[string]any)
	if !ok || len(below) == 0 {
		return []string{key}
	}
	var all []string
	for _, k := range slices.Sorted(maps.Keys(below)) {
		all = append(all, leaves(key+"."+k, below[k])...)
	}
	return all
}

// document is koanf's YAML parser with two things added: it keeps the line of every key, and a key written twice is a fault
// beside the others instead of the end of parsing.
type document struct {
	*yaml.YAML
	path   string
	lines  map[string]int // by key
	places map[string]int // lines by what place returned
	faults []Fault
	told   map[string]plainNode // what plugins are told, by their names
}

var _ koanf.Parser = (*document)(nil)

// Unmarshal parses the one mapping that the file holds. An empty file holds no settings.
func (d *document) Unmarshal(b []byte) (map[string]any, error) {
	var root, more node.Node
	dec := node.NewDecoder(bytes.NewReader(b))
	switch err := dec.Decode(&root); {
	case errors.Is(err, io.EOF):
		return map[string]any{}, nil
	case err != nil:
		return nil, err
	case !errors.Is(dec.Decode(&more), io.EOF):
		return nil, errors.New("more follows after the first document (---), where one is wanted")
	}
	top, values := root.Content[0], map[string]any{}
	switch {
	case top.ShortTag() == "!!null":
		return values, nil
	case top.Kind != node.MappingNode:
		return nil, errors.New("want keys and values, got a " + strings.TrimPrefix(top.ShortTag(), "!!"))
	}
	d.scan("", top)
	var err error
	if d.told, err = toldIn(top); err != nil {
		return nil, err
	}
	return values, top.Decode(&values)
}

// scan notes the lines of the keys of a mapping, and takes out those that are there already.
func (d *document) scan(parent string, mapping *node.Node) {
	var kept []*node.Node
	first := map[string]int{}
	for pair := range slices.Chunk(mapping.Content, 2) {
		key, line := parent+pair[0].Value, pair[0].Line
		if at, twice := first[key]; twice {
			problem := fmt.Sprintf("written twice, first on line %d", at)
			d.faults = append(d.faults, Fault{Source: d.at(line, key), Problem: problem, Hint: "keep one of them"})
			continue
		}
		first[key], d.lines[key] = line, line
		kept = append(kept, pair...)
		d.below(key, pair[1])
	}
	mapping.Content = kept
}

// below scans what stands under a key: a mapping, or mappings in a list, as in webhooks[0].
func (d *document) below(key string, value *node.Node) {
	switch value.Kind {
	case node.MappingNode:
		d.scan(key+".", value)
	case node.SequenceNode:
		for i, entry := range value.Content {
			at := fmt.Sprintf("%s[%d]", key, i)
			d.lines[at] = entry.Line
			d.below(at, entry)
		}
	}
}

// place returns where a key stands, for faults.
func (d *document) place(key string) string { return d.at(d.lines[key], key) }

func (d *document) at(line int, key string) string {
	if line == 0 { // it came by a merge key
		return d.path + ": " + key
	}
	place := fmt.Sprintf("%s:%d: %s", d.path, line, key)
	d.places[place] = line
	return place
}

// sort puts faults in the order of their lines.
func (d *document) sort(faults []Fault) []Fault {
	slices.SortStableFunc(faults, func(a, b Fault) int { return d.places[a.Source] - d.places[b.Source] })
	return faults
}
