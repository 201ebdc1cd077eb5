package api

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	v1 "github.com/checkout-promotions/checkout/api/v1"
	"github.com/checkout-promotions/checkout/engine/publication"
	"github.com/checkout-promotions/checkout/rules/diag"
)

// Rulebook publishes rulesets, puts them in force, and tells what is in them. What it
// works out for long it does for one caller at a time, and for others the error is
// ErrRulesBusy. Implementations are safe for concurrent use.
type Rulebook interface {
	// Publish compiles the rules and keeps them. Created tells that they were not kept
	// before. Rules that do not compile are a diag.List.
	Publish(ctx context.Context, p RulePublication) (r publication.Ruleset, created bool, err error)
	// Activate puts a ruleset in force that was kept: on this server before it returns, on
	// others soon. Unless it is forced, its tests have to pass, else the error is a
	// *RuleTestsError. It is ErrRulesFromFolder where the rules come from a folder, a
	// *publication.ChangedError where another ruleset is in force than the expected one,
	// and an *UnusableRulesError where this server cannot use it.
	Activate(ctx context.Context, a publication.Activation, expected string) (publication.Activation, error)
	// Rollback puts the ruleset in force that was so before; ErrNoRulesetBefore when there
	// was none.
	Rollback(ctx context.Context, a publication.Activation, expected string) (publication.Activation, error)
	// Test runs the tests that were published with the ruleset.
	Test(ctx context.Context, digest string) (RuleTests, error)
	// Files returns the rule files of a ruleset, by path.
	Files(ctx context.Context, digest string) ([]RuleFile, error)
	// Diff tells what the second ruleset does otherwise than the first.
	Diff(ctx context.Context, from, to string) (RuleDifference, error)
}

const (
	// ErrRulesFromFolder says that rules are not put in force over the API.
	ErrRulesFromFolder problem = "the rules of this server come from a folder: change its files, or start it with --rules-from database"
	// ErrNoRulesetBefore says that there is nothing to go back to.
	ErrNoRulesetBefore problem = "no other ruleset was in force before"
)

// RulePublication is what is published.
type RulePublication struct {
	// Files are rule files, tests, and what tests read, by their paths in a folder.
	Files []RuleFile
	// Rules is the folder among them that has the rule files, "" for the whole.
	Rules           string
	Author, Message string
}

// RuleTests is what running tests has found.
type RuleTests struct {
	Passed, Failed, Skipped int
	Failures                []RuleTestFailure // of the failed
}

// RuleTestFailure is a case that came out otherwise.
type RuleTestFailure struct {
	File     string
	Line     int
	Name     string
	Problems []string
}

// RuleTestsError says that tests of a ruleset fail.
type RuleTestsError struct{ RuleTests }

// Error implements error.
func (e *RuleTestsError) Error() string {
	return fmt.Sprintf("%d of the %d tests of the ruleset fail: correct the rules, or activate with force", e.Failed, e.Passed+e.Failed)
}

func (e *RuleTestsError) places() []v1.ProblemError {
	var places []v1.ProblemError
	for _, f := range e.Failures[:min(len(e.Failures), maxFaults)] {
		places = append(places, v1.ProblemError{Detail: fmt.Sprintf("%s:%d: %s: %s", f.File, f.Line, f.Name, strings.Join(f.Problems, "; "))})
	}
	return places
}

// UnusableRulesError says that rules, which compile, cannot be used by this server.
type UnusableRulesError struct{ Problem string }

// Error implements error.
func (e *UnusableRulesError) Error() string {
	return "this server cannot use the ruleset: " + e.Problem
}

// RuleDifference is what a ruleset does otherwise than another one.
type RuleDifference struct {
	From, To   string // digests
	Promotions []PromotionDifference
	Policy     []KeyDifference
	Plugins    []KeyDifference
}

// PromotionDifference is a promotion that is new, gone or another.
type PromotionDifference struct {
	ID, Kind string // added, removed or changed
	Keys     []KeyDifference
}

// KeyDifference is a key that means something else; Old or New is "" where there is none.
type KeyDifference struct{ Key, Old, New string }

// invalidRulesError says what is wrong with rule files.
type invalidRulesError struct {
	faults diag.List
	files  []RuleFile // as the body has them
	rules  string
}

// Error implements error.
func (e *invalidRulesError) Error() string {
	return fmt.Sprintf("the rules do not compile: %d faults", len(e.faults))
}

func (e *invalidRulesError) places() []v1.ProblemError {
	var places []v1.ProblemError
	for _, d := range e.faults.Sorted()[:min(len(e.faults), maxFaults)] {
		place := v1.ProblemError{Detail: fmt.Sprintf("%s:%d:%d: %s", d.File, d.Range.Start.Line, d.Range.Start.Column, d.Message)}
		if d.Hint != "" {
			place.Detail += "; " + d.Hint
		}
		if i := slices.IndexFunc(e.files, func(f RuleFile) bool { return f.Path == below(e.rules, d.File) }); i >= 0 {
			place.Pointer = pointerTo("files", i, "content")
		}
		places = append(places, place)
	}
	return places
}

// below is the path of a file in a folder, which is "" for none.
func below(folder, file string) string {
	if folder == "" {
		return file
	}
	return folder + "/" + file
}

// rulebook returns what publishes rulesets.
func (s *Server) rulebook() (Rulebook, error) {
	if s.options.Rulebook == nil {
		return nil, errNoRulesets
	}
	return s.options.Rulebook, nil
}

