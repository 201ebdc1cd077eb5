package cli

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/checkout-promotions/checkout/api"
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/engine/publication"
	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/diag"
)

// shopRules are the files of a shop with one promotion of so many percent, and a test
// that wants ten.
func shopRules(percent string) []api.RuleFile {
	return []api.RuleFile{
		{Path: "rules/policy.yaml", Content: "currency: USD\n"},
		{Path: "rules/off.yaml", Content: "promotions:\n  - id: off # for all\n    name: Off\n    deal: {percent_off: {percent: " + percent + ", of: order}}\n  - id: never\n    name: Never\n    enabled: false\n    deal: {percent_off: {percent: 1, of: order}}\n"},
		{Path: "off_test.yaml", Content: "rules: rules\ncatalogue: items.yaml\ntests:\n  - name: ten percent\n    given: {cart: [A x1]}\n    expect: {total: 9.00}\n"},
		{Path: "items.yaml", Content: "items:\n  - {sku: A, name: A, price: 10.00, stock: 5}\n"},
	}
}

// replica is a server's rules, as run makes them.
type replica struct {
	live *engine.Engine
	book *rulebook
}

// newReplica begins a server on the store with the folder's rules, which are of one
// percent.
func newReplica(t *testing.T, data *persistence.Store) *replica {
	t.Helper()
	files := []compile.File{{Name: "folder.yaml", Data: []byte("promotions:\n  - id: folder\n    name: Folder\n    deal: {percent_off: {percent: 1, of: order}}\n")}}
	rules, err := compile.Compile(files)
	must(t, err)
	live := engine.New(rules)
	p := &publisher{live: live, changed: make(chan struct{}, 1), first: files}
	must(t, p.attach(t.Context(), data))
	follow := &activations{kept: data, rules: p, log: slog.New(slog.DiscardHandler)}
	must(t, follow.begin(t.Context()))
	return &replica{live, &rulebook{kept: data, shop: data.Currency(), follow: follow, bench: newWorkplace()}}
}

func TestServersThatShareADatabaseFollowItsActivations(t *testing.T) {
	ctx, data := t.Context(), testShop(t, persistence.Options{})
	one, other := newReplica(t, data), newReplica(t, data)
	folder := one.live.Active().Digest()
	made, created, err := one.book.Publish(ctx, api.RulePublication{Files: shopRules("10"), Rules: "rules", Author: "anna", Message: "ten"})
	if err != nil || !created || made.Author != "anna" || made.Message != "ten" {
		t.Fatalf("got %+v, %v, %v", made, created, err)
	}
	if one.live.Active().Digest() != folder {
		t.Error("a ruleset is in force that was only published")
	}
	a, err := one.book.Activate(ctx, publication.Activation{Digest: made.Digest, Author: "anna"}, folder)
	if err != nil || a.Previous != folder || one.live.Active().Digest() != made.Digest {
		t.Fatalf("got %+v %v, and %s in force", a, err, one.live.Active().Digest())
	}
	must(t, other.book.follow.follow(ctx))
	if other.live.Active().Digest() != made.Digest {
		t.Error("the other server has not followed")
	}
	if restarted := newReplica(t, data); restarted.live.Active().Digest() != made.Digest {
		t.Error("a server that begins later has the folder's rules")
	}
	back, err := other.book.Rollback(ctx, publication.Activation{Author: "bob"}, publication.Any)
	if err != nil || back.Digest != folder || other.live.Active().Digest() != folder {
		t.Fatalf("rolled back: got %+v %v", back, err)
	}
	must(t, one.book.follow.follow(ctx))
	if got := one.book.follow.now(); got.Digest != folder || !got.LastSuccess || got.Loads != 3 {
		t.Errorf("got the status %+v", got)
	}
}

func TestARulesetIsActivatedWhenItsTestsPass(t *testing.T) {
	ctx, r := t.Context(), newReplica(t, testShop(t, persistence.Options{}))
	made, _, err := r.book.Publish(ctx, api.RulePublication{Files: shopRules("20"), Rules: "rules", Author: "anna"})
	must(t, err)
	_, err = r.book.Activate(ctx, publication.Activation{Digest: made.Digest, Author: "anna"}, publication.Any)
	failed, ok := errors.AsType[*api.RuleTestsError](err)
	if !ok || failed.Failed != 1 || !strings.Contains(strings.Join(failed.Failures[0].Problems, " "), "want 9.00, got 8.00") {
		t.Fatalf("got %v, want the test that fails", err)
	}
	_, err = r.book.Activate(ctx, publication.Activation{Digest: made.Digest, Author: "anna", Forced: true}, publication.Any)
	if must(t, err); r.live.Active().Digest() != made.Digest {
		t.Error("not in force")
	}
	again, created, err := r.book.Publish(ctx, api.RulePublication{Files: shopRules("20")[:2], Rules: "rules", Author: "bob"})
	if err != nil || created || again.Author != "anna" || again.Tests != nil {
		t.Errorf("published again: got %+v %v %v, want the first without tests", again, created, err)
	}
}

