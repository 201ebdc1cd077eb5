package cli

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"github.com/checkout-promotions/checkout/rules/mutate"
)

// key names all that the results of a subject depend on: the program's version, the
// rules, the tests, their catalogues and which mutants are run.
func (s mutantSubject) key(only []string) string {
	h := sha256.New()
	add := func(text string) { fmt.Fprintf(h, "%d:%s", len(text), text) }
	add(version())
	add(mutate.Version)
	for _, pattern := range only {
		add(pattern)
	}
	for _, name := range slices.Sorted(maps.Keys(s.read.data)) {
		add(name)
		add(string(s.read.data[name]))
	}
	return hex.EncodeToString(h.Sum(nil))
}
