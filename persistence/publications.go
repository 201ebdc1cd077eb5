package persistence

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/checkout-promotions/checkout/engine/audit"
	"github.com/checkout-promotions/checkout/engine/publication"
)

// activationRow is a row of the table activations.
type activationRow struct {
	bun.BaseModel `bun:"table:activations,alias:v"`

	ID          int64     `bun:"id,pk"`
	Digest      string    `bun:"digest"`
	Previous    string    `bun:"previous,nullzero"`
	Author      string    `bun:"author"`
	Message     string    `bun:"message"`
	Forced      bool      `bun:"forced"`
	ActivatedAt time.Time `bun:"activated_at"`
}

func (r *activationRow) activation() publication.Activation {
	return publication.Activation{
		ID: r.ID, Digest: r.Digest, Previous: r.Previous, Author: r.Author, Message: r.Message, Forced: r.Forced, At: r.ActivatedAt.UTC(),
	}
}

// publicationProblem says what is wrong with who publishes, and why.
func publicationProblem(digest, author, message string) error {
	return checkTexts([]keptText{
		{"digest", digest, publication.MaxAuthor, true}, {"author", author, publication.MaxAuthor, true}, {"message", message, publication.MaxMessage, false},
	})
}

// Publish keeps a ruleset for ever, by its digest, and puts nothing in force. Created
// tells that it was not kept before; one that was keeps its files, its author and its
// message, and gets the tests. Created and Activations of r are not looked at. Texts that
// cannot be kept are an *InvalidError. Any number of processes may publish the same one
// at once. The entries of the audit log get the digest as their subject.
func (s *Store) Publish(ctx context.Context, r publication.Ruleset) (created bool, err error) {
	if err := publicationProblem(r.Digest, r.Author, r.Message); err != nil {
		return false, err
	}
	row := rulesetRow{
		Digest: r.Digest, Files: r.Files, Version: r.Version, FirstUsedAt: s.now(), Author: r.Author, Message: r.Message, Tests: r.Tests,
	}
	err = once(audit.About(ctx, r.Digest), s, "publish ruleset", &created, func(ctx context.Context, tx bun.Tx) error {
		n, err := affected(tx.NewInsert().Model(&row).On("CONFLICT (digest) DO NOTHING").Exec(ctx))
		if created = n == 1; created || err != nil {
			return failed("publish ruleset", err)
		}
		_, err = tx.NewUpdate().Model(&row).Column("tests").WherePK().Exec(ctx)
		return failed("publish ruleset", err)
	})
	return created, err
}

// publishedRow is a ruleset and how often it was put in force.
type publishedRow struct {
	rulesetRow `bun:",extend"`

	Activations int64 `bun:"activations,scanonly"`
}

func (r *publishedRow) ruleset() publication.Ruleset {
	return publication.Ruleset{
		Digest: r.Digest, Version: r.Version, Author: r.Author, Message: r.Message, Created: r.FirstUsedAt.UTC(), Activations: r.Activations,
		Files: r.Files, Tests: r.Tests,
	}
}

func countActivations(q *bun.SelectQuery) *bun.SelectQuery {
	return q.ColumnExpr("(SELECT count(*) FROM activations AS v WHERE v.digest = r.digest) AS activations")
}

// PublishedRuleset returns the ruleset with the digest, whole; *UnknownRulesetError when
// it was not kept.
func (s *Store) PublishedRuleset(ctx context.Context, digest string) (publication.Ruleset, error) {
	if textProblem(digest) != "" {
		return publication.Ruleset{}, &UnknownRulesetError{Digest: digest}
	}
	var rows []publishedRow
	err := s.read(ctx, "read ruleset", func(db bun.IDB) error {
		rows = nil
		return db.NewSelect().Model(&rows).ColumnExpr("r.*").Apply(countActivations).Where("r.digest = ?", digest).Scan(ctx)
	})
	switch {
	case err != nil:
		return publication.Ruleset{}, err
	case len(rows) == 0:
		return publication.Ruleset{}, &UnknownRulesetError{Digest: digest}
	}
	return rows[0].ruleset(), nil
}

// PublishedRulesets returns rulesets without their files, the newest first: those after
// the one with the digest, or from the newest on where it is "", and at most limit, from 1
// to publication.MaxPage. A digest that was not kept is an *UnknownRulesetError.
func (s *Store) PublishedRulesets(ctx context.Context, after string, limit int) ([]publication.Ruleset, error) {
	if err := pageProblem(limit); err != nil {
		return nil, err
	}
	var last publication.Ruleset
	if after != "" {
		var err error
		if last, err = s.PublishedRuleset(ctx, after); err != nil {
			return nil, err
		}
	}
	var rows []publishedRow
	err := s.read(ctx, "read rulesets", func(db bun.IDB) error {
		rows = nil
		q := db.NewSelect().Model(&rows).Column("digest", "program_version", "author", "message", "first_used_at").Apply(countActivations)
		if after != "" {
			q = q.Where("(first_used_at, digest) < (?, ?)", last.Created, last.Digest)
		}
		return q.Order("first_used_at DESC", "digest DESC").Limit(int64(limit)).Scan(ctx)
	})
	if err != nil {
		return nil, err
	}
	list := make([]publication.Ruleset, len(rows))
	for i := range rows {
		list[i] = rows[i].ruleset()
	}
	return list, nil
}

