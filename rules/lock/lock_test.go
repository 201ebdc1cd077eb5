package lock_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/engine/configschema"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/lock"
)

const sum = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

func example() lock.Lock {
	return lock.Lock{Plugins: []lock.Plugin{
		{
			Name: "loyalty", Version: "1.2.0", API: 1, SHA256: []string{"0" + sum[1:], sum},
			Deals: []lock.Deal{
				{Kind: "earn_points", Effect: engine.AwardEffect, Schema: `{"additionalProperties":false,"title":"No"}`},
				{Kind: "spend_points", Effect: engine.OrderEffect, Doc: `Money off: "points", \ # and all.`,
					Schema: `{"properties":{"a key":{"enum":["yes",null,true,1.50,"` + "\u0085 line" + `\u2028é"]},"n":{"minimum":-1e3}},"required":[],"type":"object"}`,
					Fields: []string{"cart.attributes", "customer"}},
			},
			Facts: []lock.Fact{{Name: "gold", Type: engine.KindBool, Fields: []string{"customer"}}, {Name: "points", Type: engine.KindNumber, Doc: "What there is,\nand was."}, {Name: "tier", Type: engine.KindText}},
		},
		{Name: "no", Version: "(devel)", API: 1},
	}}
}

const formatted = `# Written by checkout plugins lock, not by hand: it says which plugins these rules were made for.
version: 1
plugins:
  loyalty:
    version: "1.2.0"
    api: 1
    sha256:
      - "0f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
      - "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    deals:
      earn_points:
        effect: award
        schema:
          additionalProperties: false
          title: "No"
        fields: []
      spend_points:
        effect: order
        doc: "Money off: \"points\", \\ # and all."
        schema:
          properties:
            "a key":
              enum:
                - "yes"
                - null
                - true
                - 1.50
                - "\u0085 line\u2028é"
            "n":
              minimum: -1e3
          required: []
          type: object
        fields:
          - "cart.attributes"
          - customer
    facts:
      gold:
        type: boolean
        fields:
          - customer
      points:
        type: number
        doc: "What there is,\u000aand was."
        fields: []
      tier:
        type: text
        fields: []
  "no":
    version: "(devel)"
    api: 1
    sha256: []
    deals: {}
    facts: {}
`

func TestWhatIsWrittenIsRead(t *testing.T) {
	text, err := lock.Format(example())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Replace(formatted, `"a key"`, "a key", 1), string(text)); diff != "" {
		t.Errorf("written (-want +got):\n%s", diff)
	}
	read, err := lock.Parse(lock.File, text)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(example(), read); diff != "" {
		t.Errorf("read (-want +got):\n%s", diff)
	}
}

func TestTheOrderOfListsMakesNoDifference(t *testing.T) {
	turned := example()
	slices.Reverse(turned.Plugins)
	p := &turned.Plugins[1]
	slices.Reverse(p.SHA256)
	slices.Reverse(p.Deals)
	slices.Reverse(p.Facts) // each has one field at most
	slices.Reverse(p.Deals[0].Fields)
	one, err := lock.Format(example())
	if err != nil {
		t.Fatal(err)
	}
	two, err := lock.Format(turned)
	if err != nil || string(one) != string(two) {
		t.Errorf("got %v and other bytes:\n%s", err, cmp.Diff(string(one), string(two)))
	}
}

func TestAnEmptyLockIsWrittenAndRead(t *testing.T) {
	text, err := lock.Format(lock.Lock{})
	if err != nil {
		t.Fatal(err)
	}
	if l, err := lock.Parse(lock.File, text); err != nil || len(l.Plugins) > 0 {
		t.Errorf("got %v and %v, want no plugins", l, err)
	}
}

