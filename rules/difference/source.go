package difference

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/lock"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// source is what the files of a folder say.
type source struct {
	definitions map[string]string // of sets and conditions, as they are written
	expanded    map[string]string // what they stand for in the end
	promotions  map[string]promotion
	policy      map[string]meaning
	plugins     map[string]meaning
}

type promotion struct {
	source string
	fields map[string]meaning
}

// meaning is what a key says: as it is written, and in the form in which all that
// mean the same are alike.
type meaning struct{ written, means string }

func read(files []compile.File) *source {
	s := &source{
		definitions: make(map[string]string), expanded: make(map[string]string),
		promotions: make(map[string]promotion), policy: make(map[string]meaning), plugins: make(map[string]meaning),
	}
	var roots []syntax.Value
	for _, f := range files {
		root := syntax.Parse(f.Name, f.Data).Root()
		switch f.Name {
		case "policy.yaml", "policy.yml":
			s.flatten(s.policy, "", root)
		case lock.File:
			s.flatten(s.plugins, "", root)
		default:
			roots = append(roots, root)
		}
	}
	for _, root := range roots {
		for _, key := range []string{"sets", "conditions"} {
			for _, e := range child(root, key).Entries() {
				s.definitions[e.Name] = e.Value.Text()
			}
		}
	}
	for _, root := range roots {
		for _, p := range child(root, "promotions").Items() {
			s.promotion(p)
		}
	}
	for name, value := range defaults() {
		if s.policy[name].means == value {
			delete(s.policy, name)
		}
	}
	return s
}

// child returns the value of a key.
func child(v syntax.Value, key string) syntax.Value {
	if v.Kind() != syntax.Mapping {
		return syntax.Value{}
	}
	for _, e := range v.Entries() {
		if e.Name == key {
			return e.Value
		}
	}
	return syntax.Value{}
}

// defaults are what holds without a key.
func defaults() map[string]string {
	return map[string]string{
		"enabled": "true", "priority": "0", "group": "default", "exclusive": "false", "on_failure": "skip",
		"currency": compile.DefaultCurrency, "rounding": "half_up", "rounding.mode": "half_up", "rounding.target": "discount", "resolution": "best",
	}
}

func (s *source) promotion(v syntax.Value) {
	p := promotion{source: v.Location(), fields: make(map[string]meaning)}
	for _, e := range v.Entries() {
		switch e.Name {
		case "id":
		case "deals":
			for i, deal := range e.Value.Items() {
				s.flatten(p.fields, dealName(i), deal)
			}
		default:
			s.flatten(p.fields, e.Name, e.Value)
		}
	}
	for name, value := range defaults() {
		if p.fields[name].means == value {
			delete(p.fields, name)
		}
	}
	s.promotions[child(v, "id").Text()] = p
}

// dealName is the path of a deal: a list of one is the same as deal.
func dealName(i int) string {
	if i == 0 {
		return "deal"
	}
	return "deal[" + strconv.Itoa(i+1) + "]"
}

// flatten notes each scalar below the value by its path. Lists of texts are one.
func (s *source) flatten(into map[string]meaning, path string, v syntax.Value) {
	switch v.Kind() {
	case syntax.Mapping:
		for _, e := range v.Entries() {
			name := e.Name
			if path != "" {
				name = path + "." + e.Name
			}
			s.flatten(into, name, e.Value)
		}
		if len(v.Entries()) == 0 && path != "" {
			into[path] = meaning{"{}", "{}"}
		}
	case syntax.Sequence:
		for i, item := range v.Items() {
			s.flatten(into, path+"["+strconv.Itoa(i+1)+"]", item)
		}
		if len(v.Items()) == 0 {
			into[path] = meaning{"[]", "[]"}
		}
	case syntax.Scalar:
		into[path] = meaning{v.Text(), s.means(path, v)}
	}
}

// means writes a scalar so that all that mean the same are alike.
func (s *source) means(path string, v syntax.Value) string {
	text := v.Text()
	if path == "name" || path == "description" {
		return text
	}
	if _, err := engine.ParseDecimal(text); err == nil && strings.Contains(text, ".") {
		return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
	}
	return compile.Normal(text, s.define)
}

// define says what a name stands for, other names within it included.
func (s *source) define(name string) (string, bool) {
	if known, ok := s.expanded[name]; ok {
		return known, true
	}
	definition, ok := s.definitions[name]
	if !ok {
		return "", false
	}
	s.expanded[name] = name // names that need each other do not compile
	s.expanded[name] = compile.Normal(definition, s.define)
	return s.expanded[name], true
}

// through returns the names in an expression that stand for something else now,
// without those that only do because of others.
func through(text string, old, now *source) []string {
	names := make(map[string]bool)
	var look func(text string)
	look = func(text string) {
		compile.Normal(text, func(name string) (string, bool) {
			was, had := old.define(name)
			is, has := now.define(name)
			switch {
			case !had && !has || had && has && was == is || names[name]:
			case now.definitions[name] == old.definitions[name]:
				look(now.definitions[name])
			default:
				names[name] = true
			}
			return "", false
		})
	}
	look(text)
	return slices.Sorted(maps.Keys(names))
}
