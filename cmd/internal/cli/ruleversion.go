package cli

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/checkout-promotions/checkout/config"
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/rules/archive"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

// versionHelp says how versions of rules are named.
const versionHelp = `A version is a folder of rule files, a folder as it was at a commit of git, such as
HEAD:rules or v1.2:rules, from where you stand, or the digest of a ruleset that the
database keeps, as checkout orders show tells it.`

// ruleVersion is the rule files of a version, compiled.
type ruleVersion struct {
	name  string // as it was asked for
	files []compile.File
	rules *engine.Ruleset
	tests []compile.File // its test files, none of a ruleset of the database
}

// folder is where the files are, or were, from where the user stands; "" for those of
// the database.
func (v ruleVersion) folder() string {
	if info, err := os.Stat(v.name); err == nil && info.IsDir() {
		return filepath.ToSlash(v.name)
	}
	_, folder, _ := strings.Cut(v.name, ":")
	return filepath.ToSlash(folder)
}

// openVersion reads and compiles a version of rules. The database is only opened for
// a digest.
func openVersion(ctx context.Context, name string, database func() (config.Database, error)) (ruleVersion, error) {
	files, tests, err := versionFiles(ctx, name, database)
	if err != nil {
		return ruleVersion{}, err
	}
	rules, err := compile.Compile(files)
	var faults diag.List
	if errors.As(err, &faults) {
		return ruleVersion{}, faults.InFolder(filepath.ToSlash(name))
	}
	return ruleVersion{name, files, rules, tests}, err
}

func versionFiles(ctx context.Context, name string, database func() (config.Database, error)) (files, tests []compile.File, err error) {
	info, err := os.Stat(name)
	switch {
	case err == nil && info.IsDir():
		return folderFiles(name)
	case err == nil:
		return nil, nil, environmentError(fmt.Errorf("%s is a file; name its folder, because rule files share their sets and conditions", name))
	case regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(name):
		files, err = archivedFiles(ctx, name, database)
		return files, nil, err
	}
	if ref, folder, ok := strings.Cut(name, ":"); ok && ref != "" {
		return committedFiles(ctx, ref, folder)
	}
	return nil, nil, environmentError(fmt.Errorf("there is no folder %s; a commit is named with its folder, such as HEAD:rules", name))
}

// folderFiles are the rule files of a folder and their tests.
func folderFiles(folder string) (files, tests []compile.File, err error) {
	if files, err = compile.Read(os.DirFS(folder)); err == nil {
		tests, err = ruletest.Read(os.DirFS(folder))
	}
	return files, tests, err
}

// archivedFiles are those of a ruleset in the database.
func archivedFiles(ctx context.Context, digest string, database func() (config.Database, error)) (files []compile.File, err error) {
	cfg, err := database()
	if err != nil {
		return nil, err
	}
	err = withArchive(ctx, cfg, func(a *persistence.Archive) error {
		kept, err := a.Ruleset(ctx, digest)
		if err != nil {
			return refusal(err)
		}
		if files, err = archive.Unpack(kept.Files, digest); err != nil {
			return codedError{exitFindings, err}
		}
		return nil
	})
	return files, err
}

// committedFiles are those of a folder at a commit. Git does the reading.
func committedFiles(ctx context.Context, ref, folder string) (files, tests []compile.File, err error) {
	tree, err := git(ctx, "rev-parse", "--verify", "--end-of-options", ref+":./"+filepath.ToSlash(folder))
	if err != nil {
		return nil, nil, environmentError(fmt.Errorf("there is no folder %q at the commit %q: %w", folder, ref, err))
	}
	packed, err := git(ctx, "archive", "--format=tar", strings.TrimSpace(string(tree)))
	if err != nil {
		return nil, nil, err
	}
	dir, err := os.MkdirTemp("", "checkout-rules")
	if err != nil {
		return nil, nil, environmentError(err)
	}
	defer func() { err = errors.Join(err, environmentError(os.RemoveAll(dir))) }()
	if err := unpack(packed, dir); err != nil {
		return nil, nil, environmentError(fmt.Errorf("read %s:%s: %w", ref, folder, err))
	}
	return folderFiles(dir)
}

// git runs git and returns what it writes.
func git(ctx context.Context, args ...string) ([]byte, error) {
	out, err := gitIn(ctx, ".", args...)
	if errors.Is(err, errNoGit) {
		return nil, environmentError(errors.New("git is not installed; without it, name folders"))
	}
	return out, environmentError(err)
}

// unpack writes the files of a tar below the folder.
func unpack(packed []byte, dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	for r := tar.NewReader(bytes.NewReader(packed)); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if header.Typeflag != tar.TypeReg {
			continue
		}
		data, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		name := filepath.FromSlash(header.Name)
		if err := errors.Join(root.MkdirAll(filepath.Dir(name), 0o755), root.WriteFile(name, data, 0o644)); err != nil {
			return err
		}
	}
}
