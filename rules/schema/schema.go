// Package schema has the JSON Schemas (draft 2020-12) of the files that people
// write, for editors that know no more of them than that they are YAML. They agree
// with what is compiled: a test holds the keys that either has against each other, and
// every rule file of the examples and of the language against the schemas.
//
// A schema cannot know what an expression is, or which names there are: checkout rules
// check is what finds faults.
package schema

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"
)

//go:embed *.schema.json
var files embed.FS

const ending = ".schema.json"

// Names returns the kinds of files for which there are schemas, sorted.
func Names() []string {
	found, err := fs.Glob(files, "*"+ending)
	if err != nil {
		return nil // the pattern is a good one
	}
	for i, name := range found {
		found[i] = strings.TrimSuffix(name, ending)
	}
	return found
}

// Of returns the schema of a kind of files.
func Of(name string) ([]byte, error) {
	text, err := files.ReadFile(name + ending)
	if err != nil {
		return nil, fmt.Errorf("there is no schema %q; there is %s", name, strings.Join(Names(), ", "))
	}
	return text, nil
}
