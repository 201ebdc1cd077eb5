package store_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/store"
)

func TestLoadCompilesTheRuleFiles(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "b.yml"), percent(5))
	write(t, filepath.Join(dir, "a", "a.yaml"), percent(10))
	write(t, filepath.Join(dir, "a_test.yaml"), broken)
	write(t, filepath.Join(dir, ".git", "x.yaml"), broken)
	r, err := store.Load(dir, toy)
	if err != nil {
		t.Fatal(err)
	}
	want := compile.Digest([]compile.File{
		{Name: "a/a.yaml", Data: []byte(percent(10))}, {Name: "b.yml", Data: []byte(percent(5))},
	})
	if r.Digest() != want {
		t.Errorf("digest: got %s, want %s", r.Digest(), want)
	}
}

func TestLoadResolvesARelativeFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "rules/a.yaml", percent(10))
	if _, err := store.Load("rules", toy); err != nil {
		t.Errorf("got %v, want a ruleset", err)
	}
}

// folderFaults are rule folders that cannot be loaded.
var folderFaults = []struct {
	name string
	make func(t testing.TB, dir string)
	is   error
	want string
}{{
	name: "a missing folder says how to make one",
	make: func(testing.TB, string) {},
	is:   store.ErrMissing,
	want: "no rule folder: DIR does not exist: create it with a .yaml rule file in it, or name another folder",
}, {
	name: "a file in place of the folder says so",
	make: func(t testing.TB, dir string) { write(t, dir, percent(10)) },
	is:   store.ErrMissing,
	want: "no rule folder: DIR is a file: name the folder that holds it",
}, {
	name: "an empty folder is a fault",
	make: func(t testing.TB, dir string) { must(t, os.Mkdir(dir, 0o755)) },
	is:   store.ErrEmpty,
	want: "no rule files: DIR holds no .yaml or .yml file besides tests and hidden ones: " +
		"add one; to end promotions, disable them in their files",
}, {
	name: "a folder of other files is as good as empty",
	make: func(t testing.TB, dir string) {
		write(t, filepath.Join(dir, "promos_test.yaml"), percent(10))
		write(t, filepath.Join(dir, ".promos.yaml"), percent(10))
		write(t, filepath.Join(dir, "README.md"), "rules")
		write(t, filepath.Join(dir, "testdata", "a.yaml"), percent(10))
	},
	is: store.ErrEmpty,
	want: "no rule files: DIR holds no .yaml or .yml file besides tests and hidden ones: " +
		"add one; to end promotions, disable them in their files",
}, {
	name: "a rule file that is a link to nowhere cannot be read",
	make: func(t testing.TB, dir string) {
		write(t, filepath.Join(dir, "a.yaml"), percent(10))
		must(t, os.Symlink("nowhere.yaml", filepath.Join(dir, "b.yaml")))
	},
	is:   os.ErrNotExist,
	want: "rule folder DIR: read rule files: stat b.yaml: no such file or directory",
}, {
	name: "a rule file that leads in a circle cannot be read",
	make: func(t testing.TB, dir string) {
		must(t, os.Mkdir(dir, 0o755))
		must(t, os.Symlink("b.yaml", filepath.Join(dir, "b.yaml")))
	},
	want: "rule folder DIR: read rule files: stat b.yaml: too many levels of symbolic links",
}, {
	name: "a fault in a rule file is the compiler's",
	make: func(t testing.TB, dir string) { write(t, filepath.Join(dir, "a.yaml"), broken) },
	want: `a.yaml: "percent: none\n" is no percentage`,
}}

func TestLoadAndOpenRefuse(t *testing.T) {
	for _, tt := range folderFaults {
		t.Run(tt.name, func(t *testing.T) {
			s := newShop(t, nil)
			tt.make(t, s.dir)
			check := func(what string, err error) {
				t.Helper()
				if err == nil {
					t.Fatalf("%s: no error", what)
				}
				if got := strings.ReplaceAll(err.Error(), s.dir, "DIR"); got != tt.want {
					t.Errorf("%s: got error\n%s\nwant\n%s", what, got, tt.want)
				}
				if tt.is != nil && !errors.Is(err, tt.is) {
					t.Errorf("%s: got %v, want one that is %v", what, err, tt.is)
				}
			}
			_, err := store.Load(s.dir, toy)
			check("Load", err)
			_, err = store.Open(s.opts)
			check("Open", err)
			s.wantPublished()
			s.wantObserved()
		})
	}
}

func TestLoadRefusesACompilerThatReturnsNothing(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.yaml"), percent(10))
	_, err := store.Load(dir, func([]compile.File) (*engine.Ruleset, error) { return nil, nil })
	if want := "compile rules: neither a ruleset nor an error came back"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestOpenRefusesTheFirstRulesetThatPublishRefuses(t *testing.T) {
	s := newShop(t, map[string]string{"a.yaml": percent(10)})
	s.refuse(errCurrency)
	w, err := store.Open(s.opts)
	if w != nil || !errors.Is(err, errCurrency) {
		t.Errorf("got %v and %v, want no Watcher and %v", w, err, errCurrency)
	}
}

func TestOpenNamesAllFaultsOfOptions(t *testing.T) {
	_, err := store.Open(store.Options{Debounce: -1, MaxDelay: -2, Poll: -3, Mode: "events"})
	want := strings.TrimSpace(`
rule store: no folder given
rule store: no Compile given
rule store: no Publish given
rule store: debounce of -1ns is negative
rule store: max delay of -2ns is negative
rule store: poll interval of -3ns is negative; polling cannot be switched off
rule store: mode "events" is neither "auto" nor "poll"`)
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

func TestOpenNeedsNothingButFolderCompileAndPublish(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.yaml"), percent(10))
	live := engine.New(nil)
	w, err := store.Open(store.Options{Dir: dir, Compile: toy,
		Publish: func(_ context.Context, r *engine.Ruleset, _ []compile.File) error { live.Swap(r); return nil }})
	if err != nil {
		t.Fatal(err)
	}
	got := w.Status()
	if got.LoadedAt.IsZero() || !got.LoadedAt.Equal(got.LastAttempt) {
		t.Errorf("got loaded at %v, attempt at %v, want the same instant", got.LoadedAt, got.LastAttempt)
	}
	want := store.Status{Digest: live.Active().Digest(), Files: 1, Promotions: 1, Loads: 1, LastSuccess: true,
		LoadedAt: got.LoadedAt, LastAttempt: got.LastAttempt}
	if got != want {
		t.Errorf("status: got %+v, want %+v", got, want)
	}
}
