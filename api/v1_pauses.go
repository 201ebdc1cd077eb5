package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/go-json-experiment/json"

	v1 "github.com/checkout-promotions/checkout/api/v1"
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/engine/audit"
)

// Pauses keeps the promotions that somebody has paused. Where a revision is expected,
// that of the promotion's pause, and it has another, nothing changes and the error is an
// *engine.PromotionChangedError; a pause that is over already is an
// *engine.PauseOverError. Implementations are safe for concurrent use.
type Pauses interface {
	// PromotionPauses returns what became of all promotions that were ever paused.
	PromotionPauses(ctx context.Context) ([]engine.PromotionPause, error)
	// PausePromotion and ResumePromotion return when every server prices without the
	// promotion, or with it again.
	PausePromotion(ctx context.Context, p engine.PromotionPause, expected *int64) (engine.PromotionPause, error)
	ResumePromotion(ctx context.Context, promotion, by string, expected *int64) (engine.PromotionPause, error)
}

// PromotionSource returns the rule of a promotion of the ruleset with the digest, and
// false where the ruleset has no such promotion.
type PromotionSource func(ctx context.Context, digest, promotion string) (RuleSource, bool, error)

// RuleSource is lines of a rule file.
type RuleSource struct {
	File        string // inside the folder of rules, with forward slashes
	First, Last int    // lines, from 1
	Text        string
}

// pausePromotion takes a promotion out of force.
func (s *Server) pausePromotion(w http.ResponseWriter, r *http.Request) error {
	return s.changePause(w, r, func(id, by string, expected *int64) error {
		body, err := readV1[v1.PauseRequest](s, w, r)
		if err != nil {
			return err
		}
		var f faults
		if f.text(body.Reason, "reason"); body.Reason == "" {
			f.at("missing", "reason")
		}
		p := engine.PromotionPause{Promotion: id, By: by, Reason: body.Reason}
		if body.Until != nil {
			if p.Until = *body.Until; !inRange(p.Until) {
				f.at("want "+anInstant, "until")
			}
		}
		if err := f.err(); err != nil {
			return err
		}
		if body.Until != nil && p.Until.IsZero() { // which is no end at all to the store
			return &engine.PauseOverError{Until: p.Until}
		}
		detail, err := json.Marshal(body)
		if err != nil {
			return err
		}
		_, err = s.options.Pauses.PausePromotion(audit.Detailed(r.Context(), detail), p, expected)
		return err
	})
}

// resumePromotion puts a promotion in force again.
func (s *Server) resumePromotion(w http.ResponseWriter, r *http.Request) error {
	return s.changePause(w, r, func(id, by string, expected *int64) error {
		_, err := s.options.Pauses.ResumePromotion(r.Context(), id, by, expected)
		return err
	})
}

// changePause serves what pauses or resumes the promotion of the path, which it answers
// as it is then.
func (s *Server) changePause(w http.ResponseWriter, r *http.Request, change func(id, by string, expected *int64) error) error {
	if s.options.Pauses == nil {
		return errNoPauses
	}
	if q := readQuery(r); q.fault != nil {
		return q.fault
	}
	expected, err := expectedRevision(r)
	if err != nil {
		return err
	}
	if expected != nil {
		*expected-- // see answerPromotion
	}
	id := pathText(r, "id")
	if _, known := s.options.Rules.Active().Promotion(id); !known {
		return &unknownPromotionError{id}
	}
	err = change(id, actorOf(callerOf(r.Context())), expected)
	if changed, ok := errors.AsType[*engine.PromotionChangedError](err); ok {
		writeRevision(w, changed.Revision+1)
	}
	if err != nil {
		return err
	}
	f, err := s.inForce(r.Context())
	if err != nil {
		return err
	}
	if _, known := f.Rules.Promotion(id); !known { // the rules have changed meanwhile
		return &unknownPromotionError{id}
	}
	return s.answerPromotion(w, f, id)
}

// getPromotionSource tells the rule of a promotion in force.
func (s *Server) getPromotionSource(w http.ResponseWriter, r *http.Request) error {
	if s.options.PromotionSource == nil {
		return errNoSource
	}
	if q := readQuery(r); q.fault != nil {
		return q.fault
	}
	id, digest := pathText(r, "id"), s.options.Rules.Active().Digest()
	source, known, err := s.options.PromotionSource(r.Context(), digest, id)
	switch {
	case err != nil:
		return err
	case !known:
		return &unknownPromotionError{id}
	}
	return s.answer(w, http.StatusOK, &v1.PromotionSource{
		Promotion: id, Ruleset: digest, File: source.File, FirstLine: source.First, LastLine: source.Last, Text: source.Text,
	})
}
