package cli

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/lock"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

// schemaFolder is where a folder of rules keeps its schemas; rules are not read from it.
const schemaFolder = ".schemas"

// modeline names a file's schema to editors with the language server of YAML.
const modeline = "# yaml-language-server: $schema="

// installSchemas writes the schemas into the folder, and names them in the first line
// of each of its YAML files that names none. What is done is told.
func installSchemas(s Streams, folder string) error {
	if err := wantFolder(folder); err != nil {
		return environmentError(err)
	}
	for _, name := range []string{"rules", "policy", "test"} {
		var text bytes.Buffer
		if err := writeSchema(Streams{Out: &text}, name); err != nil {
			return err
		}
		if err := installFile(s, filepath.Join(folder, schemaFolder, name+".schema.json"), text.Bytes()); err != nil {
			return environmentError(err)
		}
	}
	return environmentError(filepath.WalkDir(folder, func(name string, entry fs.DirEntry, err error) error {
		hidden := strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata"
		switch {
		case err != nil:
			return err
		case entry.IsDir() && hidden && name != folder:
			return fs.SkipDir
		case entry.IsDir() || hidden:
			return nil
		}
		kind := schemaOf(name)
		if kind == "" {
			return nil
		}
		return nameSchema(s, folder, name, kind)
	}))
}

// schemaOf is the schema of a file by its name, "" for one that has none.
func schemaOf(name string) string {
	switch base := filepath.Base(name); {
	case ruletest.IsTestFile(base):
		return "test"
	case base == lock.File || !compile.IsRuleFile(base):
		return ""
	case strings.TrimSuffix(base, filepath.Ext(base)) == "policy":
		return "policy"
	default:
		return "rules"
	}
}

// nameSchema puts the modeline before a file that has none.
func nameSchema(s Streams, folder, name, kind string) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if regexp.MustCompile(`(?m)^#\s*yaml-language-server\s*:`).Match(data) {
		return nil
	}
	schema, err := filepath.Rel(filepath.Dir(name), filepath.Join(folder, schemaFolder, kind+".schema.json"))
	if err != nil {
		return err
	}
	mark, rest := []byte(nil), data
	if text, marked := bytes.CutPrefix(data, []byte("\uFEFF")); marked {
		mark, rest = data[:len(data)-len(text)], text
	}
	end := "\n"
	if bytes.Contains(rest, []byte("\r\n")) {
		end = "\r\n"
	}
	return installFile(s, name, fmt.Appendf(nil, "%s%s%s%s%s", mark, modeline, filepath.ToSlash(schema), end, rest))
}

// installFile writes a file unless it is so already, and tells that it did.
func installFile(s Streams, name string, data []byte) error {
	mode := fs.FileMode(0o644)
	switch old, err := os.ReadFile(name); {
	case err == nil && bytes.Equal(old, data):
		return nil
	case err == nil:
		info, err := os.Stat(name)
		if err != nil {
			return err
		}
		mode = info.Mode().Perm()
	default:
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
	}
	err := replaceFile(name, mode, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
	if err == nil {
		_, err = fmt.Fprintln(s.Out, filepath.ToSlash(name))
	}
	return err
}
