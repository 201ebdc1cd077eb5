package cli

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/rules/catalogue"
)

// seed loads the items of the file into a database that has none. The file is
// read in any case, so that a fault in it shows before it matters.
func seed(ctx context.Context, data *persistence.Store, file string, log *slog.Logger) error {
	if file == "" {
		return nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return environmentError(fmt.Errorf("read the seed: %w", err))
	}
	items, err := catalogue.Parse(filepath.ToSlash(file), text, data.Currency())
	if err != nil {
		return err
	}
	present, err := data.CountItems(ctx)
	if err != nil {
		return environmentError(err)
	}
	if present > 0 {
		log.Info("the database has items: the seed is not loaded", "items", present, "seed", file)
		return nil
	}
	if _, err := data.Upsert(ctx, items); err != nil {
		return environmentError(fmt.Errorf("load the seed %s: %w", file, err))
	}
	log.Info("loaded the seed", "items", len(items), "seed", file)
	return nil
}
