package cli

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/engine/publication"
	"github.com/checkout-promotions/checkout/rules/archive"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/store"
)

// followInterval is how often a server asks which ruleset is in force: with those that
// share the database, changes of one are those of all this much later at most.
const followInterval = time.Second

// keptRulesets is what of a *persistence.Store following needs.
type keptRulesets interface {
	ActiveRuleset(ctx context.Context) (publication.Activation, error)
	PublishedRuleset(ctx context.Context, digest string) (publication.Ruleset, error)
	Activate(ctx context.Context, a publication.Activation, expected string) (publication.Activation, error)
}

// activations puts the ruleset of the newest activation in force, on this server. One
// that cannot be used here leaves the old one in force, and is tried again.
type activations struct {
	kept  keptRulesets
	rules *publisher
	log   *slog.Logger

	mu     sync.Mutex // one change at a time
	status store.Status
	fault  string // the last one that was logged
}

// begin puts the active ruleset in force, before anything is priced. Where none was ever
// activated, the one of the folder is: it has been kept already.
func (a *activations) begin(ctx context.Context) error {
	newest, err := a.kept.ActiveRuleset(ctx)
	if err != nil {
		return err
	}
	if newest.ID == 0 {
		of := publication.Activation{Digest: a.rules.live.Active().Digest(), Author: publication.Folder}
		if _, err := a.kept.Activate(ctx, of, publication.Any); err != nil {
			return err
		}
	}
	if err := a.follow(ctx); err != nil {
		return fmt.Errorf("use the ruleset in force, %s: %w", newest.Digest, err)
	}
	return nil
}

// run follows until ctx is done.
func (a *activations) run(ctx context.Context) error {
	tick := time.NewTicker(followInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			_ = a.follow(ctx) // which has logged it, and is called again
		}
	}
}

// follow puts the active ruleset in force, unless it is.
func (a *activations) follow(ctx context.Context) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	changed, err := a.change(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	active := a.rules.live.Active()
	a.status.LastSuccess, a.status.LastError, a.status.LastAttempt = err == nil, err, time.Now()
	a.status.Digest, a.status.Promotions = active.Digest(), len(active.PromotionIDs())
	if changed {
		a.status.Loads++
		a.status.LoadedAt = time.Now()
		a.log.Info("ruleset activated", "digest", active.Digest(), "promotions", len(active.PromotionIDs()))
	}
	a.tell(err)
	return err
}

// tell logs a fault once, however often it is found.
func (a *activations) tell(err error) {
	fault := ""
	if err != nil {
		fault = err.Error()
	}
	if fault != "" && fault != a.fault {
		a.status.Refusals++
		a.log.Error("the ruleset in force cannot be used here; the one before stays", "error", err)
	}
	a.fault = fault
}

func (a *activations) change(ctx context.Context) (changed bool, err error) {
	newest, err := a.kept.ActiveRuleset(ctx)
	if err != nil || newest.ID == 0 {
		return false, err
	}
	if newest.Digest == a.rules.live.Active().Digest() {
		return a.status.Loads == 0, nil
	}
	kept, err := a.kept.PublishedRuleset(ctx, newest.Digest)
	if err != nil {
		return false, err
	}
	rules, files, err := compileKept(kept)
	if err != nil {
		return false, err
	}
	return true, a.rules.publish(ctx, rules, files)
}

// now returns what is in force, and whether that is what was activated.
func (a *activations) now() store.Status {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.status
}

// compileKept compiles a ruleset that was kept.
func compileKept(kept publication.Ruleset) (*engine.Ruleset, []compile.File, error) {
	files, err := archive.Unpack(kept.Files, kept.Digest)
	if err != nil {
		return nil, nil, err
	}
	rules, err := compile.Compile(files)
	return rules, files, err
}
