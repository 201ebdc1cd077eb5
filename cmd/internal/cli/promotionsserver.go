package cli

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	v1 "github.com/checkout-promotions/checkout/api/v1"
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/engine/audit"
	"github.com/checkout-promotions/checkout/persistence"
)

// promotionShelf tells the promotions in force on a database or a server.
type promotionShelf interface {
	// List returns those in the state whose facts have the text in them, "" for any.
	List(ctx context.Context, state, text string) (promotionList, error)
	Show(ctx context.Context, id string) (*shownPromotion, error)
}

// pauser takes promotions out of force, and back.
type pauser interface {
	Pause(ctx context.Context, id, reason string, until time.Time) (engine.PromotionPause, error)
	// Resume also tells whether the promotion was paused.
	Resume(ctx context.Context, id string) (p engine.PromotionPause, was bool, err error)
}

// promotionShelves are the ways to the promotions in force.
func promotionShelves(s Streams) ways[promotionShelf] {
	return archiveOrServer(s,
		func(a *persistence.Archive) promotionShelf { return archivedPromotions{a} },
		func(c *caller) promotionShelf { return serverPromotions{c} })
}

// pausers are the ways to pause promotions.
func pausers(s Streams) ways[pauser] {
	return storeOrServer(s, true,
		func(data *persistence.Store) pauser { return storedPauses{data} },
		func(c *caller) pauser { return serverPromotions{c} })
}

// archivedPromotions are those in force on a database.
type archivedPromotions struct{ archive *persistence.Archive }

// List implements promotionShelf.
func (a archivedPromotions) List(ctx context.Context, state, text string) (promotionList, error) {
	found, err := readPromotions(ctx, a.archive, time.Now())
	if err != nil {
		return promotionList{}, err
	}
	return promotionList{Version: 1, Ruleset: found.Rules.Digest(), Promotions: append([]v1.Promotion{}, found.Select(state, text)...)}, nil
}

// Show implements promotionShelf.
func (a archivedPromotions) Show(ctx context.Context, id string) (*shownPromotion, error) {
	found, err := readPromotions(ctx, a.archive, time.Now())
	if err != nil {
		return nil, err
	}
	return found.show(id)
}

// storedPauses are those of a database.
type storedPauses struct{ data *persistence.Store }

// Pause implements pauser.
func (s storedPauses) Pause(ctx context.Context, id, reason string, until time.Time) (engine.PromotionPause, error) {
	p := engine.PromotionPause{Promotion: id, By: audit.CLI, Reason: reason, Until: until}
	if err := s.known(ctx, id); err != nil {
		return p, err
	}
	ctx, err := byCLI(ctx, "promotions.pause", id, map[string]any{"reason": reason, "until": orNone(until)})
	if err != nil {
		return p, err
	}
	return s.data.PausePromotion(ctx, p, nil)
}

// known refuses promotions that the rules in force do not have.
func (s storedPauses) known(ctx context.Context, id string) error {
	found, err := readPromotions(ctx, s.data.Archive(), time.Now())
	if err != nil {
		return err
	}
	if _, known := found.Rules.Promotion(id); !known {
		return &unknownPromotionError{id}
	}
	return nil
}

// Resume implements pauser. One that was paused once need not be in the rules any more.
func (s storedPauses) Resume(ctx context.Context, id string) (p engine.PromotionPause, was bool, err error) {
	pauses, err := s.data.PromotionPauses(ctx)
	if err != nil {
		return p, false, err
	}
	at := slices.IndexFunc(pauses, func(p engine.PromotionPause) bool { return p.Promotion == id })
	if at < 0 {
		if err := s.known(ctx, id); err != nil {
			return p, false, err
		}
	}
	if ctx, err = byCLI(ctx, "promotions.resume", id, struct{}{}); err != nil {
		return p, false, err
	}
	p, err = s.data.ResumePromotion(ctx, id, audit.CLI, nil)
	return p, at >= 0 && pauses[at].Paused, err
}

// serverPromotions are those of a server.
type serverPromotions struct{ *caller }