func pageProblem(limit int) error {
	if limit < 1 || limit > publication.MaxPage {
		return &InvalidError{Field: "limit", Problem: fmt.Sprintf("is %d; want 1 to %d", limit, publication.MaxPage)}
	}
	return nil
}

// errOvertaken says that another activation came first.
var errOvertaken = errors.New("another activation came first")

// Activate puts a ruleset in force that is kept, by a new activation. ID, Previous and At
// of a are not looked at. Where expected is not publication.Any and another ruleset is in
// force, nothing changes and the error is a *publication.ChangedError. A ruleset that is in
// force already stays so, and its activation is returned; the audit log gets nothing. One
// that is not kept is an *UnknownRulesetError. Of many who activate at once with the same
// expectation one succeeds.
func (s *Store) Activate(ctx context.Context, a publication.Activation, expected string) (publication.Activation, error) {
	if err := publicationProblem(a.Digest, a.Author, a.Message); err != nil {
		return publication.Activation{}, err
	}
	for {
		made, err := s.activate(ctx, a, expected)
		if !errors.Is(err, errOvertaken) || ctx.Err() != nil {
			return made, err
		}
	}
}

func (s *Store) activate(ctx context.Context, a publication.Activation, expected string) (publication.Activation, error) {
	var made publication.Activation
	err := onceUnaudited(ctx, s, "activate ruleset", &made, func(ctx context.Context, tx bun.Tx) error {
		newest, err := newestActivation(ctx, tx)
		if err != nil {
			return err
		}
		if expected != publication.Any && newest.Digest != expected {
			return &publication.ChangedError{Active: newest.Digest}
		}
		if newest.Digest == a.Digest {
			made = newest.activation()
			return nil
		}
		row := activationRow{
			ID: newest.ID + 1, Digest: a.Digest, Previous: newest.Digest, Author: a.Author, Message: a.Message, Forced: a.Forced, ActivatedAt: s.now(),
		}
		made = row.activation()
		return s.insertActivation(ctx, tx, &row)
	})
	return made, err
}

// insertActivation adds the row, unless another one has its id by now.
func (s *Store) insertActivation(ctx context.Context, tx bun.Tx, row *activationRow) error {
	kept, err := tx.NewSelect().Model((*rulesetRow)(nil)).Where("digest = ?", row.Digest).Exists(ctx)
	if err != nil {
		return failed("activate ruleset", err)
	}
	if !kept {
		return &UnknownRulesetError{Digest: row.Digest}
	}
	n, err := affected(tx.NewInsert().Model(row).On("CONFLICT (id) DO NOTHING").Exec(ctx))
	switch {
	case err != nil:
		return failed("activate ruleset", err)
	case n == 0:
		return errOvertaken
	}
	return s.recordAudit(ctx, tx)
}

// newestActivation returns the row that counts, a zero one where there is none.
func newestActivation(ctx context.Context, db bun.IDB) (activationRow, error) {
	var rows []activationRow
	err := db.NewSelect().Model(&rows).Order("id DESC").Limit(1).Scan(ctx)
	if err != nil || len(rows) == 0 {
		return activationRow{}, failed("read activations", err)
	}
	return rows[0], nil
}

// ActiveRuleset returns the newest activation, a zero one where there is none.
func (s *Store) ActiveRuleset(ctx context.Context) (publication.Activation, error) {
	var newest activationRow
	err := s.persist(ctx, func() (err error) {
		newest, err = newestActivation(ctx, s.db.Reader)
		return err
	})
	if err != nil || newest.ID == 0 {
		return publication.Activation{}, err
	}
	return newest.activation(), nil
}

// Activations returns activations, the newest first: those with a smaller id than before,
// or from the newest on where it is 0, and at most limit, from 1 to publication.MaxPage.
func (s *Store) Activations(ctx context.Context, before int64, limit int) ([]publication.Activation, error) {
	if err := pageProblem(limit); err != nil {
		return nil, err
	}
	var rows []activationRow
	err := s.read(ctx, "read activations", func(db bun.IDB) error {
		rows = nil
		q := db.NewSelect().Model(&rows)
		if before > 0 {
			q = q.Where("id < ?", before)
		}
		return q.Order("id DESC").Limit(int64(limit)).Scan(ctx)
	})
	if err != nil {
		return nil, err
	}
	list := make([]publication.Activation, len(rows))
	for i := range rows {
		list[i] = rows[i].activation()
	}
	return list, nil
}
