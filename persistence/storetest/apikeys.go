package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"sync/atomic"
	"time"

	"github.com/checkout-promotions/checkout/engine/apikey"
	"github.com/checkout-promotions/checkout/engine/audit"
	"github.com/checkout-promotions/checkout/persistence"
)

func apiKeyCases() []testCase {
	return []testCase{
		{"a key is found by the digest of its text, as it was made", func(s *shop) {
			text, key := s.newKey("storefront", "")
			s.check(s.CreateKey(s.ctx, key, apikey.Digest(text)))
			s.found(text, key)
			_, unlimited, err := apikey.New(time.Now(), "for ever, é", apikey.AllScopes(), time.Time{})
			s.check(err)
			s.check(s.CreateKey(s.ctx, unlimited, apikey.Digest("another")))
			s.found("another", unlimited)
		}},
		{"a digest that no key has is unknown", func(s *shop) {
			s.storedKey("storefront")
			_, err := s.KeyByDigest(s.ctx, apikey.Digest("ck_"))
			s.refused(err, &apikey.UnknownError{})
			s.equal("text", err.Error(), "there is no such API key")
		}},
		{"keys are listed with the newest first, whatever their state", testKeyList},
		{"a key whose id or whose text is taken is refused, and nothing changes", func(s *shop) {
			text, key := s.storedKey("first")
			_, other := s.newKey("second", "")
			s.refused(s.CreateKey(s.ctx, other, apikey.Digest(text)), &persistence.KeyTakenError{ID: other.ID})
			other.ID = key.ID
			s.refused(s.CreateKey(s.ctx, other, apikey.Digest("another")), &persistence.KeyTakenError{ID: key.ID})
			s.keys(key)
		}},
		{"a key that New would not have made is refused", func(s *shop) {
			_, key := s.newKey("k", "")
			key.Name = ""
			err := s.CreateKey(s.ctx, key, apikey.Digest("a"))
			s.refused(err, &persistence.InvalidError{Field: "name", Problem: "is empty; say what the key is for, such as storefront"})
			_, key = s.newKey("k", "")
			key.Scopes = apikey.Scopes{"a\x00"}
			err = s.CreateKey(s.ctx, key, apikey.Digest("a"))
			s.refused(err, &persistence.InvalidError{Field: "scopes", Problem: "contains a NUL character"})
			s.keys()
		}},
		{"scopes of a newer version stay with the key", func(s *shop) {
			text, key := s.newKey("k", "")
			key.Scopes = append(key.Scopes, "moon:write")
			s.check(s.CreateKey(s.ctx, key, apikey.Digest(text)))
			s.found(text, key)
		}},
		{"a revoked key is revoked once, and says so the second time", testRevokeKey},
		{"a key that is unknown cannot be revoked", func(s *shop) {
			for _, id := range []string{"", "nobody", "a\x00"} {
				_, _, err := s.RevokeKey(s.ctx, id)
				s.refused(err, &apikey.UnknownError{ID: id})
			}
		}},
		{"a key that replaces another one tells of it, and that one goes on for a while", testRotateKey},
		{"a key that is over before that is not prolonged by being replaced", func(s *shop) {
			_, old := s.storedKey("k")
			text, key := s.newKey("k", old.ID)
			replaced, err := s.RotateKey(s.ctx, key, apikey.Digest(text), old.Expires.Add(time.Hour))
			s.check(err)
			s.equal("replaced", replaced, old)
			s.keys(old, key)
		}},
		{"a key that is not in force, or not there, cannot be replaced", testRotateInactive},
		{"a key may say that it replaces one that goes on", func(s *shop) {
			_, old := s.storedKey("k")
			text, key := s.newKey("k", old.ID)
			s.check(s.CreateKey(s.ctx, key, apikey.Digest(text)))
			s.keys(old, key)
			_, lost := s.newKey("k", "nobody")
			s.refused(s.CreateKey(s.ctx, lost, apikey.Digest("lost")), &apikey.UnknownError{ID: "nobody"})
		}},
		{"the last use of keys is kept, never goes back, and those that are unknown are passed over", testTouchKeys},
		{"of many who create the same key at the same time one does", func(s *shop) {
			text, key := s.newKey("k", "")
			var made atomic.Int64
			together(8, func(int) {
				err := s.CreateKey(s.ctx, key, apikey.Digest(text))
				if err == nil {
					made.Add(1)
					return
				}
				s.equal("error", err, error(&persistence.KeyTakenError{ID: key.ID}))
			})
			s.equal("made", made.Load(), int64(1))
		}},
		{"of many who revoke a key at the same time one has done it, and the audit log tells of one", testManyRevoke},
		{"of many who replace a key at the same time one does", testManyRotate},
		{"the last of many uses told in any order is the one that is kept", testManyTouches},
	}
}

