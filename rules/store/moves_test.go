package store_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/fsnotify/fsnotify"
	"github.com/google/go-cmp/cmp"

	"github.com/checkout-promotions/checkout/rules/store"
)

// mount fills a folder the way Kubernetes mounts a config map.
func mount(t testing.TB, dir string, revision int) {
	t.Helper()
	data := fmt.Sprintf("..2026_11_22_%02d", revision)
	write(t, filepath.Join(dir, data, "promos.yaml"), percent(revision))
	write(t, filepath.Join(dir, data, "more.yaml"), percent(revision))
	old, _ := os.Readlink(filepath.Join(dir, "..data"))
	relink(t, data, filepath.Join(dir, "..data"))
	if old != "" {
		must(t, os.RemoveAll(filepath.Join(dir, old)))
		return
	}
	must(t, os.Symlink("..data/promos.yaml", filepath.Join(dir, "promos.yaml")))
	must(t, os.Symlink("..data/more.yaml", filepath.Join(dir, "more.yaml")))
}

func TestAMountedConfigMapIsFollowed(t *testing.T) {
	s := newShop(t, nil)
	mount(t, s.dir, 10)
	s.run()
	for _, revision := range []int{20, 30, 40} {
		mount(t, s.dir, revision)
		s.good(fmt.Sprintf("%d+%d", revision, revision))
	}
	s.wantPublished("10+10", "20+20", "30+30", "40+40")
}

// moves are changes of folders. Each step is done and then waited for; the first
// comes before the watcher runs.
var moves = []struct {
	name  string
	steps []move
}{{
	name: "a file in a new sub-folder",
	steps: []move{
		{func(t testing.TB, base string) { write(t, base+"/rules/a.yaml", percent(10)) }, "10"},
		{func(t testing.TB, base string) { write(t, base+"/rules/sub/b.yaml", percent(20)) }, "10+20"},
		{func(t testing.TB, base string) { write(t, base+"/rules/sub/b.yaml", percent(30)) }, "10+30"},
	},
}, {
	name: "a file deep in new sub-folders, later than the folders",
	steps: []move{
		{func(t testing.TB, base string) { write(t, base+"/rules/a.yaml", percent(10)) }, "10"},
		{func(t testing.TB, base string) {
			must(t, os.MkdirAll(base+"/rules/x/y/z", 0o755))
			write(t, base+"/rules/a.yaml", percent(20))
		}, "20"},
		{func(t testing.TB, base string) { write(t, base+"/rules/x/y/z/b.yaml", percent(30)) }, "20+30"},
	},
}, {
	name: "a sub-folder renamed, edited and removed",
	steps: []move{
		{func(t testing.TB, base string) {
			write(t, base+"/rules/a.yaml", percent(10))
			write(t, base+"/rules/b/b.yaml", percent(20))
		}, "10+20"},
		{func(t testing.TB, base string) { must(t, os.Rename(base+"/rules/b", base+"/rules/A")) }, "20+10"},
		{func(t testing.TB, base string) { write(t, base+"/rules/A/b.yaml", percent(30)) }, "30+10"},
		{func(t testing.TB, base string) { must(t, os.RemoveAll(base+"/rules/A")) }, "10"},
		{func(t testing.TB, base string) { write(t, base+"/rules/A/c.yaml", percent(40)) }, "40+10"},
	},
}, {
	name: "a sub-folder replaced by another of the same name",
	steps: []move{
		{func(t testing.TB, base string) { write(t, base+"/rules/sub/a.yaml", percent(10)) }, "10"},
		{func(t testing.TB, base string) {
			write(t, base+"/new/a.yaml", percent(20))
			must(t, os.Rename(base+"/rules/sub", base+"/old"))
			must(t, os.Rename(base+"/new", base+"/rules/sub"))
		}, "20"},
		{func(t testing.TB, base string) { write(t, base+"/rules/sub/a.yaml", percent(30)) }, "30"},
	},
}, {
	name: "a file renamed",
	steps: []move{
		{func(t testing.TB, base string) {
			write(t, base+"/rules/a.yaml", percent(10))
			write(t, base+"/rules/b.yaml", percent(20))
		}, "10+20"},
		{func(t testing.TB, base string) { must(t, os.Rename(base+"/rules/a.yaml", base+"/rules/c.yaml")) }, "20+10"},
	},
}, {
	name: "the folder replaced by renaming",
	steps: []move{
		{func(t testing.TB, base string) { write(t, base+"/rules/a.yaml", percent(10)) }, "10"},
		{func(t testing.TB, base string) {
			write(t, base+"/next/a.yaml", percent(20))
			must(t, os.Rename(base+"/rules", base+"/old"))
			must(t, os.Rename(base+"/next", base+"/rules"))
		}, "20"},
		{func(t testing.TB, base string) { write(t, base+"/rules/a.yaml", percent(30)) }, "30"},
	},
}, {
	name: "the folder is a link that is pointed elsewhere",
	steps: []move{
		{func(t testing.TB, base string) {
			write(t, base+"/v1/a.yaml", percent(10))
			write(t, base+"/v2/a.yaml", percent(20))
			must(t, os.Symlink("v1", base+"/rules"))
		}, "10"},
		{func(t testing.TB, base string) { relink(t, "v2", base+"/rules") }, "20"},
		{func(t testing.TB, base string) { write(t, base+"/v2/a.yaml", percent(30)) }, "30"},
		{func(t testing.TB, base string) { relink(t, base+"/v1", base+"/rules") }, "10"},
		{func(t testing.TB, base string) { write(t, base+"/v1/a.yaml", percent(40)) }, "40"},
	},
}, {
	name: "a rule file that is a link to a file elsewhere, edited and pointed elsewhere",
	steps: []move{
		{func(t testing.TB, base string) {
			write(t, base+"/shared/a.yaml", percent(10))
			write(t, base+"/other/a.yaml", percent(20))
			must(t, os.Mkdir(base+"/rules", 0o755))
			must(t, os.Symlink("../shared/a.yaml", base+"/rules/a.yaml"))
		}, "10"},
		{func(t testing.TB, base string) { write(t, base+"/shared/a.yaml", percent(30)) }, "30"},
		{func(t testing.TB, base string) { relink(t, "../other/a.yaml", base+"/rules/a.yaml") }, "20"},
		{func(t testing.TB, base string) { replace(t, base+"/other/a.yaml", percent(40)) }, "40"},
	},
}}