// publishRuleset compiles rules and keeps them.
func (s *Server) publishRuleset(w http.ResponseWriter, r *http.Request) error {
	body, err := readV1[v1.RulePublication](s, w, r)
	if err != nil {
		return err
	}
	var f faults
	f.message(body.Message)
	files := f.bundle(body.Files)
	if body.Rules != "" && !validPath(body.Rules) {
		f.at("want the path of a folder, such as rules", "rules")
	}
	if err := cmp.Or(f.err(), differentFiles(files)); err != nil {
		return err
	}
	book, err := s.rulebook()
	if err != nil {
		return err
	}
	made, created, err := book.Publish(r.Context(), RulePublication{Files: files, Rules: body.Rules, Author: actorOf(callerOf(r.Context())), Message: body.Message})
	if faults, ok := err.(diag.List); ok {
		return &invalidRulesError{faults, files, body.Rules}
	}
	if err != nil {
		return rulesBusy(w, err)
	}
	status := http.StatusOK
	if created {
		status = http.StatusCreated
		w.Header().Set("Location", "/v1/rulesets/"+made.Digest)
	}
	answer := newRuleset(&made)
	return s.answer(w, status, &answer)
}

// message notes a fault where a message is too long.
func (f *faults) message(text string) {
	if tooLong(text, publication.MaxMessage/4) { // characters have up to 4 bytes
		f.at(fmt.Sprintf("want at most %d characters", publication.MaxMessage/4), "message")
	}
}

// activateRuleset puts a ruleset in force.
func (s *Server) activateRuleset(w http.ResponseWriter, r *http.Request) error {
	return s.changeActive(w, r, chi.URLParam(r, "digest"), Rulebook.Activate)
}

// rollbackRuleset puts the ruleset in force that was so before.
func (s *Server) rollbackRuleset(w http.ResponseWriter, r *http.Request) error {
	return s.changeActive(w, r, "", Rulebook.Rollback)
}

func (s *Server) changeActive(w http.ResponseWriter, r *http.Request, digest string,
	change func(Rulebook, context.Context, publication.Activation, string) (publication.Activation, error)) error {
	expected, err := expectedRuleset(r)
	if err != nil {
		return err
	}
	body, err := readV1[v1.ActivationRequest](s, w, r)
	if err != nil {
		return err
	}
	var f faults
	if f.message(body.Message); f.err() != nil {
		return f.err()
	}
	book, err := s.rulebook()
	if err != nil {
		return err
	}
	made, err := change(book, r.Context(), publication.Activation{
		Digest: digest, Author: actorOf(callerOf(r.Context())), Message: body.Message, Forced: body.Force,
	}, expected)
	if err != nil {
		return rulesBusy(w, rulesetChanged(w, err))
	}
	writeDigest(w, made.Digest)
	answer := newActivation(&made)
	return s.answer(w, http.StatusOK, &answer)
}

// testRuleset runs the tests of a ruleset.
func (s *Server) testRuleset(w http.ResponseWriter, r *http.Request) error {
	book, err := s.rulebook()
	if err != nil {
		return err
	}
	if q := readQuery(r); q.fault != nil {
		return q.fault
	}
	found, err := book.Test(r.Context(), chi.URLParam(r, "digest"))
	if err != nil {
		return rulesBusy(w, err)
	}
	answer := &v1.RuleTests{Passed: int64(found.Passed), Failed: int64(found.Failed), Skipped: int64(found.Skipped), Failures: make([]v1.RuleTestFailure, len(found.Failures))}
	for i, f := range found.Failures {
		answer.Failures[i] = v1.RuleTestFailure{File: f.File, Line: f.Line, Name: f.Name, Problems: f.Problems}
	}
	return s.answer(w, http.StatusOK, answer)
}

// getRulesetFiles tells the files of a ruleset.
func (s *Server) getRulesetFiles(w http.ResponseWriter, r *http.Request) error {
	book, err := s.rulebook()
	if err != nil {
		return err
	}
	if q := readQuery(r); q.fault != nil {
		return q.fault
	}
	digest := chi.URLParam(r, "digest")
	files, err := book.Files(r.Context(), digest)
	if err != nil {
		return err
	}
	answer := &v1.RulesetFiles{Digest: digest, Files: make([]v1.RuleFile, len(files))}
	for i, f := range files {
		answer.Files[i] = v1.RuleFile{Path: f.Path, Content: f.Content}
	}
	return s.answer(w, http.StatusOK, answer)
}

// diffRulesets tells what a ruleset does otherwise than another one.
func (s *Server) diffRulesets(w http.ResponseWriter, r *http.Request) error {
	book, err := s.rulebook()
	if err != nil {
		return err
	}
	q := readQuery(r, "from")
	from := q.text("from")
	if q.fault != nil {
		return q.fault
	}
	if from == "" {
		from = s.options.Rules.Active().Digest()
	}
	found, err := book.Diff(r.Context(), from, chi.URLParam(r, "digest"))
	if err != nil {
		return err
	}
	answer := &v1.RulesetDifference{From: found.From, To: found.To, Promotions: make([]v1.PromotionDifference, len(found.Promotions)),
		Policy: newKeyDifferences(found.Policy), Plugins: newKeyDifferences(found.Plugins)}
	for i, p := range found.Promotions {
		answer.Promotions[i] = v1.PromotionDifference{ID: p.ID, Change: v1.PromotionDifferenceChange(p.Kind), Keys: newKeyDifferences(p.Keys)}
	}
	return s.answer(w, http.StatusOK, answer)
}

func newKeyDifferences(keys []KeyDifference) []v1.KeyDifference {
	list := make([]v1.KeyDifference, len(keys))
	for i, k := range keys {
		list[i] = v1.KeyDifference{Key: k.Key, Old: k.Old, New: k.New}
	}
	return list
}

// rulesBusy tells when to come again.
func rulesBusy(w http.ResponseWriter, err error) error {
	if err == ErrRulesBusy {
		w.Header().Set("Retry-After", "1")
	}
	return err
}
