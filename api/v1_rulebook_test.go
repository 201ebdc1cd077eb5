package api_test

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/checkout-promotions/checkout/api"
	"github.com/checkout-promotions/checkout/engine/publication"
	"github.com/checkout-promotions/checkout/rules/diag"
)

// book is a rulebook in memory: the digest of a ruleset is the text of its first file.
type book struct {
	list   []publication.Ruleset
	active []string // in the order of activation
	folder bool
}

func (b *book) find(digest string) (publication.Ruleset, error) {
	if i := slices.IndexFunc(b.list, func(r publication.Ruleset) bool { return r.Digest == digest }); i >= 0 {
		return b.list[i], nil
	}
	return publication.Ruleset{}, &publication.UnknownError{Digest: digest}
}

func (b *book) Publish(_ context.Context, p api.RulePublication) (publication.Ruleset, bool, error) {
	digest := cmp.Or(p.Files[0].Content, "empty")
	switch digest {
	case "broken":
		return publication.Ruleset{}, false, diag.List{
			{File: p.Files[0].Path, Range: diag.Range{Start: diag.Position{Line: 3, Column: 7}}, Message: "not known", Hint: "leave it out"},
			{File: "other.yaml", Range: diag.Range{Start: diag.Position{Line: 1, Column: 1}}, Message: "missing"},
		}
	case "busy":
		return publication.Ruleset{}, false, api.ErrRulesBusy
	}
	if r, err := b.find(digest); err == nil {
		return r, false, nil
	}
	r := publication.Ruleset{Digest: digest, Version: "1.2.3", Author: p.Author, Message: p.Message, Created: noon()}
	b.list = append(b.list, r)
	return r, true, nil
}

func (b *book) Activate(_ context.Context, a publication.Activation, expected string) (publication.Activation, error) {
	if b.folder {
		return a, api.ErrRulesFromFolder
	}
	if _, err := b.find(a.Digest); err != nil {
		return a, err
	}
	tests, _ := b.Test(context.Background(), a.Digest)
	switch {
	case a.Digest == "euro":
		return a, &api.UnusableRulesError{Problem: "it is in EUR, and the shop in USD"}
	case tests.Failed > 0 && !a.Forced:
		return a, &api.RuleTestsError{RuleTests: tests}
	}
	return b.put(a, expected)
}

func (b *book) put(a publication.Activation, expected string) (publication.Activation, error) {
	if n := len(b.active); n > 0 {
		a.Previous = b.active[n-1]
	}
	if expected != publication.Any && expected != a.Previous {
		return a, &publication.ChangedError{Active: a.Previous}
	}
	b.active = append(b.active, a.Digest)
	a.ID, a.At = int64(len(b.active)), noon()
	return a, nil
}

func (b *book) Rollback(_ context.Context, a publication.Activation, expected string) (publication.Activation, error) {
	if b.folder {
		return a, api.ErrRulesFromFolder
	}
	n := len(b.active)
	if n < 2 {
		return a, api.ErrNoRulesetBefore
	}
	a.Digest = b.active[n-2]
	return b.put(a, expected)
}

func (b *book) Test(_ context.Context, digest string) (api.RuleTests, error) {
	if _, err := b.find(digest); err != nil || digest != "red" {
		return api.RuleTests{Passed: 1}, err
	}
	return api.RuleTests{Passed: 2, Failed: 1, Skipped: 1, Failures: []api.RuleTestFailure{
		{File: "tv_test.yaml", Line: 4, Name: "third television is free", Problems: []string{"total: want 99.98, got 149.97", "applied: want tv, got nothing"}},
	}}, nil
}

func (b *book) Files(_ context.Context, digest string) ([]api.RuleFile, error) {
	r, err := b.find(digest)
	return []api.RuleFile{{Path: "a.yaml", Content: r.Digest}}, err
}

func (b *book) Diff(_ context.Context, from, to string) (api.RuleDifference, error) {
	if _, err := b.find(to); err != nil {
		return api.RuleDifference{}, err
	}
	return api.RuleDifference{From: from, To: to, Promotions: []api.PromotionDifference{
		{ID: "tv", Kind: "changed", Keys: []api.KeyDifference{{Key: "deal.percent_off.percent", Old: "10", New: "20"}}}, {ID: "new", Kind: "added"},
	}, Policy: []api.KeyDifference{{Key: "rounding", New: "up"}}}, nil
}

