package compile

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// File is the text of a rule file. Name is its path inside the rule folder,
// with forward slashes.
type File struct {
	Name string
	Data []byte
}

// MaxFileSize is how long a rule file may be, in bytes.
const MaxFileSize = 4 << 20

// Read returns the rule files below the root of fsys, sorted by name: every
// .yaml or .yml file but tests (*_test.yaml) and names that begin with a dot,
// in folders that do not begin with one and are not called testdata. An empty
// result is no error here; Compile refuses it.
func Read(fsys fs.FS) ([]File, error) {
	var files []File
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			return skipDir(name, entry)
		case !IsRuleFile(name):
			return nil
		}
		data, err := readFile(fsys, name)
		if err != nil {
			return err
		}
		files = append(files, File{Name: name, Data: data})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read rule files: %w", err)
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return files, nil
}

func skipDir(name string, entry fs.DirEntry) error {
	if name != "." && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata") {
		return fs.SkipDir
	}
	return nil
}

func readFile(fsys fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(fsys, name) // follows links, unlike the entry
	if err != nil {
		return nil, err
	}
	if info.Size() > MaxFileSize {
		return nil, fmt.Errorf("%s has %d bytes; a rule file has at most %d", name, info.Size(), MaxFileSize)
	}
	return fs.ReadFile(fsys, name)
}

// IsRuleFile reports whether the name is that of a rule file.
func IsRuleFile(name string) bool {
	base := path.Base(name)
	stem, ok := strings.CutSuffix(base, ".yaml")
	if !ok {
		stem, ok = strings.CutSuffix(base, ".yml")
	}
	return ok && !strings.HasPrefix(base, ".") && !strings.HasSuffix(stem, "_test")
}

// Digest names the files' contents: the SHA-256 of all names and texts, in
// hexadecimal. The order of the files does not matter.
func Digest(files []File) string {
	sorted := slices.Clone(files)
	slices.SortFunc(sorted, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	h := sha256.New()
	field := func(b []byte) {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(b)))
		h.Write(size[:])
		h.Write(b)
	}
	for _, f := range sorted {
		field([]byte(f.Name))
		field(f.Data)
	}
	return hex.EncodeToString(h.Sum(nil))
}
