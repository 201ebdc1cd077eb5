package persistence

import (
	"context"
	"maps"
	"slices"

	"github.com/uptrace/bun"

	"github.com/checkout-promotions/checkout/engine"
)

// Basis returns what pricing needs to know, all as it was at one instant, but for the
// pauses of promotions, which may be of a moment before. Of a
// catalogue that is followed, that is as in FollowCatalogue, stocks are each as it
// was last heard of, and the database is asked for the use of limited promotions
// and codes alone. The items must not be changed.
func (s *Store) Basis(ctx context.Context, of engine.Inquiry) (engine.Basis, error) {
	known := s.current(ctx)
	if known == nil {
		return s.basisNow(ctx, of)
	}
	basis, err := known.basis(&of)
	if err != nil {
		return basis, err
	}
	paused, err := s.knownPauses(ctx)
	if err != nil {
		return engine.Basis{}, err
	}
	basis.Paused, basis.PausedRevision = paused.paused, paused.revision
	if len(of.Limited) == 0 && len(of.Codes) == 0 {
		return basis, nil
	}
	err = s.snapshot(ctx, "read redemptions", func(ctx context.Context, tx bun.Tx) (err error) {
		basis.Usage, err = s.usage(ctx, tx, of)
		return err
	})
	if err != nil {
		return engine.Basis{}, err
	}
	return basis, nil
}

// basisNow is Basis of the database.
func (s *Store) basisNow(ctx context.Context, of engine.Inquiry) (engine.Basis, error) {
	var basis engine.Basis
	keys := distinct(of.SKUs)
	read := func(ctx context.Context, db bun.IDB) (err error) {
		basis, err = s.basis(ctx, db, keys, of)
		return err
	}
	paused, err := s.askPauses(ctx)
	if err != nil {
		return engine.Basis{}, err
	}
	if len(of.Limited) == 0 && len(of.Codes) == 0 && len(keys) <= batch { // one statement sees one instant by itself
		err = s.persist(ctx, func() error { return read(ctx, s.db.Reader) })
	} else {
		err = s.snapshot(ctx, "read what is priced", func(ctx context.Context, tx bun.Tx) error { return read(ctx, tx) })
	}
	if err != nil {
		return engine.Basis{}, err
	}
	basis.Paused, basis.PausedRevision = paused.paused, paused.revision
	return basis, nil
}

func (s *Store) basis(ctx context.Context, db bun.IDB, keys []string, of engine.Inquiry) (engine.Basis, error) {
	rows, err := s.itemRows(ctx, db, keys)
	if err != nil {
		return engine.Basis{}, err
	}
	revisions := make(map[string]int64, len(rows))
	basis := engine.Basis{Items: of.Room(), Revision: func(sku string) int64 { return revisions[sku] }}
	for i := range rows {
		item, err := rows[i].item(s.options.Currency)
		if err != nil {
			return engine.Basis{}, err
		}
		basis.Items[item.SKU], revisions[item.SKU] = item, rows[i].Revision
	}
	basis.Usage, err = s.usage(ctx, db, of)
	return basis, err
}

// counterRow is a row of the table redemption_counters: the uses that count
// against one limit. The key is "" for those of everybody, else the customer, or
// the code, for which the promotion is "".
type counterRow struct {
	bun.BaseModel `bun:"table:redemption_counters,alias:c"`

	Scope       engine.CounterScope `bun:"scope"`
	Promotion   string              `bun:"promotion"`
	Key         string              `bun:"key"`
	Period      string              `bun:"period"`
	Redemptions int64               `bun:"redemptions"`
	Spent       int64               `bun:"spent"`
}

// usage reads what orders have used so far. It looks rows up by their keys, so it
// takes as long as there are limited promotions, however many orders there are.
func (s *Store) usage(ctx context.Context, db bun.IDB, of engine.Inquiry) (engine.Usage, error) {
	usage := engine.Usage{}
	if len(of.Limited) == 0 && len(of.Codes) == 0 {
		return usage, nil
	}
	rows, err := s.counters(ctx, db, of)
	if err != nil {
		return usage, err
	}
	pools, err := s.poolsOf(ctx, db, of.Codes)
	if err != nil {
		return usage, err
	}
	period := make(map[string]string, len(of.Limited))
	for _, key := range of.Limited {
		period[key.Promotion] = key.Period
	}
	usage.Promotions, usage.Codes = make(map[string]engine.PromotionUsage), make(map[string]engine.CodeUsage)
	for code, pool := range pools {
		usage.Codes[code] = engine.CodeUsage{Pool: pool}
	}
	for _, row := range rows {
		if row.Scope == engine.CountsCode {
			usage.Codes[row.Key] = engine.CodeUsage{Pool: pools[row.Key], Redemptions: row.Redemptions}
			continue
		}
		if row.Period != period[row.Promotion] {
			continue
		}
		used := usage.Promotions[row.Promotion]
		if row.Scope == engine.CountsAll {
			used.Redemptions, used.Spent = row.Redemptions, engine.Amount(row.Spent)
		} else {
			used.ByCustomer = row.Redemptions
		}
		usage.Promotions[row.Promotion] = used
	}
	return usage, nil
}

// counters reads the counters of the inquiry, and maybe some of other periods.
func (s *Store) counters(ctx context.Context, db bun.IDB, of engine.Inquiry) ([]counterRow, error) {
	var all []counterRow
	promotions, periods := make([]string, len(of.Limited)), make(map[string]bool)
	for i, key := range of.Limited {
		promotions[i], periods[key.Period] = key.Promotion, true
	}
	read := func(scope engine.CounterScope, keys, promotions, periods []string) error {
		for part := range slices.Chunk(promotions, batch) {
			var rows []counterRow
			err := db.NewSelect().Model(&rows).Where("scope = ?", scope).Where("key IN (?)", bun.List(keys)).
				Where("promotion IN (?)", bun.List(part)).Where("period IN (?)", bun.List(periods)).Scan(ctx)
			if err != nil {
				return failed("read redemptions", err)
			}
			all = append(all, rows...)
		}
		return nil
	}
	spans := slices.Sorted(maps.Keys(periods))
	if err := read(engine.CountsAll, []string{""}, promotions, spans); err != nil {
		return nil, err
	}
	if of.Customer != "" {
		if err := read(engine.CountsCustomer, []string{of.Customer}, promotions, spans); err != nil {
			return nil, err
		}
	}
	if len(of.Codes) > 0 {
		if err := read(engine.CountsCode, of.Codes, []string{""}, []string{""}); err != nil {
			return nil, err
		}
	}
	return all, nil
}
