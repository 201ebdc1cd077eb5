package cli

import (
	"context"
	"errors"
	"testing"

	"github.com/checkout-promotions/checkout/api"
)

func TestRuleFilesAreCheckedForTheAPI(t *testing.T) {
	const policy, promotion = "currency: USD\n", "promotions:\n  - id: off\n    name: Off\n    deal: {percent_off: {percent: 10, of: order}}\n"
	check := newWorkplace().checks(checkFiles)
	for name, c := range map[string]struct {
		files    []api.RuleFile
		compiles bool
	}{
		"rules":                      {[]api.RuleFile{{Path: "policy.yaml", Content: policy}, {Path: "a.yaml", Content: promotion}, {Path: "a_test.yaml", Content: "["}}, true},
		"a promotion without a deal": {[]api.RuleFile{{Path: "policy.yaml", Content: policy}, {Path: "a.yaml", Content: "promotions: [{id: off}]\n"}}, false},
		"no YAML":                    {[]api.RuleFile{{Path: "a.yaml", Content: "["}}, false},
		"no rule file":               {[]api.RuleFile{{Path: "a.txt", Content: ""}}, false},
	} {
		got, err := check(t.Context(), c.files)
		if err != nil || got.Compiles != c.compiles || !c.compiles && len(got.Findings) == 0 || len(got.Digest) != 64 {
			t.Errorf("%s: got %+v %v, want that it compiles: %v", name, got, err, c.compiles)
		}
	}
}

func TestRuleFilesAreCheckedOneSetAtATime(t *testing.T) {
	begun, end := make(chan struct{}), make(chan struct{})
	check := newWorkplace().checks(func([]api.RuleFile) (api.RuleCheck, error) {
		begun <- struct{}{}
		<-end
		return api.RuleCheck{Digest: "d"}, nil
	})
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error)
	go func() {
		_, err := check(ctx, nil)
		first <- err
	}()
	<-begun
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v of a request that is over, want that", err)
	}
	if _, err := check(t.Context(), nil); !errors.Is(err, api.ErrRulesBusy) {
		t.Errorf("got %v while the first check runs, want that it is busy", err)
	}
	close(end)
}

func TestRuleFilesThatPanicEndNothing(t *testing.T) {
	if _, err := guarded(func() (int, error) { panic("a bug") }); err == nil || err.Error() != "work on rule files: panic: a bug" {
		t.Errorf("got %v, want the panic", err)
	}
}
