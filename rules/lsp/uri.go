package lsp

import (
	"net/url"
	"path"
	"path/filepath"
	"strings"
)

// pathOf returns the absolute path of a file, with forward slashes; not ok for what
// is no file, such as a text that has never been saved.
func pathOf(uri string) (name string, ok bool) {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "file" || u.Path == "" {
		return "", false
	}
	name = u.Path
	if len(name) > 2 && name[0] == '/' && name[2] == ':' {
		name = strings.ToUpper(name[1:2]) + name[2:] // /c:/rules on Windows
	}
	return path.Clean(name), true
}

// uriOf is the URI of a file.
func uriOf(name string) string {
	name = filepath.ToSlash(name)
	if !strings.HasPrefix(name, "/") {
		name = "/" + name
	}
	return (&url.URL{Scheme: "file", Path: name}).String()
}
