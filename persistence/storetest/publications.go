package storetest

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/checkout-promotions/checkout/engine/audit"
	"github.com/checkout-promotions/checkout/engine/idempotency"
	"github.com/checkout-promotions/checkout/engine/publication"
	"github.com/checkout-promotions/checkout/persistence"
)

func publicationCases() []testCase {
	return []testCase{
		{"a ruleset is kept with who published it, and stays as it is but for its tests", testPublish},
		{"rulesets are listed without their files, the newest first, on from any of them", testPublishedPages},
		{"what cannot be kept is refused", testPublishRefusals},
		{"the newest activation counts, and each tells the ruleset before", testActivate},
		{"a ruleset that is in force already is not put in force again", func(s *shop) {
			s.published("a1")
			first := s.activated("a1", publication.Any)
			again, err := s.Activate(audit.With(s.ctx, told("rules.activate")), publication.Activation{Digest: "a1", Author: "ben"}, "a1")
			s.check(err)
			s.equal("activation", again, first)
			s.logged(audit.Filter{})
		}},
		{"another ruleset in force than the expected one refuses an activation", func(s *shop) {
			s.published("a1", "b2")
			activation := publication.Activation{Digest: "b2", Author: "anna"}
			_, err := s.Activate(s.ctx, activation, "a1")
			s.refused(err, &publication.ChangedError{})
			s.activated("a1", publication.Any)
			_, err = s.Activate(audit.With(s.ctx, told("rules.activate")), activation, "c3")
			s.refused(err, &publication.ChangedError{Active: "a1"})
			active, err := s.ActiveRuleset(s.ctx)
			s.check(err)
			s.equal("ruleset in force", active.Digest, "a1")
			s.logged(audit.Filter{})
		}},
		{"of many who expect the same ruleset in force one activates", testActivationRace},
		{"of many who expect nothing all activate, one after the other", testActivationsInTurn},
		{"an activation for a key happens once", func(s *shop) {
			s.published("a1", "b2")
			claim := s.claims(key("K"))
			ctx := audit.With(idempotency.WithClaim(s.ctx, claim), told("rules.rollback"))
			made, err := s.Activate(ctx, publication.Activation{Digest: "a1", Author: "anna"}, publication.Any)
			s.check(err)
			s.check(s.ReleaseKey(s.ctx, claim))
			s.activated("b2", publication.Any)
			again, err := s.Activate(idempotency.WithClaim(s.ctx, s.claims(key("K"))), publication.Activation{Digest: "a1", Author: "anna"}, publication.Any)
			s.check(err)
			s.equal("activation", again, made)
			active, err := s.ActiveRuleset(s.ctx)
			s.check(err)
			s.equal("ruleset in force", active.Digest, "b2")
			s.logged(audit.Filter{}, told("rules.rollback"))
		}},
	}
}

// published publishes rulesets.
func (s *shop) published(digests ...string) {
	s.t.Helper()
	for _, digest := range digests {
		_, err := s.Publish(s.ctx, publication.Ruleset{Digest: digest, Author: "anna", Files: []byte(digest)})
		s.check(err)
	}
}

// activated activates a ruleset.
func (s *shop) activated(digest, expected string) publication.Activation {
	s.t.Helper()
	made, err := s.Activate(s.ctx, publication.Activation{Digest: digest, Author: "anna"}, expected)
	s.check(err)
	return made
}

func testPublish(s *shop) {
	noon := time.Date(2026, 11, 23, 12, 0, 0, 123456000, time.UTC)
	at := s.sameDatabase(persistence.Options{Now: func() time.Time { return noon }})
	r := publication.Ruleset{Digest: "a1", Version: "1.0.0", Author: "anna", Message: "Black Friday", Files: []byte{0, 1, 0xff}, Tests: []byte{2, 0}}
	created, err := at.Publish(s.ctx, r)
	s.check(err)
	s.equal("created", created, true)
	created, err = s.Publish(audit.With(s.ctx, told("rules.publish")), publication.Ruleset{Digest: "a1", Version: "2", Author: "ben", Message: "again", Files: []byte("x"), Tests: []byte{3}})
	s.check(err)
	s.equal("created again", created, false)
	got, err := s.PublishedRuleset(s.ctx, "a1")
	s.check(err)
	r.Created, r.Tests = noon, []byte{3}
	s.equal("ruleset", got, r)
	active, err := s.ActiveRuleset(s.ctx)
	s.check(err)
	s.equal("activation", active, publication.Activation{})
	entry := told("rules.publish")
	entry.Subject = "a1" // the digest
	s.logged(audit.Filter{}, entry)
}

