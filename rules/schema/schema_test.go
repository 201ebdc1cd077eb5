package schema_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/schema"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

func compiled(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	text, err := schema.Of(name)
	if err != nil {
		t.Fatal(err)
	}
	data, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource(name, data); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// document is a file, or a part of the language's page.
type document struct{ name, text string }

// documents returns the rule files of the repository.
func documents(t *testing.T) (rules, policies []document) {
	t.Helper()
	add := func(name, path, text string) {
		if base := filepath.Base(name); base == "policy.yaml" {
			policies = append(policies, document{path, text})
		} else {
			rules = append(rules, document{path, text})
		}
	}
	for _, root := range []string{"../../examples", "../corpus", "../../cmd/internal/cli/newrule"} {
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			base := filepath.Base(path)
			switch {
			case err != nil:
				return err
			case entry.IsDir() && base == "observability": // files of other programs
				return fs.SkipDir
			case entry.IsDir() || !compile.IsRuleFile(base) || base == "inventory.yaml" || base == "catalogue.yaml" || base == "checkout.yaml" || base == "plugins.lock.yaml":
				return nil
			}
			text, err := os.ReadFile(path)
			add(base, path, string(text))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	page, err := os.ReadFile("../language.md")
	if err != nil {
		t.Fatal(err)
	}
	for i, block := range regexp.MustCompile("(?s)```yaml\n# (rules|policy.yaml)\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		add(block[1], "language.md, block "+strconv.Itoa(i+1), block[2])
	}
	return rules, policies
}

func validate(s *jsonschema.Schema, d document) error {
	doc := syntax.Parse(d.name, []byte(d.text))
	value, _ := doc.Root().Data()
	if err := doc.Faults().Err(); err != nil {
		return err
	}
	return s.Validate(value)
}

func TestEveryRuleFileIsValid(t *testing.T) {
	rules, policies := documents(t)
	if len(rules) < 60 || len(policies) < 5 {
		t.Fatalf("got %d rule files and %d policies, want those of the repository", len(rules), len(policies))
	}
	for name, all := range map[string][]document{"rules": rules, "policy": policies} {
		s := compiled(t, name)
		for _, d := range all {
			if err := validate(s, d); err != nil {
				t.Errorf("%s: %v", d.name, err)
			}
		}
	}
}

func TestFaultsAreInvalid(t *testing.T) {
	tests := []struct{ name, schema, text string }{
		{"an unknown key", "rules", "promotions: [{id: x, wenn: a, deal: {percent_off: {of: order, percent: 1}}}]"},
		{"no deal", "rules", "promotions: [{id: x}]"},
		{"deal and deals", "rules", "promotions: [{id: x, deal: {award: {kind: a}}, deals: [{award: {kind: a}}]}]"},
		{"two deals in one", "rules", "promotions: [{id: x, deal: {award: {kind: a}, shipping: {}}}]"},
		{"an unknown deal", "rules", "promotions: [{id: x, deal: {percentoff: {of: order, percent: 1}}}]"},
		{"a deal without its key", "rules", "promotions: [{id: x, deal: {percent_off: {of: order}}}]"},
		{"two prices", "rules", "promotions: [{id: x, deal: {multibuy: {of: order, quantity: 3, pay_for: 2, price: 1}}}]"},
		{"a word that is none of some", "rules", "promotions: [{id: x, on_failure: ignore, deal: {award: {kind: a}}}]"},
		{"a list of promotions that is none", "rules", "promotions: {id: x}"},
		{"a wrong rounding", "policy", "rounding: up"},
		{"an unknown key of a group", "policy", "groups: [{id: a, combined: best}]"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if err := validate(compiled(t, test.schema), document{"x.yaml", test.text}); err == nil {
				t.Error("it is valid")
			}
		})
	}
}

// TestSchemasHaveTheKeysThatAreCompiled reads the keys from the source of package
// compile: those that it gives to Map.
func TestSchemasHaveTheKeysThatAreCompiled(t *testing.T) {
	compiles := make(map[string]bool)
	for _, name := range keysOfSource(t, "../compile") {
		compiles[name] = true
	}
	described := make(map[string]bool)
	for _, name := range []string{"rules", "policy"} {
		text, err := schema.Of(name)
		if err != nil {
			t.Fatal(err)
		}
		var s any
		if err := json.Unmarshal(text, &s); err != nil {
			t.Fatal(err)
		}
		properties(s, described)
	}
	if diff := cmp.Diff(sorted(compiles), sorted(described)); diff != "" {
		t.Errorf("keys (-compiled +described):\n%s", diff)
	}
}

func sorted(set map[string]bool) []string {
	var list []string
	for name := range set {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

// properties collects the names of properties.
func properties(s any, into map[string]bool) {
	switch s := s.(type) {
	case map[string]any:
		if named, ok := s["properties"].(map[string]any); ok {
			for name := range named {
				into[name] = true
			}
		}
		for _, part := range s {
			properties(part, into)
		}
	case []any:
		for _, part := range s {
			properties(part, into)
		}
	}
}

// keysOfSource returns the texts in calls of Map, and in the functions that list the
// keys for one.
func keysOfSource(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".go") || strings.HasSuffix(entry.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(folder, entry.Name()), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if list, ok := n.(*ast.CompositeLit); ok {
				keys = append(keys, dealsOf(t, list)...)
			}
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if f, ok := call.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "Map" {
				for _, argument := range call.Args {
					if text, ok := argument.(*ast.BasicLit); ok {
						key, err := strconv.Unquote(text.Value)
						if err != nil {
							t.Fatal(err)
						}
						keys = append(keys, key)
					}
				}
			}
			return true
		})
	}
	return keys
}

// dealsOf returns the keys of the map of kinds of deals.
func dealsOf(t *testing.T, list *ast.CompositeLit) []string {
	t.Helper()
	m, ok := list.Type.(*ast.MapType)
	if !ok {
		return nil
	}
	if value, ok := m.Value.(*ast.Ident); !ok || value.Name != "dealKind" {
		return nil
	}
	var keys []string
	for _, e := range list.Elts {
		key, err := strconv.Unquote(e.(*ast.KeyValueExpr).Key.(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key)
	}
	return keys
}
