// Package token checks the tokens that an OpenID Connect issuer has made for callers of
// the API, and says what they may do.
//
//	tokens := token.New(token.Options{Issuer: "https://login.example/shop", Audience: "checkout", ScopeClaim: "scope"})
//	holder, err := tokens.Check(ctx, text) // holder.Subject, holder.Scopes
//
// A token is a JWT with a signature by a key of the issuer, RS256 and its like: never by a
// secret that both sides share, and never without one. Its iss is the issuer, to the letter;
// its aud has the audience; it ends by exp, and begins by nbf where there is one, both with
// a minute for clocks that differ; its sub is printable and not longer than MaxSubject.
//
// # Scopes
//
// The claim is a text of words, as scope of RFC 8693 is, or a list of them, as scp and roles
// are where they are known. A name with dots finds what lies in objects, such as
// realm_access.roles, unless a claim has the whole name. Words that have the prefix and go
// on with a scope of package apikey are scopes; all others are somebody else's business.
//
// # Keys
//
// Where the keys are is asked of the issuer (/.well-known/openid-configuration) when the
// first token comes, and its keys with that. They are fetched again after five minutes, or
// when a token names a key that is not among them, and not within ten seconds of the last
// time, whoever sends tokens. So a key that the issuer withdraws is refused after five
// minutes, while the issuer answers. While it does not, the keys that are known go on for
// an hour; then, and from the start where there are none yet, tokens are refused by an
// *UnavailableError. Nothing else waits for the issuer.
//
// # Design
//
// 2026-11-23. Tokens are read by github.com/coreos/go-oidc/v3, the library of Kubernetes and
// many others, and signatures by github.com/go-jose/go-jose/v4, on which it stands. Which
// keys there are is ours: the library's own set asks the issuer for each token with a key
// that it does not know, so that anybody could have us flood the issuer, keeps a key that was
// withdrawn until such a token comes, and does not tell an issuer that is away from a wrong
// signature.
//
// 2026-11-23. Keys are fetched by the request that finds them old, while others go on with
// the old ones. Rejected: a goroutine that fetches them all the time, also where nobody has
// sent a token for days.
//
// 2026-11-23. A checked token is not remembered. Checking takes some 80 microseconds
// (RS256) or 150 (ES256); what is not kept need not be bounded, nor be forgotten when a key is
// withdrawn.
package token
