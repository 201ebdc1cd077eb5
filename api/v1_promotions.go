package api

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	v1 "github.com/checkout-promotions/checkout/api/v1"
	"github.com/checkout-promotions/checkout/engine"
)

// unknownPromotionError says that the rules in force have no such promotion.
type unknownPromotionError struct{ id string }

// Error implements error.
func (e *unknownPromotionError) Error() string {
	return fmt.Sprintf("the rules in force have no promotion %.200q", e.id)
}

// InForce is the rules in force with all that makes their promotions stand as they do
// now, for who tells of them.
type InForce struct {
	Rules *engine.Ruleset
	// Used is what orders have used of promotions with limits, in the periods of now.
	Used map[string]engine.PromotionUsage
	// Paused are the promotions that are paused, and Pauses is who has paused them, by
	// promotion, as far as that is known.
	Paused engine.Pauses
	Pauses map[string]engine.PromotionPause
	Now    time.Time
}

func (s *Server) inForce(ctx context.Context) (*InForce, error) {
	f := &InForce{Rules: s.options.Rules.Active(), Now: s.options.Now()}
	basis, err := s.options.Inventory.Basis(ctx, engine.Inquiry{Limited: f.Rules.UsageKeys(f.Now)})
	if err != nil {
		return nil, err
	}
	f.Used, f.Paused, f.Pauses = basis.Usage.Promotions, basis.Paused, make(map[string]engine.PromotionPause)
	if s.options.Pauses == nil {
		return f, nil
	}
	all, err := s.options.Pauses.PromotionPauses(ctx)
	for _, p := range all {
		f.Pauses[p.Promotion] = p
	}
	return f, err
}

// listPromotions tells a page of the promotions in force.
func (s *Server) listPromotions(w http.ResponseWriter, r *http.Request) error {
	var states []string
	for _, state := range engine.Standings() {
		states = append(states, string(state))
	}
	q := readQuery(r, "limit", "after", "state", "text")
	limit, after, state, text := q.limit(), q.text("after"), q.oneOf("state", states...), q.text("text")
	if tooLong(text, maxText) {
		q.refuse("text", fmt.Sprintf("want 1 to %d characters", maxText))
	}
	if q.fault != nil {
		return q.fault
	}
	f, err := s.inForce(r.Context())
	if err != nil {
		return err
	}
	found := f.Select(state, text)
	found = slices.DeleteFunc(found, func(p v1.Promotion) bool { return p.ID <= after })
	found, next := page(found[:min(len(found), limit+1)], limit, func(p *v1.Promotion) string { return p.ID })
	linkNext(w, r, next)
	return s.answer(w, http.StatusOK, &v1.PromotionPage{Ruleset: f.Rules.Digest(), Promotions: append([]v1.Promotion{}, found...), Next: next})
}

// getPromotion tells a promotion in force.
func (s *Server) getPromotion(w http.ResponseWriter, r *http.Request) error {
	if q := readQuery(r); q.fault != nil {
		return q.fault
	}
	id := pathText(r, "id")
	f, err := s.inForce(r.Context())
	if err != nil {
		return err
	}
	if _, known := f.Rules.Promotion(id); !known {
		return &unknownPromotionError{id}
	}
	return s.answerPromotion(w, f, id)
}

// answerPromotion answers a promotion with the ETag of its pause. Revisions of pauses
// begin at 0 and ETags at 1.
func (s *Server) answerPromotion(w http.ResponseWriter, f *InForce, id string) error {
	if s.options.Pauses != nil {
		writeRevision(w, f.Pauses[id].Revision+1)
	}
	promotion := f.Tell(id)
	return s.answer(w, http.StatusOK, &promotion)
}

// Select tells the promotions in force that have the state and the part of a text in what
// people know them by, "" for all, by id.
func (f *InForce) Select(state, text string) []v1.Promotion {
	var found []v1.Promotion
	for _, id := range slices.Sorted(slices.Values(f.Rules.PromotionIDs())) {
		if p := f.Tell(id); (state == "" || string(p.State) == state) && mentions(&p, text) {
			found = append(found, p)
		}
	}
	return found
}

// mentions tells whether a text that people know the promotion by has the part.
func mentions(p *v1.Promotion, part string) bool {
	part = strings.ToLower(part)
	return slices.ContainsFunc([]string{p.ID, p.Name, p.Group, p.Coupon, p.CouponPool}, func(text string) bool {
		return strings.Contains(strings.ToLower(text), part)
	})
}

// Tell is a promotion in force as version 1 tells it.
func (f *InForce) Tell(id string) v1.Promotion {
	p, _ := f.Rules.Promotion(id)
	used, shop := f.Used[id], f.Rules.Currency()
	answer := v1.Promotion{
		ID: id, Name: p.Name, Source: p.Source, Group: p.Group, Priority: p.Priority, Coupon: p.Coupon.Code, CouponPool: p.Coupon.Pool,
		State: v1.PromotionState(p.Standing(f.Now, f.Paused, used, shop)), From: instantOrNil(p.Schedule.From), Until: instantOrNil(p.Schedule.Until),
	}
	for _, d := range p.Deals {
		answer.Deals = append(answer.Deals, engine.KindOf(d))
	}
	tellHours(&answer, &p.Schedule)
	if pause := f.Pauses[id]; pause.Holds(f.Now) {
		answer.Paused = &v1.PromotionPause{By: pause.By, At: pause.At, Reason: pause.Reason, Until: instantOrNil(pause.Until)}
	}
	if p.Limits.Redemptions == nil && p.Limits.PerCustomer == nil && p.Limits.Budget == nil {
		return answer
	}
	answer.Per = p.Limits.Per.String()
	if p.Limits.Redemptions != nil {
		answer.Orders = &v1.UsedOrders{Used: used.Redemptions}
		if allowed, known := p.Limits.Orders(); known {
			left := max(0, allowed-used.Redemptions)
			answer.Orders.Allowed, answer.Orders.Left = &allowed, &left
		}
	}
	if p.Limits.Budget != nil {
		answer.Budget = &v1.UsedBudget{Spent: shop.Decimal(used.Spent)}
		if allowed, known := p.Limits.Spend(shop); known {
			whole, left := shop.Decimal(allowed), shop.Decimal(max(0, allowed-used.Spent))
			answer.Budget.Allowed, answer.Budget.Left = &whole, &left
		}
	}
	return answer
}

// tellHours tells when in the week a promotion runs.
func tellHours(answer *v1.Promotion, schedule *engine.Schedule) {
	const minutes = 60
	for day := time.Monday; schedule.Days != 0 && day <= time.Monday+6; day++ {
		if schedule.Days.Has(day % 7) {
			answer.Days = append(answer.Days, strings.ToLower((day % 7).String()[:3]))
		}
	}
	for _, h := range schedule.Hours {
		answer.Hours = append(answer.Hours, fmt.Sprintf("%02d:%02d-%02d:%02d", h.From/minutes, h.From%minutes, h.Until/minutes, h.Until%minutes))
	}
	if answer.Days != nil || answer.Hours != nil {
		answer.Timezone = cmp.Or(schedule.Location, time.UTC).String()
	}
}

func instantOrNil(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	at = at.UTC()
	return &at
}
