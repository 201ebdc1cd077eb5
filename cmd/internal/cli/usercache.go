package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// userCache keeps results in a folder of the user's cache, "" for one that keeps
// nothing. One that cannot be read counts as none.
type userCache struct {
	folder, what string
	err          io.Writer
}

// newUserCache returns the cache of a kind, in which what is kept.
func newUserCache(kind, what string, err io.Writer) userCache {
	folder, failed := os.UserCacheDir()
	if failed != nil {
		return userCache{} // such as without a home; nothing is lost but time
	}
	return userCache{filepath.Join(folder, "checkout", kind), what, err}
}

func (c userCache) file(key string) string { return filepath.Join(c.folder, key+".json") }

// get reads what is kept under the key, and reports whether there is something.
func (c userCache) get(key string, into any) bool {
	if c.folder == "" {
		return false
	}
	data, err := os.ReadFile(c.file(key))
	return err == nil && json.Unmarshal(data, into) == nil
}

// put keeps a value. That it could not is told once, and is no fault.
func (c *userCache) put(key string, value any) {
	if c.folder == "" {
		return
	}
	err := os.MkdirAll(c.folder, 0o755)
	if err == nil {
		err = replaceFile(c.file(key), fs.FileMode(0o644), func(w io.Writer) error { return json.NewEncoder(w).Encode(value) })
	}
	if err != nil {
		var path *os.PathError
		if errors.As(err, &path) {
			err = path
		}
		fmt.Fprintf(c.err, "checkout: %s are not kept: %v\n", c.what, err)
		c.folder = ""
	}
}
