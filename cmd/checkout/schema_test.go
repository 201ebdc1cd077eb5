package main_test

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/checkout-promotions/checkout/rules/report"
)

// TestJSONInScriptsIsAsTheSchemasSay validates what scripts compare output with.
func TestJSONInScriptsIsAsTheSchemasSay(t *testing.T) {
	for _, c := range []struct {
		script, schema string
		files          []string
	}{
		{"rules_test_output", "test-report", []string{"result.json", "passed.json"}},
		{"rules_check", "check-report", []string{"good.json", "faults.json"}},
	} {
		text, err := report.Schema(c.schema)
		if err != nil {
			t.Fatal(err)
		}
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		compiler := jsonschema.NewCompiler()
		if err := compiler.AddResource(c.schema, document); err != nil {
			t.Fatal(err)
		}
		schema := compiler.MustCompile(c.schema)
		archive, err := txtar.ParseFile(filepath.Join("testdata", "script", c.script+".txtar"))
		if err != nil {
			t.Fatal(err)
		}
		wanted := make(map[string]bool)
		for _, name := range c.files {
			wanted[name] = true
		}
		for _, f := range archive.Files {
			if !wanted[f.Name] {
				continue
			}
			delete(wanted, f.Name)
			value, err := jsonschema.UnmarshalJSON(bytes.NewReader(f.Data))
			if err == nil {
				err = schema.Validate(value)
			}
			if err != nil {
				t.Errorf("%s, %s: %v", c.script, f.Name, err)
			}
		}
		if len(wanted) > 0 {
			t.Errorf("%s has no files %v", c.script, wanted)
		}
	}
}
