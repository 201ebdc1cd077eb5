package event

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/checkout-promotions/checkout/engine"
)

// stockLow is what stock.low tells.
type stockLow struct {
	SKU       string `json:"sku"`
	Name      string `json:"name"`
	Stock     int64  `json:"stock"`
	Threshold int64  `json:"threshold"`
}

// StockLow tells that a sale or a hold brought the stock of an item, now what
// Stock says, from above the threshold to it or below.
func StockLow(item engine.Item, threshold int64) Event {
	return Event{
		Type: TypeStockLow, Aggregate: Aggregate{Type: "item", Key: item.SKU}, version: 1,
		data: stockLow{item.SKU, item.Name, item.Stock, threshold},
	}
}

// Limit is the limit of a promotion that is used up.
type Limit struct {
	Promotion string // its id
	Period    string // in which it is used up, such as 2026-11-22; "" for ever
	// Kind is the limit as rule files call it: "redemptions" or "budget".
	Kind string
	// Allowed and Used are a number of redemptions, or amounts as exact decimal
	// texts.
	Allowed, Used string
	// Currency is that of a budget; the zero Currency for redemptions.
	Currency engine.Currency
	// Order is the reference of the order that used up the last of it, or that
	// found it used up when its hold became an order.
	Order string
	// Ruleset is the digest of the rule files that set the limit.
	Ruleset string
}

// promotionExhausted is what promotion.exhausted tells.
type promotionExhausted struct {
	Promotion string `json:"promotion"`
	Period    string `json:"period,omitempty"`
	Limit     string `json:"limit"`
	Allowed   string `json:"allowed"`
	Used      string `json:"used"`
	Currency  string `json:"currency,omitempty"`
	Order     string `json:"order"`
	Ruleset   string `json:"ruleset"`
}

// PromotionExhausted tells that a limit of a promotion is used up, so that it is
// not applied any more. Of each limit of each promotion it is told once for as
// long as what is allowed stays the same.
func PromotionExhausted(l Limit) Event {
	return Event{
		Type: TypePromotionExhausted, Aggregate: Aggregate{Type: "promotion", Key: l.Promotion}, version: 1,
		Once: fmt.Sprintf("exhausted %q %s %s %s %s", l.Promotion, l.Period, l.Kind, l.Allowed, l.Currency.Code()),
		data: promotionExhausted{l.Promotion, l.Period, l.Kind, l.Allowed, l.Used, l.Currency.Code(), l.Order, l.Ruleset},
	}
}

// promotionPaused is what promotion.paused and promotion.resumed tell.
type promotionPaused struct {
	Promotion string     `json:"promotion"`
	By        string     `json:"by"`
	At        time.Time  `json:"at"`
	Reason    string     `json:"reason,omitempty"`
	Until     *time.Time `json:"until,omitempty"`
}

// PromotionPaused tells that somebody has taken the promotion out of force, for the
// reason, until the instant; the zero Time is until somebody resumes it.
func PromotionPaused(promotion, by, reason string, at, until time.Time) Event {
	data := promotionPaused{Promotion: promotion, By: by, At: at.UTC(), Reason: reason}
	if !until.IsZero() {
		until = until.UTC()
		data.Until = &until
	}
	return ofPromotion(TypePromotionPaused, promotion, data)
}

// PromotionResumed tells that somebody has ended the pause of the promotion.
func PromotionResumed(promotion, by string, at time.Time) Event {
	return ofPromotion(TypePromotionResumed, promotion, promotionPaused{Promotion: promotion, By: by, At: at.UTC()})
}

func ofPromotion(t Type, promotion string, data any) Event {
	return Event{Type: t, Aggregate: Aggregate{Type: "promotion", Key: promotion}, version: 1, data: data}
}

// rulesetChanged is what ruleset.changed tells.
type rulesetChanged struct {
	Ruleset  string `json:"ruleset"`
	Previous string `json:"previous"`
}

// RulesetChanged tells that the ruleset with the digest is in force. Previous is
// that of the one before, "" for the first, and after the id of the event that
// told of it: only one event follows another, however many processes tell.
func RulesetChanged(digest, previous, after string) Event {
	return Event{
		Type: TypeRulesetChanged, Aggregate: Aggregate{Type: "ruleset"}, version: 1,
		Once: fmt.Sprintf("ruleset %s after %s", digest, after),
		data: rulesetChanged{digest, previous},
	}
}

// Ruleset returns the digest that the body of a RulesetChanged tells of.
func Ruleset(body []byte) (string, error) {
	var told struct {
		Data rulesetChanged `json:"data"`
	}
	if err := json.Unmarshal(body, &told); err != nil {
		return "", fmt.Errorf("decode event %s: %w", TypeRulesetChanged, err)
	}
	return told.Data.Ruleset, nil
}
