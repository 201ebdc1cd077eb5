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

// inForce is the rules in force, with what orders have used of them now.
type inForce struct {
	rules  *engine.Ruleset
	used   map[string]engine.PromotionUsage
	paused engine.Pauses
	pauses map[string]engine.PromotionPause // by promotion, as far as that is kept
	now    time.Time
}

func (s *Server) inForce(ctx context.Context) (*inForce, error) {
	f := &inForce{rules: s.options.Rules.Active(), now: s.options.Now()}
	basis, err := s.options.Inventory.Basis(ctx, engine.Inquiry{Limited: f.rules.UsageKeys(f.now)})
	if err != nil {
		return nil, err
	}
	f.used, f.paused, f.pauses = basis.Usage.Promotions, basis.Paused, make(map[string]engine.PromotionPause)
	if s.options.Pauses == nil {
		return f, nil
	}
	all, err := s.options.Pauses.PromotionPauses(ctx)
	for _, p := range all {
		f.pauses[p.Promotion] = p
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
	ids := slices.Sorted(slices.Values(f.rules.PromotionIDs()))
	var found []v1.Promotion
	for _, id := range ids {
		if id <= after || len(found) > limit {
			continue
		}
		if promotion := f.tell(id); (state == "" || string(promotion.State) == state) && mentions(&promotion, text) {
			found = append(found, promotion)
		}
	}
	found, next := page(found, limit, func(p *v1.Promotion) string { return p.ID })
	linkNext(w, r, next)
	return s.answer(w, http.StatusOK, &v1.PromotionPage{Ruleset: f.rules.Digest(), Promotions: append([]v1.Promotion{}, found...), Next: next})
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
	if _, known := f.rules.Promotion(id); !known {
		return &unknownPromotionError{id}
	}
	return s.answerPromotion(w, f, id)
}

// answerPromotion answers a promotion with the ETag of its pause. Revisions of pauses
// begin at 0 and ETags at 1.
func (s *Server) answerPromotion(w http.ResponseWriter, f *inForce, id string) error {
	if s.options.Pauses != nil {
		writeRevision(w, f.pauses[id].Revision+1)
	}
	promotion := f.tell(id)
	return s.answer(w, http.StatusOK, &promotion)
}

// mentions tells whether a text that people know the promotion by has the part.
func mentions(p *v1.Promotion, part string) bool {
	part = strings.ToLower(part)
	return slices.ContainsFunc([]string{p.ID, p.Name, p.Group, p.Coupon, p.CouponPool}, func(text string) bool {
		return strings.Contains(strings.ToLower(text), part)
	})
}

// tell is the answer of a promotion in force.
func (f *inForce) tell(id string) v1.Promotion {
	p, _ := f.rules.Promotion(id)
	used, shop := f.used[id], f.rules.Currency()
	answer := v1.Promotion{
		ID: id, Name: p.Name, Source: p.Source, Group: p.Group, Priority: p.Priority, Coupon: p.Coupon.Code, CouponPool: p.Coupon.Pool,
		State: v1.PromotionState(p.Standing(f.now, f.paused, used, shop)), From: instantOrNil(p.Schedule.From), Until: instantOrNil(p.Schedule.Until),
	}
	for _, d := range p.Deals {
		answer.Deals = append(answer.Deals, engine.KindOf(d))
	}
	tellHours(&answer, &p.Schedule)
	if pause := f.pauses[id]; pause.Holds(f.now) {
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
