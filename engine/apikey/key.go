package apikey

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	// Prefix is what the text of every key begins with.
	Prefix = "ck_"
	// Length is how many characters the text of a key has.
	Length = len(Prefix) + 43
	// IDLength is how many characters the id of a key has.
	IDLength = 10
	// MaxName is how many characters the name of a key may have.
	MaxName = 100
)

// ErrMalformed says that a text is no key, whatever keys there are. It does not
// repeat the text, which may be a key with a slip of the pen.
var ErrMalformed = errors.New("this is no API key: one is ck_ and 43 letters, digits, hyphens and underscores")

// Key is what is known of a key. Its text is not among it.
type Key struct {
	// ID names the key where its text must not be: ten letters and digits.
	ID string
	// Name is what its maker calls it; several keys may have the same.
	Name string
	// Scopes is what it may do.
	Scopes Scopes
	// Created, Expires, Revoked and LastUsed are in UTC and whole microseconds. A key
	// that does not expire, is not revoked or was never used has the zero time there.
	Created, Expires, Revoked, LastUsed time.Time
	// Rotates is the id of the key that this one replaces, "" for none.
	Rotates string
}

// New makes a key. Its text is returned once and can be had from nowhere else.
// Expires is when the key is over, the zero time for never. A name that is empty,
// long or not printable, no scopes and an expiry that is over are an *InvalidError.
// Scopes that are unknown here are not refused: ParseScopes does that.
func New(now time.Time, name string, scopes Scopes, expires time.Time) (text string, key Key, err error) {
	key = Key{
		ID: newID(), Name: name, Scopes: scopes.sorted(), Created: instant(now), Expires: instant(expires),
	}
	if err := key.Check(); err != nil {
		return "", Key{}, err
	}
	return newText(), key, nil
}

// newText cannot fail: without random bits crypto/rand ends the process.
func newText() string {
	var bits [32]byte
	_, _ = rand.Read(bits[:])
	return Prefix + base64.RawURLEncoding.EncodeToString(bits[:])
}

// newID returns fifty random bits.
func newID() string { return strings.ToLower(rand.Text()[:IDLength]) }

// instant is a time as it is kept; zero stays zero.
func instant(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Microsecond)
}

// InvalidError says what of a key cannot be.
type InvalidError struct {
	Field   string // id, name, scopes or expires
	Problem string
}

// Error implements error.
func (e *InvalidError) Error() string { return e.Field + ": " + e.Problem }

// Check returns an *InvalidError where the key could not have come from New.
func (k Key) Check() error {
	switch {
	case len(k.ID) != IDLength || strings.Trim(k.ID, "abcdefghijklmnopqrstuvwxyz234567") != "":
		return &InvalidError{"id", fmt.Sprintf("is %.40q; want %d letters and digits", k.ID, IDLength)}
	case strings.TrimSpace(k.Name) == "":
		return &InvalidError{"name", "is empty; say what the key is for, such as storefront"}
	case utf8.RuneCountInString(k.Name) > MaxName:
		return &InvalidError{"name", fmt.Sprintf("has %d characters; want at most %d", utf8.RuneCountInString(k.Name), MaxName)}
	case !utf8.ValidString(k.Name) || strings.ContainsFunc(k.Name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return &InvalidError{"name", fmt.Sprintf("is %q; want printable characters", k.Name)}
	case len(k.Scopes) == 0:
		return &InvalidError{"scopes", "there are none; say what the key may do, such as " + string(QuotesRead)}
	case !k.Expires.IsZero() && !k.Expires.After(k.Created):
		return &InvalidError{"expires", fmt.Sprintf("is %s, and that is over", k.Expires.Format(time.RFC3339))}
	default:
		return nil
	}
}

// Digest is what is kept of the text of a key: its SHA-256.
func Digest(text string) [sha256.Size]byte { return sha256.Sum256([]byte(text)) }

// Parse returns the digest of a text that has the form of a key, else ErrMalformed.
// It takes one form alone: no space, no other spelling of the same bits.
func Parse(text string) (digest [sha256.Size]byte, err error) {
	bits, prefixed := strings.CutPrefix(text, Prefix)
	if len(text) != Length || !prefixed || strings.ContainsAny(bits, "\r\n") {
		return digest, ErrMalformed
	}
	if _, err := base64.RawURLEncoding.Strict().DecodeString(bits); err != nil {
		return digest, ErrMalformed
	}
	return Digest(text), nil
}

// State is what became of a key.
type State string

// The states of a key.
const (
	Active  State = "active"
	Expired State = "expired"
	Revoked State = "revoked"
)

// State returns the state of the key at an instant. From the instant Expires on it
// is expired. One that is revoked is never anything else again.
func (k Key) State(now time.Time) State {
	switch {
	case !k.Revoked.IsZero():
		return Revoked
	case !k.Expires.IsZero() && !now.Before(k.Expires):
		return Expired
	default:
		return Active
	}
}

// Active tells whether the key is in force at an instant.
func (k Key) Active(now time.Time) bool { return k.State(now) == Active }

// InactiveError says that a key is not in force, and since when.
type InactiveError struct {
	ID    string
	State State
	Since time.Time
}

// Error implements error.
func (e *InactiveError) Error() string {
	return fmt.Sprintf("API key %s is %s since %s", e.ID, e.State, e.Since.Format(time.RFC3339))
}

// Usable returns nil where the key is in force at an instant, else an
// *InactiveError.
func (k Key) Usable(now time.Time) error {
	switch state := k.State(now); state {
	case Revoked:
		return &InactiveError{k.ID, state, k.Revoked}
	case Expired:
		return &InactiveError{k.ID, state, k.Expires}
	default:
		return nil
	}
}

// UnknownError says that there is no key of the API with the id, or, when ID is
// "", with the digest that was asked for.
type UnknownError struct{ ID string }

// Error implements error.
func (e *UnknownError) Error() string {
	if e.ID == "" {
		return "there is no such API key"
	}
	return fmt.Sprintf("API key %.40q not found", e.ID)
}
