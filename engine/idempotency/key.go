package idempotency

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	// Header is where a request has its key.
	Header = "Idempotency-Key"
	// ReplayedHeader is "true" on an answer that was given before.
	ReplayedHeader = "Idempotency-Replayed"
	// MaxName is how many characters the name of a key may have.
	MaxName = 255
	// Retention is how long a key and its answer are kept.
	Retention = 24 * time.Hour

	// maxPath is how long the path in a scope may be, so that it fits into an
	// index of every database.
	maxPath = 512
)

// Key names what a client wants done once.
type Key struct {
	// Scope is what the name belongs to; see Scope.
	Scope string
	// Name is what the client has made up.
	Name string
	// Fingerprint tells what was asked for; see Fingerprint.
	Fingerprint string
}

// Error is a key that no client should send; its text is for the client.
type Error string

// Error implements error.
func (e Error) Error() string { return string(e) }

// What ParseName refuses.
const (
	ErrTwice   Error = Header + ": given twice; send one"
	ErrInvalid Error = Header + ": want 1 to 255 visible ASCII characters, bare or as a quoted string"
)

// ParseName reads the values of the request's header, one or more of them, and
// returns the name. It is bare or a string of RFC 8941: "8e03978e" in quotes is
// the same as without.
func ParseName(values []string) (string, error) {
	if len(values) != 1 {
		return "", ErrTwice
	}
	name, ok := values[0], true
	if strings.HasPrefix(name, `"`) {
		name, ok = unquote(name)
	}
	invisible := func(r rune) bool { return r <= ' ' || r > '~' }
	if !ok || name == "" || len(name) > MaxName || strings.ContainsFunc(name, invisible) {
		return "", ErrInvalid
	}
	return name, nil
}

// unquote reads a string of RFC 8941, in which a backslash comes only before a
// quote or another backslash.
func unquote(text string) (string, bool) {
	var name strings.Builder
	for i := 1; i < len(text); i++ {
		switch c := text[i]; c {
		case '"':
			return name.String(), i == len(text)-1
		case '\\':
			if i++; i == len(text) || text[i] != '"' && text[i] != '\\' {
				return "", false
			}
			name.WriteByte(text[i])
		default:
			name.WriteByte(c)
		}
	}
	return "", false
}

// Scope is what a name belongs to: a method, a path and a caller, "" for one who
// is not known. A path that is too long for an index is told by its digest.
func Scope(method string, target *url.URL, caller string) string {
	path := target.EscapedPath()
	if len(path) > maxPath {
		path = "sha256:" + digest(path)
	}
	return strings.TrimSpace(method + " " + path + " " + caller)
}

// Fingerprint is the digest of all that decides what a request does: method,
// path, query and body, byte by byte.
func Fingerprint(method string, target *url.URL, body []byte) string {
	return digest(method, target.EscapedPath(), target.RawQuery, string(body))
}

// digest is the SHA-256 of the parts, each with its length before it.
func digest(parts ...string) string {
	hash := sha256.New()
	for _, part := range parts {
		hash.Write([]byte(strconv.Itoa(len(part)) + ":" + part))
	}
	return hex.EncodeToString(hash.Sum(nil))
}
