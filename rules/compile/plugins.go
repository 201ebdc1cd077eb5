package compile

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/lock"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// lockName is the name of plugins.lock.yaml without its ending.
var lockName = strings.TrimSuffix(lock.File, ".yaml")

// MaxConfig is how long the config of a plugin's deal may be, in bytes of JSON.
const MaxConfig = 16 << 10

// LockOf returns what plugins.lock.yaml says among the rule files of one folder;
// the zero Lock where they have none. The error is a diag.List.
func LockOf(files []File) (lock.Lock, error) {
	var p plugins
	for _, f := range files {
		if isLock(f.Name) {
			doc := syntax.Parse(f.Name, f.Data)
			p.read(doc)
			if err := doc.Faults().Err(); err != nil {
				return lock.Lock{}, err
			}
		}
	}
	return p.locked, nil
}

func isLock(name string) bool { return name == lockName+".yaml" || name == lockName+".yml" }

// plugins are those that the folder may use, and what it uses of them.
type plugins struct {
	file    string // that names them, "" for none
	broken  bool   // the file has faults
	locked  lock.Lock
	places  lock.Places
	facts   map[engine.FactKey]bool
	schemas map[engine.FactKey]*lock.Schema // by plugin and kind of deal
}

// read takes in plugins.lock.yaml.
func (p *plugins) read(doc *syntax.Document) {
	if p.file != "" {
		doc.Root().Report(diag.Duplicate, "keep one of the two", "%s says already which plugins there are", p.file)
		return
	}
	p.file = doc.Name()
	p.locked, p.places = lock.Read(doc)
	p.broken = len(doc.Faults()) > 0
}

// variableOf is what expressions call a plugin.
func variableOf(plugin string) string { return strings.ReplaceAll(plugin, "-", "_") }

// named returns the plugin that expressions call so, "" for none.
func (p *plugins) named(variable string) string {
	for _, name := range p.locked.Names() {
		if variableOf(name) == variable {
			return name
		}
	}
	return ""
}

// addTo adds the plugins to the variables of the cart. A plugin that is called
// like a word of the language is a fault.
func (p *plugins) addTo(fixed map[string]operand, items variables) {
	p.facts, p.schemas = make(map[engine.FactKey]bool), make(map[engine.FactKey]*lock.Schema)
	words := reservedWords(fixed, items.fixed)
	for _, plugin := range p.locked.Plugins {
		name := variableOf(plugin.Name)
		if slices.Contains(words, name) {
			p.places[plugin.Name].Report(diag.ReservedName, "rename the program, and write the file anew: checkout plugins lock", "%q is a word of the language", name)
			continue
		}
		fixed[name] = p.record(name, plugin)
	}
}

// record is a plugin as conditions and numbers see it.
func (p *plugins) record(name string, plugin lock.Plugin) operand {
	var names []string
	for _, f := range plugin.Facts {
		names = append(names, f.Name)
	}
	hint := "the plugin has no facts"
	if len(names) > 0 {
		hint = "name the fact, such as " + name + "." + names[0]
	}
	return operand{kind: record, fields: &fields{title: name, hint: hint, names: names,
		get: func(fact string) (operand, bool) {
			f, known := plugin.Fact(fact)
			if !known {
				return operand{}, false
			}
			key := engine.FactKey{Plugin: plugin.Name, Name: fact}
			p.facts[key] = true
			return factOperand(key, f.Type), true
		},
	}}
}

// factOperand reads a fact of a plugin, which may be missing.
func factOperand(key engine.FactKey, of engine.Kind) operand {
	get := func(s *engine.Scope) engine.Value {
		v, _ := s.Fact(key)
		return v
	}
	switch of {
	case engine.KindNumber:
		return operand{kind: number, number: func(s *engine.Scope, _ element) (engine.Decimal, bool) { return get(s).Number() }}
	case engine.KindText:
		return operand{kind: text, text: func(s *engine.Scope, _ element) (string, bool) { return get(s).Text() }}
	default:
		return operand{kind: fact, flag: true, fact: func(s *engine.Scope, _ element) engine.Value {
			if v := get(s); v.Kind() == engine.KindBool {
				return v
			}
			return engine.Value{}
		}}
	}
}

// factsRead returns the facts that expressions read, sorted.
func (p *plugins) factsRead() []engine.FactKey {
	return slices.SortedFunc(maps.Keys(p.facts), func(a, b engine.FactKey) int {
		return cmp.Or(cmp.Compare(a.Plugin, b.Plugin), cmp.Compare(a.Name, b.Name))
	})
}

// plugin compiles a deal that a plugin decides.
func (p *promotionCompiler) plugin(v syntax.Value) engine.Deal {
	p.asksPlugins = true
	m := v.Map("name", "kind", "gifts", "config")
	plugin, known := p.pluginNamed(m.Require("name"))
	if !known {
		return nil
	}
	kind, known := kindOf(m, plugin)
	if !known {
		return nil
	}
	return &engine.PluginDeal{
		Plugin: plugin.Name, Kind: kind.Kind, Effect: kind.Effect,
		Gifts:  gifts(m, kind),
		Config: p.config(m, plugin, kind),
	}
}

