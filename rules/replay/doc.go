// Package replay prices orders again as they were priced once, and tells whether
// the answer is the same.
//
//	r := replay.New(func(ctx context.Context, digest string) ([]byte, error) { … }) // the archived rules
//	result := r.Replay(ctx, replay.Order{Ruleset: …, Request: …, Quote: …})
//
// # Design, 2026-11-22
//
// Quotes are compared as JSON, byte by byte, and only when they differ field by
// field. Rejected: to compare decoded quotes, in which a field that the stored
// quote lacks is not told from one that is zero, so that a lost field would pass.
//
// A field that a later version has added is no difference. Which fields those are
// says engine.QuoteFieldsSince, by the format that the order was recorded in.
// Rejected: to let pass whatever the stored quote does not have, because fields
// are left out when they are zero: a promotion that is applied now and was not
// then is such a field.
//
// A Replayer keeps the rulesets that it used last, compiled. Orders come in the
// order of time, in which few rulesets alternate.
package replay
