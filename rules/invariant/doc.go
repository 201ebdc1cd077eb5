// Package invariant holds what must be true of every cart and its quote, whatever
// the rules are. Tests check it after each case, and backtests after each order.
//
//	always:
//	  - quote.total >= 0
//	  - quote.discount <= cart.subtotal
//	  - all(quote.lines, .discount <= .subtotal / 2)
//	  - {permute: cart.lines}
//
// A condition is one of the rule language. It reads what conditions of promotions
// read, of the cart as it was before promotions, and of the quote:
//
//	quote.subtotal, discount, total, shipping_discount, shipping_total, payable
//	quote.saving     discounts, and what gifts are worth
//	quote.applied    the promotions with an effect
//	quote.gifts      the SKUs that are given
//	quote.lines      those of cart.lines, with .discount and .total of the quote
//
// Amounts are in the currency of the cart, and read with the digits of the shop's
// currency. So where carts come in several currencies, amounts are better compared
// with each other than with numbers.
//
// Permute says that the order of cart.lines, or of coupons, must not change the
// quote: it is priced again, backwards, and with the first moved to the end.
package invariant
