package schema_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/checkout-promotions/checkout/engine/goldentest"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/ruletest"
	"github.com/checkout-promotions/checkout/rules/schema"
)

func TestEveryTestFileIsValid(t *testing.T) {
	s := compiled(t, "test")
	found := 0
	for _, root := range []string{"../../examples", "../corpus", "../../cmd/internal/cli/newrule"} {
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !ruletest.IsTestFile(path) {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			found++
			if err := validate(s, document{path, string(text)}); err != nil {
				t.Errorf("%s: %v", path, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if found < 100 {
		t.Fatalf("got %d test files, want those of the repository", found)
	}
}

// The shop of everything_test.yaml.
const (
	everyRule = `
promotions:
  - {id: three-for-two, deal: {multibuy: {of: sku == "TV", quantity: 3, pay_for: 2}}}
  - {id: spring, coupon: SPRING, limits: {redemptions: 5}, deal: {percent_off: {of: order, percent: 10}}}
  - {id: points, coupon: POINTS, when: loyalty.points > 1, deal: {plugin: {name: loyalty, kind: spend}}}
`
	everyLock = `
version: 1
plugins:
  loyalty:
    version: "1"
    api: 1
    deals: {spend: {effect: order}, items: {effect: items}, gift: {effect: gift}, earn: {effect: award}}
    facts: {points: {type: number}, tier: {type: text}}
`
)

// everything has each mapping that a test file can have, with each of its keys.
const everything = `{
"version": 1,
"catalogue": [
  {"sku": "TV", "name": "Television", "price": 10, "min_price": 1, "stock": 9, "category": "tv", "categories": ["a/b"], "brand": "B", "tags": ["new"], "attributes": {"watts": 5, "loud": ["yes"]}},
  {"sku": "MUG", "price": {"USD": 3, "EUR": 2}}
],
"defaults": {"at": "2026-11-27T10:00:00Z", "customer": "ann"},
"fixtures": {"carts": {"two": ["TV", {"sku": "MUG", "quantity": 2}]}, "customers": {"ann": {"id": "c-1", "groups": ["g"], "tags": ["t"], "orders": 1, "lifetime_spend": 2.50, "attributes": {"a": true}}}},
"stubs": {"loyalty": {"facts": {"points": {"c-1": 5, "*": 0}, "tier": "gold"}, "deals": {
  "spend": {"points": {"off": 1.00}},
  "items": {"units": [{"sku": "TV", "quantity": 1, "each": 0.50}]},
  "gift": {"gift": {"sku": "MUG", "quantity": 1}},
  "earn": {"award": {"kind": "points", "amount": "1.5"}}}}},
"always": ["quote.total >= 0", {"permute": "cart.lines"}],
"tests": [
  {"name": "all of given and expect", "tags": ["slow"], "skip": "it is not true",
   "given": {"cart": "two", "customer": "ann", "coupons": ["SPRING"], "now": "2026-11-27T10:00:00Z", "stock": {"TV": 5}, "channel": "web", "payment": {"method": "card"},
     "shipping": {"country": "GB", "region": "x", "shipments": [{"method": "post", "price": 1}]}, "attributes": {"b": "c"}, "currency": "USD",
     "usage": {"spring": {"redemptions": 1, "by_customer": 1, "spent": 1.00}}, "codes": {"SPRING": {"pool": "p", "redemptions": 1}}, "paused": ["spring"]},
   "stubs": {"loyalty": {"deals": {"spend": {"none": "closed"}, "earn": {"fault": "timeout"}}}},
   "expect": {"subtotal": 1, "discount": 1, "total": 1, "shipping_discount": 1, "shipping_total": 1, "payable": 1, "applied": ["spring"],
     "not_applied": {"three-for-two": "no_effect", "points": {"reason": "plugin_failed", "by": ["spring"], "fault": "timeout"}},
     "lines": {"TV": 1.00, "MUG": {"quantity": 2, "discount": 1, "total": 1, "unit_prices": [1, 2]}}, "gifts": ["MUG x2", {"sku": "TV", "quantity": 1}],
     "shipments": {"post": {"discount": 1, "total": 1}}, "awards": ["points 1", {"kind": "points", "amount": 1}], "coupons": {"SPRING": "applied"}, "optimal": true,
     "hints": [{"promotion": "spring", "add": ["TV"], "saves": 1}], "includes": {"applied": ["spring"], "gifts": ["TV"], "awards": ["points 1"]}, "explain": "nothing"}},
  {"name": "rejected", "given": {"cart": ["TV"], "payment": "card", "shipping": {"method": "post", "price": 1}}, "expect": {"rejected": {"promotion": "points", "fault": "timeout"}}},
  {"name": "table", "given": {"cart": ["TV x${n}"]}, "expect": {"applied": []}, "table": [{"n": 1, "total": 10, "lines": {"TV": {"total": 10}}}]},
  {"name": "matrix", "given": {"cart": ["TV x${n}"]}, "matrix": {"n": [1, 2]}, "expect": [{"when": {"n": 1}, "total": 10}, {"else": true, "total": 20}]},
  {"name": "steps", "given": {"cart": ["TV"]}, "steps": [{"do": "commit", "given": {"coupons": ["SPRING"]}, "expect": {"total": 9}}, {"do": "refund", "ref": 1}]},
  {"name": "refused", "given": {"rules": "promotions: 1"}, "compile_error": {"code": "R0004", "at": "1:1", "text": "no"}},
  {"name": "refused files", "given": {"rules": {"a.yaml": "promotions: 1"}}, "compile_error": [{"code": "R0004"}]}
]}`

// inMemory is a source with one test file.
type inMemory string

func (m inMemory) ReadFile(string) ([]byte, error) { return []byte(m), nil }

func (inMemory) RuleFiles(string) ([]compile.File, error) {
	return []compile.File{{Name: "rules.yaml", Data: []byte(everyRule)}, {Name: "plugins.lock.yaml", Data: []byte(everyLock)}}, nil
}

// readerFaults returns what the reader of tests has against a file.
func readerFaults(t *testing.T, text string) diag.List {
	t.Helper()
	_, err := ruletest.LoadFrom(inMemory(text), []string{"everything_test.yaml"})
	var faults diag.List
	if err != nil && !errors.As(err, &faults) {
		t.Fatal(err)
	}
	return faults
}

func schemaFault(s *jsonschema.Schema, text string) error {
	return validate(s, document{"everything_test.yaml", text})
}

func TestEverythingIsValidAndHasEveryKey(t *testing.T) {
	if faults := readerFaults(t, everything); len(faults) > 0 {
		t.Fatal(faults)
	}
	if err := schemaFault(compiled(t, "test"), everything); err != nil {
		t.Fatal(err)
	}
	used := make(map[string]bool)
	for _, node := range nodesOf(t, everything) {
		maps.Copy(used, node.keys())
	}
	for mapping, keys := range ruletest.Keys() {
		for _, key := range keys {
			if !used[key] && mapping != "cart" && key != "rules" {
				t.Errorf("everything has no %s of %s", key, mapping)
			}
		}
	}
}

// node is a mapping in a document, with the document to be changed there.
type node struct {
	path    string
	mapping map[string]any
}

func (n node) keys() map[string]bool {
	keys := make(map[string]bool)
	for key := range n.mapping {
		keys[key] = true
	}
	return keys
}

// nodesOf returns the mappings of a document. Each has a copy of the document, in
// which it can be changed: see text.
func nodesOf(t *testing.T, text string) (all []node) {
	t.Helper()
	var root any
	if err := json.Unmarshal([]byte(text), &root); err != nil {
		t.Fatal(err)
	}
	var walk func(path string, value any)
	walk = func(path string, value any) {
		switch value := value.(type) {
		case map[string]any:
			all = append(all, node{path, value})
			for _, key := range slices.Sorted(maps.Keys(value)) {
				walk(path+"/"+key, value[key])
			}
		case []any:
			for i, item := range value {
				walk(fmt.Sprintf("%s/%d", path, i), item)
			}
		}
	}
	walk("", root)
	return append([]node{{"root", map[string]any{"root": root}}}, all...)
}

// TestTheSchemaAndTheReaderRefuseTheSameKeys puts a key that nothing has into each
// mapping of everything: the schema must refuse it where the reader does. Where keys
// are names the schema cannot know them.
func TestTheSchemaAndTheReaderRefuseTheSameKeys(t *testing.T) {
	s := compiled(t, "test")
	nodes := nodesOf(t, everything)
	whole := nodes[0].mapping["root"]
	closed := 0
	for _, n := range nodes[1:] {
		n.mapping["surplus"] = n.mapping[slices.Min(slices.Collect(maps.Keys(n.mapping)))]
		text := asText(t, whole)
		refused := s.Validate(whole) != nil
		delete(n.mapping, "surplus")
		faults := readerFaults(t, text)
		unknown := slices.ContainsFunc(faults, func(d diag.Diagnostic) bool {
			return d.Code == diag.UnknownKey && !strings.Contains(d.Message, "used in given")
		})
		variables := strings.HasSuffix(n.path, "/when") // of the matrix, which a schema cannot know
		if unknown && !refused && !variables || refused && len(faults) == 0 {
			t.Errorf("%s: the schema refuses a surplus key: %v; the reader has against it: %v", n.path, refused, faults)
		}
		if refused && unknown {
			closed++
		}
	}
	if closed < len(ruletest.Keys()) {
		t.Errorf("got %d mappings that are closed, want at least one of each of %d", closed, len(ruletest.Keys()))
	}
}

// TestTheSchemaIsNoStricterThanTheReader takes each value out, and puts values of other
// kinds in its place: what the schema then refuses, the reader must refuse too.
func TestTheSchemaIsNoStricterThanTheReader(t *testing.T) {
	s := compiled(t, "test")
	nodes := nodesOf(t, everything)
	whole := nodes[0].mapping["root"]
	refused := 0
	for _, n := range nodes[1:] {
		for key, value := range maps.Clone(n.mapping) {
			for _, other := range []any{nil, true, map[string]any{"word": "word"}} {
				if n.mapping[key] = other; other == nil {
					delete(n.mapping, key)
				}
				err := s.Validate(whole)
				text := ""
				if err != nil {
					text = asText(t, whole)
				}
				n.mapping[key] = value
				if err == nil {
					continue
				}
				if refused++; len(readerFaults(t, text)) == 0 {
					t.Errorf("%s/%s as %v: the reader has nothing against what the schema refuses: %v", n.path, key, other, err)
				}
			}
		}
	}
	if refused < 200 {
		t.Errorf("got %d changes that the schema refuses, want it to look", refused)
	}
}

func asText(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestEachKeyHasAType holds that the schema says something of every key of the reader.
func TestEachKeyHasAType(t *testing.T) {
	for _, name := range []string{"test", "cart"} {
		text, err := schema.Of(name)
		if err != nil {
			t.Fatal(err)
		}
		goldentest.Compare(t, "testdata/"+name+".golden.json", string(text))
		var root any
		if err := json.Unmarshal(text, &root); err != nil {
			t.Fatal(err)
		}
		var walk func(path string, value any)
		walk = func(path string, value any) {
			switch value := value.(type) {
			case map[string]any:
				properties, _ := value["properties"].(map[string]any)
				for key, typed := range properties {
					if typed, ok := typed.(map[string]any); ok && len(typed) == 0 {
						t.Errorf("%s: %s/%s has no type", name, path, key)
					}
				}
				for key, part := range value {
					walk(path+"/"+key, part)
				}
			case []any:
				for _, part := range value {
					walk(path, part)
				}
			}
		}
		walk("", root)
	}
}

func TestCarts(t *testing.T) {
	s := compiled(t, "cart")
	good := `
rules: rules
catalogue: [{sku: TV, price: 10}]
cart: [TV x3]
at: 2026-11-27T10:00:00Z
stubs: {loyalty: {facts: {points: 5}}}
`
	if err := validate(s, document{"cart.yaml", good}); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{strings.Replace(good, "at:", "when:", 1), strings.Replace(good, "[TV x3]", "{TV: 3}", 1), "rules: rules\n"} {
		if validate(s, document{"cart.yaml", bad}) == nil {
			t.Errorf("it is valid: %s", bad)
		}
	}
}
