// Package apikey says what the keys of the API are: how their texts look, what a key
// may do, and when it is in force. It is pure; package persistence keeps the keys,
// package api asks for them, and the program makes them.
//
//	text, key, err := apikey.New(time.Now(), "storefront", scopes, time.Time{})
//	// text: ck_Zb0f…, shown once; the store keeps apikey.Digest(text) with the key
//
//	digest, err := apikey.Parse(bearer)   // garbage ends here
//	key, err := store.KeyByDigest(ctx, digest)
//	err = key.Usable(time.Now())          // revoked, expired
//	ok := key.Scopes.Allow(apikey.OrdersWrite)
//
// # Design
//
// Decided 2026-11-23:
//
//   - The text of a key is "ck_" and 256 random bits. The prefix lets scanners of
//     repositories and logs find keys that have leaked; the rest tells nothing.
//   - What is kept is the SHA-256 of the text. A slow hash, such as those for
//     passwords, makes each guess dear, because people choose passwords that can be
//     guessed. Nobody gets through 2^256 texts at any price of a guess, so it would
//     only make each request dear. For the same reason there is no salt: no two keys
//     are equal, and no table of digests can be made ahead.
//   - The digest is looked up in an index, in a time that may tell how much of a
//     digest is known. It tells nothing of a text: who wants to bring a digest near
//     another one has to search SHA-256.
//   - A key has an id, which lists, logs and the audit log show. It is no part of the
//     text, so that nothing that is shown leads to the text.
//   - A key that is rotated is another key, with the scopes of the first one, which
//     goes on for a while: so programs can be changed one after the other. Rejected:
//     two texts for one key, of which each would need its own expiry and last use.
//   - Scopes are words, and one has nothing to do with another: orders:write does not
//     mean orders:read. Only admin means all, also those that are added later.
package apikey
