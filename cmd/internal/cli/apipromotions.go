package cli

import (
	"context"

	"github.com/checkout-promotions/checkout/api"
	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/rules/archive"
	"github.com/checkout-promotions/checkout/rules/compile"
)

// promotionSource finds rules of promotions in the rulesets that are kept, so that it is
// what was put in force, whatever has become of the folder since.
func promotionSource(kept *persistence.Archive) api.PromotionSource {
	return func(ctx context.Context, digest, promotion string) (api.RuleSource, bool, error) {
		packed, err := kept.Ruleset(ctx, digest)
		if err != nil {
			return api.RuleSource{}, false, err
		}
		files, err := archive.Unpack(packed.Files, digest)
		if err != nil {
			return api.RuleSource{}, false, err
		}
		found, known := compile.SourceOf(files, promotion)
		return api.RuleSource{File: found.File, First: found.First, Last: found.Last, Text: found.Text}, known, nil
	}
}
