// Package schema has the JSON Schemas (draft 2020-12) of the files that people
// write, for editors that know no more of them than that they are YAML. They agree
// with what is compiled: a test holds the keys that either has against each other, and
// every rule file of the examples and of the language against the schemas.
//
// The schemas of rule tests and carts are made when they are asked for, from the keys
// that the reader of tests has and from what its documentation says of them. A test
// puts faults everywhere into a file that has all there is: a key that the reader does
// not know is refused by both, and the schema refuses nothing that the reader takes.
//
// A schema cannot know what an expression is, or which names there are: checkout rules
// check is what finds faults.
package schema

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

//go:embed *.schema.json
var files embed.FS

const ending = ".schema.json"

// Names returns the kinds of files for which there are schemas, sorted.
func Names() []string {
	names := []string{"cart", "test"}
	found, err := fs.Glob(files, "*"+ending)
	if err != nil {
		return names // the pattern is a good one
	}
	for _, name := range found {
		names = append(names, strings.TrimSuffix(name, ending))
	}
	slices.Sort(names)
	return names
}

// Of returns the schema of a kind of files.
func Of(name string) ([]byte, error) {
	switch name {
	case "cart":
		return written(newTests().cart())
	case "test":
		return written(newTests().file())
	}
	text, err := files.ReadFile(name + ending)
	if err != nil {
		return nil, fmt.Errorf("there is no schema %q; there is %s", name, strings.Join(Names(), ", "))
	}
	return text, nil
}