// newKey makes a key for an hour, which is not stored.
func (s *shop) newKey(name, rotates string) (text string, key apikey.Key) {
	s.t.Helper()
	now := time.Now()
	text, key, err := apikey.New(now, name, apikey.Scopes{apikey.OrdersWrite, apikey.QuotesRead}, now.Add(time.Hour))
	s.check(err)
	key.Rotates = rotates
	return text, key
}

func (s *shop) storedKey(name string) (text string, key apikey.Key) {
	s.t.Helper()
	text, key = s.newKey(name, "")
	s.check(s.CreateKey(s.ctx, key, apikey.Digest(text)))
	return text, key
}

func (s *shop) found(text string, want apikey.Key) {
	s.t.Helper()
	got, err := s.KeyByDigest(s.ctx, apikey.Digest(text))
	s.check(err)
	s.equal("key", got, want)
}

// keys demands that there are these, the newest last.
func (s *shop) keys(want ...apikey.Key) {
	s.t.Helper()
	got, err := s.Keys(s.ctx)
	s.check(err)
	byID := make(map[string]apikey.Key)
	for _, key := range got {
		byID[key.ID] = key
	}
	wanted := make(map[string]apikey.Key)
	for _, key := range want {
		wanted[key.ID] = key
	}
	s.equal("keys", byID, wanted)
}

func testKeyList(s *shop) {
	var want []string
	for i, name := range []string{"oldest", "older", "newest"} {
		text, key := s.newKey(name, "")
		key.Created = key.Created.Add(time.Duration(i-5) * time.Minute)
		s.check(s.CreateKey(s.ctx, key, apikey.Digest(text)))
		want = append([]string{name}, want...)
		if i == 1 {
			_, _, err := s.RevokeKey(s.ctx, key.ID)
			s.check(err)
		}
	}
	for _, list := range []func(context.Context) ([]apikey.Key, error){s.Keys, s.Archive().Keys} {
		keys, err := list(s.ctx)
		s.check(err)
		var names []string
		for _, key := range keys {
			names = append(names, key.Name)
		}
		s.equal("names", names, want)
	}
}

func testRevokeKey(s *shop) {
	text, key := s.storedKey("k")
	_, other := s.storedKey("other")
	before := time.Now().Truncate(time.Microsecond)
	revoked, already, err := s.RevokeKey(s.ctx, key.ID)
	s.wants(err, !already && !revoked.Revoked.Before(before), "the key revoked now")
	key.Revoked = revoked.Revoked
	s.equal("revoked", revoked, key)
	s.found(text, key)
	again, already, err := s.later(time.Minute).RevokeKey(s.ctx, key.ID)
	s.wants(err, already, "it was revoked already")
	s.equal("revoked again", again, key)
	s.keys(key, other)
}

func testRotateKey(s *shop) {
	_, old := s.storedKey("k")
	text, key := s.newKey("k", old.ID)
	until := time.Now().Add(10 * time.Minute).UTC().Truncate(time.Microsecond)
	replaced, err := s.RotateKey(s.ctx, key, apikey.Digest(text), until)
	s.check(err)
	old.Expires = until
	s.equal("replaced", replaced, old)
	s.found(text, key)
	s.keys(old, key)

	another, third := s.newKey("k", old.ID)
	_, err = s.RotateKey(s.ctx, third, apikey.Digest(another), until)
	s.refused(err, &persistence.KeyReplacedError{ID: old.ID, By: key.ID})
	s.keys(old, key)
	key, _, err = s.RevokeKey(s.ctx, key.ID)
	s.check(err)
	_, err = s.RotateKey(s.ctx, third, apikey.Digest(another), until)
	s.check(err)
	s.keys(old, key, third)
}

func testManyRotate(s *shop) {
	_, old := s.storedKey("k")
	var made atomic.Int64
	together(8, func(int) {
		text, key := s.newKey("k", old.ID)
		_, err := s.RotateKey(s.ctx, key, apikey.Digest(text), time.Now().Add(time.Minute))
		if err == nil {
			made.Add(1)
			return
		}
		refused, ok := errors.AsType[*persistence.KeyReplacedError](err)
		s.wants(nil, ok && refused.ID == old.ID, "that the key is being replaced already")
	})
	s.equal("made", made.Load(), int64(1))
	keys, err := s.Keys(s.ctx)
	s.check(err)
	s.equal("keys", len(keys), 2)
}

