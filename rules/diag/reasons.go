package diag

// ReasonPage explains a reason that a quote gives for what became of a promotion
// or of a coupon code.
type ReasonPage struct {
	// Reason is the word in the quote.
	Reason string
	// Title says in a few words what it means, Meaning when it is given.
	Title, Meaning string
	// Do says where to look if it was not meant.
	Do string
}

// Render writes the page in full.
func (p ReasonPage) Render() string {
	return p.Reason + "  " + p.Title + "\n\nmeaning\n" + indented(p.Meaning) + "\nwhat to do\n" + indented(p.Do)
}

// ReasonPages returns the page of every reason, in the order in which they are
// checked.
func ReasonPages() []ReasonPage {
	return []ReasonPage{
		{"applied", "The promotion has an effect",
			`It took something off, or gave a gift or an award. The quote says how much, off which lines, and how
often.`,
			`Nothing.`},
		{"disabled", "The promotion is switched off",
			`enabled is false.`,
			`Write enabled: true, or leave the key out.`},
		{"paused", "Somebody has paused the promotion",
			`The rules have not changed: the promotion was taken out of force by hand, until it is resumed or the pause
ends by itself.`,
			`Ask checkout promotions show ID who has paused it and why, and checkout promotions resume ID to put it in force
again.`},
		{"not_started", "The promotion begins later",
			`The instant of the quote is before from. A date begins in the timezone of the schedule.`,
			`Compare from and timezone of the schedule with the instant in the quote, which is in UTC.`},
		{"ended", "The promotion is over",
			`The instant of the quote is not before until. until itself is out: until: 2026-12-01 ends with the last
moment of November.`,
			`Compare until and timezone of the schedule with the instant in the quote, which is in UTC.`},
		{"outside_hours", "The promotion does not run at this hour or on this day",
			`days and hours of the schedule leave the instant out, in the timezone of the schedule. A span over
midnight belongs to the day on which it begins.`,
			`Compare days, hours and timezone with the instant in the quote, which is in UTC.`},
		{"coupon_missing", "No code on the cart unlocks the promotion",
			`The promotion has a coupon, and the cart has no such code. Case and blanks around a code do not matter. A
code of a pool counts only where the caller says that it is of the pool.`,
			`Look at what the quote says of each code under coupons.`},
		{"currency_mismatch", "The amounts of the promotion do not hold in the cart's currency",
			`A plain amount, and a condition that reads one, is in the shop's currency; a table of amounts holds in the
currencies that it lists.`,
			`Give amounts per currency, {USD: 10, EUR: 9}, or list the currencies in which the numbers hold as they
stand under currencies.`},
		{"customer_required", "The promotion counts by customer, and the customer is not known",
			`It has limits.per_customer, and the cart has no customer with an id.`,
			`Ask the customer to sign in, or send the customer's id with the cart.`},
		{"limit_reached", "The promotion or its code has been used as often as it may",
			`The orders that the caller has counted reach redemptions, per_customer or per_code of limits.`,
			`Raise the limit, or leave it.`},
		{"budget_spent", "The budget does not cover the discount",
			`Nothing is left of limits.budget, or less than the discount. A discount that does not fit is not cut down;
of deals with several applications as many are given as fit.`,
			`Raise the budget, or end the promotion. The detail in the quote says what was wanted and what is left.`},
		{"condition_false", "The condition does not hold",
			`when is false. The quote names the parts that were false, with the values they saw. A comparison with a
fact that is missing is false.`,
			`Read why in the quote. Conditions see what earlier promotions left: cart.total may be lower than expected,
cart.subtotal is the list price. A missing fact shows as missing.`},
		{"no_matching_items", "The cart has nothing that the deal is about",
			`No item of the cart is in the selection of the deal, or, for shipping, no shipment is sent by one of the
methods.`,
			`Check of, or the set that it names, against the item: the category, the spelling of a SKU, an attribute that
is missing.`},
		{"below_quantity", "There is not enough for the deal",
			`There are too few units for one application of a multibuy, a buy_get, a bundle or a gift, too little has
been spent, or the first step of tiers is not reached.`,
			`Nothing, where that is meant; the hints of a quote say what to add.`},
		{"displaced", "Other promotions have what the promotion would need",
			`There would be enough units, but others use them, and no unit is used twice. Or the group lets one
promotion have an effect (best, first) or one for each line (best_per_line), and another won. The quote names
the others.`,
			`Nothing, where the customer saves more that way. Otherwise put the promotion into a group of its own, which
runs earlier, or let another item set qualify.`},
		{"excluded", "The promotion may not stand beside another",
			`exclusive or excludes, of this promotion, of another one or of their groups, lets only one of them have an
effect, and the other saves more or, under resolution: priority, ranks higher. The quote names it.`,
			`Look at exclusive and excludes of the promotion that is named, and at excludes of its group in policy.yaml.`},
		{"out_of_stock", "The gift is not in stock",
			`The stock that the cart leaves does not have all units of the gift, nor those of any other item under
choose_from. A gift is given whole or not at all.`,
			`Refill the stock, or add another item under choose_from. The detail in the quote says what was wanted and
what is left.`},
		{"plugin_failed", "A plugin of the promotion has no usable answer",
			`The fault in the quote says why, and the detail what happened. Of the program: not_running, it is not
installed, not started yet, or has ended; bad_checksum, it is not the program that was pinned; version_mismatch,
it does not speak the version of the contract, or is not what the rules were written for; timeout, it did not
answer in time; crashed, it ended during the call; overloaded, too many calls waited for it; circuit_open, it has
failed so often that it is left alone for a while; call_failed, it answered with an error. Of its answer:
missing_answer, extra_answer, wrong_effect, unknown_line, too_many_units, negative_amount, above_price,
unknown_gift, bad_number, too_large. Other promotions are priced as if this one were not there.`,
			`For a fault of the program look at checkout plugins list and at the log of the server; for one of its
answer ask the plugin's author. on_failure: reject refuses a cart instead of pricing it without the promotion.`},
		{"cap_reached", "Nothing more may be taken off",
			`Earlier promotions have used up cap of policy.yaml, or max_discount of the promotion is 0.`,
			`Raise the cap, or let the promotion run earlier.`},
		{"no_effect", "There is nothing to take off",
			`The items are free already or at their min_price, cost no more than the fixed price, an award is 0, or a
number of the deal depends on a fact that is missing.`,
			`Check the prices that earlier promotions left, and the expressions of the deal.`},
		{"unknown_code", "No promotion wants the code",
			`A code on the cart is no coupon of any promotion, and is not known to be of a pool that one wants. Only
coupons have this reason.`,
			`Check the spelling, and for codes of a pool whether they were generated in this shop.`},
	}
}
