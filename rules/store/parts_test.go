package store_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/store"
)

// TestSettleWaitsForTwoEqualReadings scripts what readings return: the text of
// the one file, or an error after "!". The last one repeats.
func TestSettleWaitsForTwoEqualReadings(t *testing.T) {
	for _, tt := range []struct{ name, readings, want string }{
		{"a folder at rest is read twice", "a a", "a"},
		{"a mixed reading is dropped", "mix b b", "b"},
		{"a file that vanished while it was read is no fault", "!gone b b", "b"},
		{"a fault that stays is one", "!gone !gone", "!gone"},
		{"another fault is another reading", "!gone !denied !denied", "!denied"},
		{"a change in the last reading but one is seen", "a b c d d", "d"},
		{"what never rests is a fault", "a b a b a", "!rule files keep changing while they are read"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			script := strings.Fields(tt.readings)
			digest, err := store.Settle(func() ([]compile.File, error) {
				text := script[0]
				script = script[1:]
				if fault, ok := strings.CutPrefix(text, "!"); ok {
					return nil, errors.New(fault)
				}
				return file(text), nil
			})
			if len(script) != 0 {
				t.Errorf("%d readings left", len(script))
			}
			if fault, ok := strings.CutPrefix(tt.want, "!"); ok {
				if err == nil || err.Error() != fault {
					t.Errorf("got %v, want %s", err, fault)
				}
				return
			}
			if want := compile.Digest(file(tt.want)); err != nil || digest != want {
				t.Errorf("got %s and %v, want %s", digest, err, want)
			}
		})
	}
}

func file(text string) []compile.File { return []compile.File{{Name: "a.yaml", Data: []byte(text)}} }

// TestTrailVisitsWhatAPathHangsOn writes links as "name -> target".
func TestTrailVisitsWhatAPathHangsOn(t *testing.T) {
	for _, tt := range []struct {
		name, tree, path, real string
		want                   []string
	}{
		{"a plain path hangs on its last name", "a/b/", "a/b", "a/b", []string{"a/b"}},
		{"a missing path hangs on the first missing name", "a/", "a/b/c", "", []string{"a/b"}},
		{"a link hangs on itself and its target", "v1/ rules->v1", "rules", "v1", []string{"rules", "v1"}},
		{"a link in the middle counts", "r/1/rules/ current->r/1", "current/rules", "r/1/rules", []string{"current", "r/1/rules"}},
		{"links may lead upwards", "a/ b/c/ a/l->../b", "a/l/c", "b/c", []string{"a/l", "b/c"}},
		{"links may be absolute", "a/ l->/a", "l", "a", []string{"l", "a"}},
		{"a link to nowhere hangs on what is missing", "l->x/y", "l", "", []string{"l", "x"}},
		{"a mounted config map hangs on each of its links", "d/..1/f d/..data->..1 d/f->..data/f", "d/f", "d/..1/f",
			[]string{"d/f", "d/..data", "d/..1/f"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			base, err := filepath.EvalSymlinks(t.TempDir())
			must(t, err)
			plant(t, base, tt.tree)
			visited, real, _ := store.Trail(filepath.Join(base, tt.path))
			for i := range visited {
				visited[i] = strings.TrimPrefix(visited[i], base+"/")
			}
			if diff := cmp.Diff(tt.want, visited); diff != "" {
				t.Errorf("visited, -want +got:\n%s", diff)
			}
			if real = strings.TrimPrefix(real, base+"/"); real != tt.real {
				t.Errorf("got real path %q, want %q", real, tt.real)
			}
		})
	}
}

func plant(t *testing.T, base, tree string) {
	t.Helper()
	for _, entry := range strings.Fields(tree) {
		name, target, link := strings.Cut(entry, "->")
		path := filepath.Join(base, name)
		switch {
		case link && strings.HasPrefix(target, "/"):
			must(t, os.Symlink(base+target, path))
		case link:
			must(t, os.Symlink(target, path))
		case strings.HasSuffix(name, "/"):
			must(t, os.MkdirAll(path, 0o755))
		default:
			write(t, path, "")
		}
	}
}

func TestTrailEndsInACircle(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l")
	must(t, os.Symlink("l", path))
	_, _, err := store.Trail(path)
	if want := fmt.Sprintf("resolve %s: too many links", path); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestOnlyEventsAboutTheRulesAreHints(t *testing.T) {
	base, err := filepath.EvalSymlinks(t.TempDir())
	must(t, err)
	plant(t, base, "rules/a.yaml rules/sub/b.yaml rules/.git/c.yaml shared/d.yaml rules/d.yaml->../shared/d.yaml rules/README->/docs/README")
	for name, want := range map[string]bool{
		"rules":             true,
		"rules/a.yaml":      true,
		"rules/new":         true,
		"rules/sub/b.yaml":  true,
		"rules/sub":         true,
		"shared/d.yaml":     true,
		"":                  true, // the folder that the rule folder is in
		"neighbour":         false,
		"neighbour/a.yaml":  false,
		"rules/.git/c.yaml": false,
		"shared/e.yaml":     false,
		"docs/README":       false,
	} {
		if got := store.Concerns(filepath.Join(base, "rules"), filepath.Join(base, name)); got != want {
			t.Errorf("%q: got %v, want %v", name, got, want)
		}
	}
}

// TestDebounceEndsAfterTheQuietPeriodOrAtTheLimit draws the gaps between hints.
// An odd microsecond in each keeps a hint from falling on the end.
func TestDebounceEndsAfterTheQuietPeriodOrAtTheLimit(t *testing.T) {
	span := rapid.Custom(func(t *rapid.T) time.Duration {
		return time.Duration(rapid.IntRange(1, 300).Draw(t, "ms")) * time.Millisecond
	})
	synctest.Test(t, func(t *testing.T) {
		rapid.Check(timeless{t}, func(t *rapid.T) {
			quiet, limit := span.Draw(t, "quiet"), 3*span.Draw(t, "limit")
			gaps := rapid.SliceOfN(span, 0, 20).Draw(t, "gaps")
			want, at := min(quiet, limit), time.Duration(0)
			for i := range gaps {
				gaps[i] += time.Microsecond
				if at += gaps[i]; at > want {
					break
				}
				want = min(at+quiet, limit)
			}
			if got := store.Debounce(quiet, limit, gaps); got != want {
				t.Errorf("quiet %v, limit %v, gaps %v: got the end at %v, want %v", quiet, limit, gaps, got, want)
			}
		})
	})
}