// List implements promotionShelf.
func (p serverPromotions) List(ctx context.Context, state, text string) (promotionList, error) {
	list := promotionList{Version: 1, Promotions: []v1.Promotion{}}
	err := inPagesOf("", 0, func(after *string, n int) ([]v1.Promotion, string, error) {
		r, err := p.ListPromotionsWithResponse(ctx, &v1.ListPromotionsParams{Limit: &n, After: after, State: given(v1.PromotionState(state)), Text: given(text)})
		if err != nil {
			return nil, "", unanswered(err)
		}
		page, err := asked(r.JSON200, r.ApplicationProblemJSONDefault, r.HTTPResponse)
		if err != nil {
			return nil, "", err
		}
		list.Ruleset = page.Ruleset
		return page.Promotions, page.Next, nil
	}, func(told *v1.Promotion) (bool, error) {
		list.Promotions = append(list.Promotions, *told)
		return true, nil
	})
	return list, err
}

// promotion asks for one.
func (p serverPromotions) promotion(ctx context.Context, id string) (*v1.Promotion, error) {
	r, err := p.GetPromotionWithResponse(ctx, id)
	if err != nil {
		return nil, unanswered(err)
	}
	return asked(r.JSON200, r.ApplicationProblemJSONDefault, r.HTTPResponse)
}

// Show implements promotionShelf.
func (p serverPromotions) Show(ctx context.Context, id string) (*shownPromotion, error) {
	told, err := p.promotion(ctx, id)
	if err != nil {
		return nil, err
	}
	r, err := p.GetPromotionSourceWithResponse(ctx, id)
	if err != nil {
		return nil, unanswered(err)
	}
	source, err := asked(r.JSON200, r.ApplicationProblemJSONDefault, r.HTTPResponse)
	if err != nil {
		return nil, err
	}
	return &shownPromotion{Version: 1, Promotion: *told, Source: *source}, nil
}

// Pause implements pauser.
func (p serverPromotions) Pause(ctx context.Context, id, reason string, until time.Time) (engine.PromotionPause, error) {
	r, err := p.PausePromotionWithResponse(ctx, id, &v1.PausePromotionParams{IdempotencyKey: &p.key}, v1.PauseRequest{Reason: reason, Until: orNone(until)})
	if err != nil {
		return engine.PromotionPause{}, p.unanswered(err)
	}
	told, err := asked(r.JSON200, r.ApplicationProblemJSONDefault, r.HTTPResponse)
	if err != nil {
		return engine.PromotionPause{}, err
	}
	return pauseOf(told, r.HTTPResponse.Header.Get("ETag")), nil
}

// Resume implements pauser.
func (p serverPromotions) Resume(ctx context.Context, id string) (engine.PromotionPause, bool, error) {
	before, err := p.promotion(ctx, id)
	if err != nil {
		return engine.PromotionPause{}, false, err
	}
	r, err := p.ResumePromotionWithResponse(ctx, id, &v1.ResumePromotionParams{IdempotencyKey: &p.key})
	if err != nil {
		return engine.PromotionPause{}, false, p.unanswered(err)
	}
	told, err := asked(r.JSON200, r.ApplicationProblemJSONDefault, r.HTTPResponse)
	if err != nil {
		return engine.PromotionPause{}, false, err
	}
	return pauseOf(told, r.HTTPResponse.Header.Get("ETag")), before.Paused != nil, nil
}

// pauseOf is the pause of a promotion, whose ETag is one more than its revision.
func pauseOf(told *v1.Promotion, etag string) engine.PromotionPause {
	revision, _ := strconv.ParseInt(strings.Trim(etag, `"`), 10, 64) // 0 for another ETag
	p := engine.PromotionPause{Promotion: told.ID, Revision: max(revision-1, 0)}
	if pause := told.Paused; pause != nil {
		p.Paused, p.By, p.At, p.Reason = true, pause.By, pause.At, pause.Reason
		if pause.Until != nil {
			p.Until = *pause.Until
		}
	}
	return p
}
