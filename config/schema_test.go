package config

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/checkout-promotions/checkout/engine/goldentest"
)

// TestSettingsAreTheStruct ties the settings to the fields of Config: the same keys, types and defaults.
func TestSettingsAreTheStruct(t *testing.T) {
	got, want := map[string]any{}, map[string]any{}
	for _, s := range settings() {
		got[s.key] = s.def
	}
	fields("", reflect.ValueOf(Default()), want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("settings differ from the fields of Config (-want +got):\n%s", diff)
	}
}

// TestDefaultsAreValid holds that every default passes its own check.
func TestDefaultsAreValid(t *testing.T) {
	for _, s := range settings() {
		if _, ok := s.kind.parse(fmt.Sprint(s.def)); !ok {
			t.Errorf("%s: got the default %v, want %s", s.key, s.def, s.kind.want())
		}
	}
}

// TestSchema ties the published JSON Schema to the settings.
func TestSchema(t *testing.T) {
	const path = "checkout.schema.json"
	schema, err := json.MarshalIndent(schemaOf(settings()), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	goldentest.Compare(t, path, string(schema)+"\n")
}

// fields collects the values of a struct's fields by their koanf tags.
func fields(parent string, v reflect.Value, into map[string]any) {
	for f, field := range v.Fields() {
		switch tag := f.Tag.Get("koanf"); {
		case tag == "-":
		case tag == ",squash":
			fields(parent, field, into)
		case field.Kind() == reflect.Struct:
			fields(parent+tag+".", field, into)
		default:
			into[parent+tag] = field.Interface()
		}
	}
}

func schemaOf(all []setting) map[string]any {
	properties := map[string]any{}
	for _, s := range all {
		mapping, key, nested := strings.Cut(s.key, ".")
		if !nested {
			properties[s.key] = property(s)
			continue
		}
		if properties[mapping] == nil {
			properties[mapping] = map[string]any{"type": "object", "additionalProperties": false, "properties": map[string]any{}}
		}
		properties[mapping].(map[string]any)["properties"].(map[string]any)[key] = property(s)
	}
	return map[string]any{
		"$schema":              "https://json-schema.org/draft/2020-12/schema",
		"title":                "Settings of checkout run",
		"type":                 "object",
		"additionalProperties": false,
		"properties":           properties,
	}
}

func property(s setting) map[string]any {
	p := map[string]any{"type": "string", "description": strings.ReplaceAll(s.usage, "`", ""), "default": s.def}
	switch k := s.kind.(type) {
	case number:
		p["type"], p["minimum"], p["maximum"] = "integer", k.min, k.max
	case boolean:
		p["type"] = "boolean"
	case choice:
		p["enum"] = k
	case webhooks:
		p["type"], p["default"], p["items"] = "array", []any{}, webhookSchema()
	case pluginSettings:
		p["type"], p["default"], p["additionalProperties"] = "object", map[string]any{}, map[string]any{"type": "object"}
	case duration:
		p["default"] = s.def.(time.Duration).String()
		p["pattern"] = `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$`
	}
	return p
}

func webhookSchema() map[string]any {
	properties := map[string]any{}
	var required []string
	for _, f := range webhookFields() {
		p := map[string]any{"type": "string", "description": f.kind.want()}
		switch f.kind.(type) {
		case boolean:
			p["type"] = "boolean"
		case eventList:
			p["type"], p["minItems"] = "array", 1
			p["items"] = map[string]any{"type": "string", "enum": EventTypes()}
		case duration:
			p["pattern"] = `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$`
		case webhookSecrets:
			one := map[string]any{"type": "string", "pattern": `^whsec_[A-Za-z0-9+/]{32,}={0,2}$`}
			delete(p, "type")
			p["oneOf"] = []any{one, map[string]any{"type": "array", "minItems": 1, "items": one}}
		}
		properties[f.key] = p
		if f.required {
			required = append(required, f.key)
		}
	}
	return map[string]any{"type": "object", "additionalProperties": false, "properties": properties, "required": required}
}
