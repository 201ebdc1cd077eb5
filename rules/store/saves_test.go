package store_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// saves are the ways in which programs write a file.
var saves = []struct {
	name string
	save func(t testing.TB, path, text string)
}{{
	name: "written in place", save: write,
}, {
	name: "truncated, then written in two halves",
	save: func(t testing.TB, path, text string) {
		f, err := os.Create(path)
		must(t, err)
		for _, half := range []string{text[:len(text)/2], text[len(text)/2:]} {
			_, err = f.WriteString(half)
			must(t, err)
			must(t, f.Sync())
		}
		must(t, f.Close())
	},
}, {
	name: "a temporary file renamed over it", save: replace,
}, {
	name: "a temporary file of another folder renamed over it",
	save: func(t testing.TB, path, text string) {
		temp := filepath.Join(t.TempDir(), "new")
		write(t, temp, text)
		must(t, os.Rename(temp, path))
	},
}, {
	name: "vim with backup: the old one renamed away, the new one written, the backup removed",
	save: func(t testing.TB, path, text string) {
		probe := filepath.Join(filepath.Dir(path), "4913")
		write(t, probe, "")
		must(t, os.Remove(probe))
		must(t, os.Rename(path, path+"~"))
		write(t, path, text)
		must(t, os.Remove(path+"~"))
	},
}, {
	name: "emacs: a backup copied, then written in place",
	save: func(t testing.TB, path, text string) {
		old, err := os.ReadFile(path)
		must(t, err)
		write(t, path+"~", string(old))
		write(t, path, text)
	},
}, {
	name: "removed and created again",
	save: func(t testing.TB, path, text string) {
		must(t, os.Remove(path))
		write(t, path, text)
	},
}, {
	name: "a hard link put in its place",
	save: func(t testing.TB, path, text string) {
		temp := path + ".new"
		write(t, temp, text)
		must(t, os.Remove(path))
		must(t, os.Link(temp, path))
		must(t, os.Remove(temp))
	},
}}

func TestEverySaveIsFoundByEvents(t *testing.T) {
	for _, tt := range saves {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, map[string]string{"promos.yaml": percent(10)})
			s.run()
			for _, p := range []int{20, 30, 40} {
				tt.save(t, s.path("promos.yaml"), percent(p))
				s.good(amountText(p))
			}
			s.wantPublished("10", "20", "30", "40")
		})
	}
}

// TestSavesAreFoundInAPathWithALink is about the names that events carry: those
// of the folder's real path.
func TestSavesAreFoundInAPathWithALink(t *testing.T) {
	for _, tt := range saves {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, map[string]string{"promos.yaml": percent(10)})
			link := filepath.Join(t.TempDir(), "link")
			must(t, os.Symlink(filepath.Dir(s.dir), link))
			s.opts.Dir = filepath.Join(link, "rules")
			s.run()
			for _, p := range []int{20, 30} {
				tt.save(t, s.path("promos.yaml"), percent(p))
				s.good(amountText(p))
			}
			s.wantPublished("10", "20", "30")
		})
	}
}

func TestManySavesInARowAreFewReloads(t *testing.T) {
	s := newShop(t, map[string]string{"promos.yaml": percent(0)})
	s.opts.Debounce, s.opts.MaxDelay = 500*time.Millisecond, never
	s.run()
	for p := 1; p <= 50; p++ {
		write(t, s.path("promos.yaml"), percent(p))
	}
	s.good("50")
	if got := s.w.Status().Loads; got > 10 {
		t.Errorf("got %d loads for 50 saves in a row, want a few", got)
	}
}

func TestChangesWithoutPauseAreLoadedAfterTheMaxDelay(t *testing.T) {
	s := newShop(t, map[string]string{"promos.yaml": percent(10)})
	s.opts.Debounce, s.opts.MaxDelay = never, 100*time.Millisecond
	s.run()
	replace(t, s.path("promos.yaml"), percent(20))
	s.good("20")
}

func TestAFileRewrittenWithoutPauseEndsUpInForce(t *testing.T) {
	s := newShop(t, map[string]string{"a.yaml": percent(1), "b.yaml": percent(1)})
	s.opts.Debounce, s.opts.MaxDelay = 5*time.Millisecond, 20*time.Millisecond
	s.run()
	for p, end := 0, time.Now().Add(300*time.Millisecond); time.Now().Before(end); p++ {
		write(t, s.path("a.yaml"), percent(p%100))
		write(t, s.path("b.yaml"), percent(p%100))
	}
	write(t, s.path("a.yaml"), percent(7))
	write(t, s.path("b.yaml"), percent(7))
	s.good("7+7")
}

func TestAChangeBetweenOpenAndRunIsFound(t *testing.T) {
	s := newShop(t, map[string]string{"promos.yaml": percent(10)})
	s.open()
	write(t, s.path("promos.yaml"), percent(20))
	s.run()
	s.good("20")
}

func TestTouchingAFileReloadsNothing(t *testing.T) {
	s := newShop(t, map[string]string{"promos.yaml": percent(10)})
	s.opts.Poll = 10 * time.Millisecond
	s.run()
	for range 3 {
		replace(t, s.path("promos.yaml"), percent(10))
		s.looked()
	}
	s.wantPublished("10")
	s.wantObserved("good 10")
	s.wantLog(loaded, watching)
}

func amountText(p int) string { return string([]byte{byte('0' + p/10), byte('0' + p%10)}) }
