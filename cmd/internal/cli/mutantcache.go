package cli

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/checkout-promotions/checkout/rules/mutate"
)

// mutantCache keeps results of mutants in a folder, "" for one that keeps nothing. A
// result that cannot be read counts as none.
type mutantCache struct {
	folder string
	err    io.Writer
}

func newMutantCache(err io.Writer) mutantCache {
	folder, failed := os.UserCacheDir()
	if failed != nil {
		return mutantCache{} // such as without a home; nothing is lost but time
	}
	return mutantCache{filepath.Join(folder, "checkout", "mutants"), err}
}

func (c mutantCache) file(key string) string { return filepath.Join(c.folder, key+".json") }

func (c mutantCache) get(key string) (mutate.Result, bool) {
	var result mutate.Result
	if c.folder == "" {
		return result, false
	}
	data, err := os.ReadFile(c.file(key))
	return result, err == nil && json.Unmarshal(data, &result) == nil
}

// put keeps a result. That it could not is told once, and is no fault.
func (c *mutantCache) put(key string, result mutate.Result) {
	if c.folder == "" {
		return
	}
	err := os.MkdirAll(c.folder, 0o755)
	if err == nil {
		err = replaceFile(c.file(key), fs.FileMode(0o644), func(w io.Writer) error { return json.NewEncoder(w).Encode(result) })
	}
	if err != nil {
		fmt.Fprintf(c.err, "checkout: results of mutants are not kept: %v\n", errors.Unwrap(err))
		c.folder = ""
	}
}

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