func testRotateInactive(s *shop) {
	_, old := s.storedKey("k")
	_, key := s.newKey("k", old.ID)
	rotate := func(at *shop) error {
		_, err := at.RotateKey(s.ctx, key, apikey.Digest("new"), time.Now())
		return err
	}
	s.refused(rotate(s.later(2*time.Hour)), &apikey.InactiveError{ID: old.ID, State: apikey.Expired, Since: old.Expires})
	revoked, _, err := s.RevokeKey(s.ctx, old.ID)
	s.check(err)
	s.refused(rotate(s), &apikey.InactiveError{ID: old.ID, State: apikey.Revoked, Since: revoked.Revoked})
	for _, id := range []string{"", "nobody"} {
		key.Rotates = id
		s.refused(rotate(s), &apikey.UnknownError{ID: id})
	}
	s.keys(revoked)
}

func testTouchKeys(s *shop) {
	_, a := s.storedKey("a")
	_, b := s.storedKey("b")
	late := time.Now().UTC().Truncate(time.Microsecond).Add(time.Second)
	touch := func(used map[string]time.Time) {
		s.t.Helper()
		s.check(s.TouchKeys(s.ctx, used))
	}
	touch(nil)
	touch(map[string]time.Time{a.ID: late.In(time.FixedZone("", 3600)), b.ID: {}, "nobody": late, "\x00": late})
	a.LastUsed = late
	s.keys(a, b)
	touch(map[string]time.Time{a.ID: late.Add(-time.Microsecond), b.ID: late.Add(time.Millisecond + time.Nanosecond)})
	b.LastUsed = late.Add(time.Millisecond)
	s.keys(a, b)
	touch(map[string]time.Time{a.ID: late.Add(time.Microsecond)})
	a.LastUsed = late.Add(time.Microsecond)
	s.keys(a, b)
}

func testManyRevoke(s *shop) {
	const rounds = 8
	for range rounds {
		_, key := s.storedKey("k")
		ctx := audit.With(s.ctx, audit.Entry{Actor: audit.CLI, Action: "keys.revoke", Subject: key.ID})
		var first atomic.Int64
		together(8, func(int) {
			_, already, err := s.RevokeKey(ctx, key.ID)
			s.wants(err, true, "it revoked")
			if !already {
				first.Add(1)
			}
		})
		s.equal("who did it", first.Load(), int64(1))
	}
	s.equal("entries", len(s.log(audit.Filter{})), rounds)
}

func testManyTouches(s *shop) {
	const many = 16
	_, a := s.storedKey("a")
	_, b := s.storedKey("b")
	start := time.Now().UTC().Truncate(time.Microsecond)
	together(many, func(i int) {
		at := start.Add(time.Duration(i*7%many) * time.Millisecond)
		s.wants(s.TouchKeys(s.ctx, map[string]time.Time{a.ID: at, b.ID: at}), true, "the use kept")
	})
	a.LastUsed, b.LastUsed = start.Add((many-1)*time.Millisecond), start.Add((many-1)*time.Millisecond)
	s.keys(a, b)
}

// apiKeyCalls is every method that asks the database about keys of the API and the
// audit log, by name.
func (s *shop) apiKeyCalls() map[string]func(context.Context) error {
	_, key := s.newKey("k", "")
	entry := audit.Entry{Actor: audit.CLI, Action: "a", Detail: json.RawMessage("{}")}
	return map[string]func(context.Context) error{
		"CreateKey": func(ctx context.Context) error { return s.CreateKey(ctx, key, apikey.Digest("a")) },
		"RotateKey": func(ctx context.Context) error {
			_, err := s.RotateKey(ctx, key, apikey.Digest("a"), time.Now())
			return err
		},
		"KeyByDigest": func(ctx context.Context) error { _, err := s.KeyByDigest(ctx, apikey.Digest("a")); return err },
		"Keys":        func(ctx context.Context) error { _, err := s.Keys(ctx); return err },
		"RevokeKey":   func(ctx context.Context) error { _, _, err := s.RevokeKey(ctx, key.ID); return err },
		"TouchKeys":   func(ctx context.Context) error { return s.TouchKeys(ctx, map[string]time.Time{key.ID: time.Now()}) },
		"Audit":       func(ctx context.Context) error { return s.Audit(ctx, entry) },
		"AuditLog":    func(ctx context.Context) error { _, err := s.AuditLog(ctx, audit.Filter{Limit: 1}); return err },
		"PurgeAudit":  func(ctx context.Context) error { _, err := s.PurgeAudit(ctx, time.Now()); return err },
	}
}
