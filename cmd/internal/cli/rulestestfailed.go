package cli

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/checkout-promotions/checkout/rules/ruletest"
)

// failedCases are the cases of the tests below a folder that failed when they were run
// last, from that folder. They are kept in the user's cache.
type failedCases struct {
	cache  userCache
	folder string // in which the program was started
	cases  map[failedCase]bool
}

// failedCase names a case by the path of its file from the folder.
type failedCase struct{ File, Name, Row string }

// keptFailures is what the cache has of a folder.
type keptFailures struct {
	Folder string       `json:"folder"`
	Cases  []failedCase `json:"cases"`
}

// openFailedCases reads what is known of the current folder.
func openFailedCases(err io.Writer) (failedCases, error) {
	folder, failed := os.Getwd()
	if failed != nil {
		return failedCases{}, environmentError(failed)
	}
	f := failedCases{cache: newUserCache("tests", "the names of tests that failed", err), folder: folder, cases: make(map[failedCase]bool)}
	var kept keptFailures
	if f.cache.get(f.key(), &kept) && kept.Folder == folder {
		for _, c := range kept.Cases {
			f.cases[c] = true
		}
	}
	return f, nil
}

func (f *failedCases) key() string {
	sum := sha256.Sum256([]byte(f.folder))
	return hex.EncodeToString(sum[:])
}

// has reports whether the case failed the last time.
func (f *failedCases) has(s ruletest.Suite, c ruletest.Case) bool {
	return f.cases[failedCase{filepath.ToSlash(s.File), c.Name, c.Row}]
}

// any reports whether a case failed the last time.
func (f *failedCases) any() bool { return len(f.cases) > 0 }

// errNoneFailed is that there is nothing to run again.
func errNoneFailed() error {
	return codedError{exitNothing, errors.New("no test failed the last time it was run from this folder; leave --rerun-failed out to run all")}
}

// keep keeps how the cases of a run ended, and what is known of those that were not
// run. Of a file that was run as a whole, those that are no longer there are forgotten.
// Nothing is written where nothing has changed.
func (f *failedCases) keep(result ruletest.Result, whole bool) {
	changed, failed, files := false, make(map[failedCase]bool), make(map[string]bool)
	for _, c := range result.Cases {
		key := failedCase{c.File, c.Name, c.Row}
		failed[key] = failed[key] || c.Failed() // on any surface
		files[c.File] = whole
	}
	for key := range f.cases {
		if _, ran := failed[key]; files[key.File] && !ran {
			failed[key] = false
		}
	}
	for key, fails := range failed {
		changed = changed || fails != f.cases[key]
		f.cases[key] = fails
	}
	if !changed {
		return
	}
	kept := keptFailures{Folder: f.folder, Cases: []failedCase{}}
	for key, fails := range f.cases {
		if fails {
			kept.Cases = append(kept.Cases, key)
		}
	}
	slices.SortFunc(kept.Cases, func(a, b failedCase) int {
		return slices.Compare([]string{a.File, a.Name, a.Row}, []string{b.File, b.Name, b.Row})
	})
	f.cache.put(f.key(), kept)
}
