package ruletest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// Session runs tests again and again while their files change, and each time only the
// cases that a change can touch: all those whose folder of rules says something else,
// since any promotion can have to do with any cart, and those of which the test, what
// its file says for all tests, or a file that it takes items or fixtures from says
// something else. It is not safe for concurrent use.
type Session struct {
	paths   []string
	filter  Filter
	options Options

	folders map[string]compiledFolder
	files   map[string]loadedFile
	results map[caseKey]outcome
	inputs  []string
}

// Refreshed is what a Session found.
type Refreshed struct {
	// Result is that of all cases, of those too that were not run again.
	Result
	// Ran is how many were run.
	Ran int
	// Changed are the cases that came out otherwise than the last time: that fail now,
	// fail in another way, pass or are skipped now. A case that is new and passes is
	// not among them. The first time they are all that failed or were skipped.
	Changed []CaseResult
	// First says that there was no last time.
	First bool
}

// compiledFolder is a folder of rules as it was compiled last.
type compiledFolder struct {
	digest  string
	meaning string // what the files say, without comments and places
	ruleFolder
}

// loadedFile is a test file with all that was read for it, by path.
type loadedFile struct {
	suite Suite
	read  map[string][]byte
}

// caseKey names a case on a surface: tests of a file have different names, and the
// cases of a test are counted.
type caseKey struct {
	file, name, on string
	number         int
}

// outcome is what a case came to, and what that depends on.
type outcome struct {
	rules   string // their digest
	meaning string // of the rules
	digest  string // of the case
	result  CaseResult
}

// holds reports whether the case would come out the same. One that failed tells where
// promotions stand, and so does a trace.
func (o outcome) holds(c chosen, meaning string) bool {
	telling := o.result.Failed() || o.result.Trace != nil
	return o.digest == c.c.digest && o.meaning == meaning && (!telling || o.rules == c.suite.Rules.Digest())
}

// NewSession returns a session of the tests at the paths that the filter selects. Of
// the options those that say what is done with a whole run have no meaning: Shuffle,
// FailFast and Priced.
func NewSession(paths []string, filter Filter, options Options) *Session {
	options.Shuffle, options.FailFast, options.Priced = nil, false, nil
	return &Session{paths: paths, filter: filter, options: options, folders: make(map[string]compiledFolder), files: make(map[string]loadedFile)}
}

// Inputs are the files and folders that the session depends on, also those that it
// could not read.
func (s *Session) Inputs() []string { return append(slices.Clone(s.paths), s.inputs...) }

// Refresh reads what has changed and runs the cases that this touches. Its errors are
// those of Load and RunWith; what has been found before is then kept, and what the
// next Refresh finds is compared with that.
func (s *Session) Refresh(ctx context.Context) (Refreshed, error) {
	suites, err := s.load()
	if err != nil {
		return Refreshed{}, err
	}
	cases := choose(suites, s.filter, s.options)
	if len(cases) == 0 {
		return Refreshed{}, fmt.Errorf("%w: the filter matches none", ErrNoTests)
	}
	var stale []chosen
	keys, results := keysOf(cases), make(map[caseKey]outcome, len(cases))
	for i, c := range cases {
		known, ok := s.results[keys[i]]
		if !ok || !known.holds(c, s.folders[c.suite.folder].meaning) {
			stale = append(stale, c)
			continue
		}
		known.result.Line = c.c.Line // lines before it may have come or gone
		results[keys[i]] = known
	}
	fresh, err := runAll(ctx, stale, s.options)
	if err != nil {
		return Refreshed{}, fmt.Errorf("run rule tests: %w", err)
	}
	update := Refreshed{Ran: len(stale), First: s.results == nil}
	for i, c := range cases {
		if _, known := results[keys[i]]; !known {
			results[keys[i]] = outcome{c.suite.Rules.Digest(), s.folders[c.suite.folder].meaning, c.c.digest, fresh[0]}
			fresh = fresh[1:]
		}
		result := results[keys[i]].result
		if changed(s.results, keys[i], result) {
			update.Changed = append(update.Changed, result)
		}
		update.add(result)
	}
	s.results = results
	return update, nil
}

// keysOf names the cases.
func keysOf(cases []chosen) []caseKey {
	keys, numbers := make([]caseKey, len(cases)), make(map[caseKey]int)
	for i, c := range cases {
		key := caseKey{file: c.suite.File, name: c.c.Name, on: c.on}
		numbers[key]++
		key.number = numbers[key]
		keys[i] = key
	}
	return keys
}

// changed reports whether the case came out otherwise than before.
func changed(before map[caseKey]outcome, key caseKey, now CaseResult) bool {
	was, known := before[key]
	if !known {
		return !now.Passed
	}
	return was.result.Passed != now.Passed || was.result.Skipped != now.Skipped ||
		!reflect.DeepEqual(was.result.Mismatches, now.Mismatches) || !reflect.DeepEqual(was.result.Broken, now.Broken)
}

