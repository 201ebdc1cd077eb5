package report

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// The schemas are made from the types that are written, and from what the code says
// of them: go test with UPDATE_GOLDEN=1 writes them anew.
//
//go:embed schemas/*.schema.json
var schemas embed.FS

const schemaEnding = ".schema.json"

// SchemaNames returns the names of what is written as JSON, sorted: test-report for
// checkout rules test -o json, and quote for checkout rules price -o json.
func SchemaNames() []string {
	found, err := fs.Glob(schemas, "schemas/*"+schemaEnding)
	if err != nil {
		return nil // the pattern is a good one
	}
	for i, name := range found {
		found[i] = strings.TrimSuffix(path.Base(name), schemaEnding)
	}
	return found
}

// Schema returns the JSON Schema (draft 2020-12) of what is written. It allows fields
// that it does not know, because later versions of the program add some.
func Schema(name string) ([]byte, error) {
	text, err := schemas.ReadFile("schemas/" + name + schemaEnding)
	if err != nil {
		return nil, fmt.Errorf("there is no schema %q; there is %s", name, strings.Join(SchemaNames(), ", "))
	}
	return text, nil
}
