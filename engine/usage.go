package engine

// Usage is what orders have used so far, as the caller knows it. The engine
// decides against this snapshot; whoever commits an order counts again. The
// zero value is a shop without orders.
type Usage struct {
	// Promotions is by promotion id, for the period at hand; see UsageKeys.
	Promotions map[string]PromotionUsage
	// Codes is by normalised coupon code. A code that belongs to a pool is only
	// known to be one by its entry.
	Codes map[string]CodeUsage
}

// PromotionUsage is what orders have used of one promotion.
type PromotionUsage struct {
	// Redemptions counts the orders that used it.
	Redemptions int64
	// ByCustomer counts those of the cart's customer.
	ByCustomer int64
	// Spent is what it has taken off in all of them, in the cart's currency.
	Spent Amount
}

// CodeUsage is what is known of one coupon code.
type CodeUsage struct {
	// Pool is the pool the code was generated for, "" for a code that a rule
	// file names.
	Pool string
	// Redemptions counts the orders that used the code.
	Redemptions int64
}
