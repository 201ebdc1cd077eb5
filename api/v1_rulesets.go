package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/go-chi/chi/v5"

	v1 "github.com/checkout-promotions/checkout/api/v1"
	"github.com/checkout-promotions/checkout/engine/publication"
)

// Publications are the rulesets that were kept, and which was put in force when.
// Implementations are safe for concurrent use.
type Publications interface {
	// PublishedRulesets returns rulesets without their files, the newest first, after the
	// one with the digest. A digest that was not kept is a *publication.UnknownError, of
	// PublishedRuleset too.
	PublishedRulesets(ctx context.Context, after string, limit int) ([]publication.Ruleset, error)
	PublishedRuleset(ctx context.Context, digest string) (publication.Ruleset, error)
	// Activations returns activations with smaller ids than before, the newest first; 0
	// begins with the newest.
	Activations(ctx context.Context, before int64, limit int) ([]publication.Activation, error)
}

// publications returns where rulesets are kept.
func (s *Server) publications() (Publications, error) {
	if s.options.Publications == nil {
		return nil, errNoRulesets
	}
	return s.options.Publications, nil
}

// listRulesets tells a page of rulesets.
func (s *Server) listRulesets(w http.ResponseWriter, r *http.Request) error {
	kept, err := s.publications()
	if err != nil {
		return err
	}
	q := readQuery(r, "limit", "after")
	after, limit := q.text("after"), q.limit()
	if q.fault != nil {
		return q.fault
	}
	list, err := kept.PublishedRulesets(r.Context(), after, limit+1)
	if _, unknown := errors.AsType[*publication.UnknownError](err); unknown {
		return errNoCursor
	}
	if err != nil {
		return err
	}
	list, next := page(list, limit, func(r *publication.Ruleset) string { return r.Digest })
	linkNext(w, r, next)
	answer := &v1.RulesetPage{Rulesets: make([]v1.Ruleset, len(list)), Next: next}
	for i := range list {
		answer.Rulesets[i] = newRuleset(&list[i])
	}
	return s.answer(w, http.StatusOK, answer)
}

// getActiveRuleset tells what this server prices by.
func (s *Server) getActiveRuleset(w http.ResponseWriter, r *http.Request) error {
	if q := readQuery(r); q.fault != nil {
		return q.fault
	}
	active := s.options.Rules.Active()
	if tag := writeDigest(w, active.Digest()); knownTo(r, tag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	return s.answer(w, http.StatusOK, &v1.ActiveRuleset{Digest: active.Digest(), Currency: active.Currency().String()})
}

// getRuleset tells a ruleset.
func (s *Server) getRuleset(w http.ResponseWriter, r *http.Request) error {
	kept, err := s.publications()
	if err != nil {
		return err
	}
	if q := readQuery(r); q.fault != nil {
		return q.fault
	}
	found, err := kept.PublishedRuleset(r.Context(), chi.URLParam(r, "digest"))
	if err != nil {
		return err
	}
	answer := newRuleset(&found)
	return s.answer(w, http.StatusOK, &answer)
}

func newRuleset(r *publication.Ruleset) v1.Ruleset {
	return v1.Ruleset{
		Digest: r.Digest, Version: r.Version, Author: r.Author, Message: r.Message, CreatedAt: r.Created, Activations: r.Activations,
	}
}

// listActivations tells a page of activations.
func (s *Server) listActivations(w http.ResponseWriter, r *http.Request) error {
	kept, err := s.publications()
	if err != nil {
		return err
	}
	q := readQuery(r, "limit", "after")
	before, limit := q.id("after"), q.limit()
	if q.fault != nil {
		return q.fault
	}
	list, err := kept.Activations(r.Context(), before, limit+1)
	if err != nil {
		return err
	}
	list, next := page(list, limit, func(a *publication.Activation) string { return strconv.FormatInt(a.ID, 10) })
	linkNext(w, r, next)
	answer := &v1.ActivationPage{Activations: make([]v1.Activation, len(list)), Next: next}
	for i := range list {
		answer.Activations[i] = newActivation(&list[i])
	}
	return s.answer(w, http.StatusOK, answer)
}

func newActivation(a *publication.Activation) v1.Activation {
	return v1.Activation{
		ID: a.ID, Digest: a.Digest, Previous: a.Previous, Author: a.Author, Message: a.Message, Forced: a.Forced, ActivatedAt: a.At,
	}
}

// id reads the id that a listing goes on after, 0 where there is none.
func (q *query) id(name string) int64 {
	if !q.values.Has(name) {
		return 0
	}
	id, err := strconv.ParseInt(q.values.Get(name), 10, 64)
	if (err != nil || id < 1) && q.fault == nil {
		q.fault = errNoCursor
	}
	return id
}
