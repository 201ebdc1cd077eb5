package configschema_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/checkout-promotions/checkout/engine/configschema"
)

// chain is a schema of parts, each of which uses the next twice by a keyword.
func chain(parts int, keyword string) string {
	var defs []string
	for i := range parts {
		next := fmt.Sprintf(`{"$ref": "#/$defs/p%d"}`, i+1)
		defs = append(defs, fmt.Sprintf(`"p%d": {"%s": [%s, %s]}`, i, keyword, next, next))
	}
	return fmt.Sprintf(`{"type": "object", "$ref": "#/$defs/p0", "$defs": {%s, "p%d": true}}`, strings.Join(defs, ", "), parts)
}

// What is refused here would take years.
func TestSchemasThatCostTooMuch(t *testing.T) {
	const often = "its parts refer to each other so often that it may look at one value more than 10000 times"
	below := `{"type": "object", "additionalProperties": {"anyOf": [%s]}}`
	tests := []struct{ name, schema, want string }{
		{"a short chain", chain(5, "allOf"), ""},
		{"a long chain of allOf", chain(100, "allOf"), often},
		{"a long chain of anyOf", chain(100, "anyOf"), often},
		{"a long chain that a part of the config begins", `{"type": "object", "properties": {"a": ` + strings.Replace(strings.ReplaceAll(chain(100, "oneOf"), "#/$defs", "#/properties/a/$defs"), `"type": "object", `, "", 1) + `}}`, often},
		{"one that refers to itself", `{"type": "object", "allOf": [{"$ref": "#"}]}`, often},
		{"parts within parts of the same kind", fmt.Sprintf(below, `{"$ref": "#"}, {"type": "number"}`), ""},
		{"parts that may each be one of many within", fmt.Sprintf(below, strings.TrimSuffix(strings.Repeat(`{"$ref": "#"}, `, 5), ", ")), often},
		{"many properties that nest by name", `{"type": "object", "properties": {"all": {"items": {"$ref": "#"}}, "any": {"items": {"$ref": "#"}}, "not": {"$ref": "#"}}}`, ""},
		{"a reference that the config aims", `{"type": "object", "properties": {"a": {"$dynamicRef": "#x"}}, "$dynamicAnchor": "x"}`, "$dynamicRef and $recursiveRef are not supported; use $ref"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			schema, err := configschema.Compile(tt.schema)
			got := ""
			if err != nil {
				got = err.Error()
			} else if err := schema.Validate(map[string]any{}); err != nil {
				t.Errorf("an empty config: %v", err)
			}
			if got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

func TestConfigsNestSoFar(t *testing.T) {
	for depth, want := range map[int]string{8: "", 9: "it nests 9 deep, at most 8 are allowed"} {
		config := any(1)
		for level := range depth {
			if level%2 == 0 {
				config = map[string]any{"a": config, "b": 1}
			} else {
				config = []any{1, config}
			}
		}
		got := ""
		if err := configschema.CheckDepth(config); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%d deep: got %q, want %q", depth, got, want)
		}
	}
}

func TestWhatIsNoSchemaOfItsOwn(t *testing.T) {
	tests := []struct{ name, schema, want string }{
		{"a file", `{"properties": {"a": {"$ref": "file:///etc/passwd"}}}`, "it refers to file:///etc/passwd, and may refer to itself alone"},
		{"an address", `{"$ref": "https://example.com/schema"}`, "it refers to https://example.com/schema, and may refer to itself alone"},
		{"no JSON", `{`, "it is not JSON: unexpected EOF"},
		{"too long", `{"title": "` + strings.Repeat("x", 65536) + `"}`, "it has 65549 bytes, at most 65536 are allowed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := configschema.Compile(tt.schema); err == nil || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

// A matcher that goes back would take years, too.
func TestPatternsTakeTimeInProportionToTheText(t *testing.T) {
	schema, err := configschema.Compile(`{"type": "object", "properties": {"a": {"pattern": "^(a+)+$"}}}`)
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(map[string]any{"a": strings.Repeat("a", 10_000) + "!"}); err == nil {
		t.Error("got no error, want that the pattern does not match")
	}
	if _, err := configschema.Compile(`{"type": "object", "pattern": "((a{900}){900}){900}"}`); err == nil {
		t.Error("got no error, want that the pattern is too large")
	}
}