// move is a step of a test: a change below base, and what is in force after it.
type move struct {
	do   func(t testing.TB, base string)
	want string
}

func TestEveryMoveIsFoundByEvents(t *testing.T) {
	for _, tt := range moves {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, nil)
			var want []string
			for i, step := range tt.steps {
				step.do(t, filepath.Dir(s.dir))
				if i == 0 {
					s.run()
				}
				s.good(step.want)
				want = append(want, step.want)
			}
			s.wantPublished(want...)
		})
	}
}

func TestALinkInTheMiddleOfThePathIsFollowed(t *testing.T) {
	s := newShop(t, nil)
	base := filepath.Dir(s.dir)
	write(t, base+"/releases/1/rules/a.yaml", percent(10))
	write(t, base+"/releases/2/rules/a.yaml", percent(20))
	must(t, os.Symlink("releases/1", base+"/current"))
	s.opts.Dir = base + "/current/rules"
	s.run()
	relink(t, "releases/2", base+"/current")
	s.good("20")
	write(t, base+"/releases/2/rules/a.yaml", percent(30))
	s.good("30")
}

func TestADeletedFolderIsFoundAgain(t *testing.T) {
	for _, tt := range []struct{ name, removed string }{
		{"the folder itself", "srv/shop/rules"},
		{"the folder with its parents", "srv"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, nil)
			base := filepath.Dir(s.dir)
			s.opts.Dir = filepath.Join(base, "srv/shop/rules")
			file := filepath.Join(s.opts.Dir, "sub/a.yaml")
			write(t, file, percent(10))
			s.run()
			for _, p := range []int{20, 30} {
				must(t, os.RemoveAll(filepath.Join(base, tt.removed)))
				s.fault()
				write(t, file, percent(p))
				s.good(amountText(p))
			}
			write(t, file, percent(40))
			s.good("40")
			s.wantPublished("10", "20", "30", "40")
		})
	}
}

// TestWatchesAreNotKeptForever looks at the watches that fsnotify holds.
func TestWatchesAreNotKeptForever(t *testing.T) {
	s := newShop(t, map[string]string{"sub/deep/a.yaml": percent(10)})
	base := filepath.Dir(s.dir)
	write(t, base+"/shared/b.yaml", percent(20))
	must(t, os.Symlink("../shared/b.yaml", s.path("b.yaml")))
	events := make(chan *fsnotify.Watcher, 1)
	s.opts = s.opts.WithNotify(func() (*fsnotify.Watcher, error) {
		w, err := fsnotify.NewWatcher()
		events <- w
		return w, err
	})
	s.run()
	list := sync.OnceValue(func() *fsnotify.Watcher { return <-events })
	want := func(dirs ...string) {
		t.Helper()
		var got []string
		for _, dir := range list().WatchList() {
			got = append(got, strings.TrimPrefix(strings.TrimPrefix(dir, base), "/"))
		}
		slices.Sort(got)
		if diff := cmp.Diff(dirs, got); diff != "" {
			t.Errorf("watches, -want +got:\n%s", diff)
		}
	}
	s.good("20+10")
	write(t, s.path("sub/deep/a.yaml"), percent(30)) // proves that Run watches
	s.good("20+30")
	want("", "rules", "rules/sub", "rules/sub/deep", "shared")

	must(t, os.Remove(s.path("b.yaml")))
	s.good("30")
	must(t, os.RemoveAll(s.path("sub/deep")))
	write(t, s.path("c.yaml"), percent(40))
	s.good("40")
	want("", "rules", "rules/sub")
}

// TestAFolderMadeBetweenSurveyAndWatchIsWatched is about the moment in which a
// new folder sends no event, because the one it is in is not watched yet.
func TestAFolderMadeBetweenSurveyAndWatchIsWatched(t *testing.T) {
	s := newShop(t, map[string]string{"a.yaml": percent(10)})
	later := []string{s.path("x"), s.path("x/y"), s.path("x/y/z")}
	watched, err := store.Watched(s.opts, func() {
		if len(later) > 0 {
			must(t, os.Mkdir(later[0], 0o755))
			later = later[1:]
		}
	})
	must(t, err)
	if !slices.Contains(watched, s.path("x/y/z")) {
		t.Errorf("got watches %q, want x/y/z among them", watched)
	}
}
