// Package webhook sends the events of an outbox to HTTP endpoints, signed as
// Standard Webhooks has it (https://www.standardwebhooks.com).
//
//	sender, err := webhook.New(webhook.Options{Outbox: outbox, Endpoints: endpoints, Log: log})
//	err = sender.Run(ctx) // until ctx is done and what is under way has ended
//
// # What a receiver gets
//
// A POST with the JSON of the event, whose types are in events.md, and
//
//	webhook-id          the event's id, the same in every attempt
//	webhook-timestamp   when this attempt was made, in seconds since 1970
//	webhook-signature   "v1," and the HMAC-SHA256 of id.timestamp.body in base64,
//	                    one for each secret of the endpoint, with blanks between
//
// It checks the signature with any library of Standard Webhooks, answers 2xx
// soon, and works afterwards. An event may come more than once, because an answer
// can be lost: a receiver keeps the ids it has seen. Events of one aggregate, such
// as an order, come one after the other in the order in which they happened; all
// others come in no order, and several at a time.
//
// Any other answer, or none in time, is a failure, after which the delivery is
// tried again: after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h, each
// drawn anew from nothing to that, and not before Retry-After, which is believed
// up to a day. After the tenth attempt, or at once after 410 Gone, the delivery is
// dead: it waits for somebody to send it again, and the events after it go on.
//
// # Changing a secret
//
// An endpoint has one secret, or several for a while: the new one is set beside
// the old one and the server restarted; then the receiver changes over, whenever
// it likes, since it takes an event that either has signed; then the old one is
// removed. Of endpoints that are registered while the server runs the secret is
// rotated over the API, and the old one ends by itself. Which secret signed an event is not recorded: an event that is tried
// again is signed with the secrets of that time.
//
// # What is protected, and what is not
//
// Endpoints of the configuration are set by the operator. So any address may be
// named, private ones too, and none is looked up to refuse it. Endpoints that are
// registered are set by whoever has a key of the API for it, who must not reach
// through this program what only its host can: the cloud's metadata, other
// services, the machine itself. They are connected to at public addresses only
// (Endpoint.Public), whatever their names are looked up to, each time, and through no
// proxy, which would look them up itself; and an error does not say what is at an
// address that is refused. Which addresses are public says code.dny.dev/ssrf, which
// follows IANA's registries of special addresses; a list of our own would grow old.
// Redirects are not followed, so that an endpoint cannot lead a request, or a
// body, to another place. Answers are read up to 64 KiB, thrown away, and shown to
// nobody; what is kept is the status. A body goes to an endpoint in the clear only
// where the configuration allows http. Secrets and addresses are in no log:
// endpoints go by their names. Those of the configuration are in no database.
//
// # Design
//
// Decided 2026-11-22:
//
//   - Each endpoint has a goroutine of its own, which claims only as much as it
//     can send at once. So an endpoint that is slow or gone holds up no other, and
//     a claim never waits in a queue while its lease runs. Rejected: one pool of
//     workers for all, which one dead endpoint fills.
//   - The outbox is asked every second, and again as soon as a delivery has ended.
//     Rejected for now: a notice from the database, which is only a hint and does
//     not replace asking.
//   - Each attempt is recorded on its own, after it was made. A process that dies
//     in between leaves a claim whose lease ends, and the event goes out again.
//   - 410 Gone kills the one delivery and not the endpoint: which endpoints there
//     are is for the configuration, or their owner, to say, and a mark elsewhere that
//     contradicts it would have to be found and taken back. The log says what to do.
//   - Endpoints that come and go are asked for at each poll, and compared. Rejected:
//     to be told of changes, which other processes make as well.
//   - Signatures come from the library of Standard Webhooks itself: some 150 lines
//     without dependencies, the reference that receivers check with. Its tag
//     v0.0.1 is the only one; the scheme is fixed by its "v1".
package webhook