// load reads the test files that have changed, or whose rules have.
func (s *Session) load() ([]Suite, error) {
	files, err := find(s.paths)
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, noTests(s.paths)
	}
	now := &sources{folders: s.folders, data: make(map[string][]byte), rules: make(map[string]compiledFolder)}
	l := newLoader(now)
	l.compile = now.compiled
	loaded, inputs := make(map[string]loadedFile), make(map[string]bool)
	var suites []Suite
	for _, file := range files {
		f, ok := s.files[file]
		if ok {
			ok, err = f.refresh(l, now)
		}
		if !ok && err == nil {
			now.read = make(map[string][]byte)
			f.suite, err = l.load(file)
			f.read = now.read
		}
		for name := range f.read {
			inputs[name] = true
		}
		inputs[f.suite.folder] = f.suite.folder != ""
		if err != nil {
			s.needs(inputs, s.inputs...)
			return nil, err
		}
		loaded[file] = f
		suites = append(suites, f.suite)
	}
	for folder := range now.rules {
		inputs[folder] = true
	}
	s.needs(inputs)
	if err := l.err(); err != nil {
		return nil, err
	}
	s.files, s.folders = loaded, now.rules
	return suites, nil
}

// needs notes what the session depends on.
func (s *Session) needs(inputs map[string]bool, others ...string) {
	for _, name := range others {
		inputs[name] = true
	}
	delete(inputs, "")
	s.inputs = slices.Sorted(maps.Keys(inputs))
}

// refresh reports whether the file need not be read again: what was read for it is as
// it was, and its rules are too, or they name the same things and only do others.
func (f *loadedFile) refresh(l *loader, now *sources) (bool, error) {
	for name, data := range f.read {
		if again, err := now.ReadFile(name); err != nil || !bytes.Equal(data, again) {
			return false, nil
		}
	}
	folder, err := l.rules(f.suite.folder)
	if err != nil || folder.rules == nil || !sameNames(f.suite.ruleFolder(), folder) {
		return false, err
	}
	f.suite.Rules, f.suite.observer = folder.rules, folder.observer
	return true, nil
}

// sameNames reports whether a test file is read in the same way beside both: all that
// a reader asks of rules is alike.
func sameNames(a, b ruleFolder) bool {
	return a.rules == b.rules ||
		a.rules.Currency() == b.rules.Currency() && slices.Equal(a.rules.PromotionIDs(), b.rules.PromotionIDs()) &&
			slices.Equal(a.rules.Timed(), b.rules.Timed()) && reflect.DeepEqual(a.lock, b.lock)
}

// sources reads each file once in a refresh, and compiles only the folders that have
// changed.
type sources struct {
	disk
	folders map[string]compiledFolder // as they were
	rules   map[string]compiledFolder // as they are
	data    map[string][]byte
	read    map[string][]byte // for the file that is being loaded
}

// ReadFile implements Source.
func (s *sources) ReadFile(name string) ([]byte, error) {
	data, known := s.data[name]
	var err error
	if !known {
		if data, err = s.disk.ReadFile(name); err == nil {
			s.data[name] = data
		}
	}
	if s.read != nil {
		s.read[name] = data
	}
	return data, err
}

// compiled compiles the files of a folder, unless they are what they were.
func (s *sources) compiled(dir string, files []compile.File) (ruleFolder, error) {
	digest := compile.Digest(files)
	if was, known := s.folders[dir]; known && was.digest == digest && was.rules != nil {
		s.rules[dir] = was
		return was.ruleFolder, nil
	}
	folder, err := compileFolder(files)
	s.rules[dir] = compiledFolder{digest: digest, meaning: meaningOf(files), ruleFolder: folder}
	return folder, err
}

// meaningOf is a digest of what files say: comments, blanks and where things stand in
// them are left out.
func meaningOf(files []compile.File) string {
	h := sha256.New()
	var write func(v syntax.Value)
	write = func(v syntax.Value) {
		fmt.Fprintf(h, "%d %t %q ", v.Kind(), v.Quoted(), v.Text())
		switch v.Kind() {
		case syntax.Mapping:
			for _, e := range v.Entries() {
				write(e.Key)
				write(e.Value)
			}
		case syntax.Sequence:
			for _, item := range v.Items() {
				write(item)
			}
		}
		fmt.Fprintln(h)
	}
	for _, f := range files {
		fmt.Fprintf(h, "%q", f.Name)
		write(syntax.Parse(f.Name, f.Data).Root())
	}
	return hex.EncodeToString(h.Sum(nil))
}

// ruleFolder is what the suite knows of its rules.
func (s Suite) ruleFolder() ruleFolder {
	return ruleFolder{rules: s.Rules, lock: s.lock}
}