func TestWhatCannotBeReadIsNotWritten(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*lock.Plugin)
		want   string
	}{
		{"a name", func(p *lock.Plugin) { p.Name = "Loyalty" }, "plugins.lock.yaml:4:3: R0004 \"Loyalty\" cannot be the name of a plugin: use 1 to 40 lower-case letters, digits and -, the first a letter"},
		{"a schema that is not JSON", func(p *lock.Plugin) { p.Deals[1].Schema = "{" }, "write plugins.lock.yaml: plugin loyalty: the schema of spend_points is not JSON: unexpected EOF"},
		{"a schema that is no schema", func(p *lock.Plugin) { p.Deals[1].Schema = `{"type": 5}` },
			"plugins.lock.yaml:21:11: R0011 the schema cannot be used: /type: value must be one of 'array', 'boolean', 'integer', 'null', 'number', 'object', 'string', or want array, got number: tell the plugin's author"},
		{"a schema that is too long", func(p *lock.Plugin) {
			p.Deals[1].Schema = `{"title":"` + strings.Repeat("x", configschema.MaxSize) + `"}`
		},
			"plugins.lock.yaml:21:11: R0011 the schema cannot be used: it has 65548 bytes, at most 65536 are allowed: tell the plugin's author"},
		{"a doc that is too long", func(p *lock.Plugin) { p.Facts[0].Doc = strings.Repeat("x", lock.MaxDoc+1) },
			"plugins.lock.yaml:39:14: R0004 want a text of at most 2000 bytes: write the file anew: checkout plugins lock"},
		{"another version of the contract", func(p *lock.Plugin) { p.API = 7 },
			`plugins.lock.yaml:6:10: R0004 this version speaks version 1 of the contract with plugins, not "7": use a version of the plugin, or of checkout, that fits the other`},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := example()
			c.change(&l.Plugins[0])
			if _, err := lock.Format(l); err == nil || err.Error() != c.want {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestParseReportsAllFaults(t *testing.T) {
	_, err := lock.Parse("x.yaml", []byte("version: 1\nplugins: {A: {}, b: {api: 1}}\n"))
	var faults diag.List
	if !errors.As(err, &faults) || len(faults) != 2 {
		t.Errorf("got %v, want two faults", err)
	}
}

func TestAConfigIsCheckedAgainstASchemaWithoutEnd(t *testing.T) {
	schema, err := lock.NewSchema(`{"$ref": "#/$defs/a", "$defs": {"a": {"properties": {"next": {"$ref": "#/$defs/a"}}, "additionalProperties": false}}}`)
	if err != nil {
		t.Fatal(err)
	}
	got := schema.Check(map[string]any{"next": map[string]any{"next": map[string]any{"nxt": 1}}})
	want := []lock.Violation{{Path: []string{"next", "next"}, Key: "nxt", Message: `unknown key "nxt"`}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// Somebody may have written the file by hand: what would take years is refused.
func TestASchemaThatCostsTooMuchIsRefused(t *testing.T) {
	for _, c := range []struct{ name, schema, want string }{
		{"one without an end", `{allOf: [{$ref: "#"}]}`, "its parts refer to each other so often that it may look at one value more than 10000 times"},
		{"one whose parts are each one of many", `{additionalProperties: {anyOf: [{$ref: "#"}, {$ref: "#"}, {$ref: "#"}, {$ref: "#"}, {$ref: "#"}]}}`,
			"its parts refer to each other so often that it may look at one value more than 10000 times"},
		{"one that configs aim", `{$dynamicRef: "#x", $dynamicAnchor: x}`, "$dynamicRef and $recursiveRef are not supported; use $ref"},
		{"one that reads a file", `{$ref: "file:///etc/passwd"}`, "it refers to file:///etc/passwd, and may refer to itself alone"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := lock.Parse("x.yaml", []byte("version: 1\nplugins: {a: {version: '1', api: 1, deals: {d: {effect: gift, schema: "+c.schema+"}}}}\n"))
			want := "x.yaml:2:71: R0011 the schema cannot be used: " + c.want + ": tell the plugin's author"
			if err == nil || err.Error() != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
}

func TestAConfigNestsSoFar(t *testing.T) {
	schema, err := lock.NewSchema(`{"type": "object"}`)
	if err != nil {
		t.Fatal(err)
	}
	config := any(1)
	for range configschema.MaxDepth {
		config = map[string]any{"a": config}
	}
	if got := schema.Check(config); got != nil {
		t.Errorf("got %v, want none", got)
	}
	want := []lock.Violation{{Message: "it nests 9 deep, at most 8 are allowed"}}
	if diff := cmp.Diff(want, schema.Check(map[string]any{"a": config})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
