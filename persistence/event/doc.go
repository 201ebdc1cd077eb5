// Package event says what happens in a shop that other systems want to hear of:
// the closed list of types, and what each of them tells.
//
//	e := event.OrderPlaced(order)
//	body, err := e.Body(id, at) // the JSON that receivers get
//
// The body is
//
//	{"id": "01997c…", "type": "order.placed", "version": 1, "timestamp": "2026-11-22T20:54:25.123456Z", "data": {…}}
//
// Amounts are exact decimal texts in the currency that stands beside them, such
// as "49.99", "1500" or "1.250". Instants are RFC 3339, UTC. Every type has a
// page with an example in api/webhook/events.md, which a test compares with the
// golden files here.
//
// # Design
//
// Decided 2026-11-22:
//
//   - What an event tells is complete, so that a receiver need not ask back, and
//     it is what was true when it happened.
//   - A version counts the changes of a type that could break a receiver. New
//     fields do not: receivers pass over what they do not know. Rejected: a
//     version in the name of the type, by which endpoints would have to be
//     configured anew.
//   - Amounts are texts. Rejected: JSON numbers, which many readers take for
//     binary fractions, and smallest units, which need a table of currencies.
//   - The types are a closed list in code, not texts made where they are used:
//     configurations name them, and a page documents each.
package event
