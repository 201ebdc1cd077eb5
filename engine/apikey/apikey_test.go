package apikey_test

import (
	"crypto/sha256"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/checkout-promotions/checkout/engine/apikey"
)

func noon() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

func TestNewMakesAKeyThatIsTakenBack(t *testing.T) {
	cet := time.FixedZone("CET", 3600)
	text, key, err := apikey.New(noon().Add(1999*time.Nanosecond).In(cet), "storefront",
		apikey.Scopes{"orders:write", "quotes:read", "orders:write"}, noon().Add(time.Hour).In(cet))
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^ck_[A-Za-z0-9_-]{43}$`).MatchString(text) {
		t.Errorf("got the text %q", text)
	}
	if !regexp.MustCompile(`^[a-z2-7]{10}$`).MatchString(key.ID) || strings.Contains(text, key.ID) {
		t.Errorf("got the id %q, for the text %q", key.ID, text)
	}
	if key.Name != "storefront" || key.Scopes.String() != "quotes:read, orders:write" || key.Rotates != "" {
		t.Errorf("got %+v", key)
	}
	if key.Created != noon().Add(time.Microsecond) || key.Expires != noon().Add(time.Hour) || !key.Revoked.IsZero() || !key.LastUsed.IsZero() {
		t.Errorf("got the times %v, %v, %v, %v", key.Created, key.Expires, key.Revoked, key.LastUsed)
	}
	digest, err := apikey.Parse(text)
	if err != nil || digest != sha256.Sum256([]byte(text)) || digest != apikey.Digest(text) {
		t.Errorf("got digest %x and error %v", digest, err)
	}
}

func TestNoTwoKeysAreTheSame(t *testing.T) {
	seen := make(map[string]bool)
	for range 1000 {
		text, key, err := apikey.New(noon(), "k", apikey.AllScopes(), time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		if seen[text] || seen[key.ID] {
			t.Fatalf("got %s or its text twice", key.ID)
		}
		seen[text], seen[key.ID] = true, true
	}
}

func TestKeysThatCannotBe(t *testing.T) {
	some := apikey.Scopes{apikey.QuotesRead}
	for _, c := range []struct {
		name    string
		key     string
		scopes  apikey.Scopes
		expires time.Time
		want    string
	}{
		{"no name", "", some, time.Time{}, "name: is empty; say what the key is for, such as storefront"},
		{"a name of space", " ", some, time.Time{}, "name: is empty; say what the key is for, such as storefront"},
		{"a long name", strings.Repeat("é", 101), some, time.Time{}, "name: has 101 characters; want at most 100"},
		{"the longest name", strings.Repeat("é", 100), some, time.Time{}, ""},
		{"a name with a line break", "a\nb", some, time.Time{}, `name: is "a\nb"; want printable characters`},
		{"a name that is no text", "a\xff", some, time.Time{}, `name: is "a\xff"; want printable characters`},
		{"no scopes", "k", nil, time.Time{}, "scopes: there are none; say what the key may do, such as quotes:read"},
		{"an expiry that is now", "k", some, noon(), "expires: is 2026-11-23T12:00:00Z, and that is over"},
		{"an expiry that comes", "k", some, noon().Add(time.Microsecond), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			text, key, err := apikey.New(noon(), c.key, c.scopes, c.expires)
			if c.want == "" {
				if err != nil || text == "" {
					t.Errorf("got error %v, want none", err)
				}
				return
			}
			if err == nil || err.Error() != c.want || text != "" || key.ID != "" {
				t.Errorf("got %q, %+v and error %v, want %s", text, key, err, c.want)
			}
			if !errors.As(err, new(*apikey.InvalidError)) {
				t.Errorf("got a %T", err)
			}
		})
	}
	_, key, err := apikey.New(noon(), "k", some, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"", "abcdefghi", "abcdefghijk", "ABCDEFGHIJ", "abcdefghi0", "abcd'fghij"} {
		key.ID = id
		if err := key.Check(); err == nil || err.Error() != `id: is "`+id+`"; want 10 letters and digits` {
			t.Errorf("id %q: got error %v", id, err)
		}
	}
}

func TestGarbageIsNoKey(t *testing.T) {
	good := "ck_" + strings.Repeat("A", 43)
	if _, err := apikey.Parse(good); err != nil {
		t.Fatalf("got error %v for %s", err, good)
	}
	for name, text := range map[string]string{
		"nothing":                      "",
		"a prefix alone":               "ck_",
		"another prefix":               "cx_" + strings.Repeat("A", 43),
		"a prefix in capitals":         "CK_" + strings.Repeat("A", 43),
		"a letter less":                good[:len(good)-1],
		"a letter more":                good + "A",
		"a space before":               " " + good[:len(good)-1],
		"a space after":                good[:len(good)-1] + " ",
		"a line break within":          "ck_" + strings.Repeat("A", 42) + "\n",
		"padding":                      "ck_" + strings.Repeat("A", 42) + "=",
		"the alphabet of other base64": "ck_" + strings.Repeat("A", 42) + "+",
		"a letter that is not ASCII":   "ck_" + strings.Repeat("A", 41) + "é",
		"bits beyond the 256":          "ck_" + strings.Repeat("A", 42) + "B",
	} {
		if digest, err := apikey.Parse(text); err != apikey.ErrMalformed || digest != [32]byte{} {
			t.Errorf("%s: got %x and error %v, want ErrMalformed", name, digest, err)
		}
	}
}

func TestStatesOfAKey(t *testing.T) {
	expires := noon().Add(time.Hour)
	for _, c := range []struct {
		name  string
		key   apikey.Key
		at    time.Time
		state apikey.State
		err   string
	}{
		{"for ever", apikey.Key{}, noon(), apikey.Active, ""},
		{"before its end", apikey.Key{Expires: expires}, expires.Add(-1), apikey.Active, ""},
		{"at its end", apikey.Key{Expires: expires}, expires, apikey.Expired, "API key abc is expired since 2026-11-23T13:00:00Z"},
		{"revoked", apikey.Key{Revoked: noon()}, noon(), apikey.Revoked, "API key abc is revoked since 2026-11-23T12:00:00Z"},
		{"revoked by a clock ahead", apikey.Key{Revoked: expires}, noon(), apikey.Revoked, "API key abc is revoked since 2026-11-23T13:00:00Z"},
		{"revoked and expired", apikey.Key{Revoked: noon(), Expires: expires}, expires, apikey.Revoked, "API key abc is revoked since 2026-11-23T12:00:00Z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.key.ID = "abc"
			got := ""
			if err := c.key.Usable(c.at); err != nil {
				got = err.Error()
				if e, ok := errors.AsType[*apikey.InactiveError](err); !ok || e.State != c.state || e.ID != "abc" {
					t.Errorf("got %#v", err)
				}
			}
			if state := c.key.State(c.at); state != c.state || c.key.Active(c.at) != (c.state == apikey.Active) || got != c.err {
				t.Errorf("got %s, %q, want %s, %q", state, got, c.state, c.err)
			}
		})
	}
}

func TestOnlyAdminHasOtherScopes(t *testing.T) {
	want := "quotes:read, quotes:preview, orders:read, orders:write, inventory:read, inventory:write, " +
		"rules:read, rules:publish, coupons:read, coupons:write, webhooks:write, admin"
	if got := apikey.AllScopes().String(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, has := range apikey.AllScopes() {
		for _, asked := range append(apikey.AllScopes(), "moon:write") {
			allowed := has == asked || has == apikey.Admin
			if got := (apikey.Scopes{has}).Allow(asked); got != allowed {
				t.Errorf("%s for %s: got %t, want %t", has, asked, got, allowed)
			}
		}
	}
	if apikey.Scopes(nil).Allow(apikey.QuotesRead) || apikey.Scopes(nil).Allow("") {
		t.Error("no scopes allow something")
	}
}

func TestScopesAreRead(t *testing.T) {
	all := apikey.AllScopes().String()
	for _, c := range []struct {
		name  string
		words []string
		want  string
		err   string
	}{
		{"one", []string{"quotes:read"}, "quotes:read", ""},
		{"sorted, each once", []string{"admin", "orders:read", "quotes:read", "orders:read"}, "quotes:read, orders:read, admin", ""},
		{"all", apikey.AllScopes().Strings(), all, ""},
		{"none", nil, "", "scopes: there are none; want some of " + all},
		{"letters exchanged", []string{"quotes:raed"}, "", `there is no scope "quotes:raed": did you mean quotes:read?`},
		{"a letter missing", []string{"order:write"}, "", `there is no scope "order:write": did you mean orders:write?`},
		{"another mark", []string{"rules.publish"}, "", `there is no scope "rules.publish": did you mean rules:publish?`},
		{"capitals", []string{"Admin"}, "", `there is no scope "Admin": did you mean admin?`},
		{"a matter alone", []string{"orders"}, "", `there is no scope "orders": did you mean orders:read or orders:write?`},
		{"a matter with one scope", []string{"webhooks"}, "", `there is no scope "webhooks": did you mean webhooks:write?`},
		{"nothing near", []string{"xyz"}, "", `there is no scope "xyz": want ` + all},
		{"nothing", []string{""}, "", `there is no scope "": want ` + all},
		{"every fault", []string{"quote:read", "admin", "orders"}, "",
			"there is no scope \"quote:read\": did you mean quotes:read?\nthere is no scope \"orders\": did you mean orders:read or orders:write?"},
	} {
		t.Run(c.name, func(t *testing.T) {
			words := slices.Clone(c.words)
			scopes, err := apikey.ParseScopes(words)
			got := ""
			if err != nil {
				got = err.Error()
			}
			if scopes.String() != c.want || got != c.err || !slices.Equal(words, c.words) {
				t.Errorf("got %s and error %s\nwant %s and error %s", scopes, got, c.want, c.err)
			}
		})
	}
}
