// Package record makes rule tests of orders: the cart that was priced, with all
// that its price depended on, and what it must cost from now on.
//
//	text, err := record.Test(rules, request, "two carts that stacked")
//
// # Nobody can be found in a test
//
// A recorded request names a customer and may tell much about one. A test needs
// little of it. So each fact of the customer, of the delivery and of the cart is
// taken away in turn, and stays away where the quote is the same without it: what
// is left is what the rules looked at. That is delta debugging (Zeller and
// Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", IEEE TSE 28,
// 2002), one fact at a time, because the facts hardly depend on each other. The
// customer and the codes of pools get other names. What could not be taken away is
// told, so that somebody looks at it before the test is shared.
package record
