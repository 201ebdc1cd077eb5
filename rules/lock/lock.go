package lock

import (
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

const (
	// File is the name of the file in a rule folder.
	File = "plugins.lock.yaml"
	// Version is the version of its form.
	Version = 1
	// API is the version of the contract with plugins.
	API = 1
	// MaxDoc is how long a doc may be, in bytes.
	MaxDoc = 2000
)

// Lock is what the file says.
type Lock struct {
	Plugins []Plugin // by name
}

// Plugin is a program.
type Plugin struct {
	Name    string
	Version string
	API     int
	// SHA256 are the checksums of the programs that may be run, in lower-case
	// hexadecimal and sorted. With none any program may, in development.
	SHA256 []string
	Deals  []Deal // by kind
	Facts  []Fact // by name
}

// Deal is a kind of deal that a plugin offers.
type Deal struct {
	Kind   string
	Effect engine.Effect
	Doc    string
	// Schema is the JSON Schema of configs, as JSON; "" for a kind that takes
	// no config.
	Schema string
	// Fields are what the plugin sees of the cart, besides what all see, sorted.
	Fields []string
}

// Fact is a value that a plugin offers to expressions.
type Fact struct {
	Name string
	Type engine.Kind // KindNumber, KindText or KindBool
	Doc  string
	// Fields are what the plugin sees of the cart for it, sorted.
	Fields []string
}

// Plugin returns the plugin with the name.
func (l Lock) Plugin(name string) (Plugin, bool) {
	for _, p := range l.Plugins {
		if p.Name == name {
			return p, true
		}
	}
	return Plugin{}, false
}

// Names returns the names of the plugins, sorted.
func (l Lock) Names() []string {
	var names []string
	for _, p := range l.Plugins {
		names = append(names, p.Name)
	}
	return names
}

// Deal returns the kind of deal.
func (p Plugin) Deal(kind string) (Deal, bool) {
	for _, d := range p.Deals {
		if d.Kind == kind {
			return d, true
		}
	}
	return Deal{}, false
}

// Kinds returns the kinds of deals, sorted.
func (p Plugin) Kinds() []string {
	var kinds []string
	for _, d := range p.Deals {
		kinds = append(kinds, d.Kind)
	}
	return kinds
}

// Fact returns the fact with the name.
func (p Plugin) Fact(name string) (Fact, bool) {
	for _, f := range p.Facts {
		if f.Name == name {
			return f, true
		}
	}
	return Fact{}, false
}

// Parse reads the text of a file, whose name is for messages. All of its faults
// are in the error, a diag.List.
func Parse(name string, data []byte) (Lock, error) {
	doc := syntax.Parse(name, data)
	l, _ := Read(doc)
	return l, doc.Faults().Err()
}

// typeNames are the types of facts.
func typeNames() map[string]engine.Kind {
	return map[string]engine.Kind{"number": engine.KindNumber, "text": engine.KindText, "boolean": engine.KindBool}
}

// TypeName returns the word for the type of a fact: number, text or boolean; ""
// for a type that no fact has.
func TypeName(k engine.Kind) string {
	for name, kind := range typeNames() {
		if kind == k {
			return name
		}
	}
	return ""
}

// Places tells where the plugins stand in the file: the key of each, by name.
type Places map[string]syntax.Value

// Read reads a document and reports its faults there. The places are those of
// the plugins.
func Read(doc *syntax.Document) (Lock, Places) {
	r := reader{places: make(Places)}
	root := doc.Root().Map("version", "plugins")
	if v := root.Require("version"); v.Present() && (v.Text() != "1" || v.Quoted()) {
		v.Report(diag.WrongValue, "use the version of checkout that wrote the file, or write it anew: checkout plugins lock", "version wants 1, got %s", v.Describe())
	}
	return r.lock(root.Get("plugins")), r.places
}