func TestTestsThatAreFaultyFail(t *testing.T) {
	r, files := newReplica(t, testShop(t, persistence.Options{})), shopRules("10")
	for what, test := range map[string]string{
		"no YAML": "[", "a file outside": "rules: rules\ncatalogue: ../../../../etc/passwd\ntests:\n  - {name: a, given: {cart: [A x1]}, expect: {total: 9.00}}\n",
	} {
		files[2].Content = test
		made, _, err := r.book.Publish(t.Context(), api.RulePublication{Files: files, Rules: "rules", Author: "anna"})
		must(t, err)
		found, err := r.book.Test(t.Context(), made.Digest)
		if err != nil || found.Failed == 0 || len(found.Failures) != found.Failed {
			t.Errorf("%s: got %+v %v, want failures", what, found, err)
		}
		if strings.Contains(found.Failures[0].Problems[0], "root:") {
			t.Errorf("%s: the answer has the file: %v", what, found)
		}
	}
}

func TestRulesThatCannotBeUsedStayOut(t *testing.T) {
	ctx, r := t.Context(), newReplica(t, testShop(t, persistence.Options{}))
	before := r.live.Active().Digest()
	_, _, err := r.book.Publish(ctx, api.RulePublication{Files: []api.RuleFile{{Path: "a.yaml", Content: "promotions: [{id: off}]\n"}}, Author: "anna"})
	if _, ok := errors.AsType[diag.List](err); !ok {
		t.Errorf("got %v, want the faults", err)
	}
	made, _, err := r.book.Publish(ctx, api.RulePublication{Rules: "rules", Author: "anna", Files: append(shopRules("10")[1:2],
		api.RuleFile{Path: "rules/policy.yaml", Content: "currency: EUR\n"})})
	must(t, err)
	_, err = r.book.Activate(ctx, publication.Activation{Digest: made.Digest, Author: "anna"}, publication.Any)
	if _, ok := errors.AsType[*api.UnusableRulesError](err); !ok {
		t.Errorf("got %v, want that it is in another currency", err)
	}
	if _, err := r.book.Rollback(ctx, publication.Activation{Author: "anna"}, publication.Any); err != api.ErrNoRulesetBefore {
		t.Errorf("got %v, want that there was none before", err)
	}
	if r.live.Active().Digest() != before {
		t.Error("another ruleset is in force")
	}
	// One that another server has activated, and that this one cannot use.
	_, err = r.book.kept.Activate(ctx, publication.Activation{Digest: made.Digest, Author: "anna"}, publication.Any)
	must(t, err)
	if err := r.book.follow.follow(ctx); err == nil || r.book.follow.now().LastSuccess || r.live.Active().Digest() != before {
		t.Errorf("got %v and %+v, want the old rules and the fault", err, r.book.follow.now())
	}
}

func TestTheFilesOfARulesetAreToldAndCompared(t *testing.T) {
	ctx, r := t.Context(), newReplica(t, testShop(t, persistence.Options{}))
	made, _, err := r.book.Publish(ctx, api.RulePublication{Files: shopRules("10"), Rules: "rules", Author: "anna"})
	must(t, err)
	files, err := r.book.Files(ctx, made.Digest)
	if err != nil || len(files) != 2 || files[0].Path != "off.yaml" || files[1].Content != "currency: USD\n" {
		t.Errorf("got the files %v %v", files, err)
	}
	d, err := r.book.Diff(ctx, r.live.Active().Digest(), made.Digest)
	if err != nil || len(d.Promotions) != 3 {
		t.Errorf("got the difference %+v %v", d, err)
	}
	if _, err := r.book.Diff(context.WithoutCancel(ctx), "nothing", made.Digest); err == nil {
		t.Error("got a difference of nothing")
	}
}
