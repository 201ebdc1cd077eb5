package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/archive"
	"github.com/checkout-promotions/checkout/rules/compile"
)

// keepWait is how long keeping a ruleset may take; then it counts as failed, and
// is tried again with the next poll of the rule folder.
const keepWait = 15 * time.Second

// rulesetKeeper is what of a *persistence.Store a publisher needs.
type rulesetKeeper interface {
	KeepRuleset(ctx context.Context, digest, version string, files []byte) error
}

// publisher puts rulesets in force. Once there is a database it keeps the files of
// each before, so that every quote and every order names rules that can be found
// again.
type publisher struct {
	live *engine.Engine
	keep rulesetKeeper // nil until the database is open
	// plugins runs the plugins of the ruleset in force; nil until they are attached.
	plugins *pluginRunner
	// changed gets a notice of each ruleset that was put in force.
	changed chan<- struct{}

	first []compile.File // of the ruleset that came before the database
}

// publish puts a ruleset in force, unless it is in another currency than the one
// before, in which the prices in the database would mean something else, or
// cannot be kept.
func (p *publisher) publish(ctx context.Context, next *engine.Ruleset, files []compile.File) error {
	if active := p.live.Active(); active != nil && active.Currency() != next.Currency() {
		return fmt.Errorf("the shop's currency changed from %s to %s in policy.yaml: restart checkout to change it",
			active.Currency(), next.Currency())
	}
	if p.keep == nil {
		p.first = files
	} else if err := keepRules(ctx, p.keep, next.Digest(), files); err != nil {
		return err
	}
	if p.plugins == nil {
		p.live.Swap(next)
	} else if err := p.plugins.change(ctx, files, func() { p.live.Swap(next) }); err != nil {
		return err
	}
	notify(p.changed)
	return nil
}

// attachPlugins starts the plugins of the ruleset that came before them, and runs
// those of the rulesets that come from now on.
func (p *publisher) attachPlugins(ctx context.Context, plugins *pluginRunner) error {
	p.plugins = plugins
	return plugins.change(ctx, p.first, func() {})
}

// attach keeps the ruleset that came before the database, and those that come
// from now on. Nothing may be priced before.
func (p *publisher) attach(ctx context.Context, keep rulesetKeeper) error {
	if err := keepRules(ctx, keep, p.live.Active().Digest(), p.first); err != nil {
		return err
	}
	p.keep, p.first = keep, nil
	return nil
}

func keepRules(ctx context.Context, keep rulesetKeeper, digest string, files []compile.File) error {
	ctx, cancel := context.WithTimeout(ctx, keepWait)
	defer cancel()
	packed, err := archive.Pack(files)
	if err != nil {
		return err
	}
	if err := keep.KeepRuleset(ctx, digest, version(), packed); err != nil {
		return fmt.Errorf("keep the rules for the orders to come: %w", err)
	}
	return nil
}