func testPublishedPages(s *shop) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	at := s.sameDatabase(persistence.Options{Now: func() time.Time { return now }})
	s.check(at.KeepRuleset(s.ctx, "c3", "v", []byte("x")))
	now = now.Add(time.Second)
	at.published("a1", "b2")
	s.activated("b2", publication.Any)
	s.activated("a1", publication.Any)
	s.activated("b2", publication.Any)
	var seen []string
	for after := ""; ; {
		page, err := s.PublishedRulesets(s.ctx, after, 2)
		s.check(err)
		for _, r := range page {
			s.equal("files in a listing", len(r.Files)+len(r.Tests), 0)
			seen = append(seen, fmt.Sprint(r.Digest, r.Author, r.Activations))
			after = r.Digest
		}
		if len(page) < 2 {
			break
		}
	}
	s.equal("rulesets", seen, []string{"b2anna2", "a1anna1", "c3folder0"})
	_, err := s.PublishedRulesets(s.ctx, "nope", 2)
	s.refused(err, &persistence.UnknownRulesetError{Digest: "nope"})
}

func testPublishRefusals(s *shop) {
	for _, c := range []struct {
		ruleset publication.Ruleset
		want    persistence.InvalidError
	}{
		{publication.Ruleset{Author: "a"}, persistence.InvalidError{Field: "digest", Problem: "is empty"}},
		{publication.Ruleset{Digest: "a1"}, persistence.InvalidError{Field: "author", Problem: "is empty"}},
		{publication.Ruleset{Digest: "a1", Author: "a", Message: "\x00"}, persistence.InvalidError{Field: "message", Problem: "contains a NUL character"}},
		{publication.Ruleset{Digest: "a1", Author: "a", Message: strings.Repeat("x", 2001)}, persistence.InvalidError{Field: "message", Problem: "has 2001 bytes; want at most 2000"}},
	} {
		_, err := s.Publish(s.ctx, c.ruleset)
		s.refused(err, &c.want)
		_, err = s.Activate(s.ctx, publication.Activation{Digest: c.ruleset.Digest, Author: c.ruleset.Author, Message: c.ruleset.Message}, publication.Any)
		s.refused(err, &c.want)
	}
	_, err := s.Activate(s.ctx, publication.Activation{Digest: "nope", Author: "anna"}, publication.Any)
	s.refused(err, &persistence.UnknownRulesetError{Digest: "nope"})
	for _, digest := range []string{"nope", "\x00"} {
		_, err = s.PublishedRuleset(s.ctx, digest)
		s.refused(err, &persistence.UnknownRulesetError{Digest: digest})
	}
	for _, limit := range []int{0, 1001} {
		want := &persistence.InvalidError{Field: "limit", Problem: fmt.Sprintf("is %d; want 1 to 1000", limit)}
		_, err = s.PublishedRulesets(s.ctx, "", limit)
		s.refused(err, want)
		_, err = s.Activations(s.ctx, 0, limit)
		s.refused(err, want)
	}
}

func testActivate(s *shop) {
	noon := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	at := s.sameDatabase(persistence.Options{Now: func() time.Time { return noon }})
	s.published("a1", "b2")
	first, err := at.Activate(s.ctx, publication.Activation{Digest: "a1", Author: publication.Folder}, publication.Any)
	s.check(err)
	second, err := at.Activate(s.ctx, publication.Activation{Digest: "b2", Author: "anna", Message: "now", Forced: true}, "a1")
	s.check(err)
	want := []publication.Activation{
		{ID: 2, Digest: "b2", Previous: "a1", Author: "anna", Message: "now", Forced: true, At: noon},
		{ID: 1, Digest: "a1", Author: publication.Folder, At: noon},
	}
	s.equal("activations", []publication.Activation{second, first}, want)
	got, err := s.Activations(s.ctx, 0, 10)
	s.check(err)
	s.equal("history", got, want)
	got, err = s.Activations(s.ctx, 2, 1)
	s.check(err)
	s.equal("second page", got, want[1:])
	active, err := s.ActiveRuleset(s.ctx)
	s.check(err)
	s.equal("ruleset in force", active, want[0])
}

func testActivationRace(s *shop) {
	const many = 8
	s.published("a1")
	s.activated("a1", publication.Any)
	for i := range many {
		s.published(fmt.Sprint("r", i))
	}
	won := make(chan string, many)
	together(many, func(i int) {
		made, err := s.sameDatabase(persistence.Options{}).Activate(s.ctx, publication.Activation{Digest: fmt.Sprint("r", i), Author: "anna"}, "a1")
		if _, lost := errors.AsType[*publication.ChangedError](err); lost {
			return
		}
		s.wants(err, true, "an activation or that another one was first")
		won <- made.Digest
	})
	s.equal("winners", len(won), 1)
	history, err := s.Activations(s.ctx, 0, many)
	s.check(err)
	s.equal("activations", len(history), 2)
	s.equal("ruleset in force", history[0].Digest, <-won)
}

func testActivationsInTurn(s *shop) {
	const many = 8
	for i := range many {
		s.published(fmt.Sprint("r", i))
	}
	together(many, func(i int) {
		_, err := s.Activate(s.ctx, publication.Activation{Digest: fmt.Sprint("r", i), Author: "anna"}, publication.Any)
		s.wants(err, true, "an activation")
	})
	history, err := s.Activations(s.ctx, 0, 2*many)
	s.check(err)
	s.equal("activations", len(history), many)
	for i, a := range history[:len(history)-1] {
		s.equal("the one before", a.Previous, history[i+1].Digest)
	}
}
