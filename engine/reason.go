package engine

import (
	"fmt"
	"slices"
)

// Reason says why a promotion was applied or not. The list is closed. Its text is
// what JSON and messages say: "applied", "not_started".
type Reason uint8

// The reasons, in the order in which they are checked. See the package
// documentation for when each one is given. The zero Reason is none.
const (
	Applied Reason = 1 + iota
	Disabled
	Paused
	NotStarted
	Ended
	OutsideHours
	CouponMissing
	CurrencyMismatch
	CustomerRequired
	LimitReached
	BudgetSpent
	ConditionFalse
	NoMatchingItems
	BelowQuantity
	Displaced
	Excluded
	OutOfStock
	PluginFailed
	CapReached
	NoEffect
	// UnknownCode is for coupons alone: no promotion wants the code.
	UnknownCode
)

// reasonTexts are the texts of the reasons, by reason.
func reasonTexts() []string {
	return []string{
		"", "applied", "disabled", "paused", "not_started", "ended", "outside_hours", "coupon_missing",
		"currency_mismatch", "customer_required", "limit_reached", "budget_spent",
		"condition_false", "no_matching_items", "below_quantity", "displaced", "excluded",
		"out_of_stock", "plugin_failed", "cap_reached", "no_effect", "unknown_code",
	}
}

// Reasons returns every reason that a promotion can have, in the order in which
// they are checked.
func Reasons() []Reason {
	var reasons []Reason
	for r := Applied; r <= NoEffect; r++ {
		reasons = append(reasons, r)
	}
	return reasons
}

// ParseReason reads the text of a reason.
func ParseReason(text string) (Reason, error) {
	i := slices.Index(reasonTexts(), text)
	if i < 1 {
		return 0, fmt.Errorf("there is no reason %q", text)
	}
	return Reason(i), nil
}

// String returns the text of the reason, "" for none.
func (r Reason) String() string {
	if texts := reasonTexts(); int(r) < len(texts) {
		return texts[r]
	}
	return fmt.Sprintf("Reason(%d)", uint8(r))
}

// MarshalText returns the text of the reason.
func (r Reason) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads the text of a reason, or none of an empty one.
func (r *Reason) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*r = 0
		return nil
	}
	parsed, err := ParseReason(string(text))
	if err != nil {
		return err
	}
	*r = parsed
	return nil
}
