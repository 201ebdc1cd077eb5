// Package configschema compiles the JSON Schemas that plugins describe the configs of their deals with. It is neutral ground: the rule
// language checks configs in rules by them, and those who ask plugins check descriptions and examples, and neither imports the other.
//
//	schema, err := configschema.Compile(text)
//	err = configschema.CheckDepth(config)
//	err = schema.Validate(config)
//
// A schema is a text of a third party, in a lock file even one that somebody has written by hand. So it refers to nothing outside of
// itself, and its size, and how often it may look at a value of any config that nests no deeper than MaxDepth, are bounded: to compile it
// reads no file and no address, and to check a config by it takes moments.
//
// # Design
//
// 2026-11-22: github.com/santhosh-tekuri/jsonschema/v6 checks configs: it passes the official suite for draft 2020-12, is maintained,
// depends on golang.org/x/text alone and gives the path of each violation, from which the place in a YAML file follows. Rejected: a
// language of our own for configs, which authors in other languages would have to learn, and xeipuuv/gojsonschema, which is not
// maintained and ends at draft 7.
package configschema

import (
	"errors"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

const (
	// MaxSize is how long a schema may be, in bytes of JSON.
	MaxSize = 64 << 10
	// MaxDepth is how deep a config may nest.
	MaxDepth = 8
)

// URL is what a schema is called in errors of the library; nothing is there.
const URL = "plugin:///schema"

// alone refuses what a schema would read from elsewhere.
type alone struct{}

// Load implements jsonschema.URLLoader.
func (alone) Load(url string) (any, error) {
	return nil, fmt.Errorf("it refers to %.100s, and may refer to itself alone", url)
}

// Compile compiles a schema that is given as JSON, of draft 2020-12 unless it names another. The error says of "it" what cannot be used;
// those of the library write trees.
func Compile(text string) (*jsonschema.Schema, error) {
	if len(text) > MaxSize {
		return nil, fmt.Errorf("it has %d bytes, at most %d are allowed", len(text), MaxSize)
	}
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("it is not JSON: %w", err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.UseLoader(alone{})
	if err := compiler.AddResource(URL, document); err != nil {
		return nil, err
	}
	schema, err := compiler.Compile(URL)
	if elsewhere, ok := errors.AsType[*jsonschema.LoadURLError](err); ok {
		return nil, elsewhere.Err
	}
	if err != nil {
		return nil, err
	}
	if err := checkCost(schema); err != nil {
		return nil, err
	}
	return schema, nil
}

// CheckDepth refuses a config, as encoding/json reads it, that nests deeper than MaxDepth: nothing bounds what checking it may cost.
func CheckDepth(config any) error {
	if depth := depthOf(config); depth > MaxDepth {
		return fmt.Errorf("it nests %d deep, at most %d are allowed", depth, MaxDepth)
	}
	return nil
}

// depthOf returns how deep a JSON value nests, 0 for one that does not.
func depthOf(value any) int {
	deepest := -1
	switch value := value.(type) {
	case map[string]any:
		for _, child := range value {
			deepest = max(deepest, depthOf(child))
		}
	case []any:
		for _, child := range value {
			deepest = max(deepest, depthOf(child))
		}
	}
	return deepest + 1
}
