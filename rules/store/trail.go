package store

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/checkout-promotions/checkout/rules/compile"
)

// maxLinks is how many links a path may lead through before it counts as a loop.
const maxLinks = 40

// plan lists what has to be watched for the rules of a folder.
type plan struct {
	folders map[string]bool // directories in which everything matters
	names   map[string]bool // entries of other directories that matter
	dirs    map[string]bool // the folders, and the directories of the names
}

func (p plan) folder(path string) {
	p.folders[path], p.dirs[path] = true, true
}

func (p plan) name(path string) {
	p.names[path], p.dirs[filepath.Dir(path)] = true, true
}

// concerns reports whether an event of the name may have changed the rules.
func (p plan) concerns(name string) bool {
	return p.folders[filepath.Dir(name)] || p.names[name] || p.dirs[name]
}

// survey lists what the rules at the absolute paths, folders or single files, hang on
// now. Of a folder that changes meanwhile it lists a part. It leaves out hidden
// folders, as compile.Read does, but may list folders that hold no rules.
func survey(paths ...string) plan {
	p := plan{folders: make(map[string]bool), names: make(map[string]bool), dirs: make(map[string]bool)}
	for _, path := range paths {
		p.survey(path)
	}
	return p
}

func (p plan) survey(dir string) {
	top, err := trail(dir, p.name)
	if err != nil {
		return
	}
	_ = filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil: // gone or unreadable: the rest still counts
		case entry.IsDir() && path != top && strings.HasPrefix(entry.Name(), "."):
			return fs.SkipDir
		case entry.IsDir():
			p.folder(path)
		case entry.Type()&fs.ModeSymlink != 0 && compile.IsRuleFile(entry.Name()):
			_, _ = trail(path, p.name) // a link to nowhere still has a trail
		}
		return nil
	})
}

// trail resolves an absolute path and visits every name that its meaning hangs
// on: each symbolic link on the way, the first name that is missing, and the
// last. The directory part of a visited name is real, so that a watch on it sees
// the name being replaced:
//
//	/srv/current/rules, where current -> releases/42
//	visits /srv/current and /srv/releases/42/rules
//
// It returns the real path.
func trail(path string, visit func(name string)) (string, error) {
	top := filepath.VolumeName(path) + string(filepath.Separator)
	at, rest := top, names(path[len(top):])
	for links := 0; len(rest) > 0; {
		name := filepath.Join(at, rest[0])
		info, err := os.Lstat(name)
		link := err == nil && info.Mode()&fs.ModeSymlink != 0
		if err != nil || link || len(rest) == 1 {
			visit(name)
		}
		if err != nil {
			return "", err
		}
		rest = rest[1:]
		if !link {
			at = name
			continue
		}
		if links++; links > maxLinks {
			return "", fmt.Errorf("resolve %s: too many links", path)
		}
		target, err := os.Readlink(name)
		if err != nil {
			return "", err
		}
		if filepath.IsAbs(target) {
			at, target = top, target[len(top):]
		}
		rest = append(names(target), rest...)
	}
	return at, nil
}

// names splits a path. It keeps "..", which Join resolves against the real path.
func names(path string) []string {
	return strings.FieldsFunc(path, func(r rune) bool { return r < 0x80 && os.IsPathSeparator(uint8(r)) })
}
