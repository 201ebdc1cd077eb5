// Package idempotency says when two requests are the same one: what a key is,
// what it belongs to, and which answers are kept for it. It is pure; package api
// reads and answers requests with it, and package persistence keeps the keys.
//
//	POST /v0/inventory/items/purchase
//	Idempotency-Key: 8e03978e-40d5-43e8-bc93-6894a57f9324
//
// A client makes up a key for what it wants done once, and sends it again with
// every attempt. The first request with a key claims it and runs. Whoever comes
// later is given the first one's answer, or is told that it is still running.
//
// # Design
//
// Decided 2026-11-22, after draft-ietf-httpapi-idempotency-key-header-07 and the
// API of Stripe:
//
//   - A key is 1 to 255 visible characters of ASCII. The draft wants a string of
//     RFC 8941, in quotes; most clients send it bare. Both are the same key.
//   - A key belongs to a method, a path and a caller. So two callers, or two
//     operations, never meet by chance in one key. Before there are customers
//     who log in, all callers without the password are one.
//   - The fingerprint is taken of the bytes of the body. Rejected: of the JSON
//     value. A retry sends the bytes it has sent before, and whoever formats
//     the body anew can mean something else by it; refusing it is the safe side.
//   - What is kept is what an attempt found out: success, an unknown item, not
//     enough stock. What says nothing about the attempt is not kept, so that the
//     next one can succeed: faults of ours and a store that is away (5xx), too
//     many requests, no password, a body that came too late. Nor is 400 kept:
//     nothing was run, the same body gets the same answer anyway, and the
//     corrected one may have the key, as at Stripe.
//   - A claim is held for a lease. A lease that is over may be taken over, which
//     alone would not be safe, since a process may be slow and not dead. What
//     makes it safe is the token: a write must find its claim's token with the
//     key, in its own transaction, or nothing of it happens. So neither a late
//     process nor clocks that differ make a second effect, and the lease may be
//     short. Rejected: leases that their holder extends, and locks of the
//     database, which go when a connection does.
package idempotency
