package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"
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
	rules *engine.Ruleset
	used  map[string]engine.PromotionUsage
	now   time.Time
}

func (s *Server) inForce(ctx context.Context) (*inForce, error) {
	f := &inForce{rules: s.options.Rules.Active(), now: s.options.Now()}
	basis, err := s.options.Inventory.Basis(ctx, engine.Inquiry{Limited: f.rules.UsageKeys(f.now)})
	f.used = basis.Usage.Promotions
	return f, err
}

// listPromotions tells a page of the promotions in force.
func (s *Server) listPromotions(w http.ResponseWriter, r *http.Request) error {
	var states []string
	for _, state := range engine.Standings() {
		states = append(states, string(state))
	}
	q := readQuery(r, "limit", "after", "state")
	limit, after, state := q.limit(), q.text("after"), q.oneOf("state", states...)
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
		if promotion := f.tell(id); state == "" || string(promotion.State) == state {
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
	promotion := f.tell(id)
	return s.answer(w, http.StatusOK, &promotion)
}

// tell is the answer of a promotion in force.
func (f *inForce) tell(id string) v1.Promotion {
	p, _ := f.rules.Promotion(id)
	used, shop := f.used[id], f.rules.Currency()
	answer := v1.Promotion{
		ID: id, Name: p.Name, Source: p.Source, Group: p.Group, Priority: p.Priority, Coupon: p.Coupon.Code, CouponPool: p.Coupon.Pool,
		State: v1.PromotionState(p.Standing(f.now, used, shop)), From: instantOrNil(p.Schedule.From), Until: instantOrNil(p.Schedule.Until),
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

func instantOrNil(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	at = at.UTC()
	return &at
}