// pluginNamed returns the plugin, which has to be in plugins.lock.yaml.
func (c *compiler) pluginNamed(v syntax.Value) (lock.Plugin, bool) {
	name, ok := v.WantText()
	if !ok {
		return lock.Plugin{}, false
	}
	plugin, known := c.plugins.locked.Plugin(name)
	switch {
	case known:
		return plugin, true
	case c.plugins.file == "":
		v.Report(diag.UnknownPlugin, "checkout plugins lock writes it, from the plugins that are installed", "the folder has no %s, which says what plugins there are", lock.File)
	default:
		hint := c.suggest(name, c.plugins.locked.Names)
		if !strings.HasPrefix(hint, "did you mean") {
			hint = "install it, and add it to the file: checkout plugins lock"
		}
		v.Report(diag.UnknownPlugin, hint, "%s has no plugin %.70q", c.plugins.file, name)
	}
	return lock.Plugin{}, false
}

// kindOf returns the kind of deal, which may be left out where the plugin has one.
func kindOf(m syntax.Map, plugin lock.Plugin) (lock.Deal, bool) {
	v := m.Get("kind")
	switch kinds := plugin.Kinds(); {
	case v.Present():
		name, ok := v.WantText()
		kind, known := plugin.Deal(name)
		if ok && !known {
			v.Report(diag.UnknownPlugin, diag.Suggest(name, kinds), "the plugin %s has no kind of deal %.70q", plugin.Name, name)
		}
		return kind, known
	case len(kinds) == 1:
		return plugin.Deals[0], true
	case len(kinds) == 0:
		m.Get("name").Report(diag.UnknownPlugin, "", "the plugin %s has no deals, only facts", plugin.Name)
	default:
		m.Report(diag.MissingKey, "there is "+strings.Join(kinds, ", "), `key "kind" is missing: the plugin %s has several kinds of deals`, plugin.Name)
	}
	return lock.Deal{}, false
}

// gifts reads the items that the plugin may give away.
func gifts(m syntax.Map, kind lock.Deal) []string {
	switch {
	case kind.Effect == engine.GiftEffect:
		return skus(m.Require("gifts"), "gifts")
	case m.Has("gifts"):
		m.Key("gifts").Report(diag.WrongValue, "leave it out", "a deal of the kind %s gives no items: its effect is %s", kind.Kind, kind.Effect)
	}
	return nil
}

// config returns what the rule says to the plugin as JSON, checked against the
// schema of the kind.
func (c *compiler) config(m syntax.Map, plugin lock.Plugin, kind lock.Deal) string {
	v, data := m.Get("config"), any(map[string]any{})
	if v.Present() {
		read, ok := given(v, "config").Data()
		switch _, mapping := read.(map[string]any); {
		case !ok || v.Kind() == syntax.Null:
			return ""
		case !mapping:
			v.Report(diag.PluginConfig, "", "config wants a mapping, got %s", v.Describe())
			return ""
		}
		data = read
	} else {
		v = m.Value
	}
	text, err := lock.Canonical(data)
	if err != nil || len(text) > MaxConfig {
		v.Report(diag.TooCostly, "", "the config is too long; as JSON it may have %d bytes", MaxConfig)
	}
	c.checkConfig(v, data, plugin, kind)
	return text
}

func (c *compiler) checkConfig(v syntax.Value, data any, plugin lock.Plugin, kind lock.Deal) {
	if c.plugins.broken {
		return // the file of the schemas has faults of its own
	}
	if kind.Schema == "" {
		if entries := data.(map[string]any); len(entries) > 0 {
			v.Report(diag.PluginConfig, "leave it out", "the kind of deal %s takes no config", kind.Kind)
		}
		return
	}
	for _, violation := range c.plugins.schema(plugin, kind).Check(data) {
		at := v.At(violation.Path)
		if key := at.KeyOf(violation.Key); key.Present() {
			at = key
		}
		at.Report(diag.PluginConfig, violation.Hint, "%s", violation.Message)
	}
}

// schema compiles each schema once. That it can be was found out when the file was
// read.
func (p *plugins) schema(plugin lock.Plugin, kind lock.Deal) *lock.Schema {
	key := engine.FactKey{Plugin: plugin.Name, Name: kind.Kind}
	if p.schemas[key] == nil {
		p.schemas[key], _ = lock.NewSchema(kind.Schema)
	}
	return p.schemas[key]
}

// onFailure reads what becomes of a cart when a plugin of the promotion fails.
func (p *promotionCompiler) onFailure(m syntax.Map, deals []engine.Deal) {
	if m.Has("on_failure") && !p.asksPlugins {
		m.Key("on_failure").Report(diag.WrongValue, "leave it out", "on_failure is for deals of plugins, and the promotion has none")
		return
	}
	reject := choice(m.Get("on_failure"), "on_failure", false, map[string]bool{"skip": false, "reject": true})
	for _, d := range deals {
		if d, ok := d.(*engine.PluginDeal); ok {
			d.Reject = reject
		}
	}
}