// bookSteps are told one after the other, of a shop in whose rulebook is nothing.
func bookSteps() []step {
	return []step{
		{"published", "POST", "rulesets", `{"files":[{"path":"rules/a.yaml","content":"one"},{"path":"tv_test.yaml","content":""}],"rules":"rules","message":"Black Friday"}`},
		{"published_again", "POST", "rulesets", `{"files":[{"path":"a.yaml","content":"one"}]}`},
		{"published_red", "POST", "rulesets", `{"files":[{"path":"a.yaml","content":"red"}]}`},
		{"published_euro", "POST", "rulesets", `{"files":[{"path":"a.yaml","content":"euro"}]}`},
		{"published_broken", "POST", "rulesets", `{"files":[{"path":"rules/a.yaml","content":"broken"}],"rules":"rules"}`},
		{"published_faults", "POST", "rulesets", `{"files":[{"path":"../a.yaml"},{"path":"b.yaml"},{"path":"a/"}],"rules":"/etc"}`},
		{"published_twice", "POST", "rulesets", `{"files":[{"path":"a.yaml"},{"path":"b.yaml"},{"path":"a.yaml"}]}`},
		{"published_nothing", "POST", "rulesets", `{"files":[]}`},
		{"published_busy", "POST", "rulesets", `{"files":[{"path":"a.yaml","content":"busy"}]}`},
		{"rollback_of_nothing", "POST", "rulesets:rollback", `{}`},
		{"activated", "POST", "rulesets/one/activate", `{"message":"now"}`},
		{"activated_red", "POST", "rulesets/red/activate", `{}`},
		{"activated_by_force", "POST", "rulesets/red/activate", `{"force":true}`},
		{"activated_euro", "POST", "rulesets/euro/activate", `{}`},
		{"activated_unknown", "POST", "rulesets/nothing/activate", `{}`},
		{"rolled_back", "POST", "rulesets:rollback", `{"message":"back"}`},
		{"rules_tested", "POST", "rulesets/red/test", ""},
		{"rules_tested_unknown", "POST", "rulesets/nothing/test", ""},
		{"rules_files", "GET", "rulesets/one/files", ""},
		{"rules_files_unknown", "GET", "rulesets/nothing/files", ""},
		{"rules_diff", "GET", "rulesets/red/diff?from=one", ""},
		{"rules_diff_of_active", "GET", "rulesets/red/diff", ""},
		{"rules_diff_unknown", "GET", "rulesets/nothing/diff", ""},
		{"rules_diff_parameter", "GET", "rulesets/one/diff?to=x", ""},
	}
}

func TestTheStoryOfTheRulebookIsTheGoldenOne(t *testing.T) {
	s := keyed(t, func(_ *shop, o *api.Options) { o.Rulebook, o.Now = &book{}, noon })
	for _, x := range bookSteps() {
		golden(t, x.name, s.do(x.method, "/v1/"+x.path, x.body, append(asJSON(), "X-Request-Id", "golden", "Idempotency-Key", x.name)...))
	}
}

func TestWhoActivatesSaysWhatHasToBeInForce(t *testing.T) {
	b := &book{list: []publication.Ruleset{{Digest: "one"}, {Digest: "two"}}, active: []string{"one"}}
	s := keyed(t, func(_ *shop, o *api.Options) { o.Rulebook = b })
	for i, c := range []struct {
		name, match string
		status      int
		tag         string
	}{
		{"another one is in force", `"two"`, 412, `"one"`},
		{"a weak ETag never matches", `W/"one"`, 412, `"one"`},
		{"what is no ETag never matches", `one`, 412, `"one"`},
		{"several ETags", `"one", "two"`, 400, ""},
		{"it is in force", `"one"`, 200, `"two"`},
		{"whatever is in force", `*`, 200, `"two"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := s.do("POST", "/v1/rulesets/two/activate", `{}`, append(asJSON(), "Idempotency-Key", strconv.Itoa(i), "If-Match", c.match)...)
			if w.Code != c.status || w.Header().Get("ETag") != c.tag {
				t.Errorf("got %d with the ETag %s, want %d with %s: %s", w.Code, w.Header().Get("ETag"), c.status, c.tag, w.Body)
			}
		})
	}
}

func TestWhereRulesComeFromAFolderNoneAreActivated(t *testing.T) {
	s := keyed(t, func(_ *shop, o *api.Options) { o.Rulebook = &book{folder: true} })
	for _, path := range []string{"/v1/rulesets/one/activate", "/v1/rulesets:rollback"} {
		if got := want(t, s.do("POST", path, `{}`, append(asJSON(), "Idempotency-Key", path)...), 409); !strings.Contains(got, `"code":"rules_from_folder"`) {
			t.Errorf("%s: got %s", path, got)
		}
	}
}
