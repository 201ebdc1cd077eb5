package storetest

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/engine/apikey"
	"github.com/checkout-promotions/checkout/engine/audit"
	"github.com/checkout-promotions/checkout/engine/idempotency"
	"github.com/checkout-promotions/checkout/persistence"
)

func auditCases() []testCase {
	return []testCase{
		{"entries come back as they were stored, the newest first", func(s *shop) {
			full := audit.Entry{
				Actor: "abcdefghij", Action: "items.update", Subject: tv, RequestID: "r-1", Detail: json.RawMessage(`{"stock":[10,"é\u0000"]}`),
			}
			s.check(s.Audit(s.ctx))
			s.check(s.Audit(s.ctx, full, audit.Entry{ID: 77, At: time.Now().Add(time.Hour), Actor: audit.CLI, Action: "db.migrate"}))
			s.logged(audit.Filter{}, audit.Entry{Actor: audit.CLI, Action: "db.migrate", Detail: json.RawMessage("{}")}, full)
		}},
		{"entries are selected by actor, action, subject and instant, and read in pages", testAuditFilter},
		{"an entry that cannot be kept is refused, and those beside it are not kept", testAuditRefusals},
		{"an entry is stored with the effect that it tells of, and with no other", testAuditWithEffect},
		{"what is made for the key of a request is told once, however often it is asked for", func(s *shop) {
			s.stock()
			ctx := audit.With(s.ctx, told("items.update"))
			claim := s.claims(key("K"))
			_, err := s.AdjustStock(idempotency.WithClaim(ctx, claim), tv, 5, persistence.ReasonReceipt, "")
			s.check(err)
			s.check(s.ReleaseKey(s.ctx, claim))
			_, err = s.AdjustStock(idempotency.WithClaim(ctx, s.claims(key("K"))), tv, 5, persistence.ReasonReceipt, "")
			s.check(err)
			s.leaves(map[string]int64{tv: 15})
			s.logged(audit.Filter{}, told("items.update"))
		}},
		{"a change whose entry cannot be kept does not happen", func(s *shop) {
			s.stock()
			unchanged := s.unchanged()
			_, err := s.AdjustStock(audit.With(s.ctx, audit.Entry{Action: "items.update"}), tv, 5, persistence.ReasonReceipt, "")
			s.refused(err, &persistence.InvalidError{Field: "entries[0].actor", Problem: "is empty"})
			unchanged()
		}},
		{"old entries are removed, in as many steps as that takes", testPurgeAudit},
		{"many write at the same time, and each entry is there once", func(s *shop) {
			const many = 12
			together(many, func(i int) {
				s.wants(s.Audit(s.ctx, told(fmt.Sprint("a", i)), told(fmt.Sprint("b", i))), true, "the entries stored")
			})
			log := s.log(audit.Filter{})
			actions := make(map[string]bool)
			for i, e := range log {
				actions[e.Action] = true
				s.wants(nil, i == 0 || e.ID < log[i-1].ID, "ids that fall")
			}
			s.equal("actions", len(actions), 2*many)
		}},
	}
}

// told is an entry as it comes back.
func told(action string) audit.Entry {
	return audit.Entry{Actor: audit.CLI, Action: action, Detail: json.RawMessage("{}")}
}

// log reads the audit log, all of it when the filter has no limit.
func (s *shop) log(f audit.Filter) []audit.Entry {
	s.t.Helper()
	if f.Limit == 0 {
		f.Limit = audit.MaxEntries
	}
	entries, err := s.AuditLog(s.ctx, f)
	s.check(err)
	return entries
}

// logged demands these entries, with ids that fall and the instant of now.
func (s *shop) logged(f audit.Filter, want ...audit.Entry) {
	s.t.Helper()
	got := s.log(f)
	var last int64 = math.MaxInt64
	for i := range got {
		if got[i].ID >= last || time.Since(got[i].At).Abs() > patience || got[i].At.Location() != time.UTC {
			s.t.Errorf("got id %d after %d, at %v; want ids that fall, now and in UTC", got[i].ID, last, got[i].At)
		}
		last = got[i].ID
		got[i].ID, got[i].At = 0, time.Time{}
	}
	s.equal("entries", got, want)
}

func testAuditFilter(s *shop) {
	entry := func(actor, action, subject string) audit.Entry {
		return audit.Entry{Actor: actor, Action: action, Subject: subject, Detail: json.RawMessage("{}")}
	}
	a, b, c := entry("ann", "items.update", tv), entry("bob", "items.update", pi), entry("ann", "keys.revoke", pi)
	s.check(s.Audit(s.ctx, a, b, c))
	d := entry("ann", "items.update", pi)
	s.check(s.later(time.Hour).Audit(s.ctx, d))
	s.equal("later ones", len(s.log(audit.Filter{Since: time.Now().Add(time.Minute)})), 1)
	s.equal("later ones of another", len(s.log(audit.Filter{Actor: "bob", Since: time.Now().Add(time.Minute)})), 0)
	removed, err := s.PurgeAudit(s.ctx, time.Now().Add(-time.Hour))
	s.check(err)
	s.equal("removed", removed, int64(0))
	newest := s.log(audit.Filter{Limit: 1})[0]
	before := newest.ID
	for _, f := range []struct {
		filter audit.Filter
		want   []audit.Entry
	}{
		{audit.Filter{Before: before}, []audit.Entry{c, b, a}},
		{audit.Filter{Before: before, Actor: "ann"}, []audit.Entry{c, a}},
		{audit.Filter{Before: before, Action: "items.update"}, []audit.Entry{b, a}},
		{audit.Filter{Before: before, Subject: pi}, []audit.Entry{c, b}},
		{audit.Filter{Before: before, Actor: "ann", Action: "items.update", Subject: tv}, []audit.Entry{a}},
		{audit.Filter{Before: before, Actor: "Ann"}, nil},
		{audit.Filter{Before: before, Actor: "a\x00"}, nil},
		{audit.Filter{Before: before, Limit: 2}, []audit.Entry{c, b}},
		{audit.Filter{Before: before - 2, Limit: 2}, []audit.Entry{a}},
		{audit.Filter{Before: before, Since: time.Now().Add(-time.Hour)}, []audit.Entry{c, b, a}},
		{audit.Filter{Until: time.Now().Add(time.Minute)}, []audit.Entry{c, b, a}},
		{audit.Filter{Until: time.Now().Add(-time.Hour)}, nil},
		{audit.Filter{Since: time.Now().Add(-time.Hour), Until: time.Now().Add(time.Minute), Actor: "bob"}, []audit.Entry{b}},
	} {
		s.logged(f.filter, f.want...)
	}
	archived, err := s.Archive().AuditLog(s.ctx, audit.Filter{Limit: 1})
	s.check(err)
	s.equal("entries of the archive", archived, []audit.Entry{newest})
	for _, limit := range []int{0, -1, audit.MaxEntries + 1} {
		_, err := s.AuditLog(s.ctx, audit.Filter{Limit: limit})
		s.refused(err, &persistence.InvalidError{Field: "limit", Problem: fmt.Sprintf("is %d; want 1 to 1000", limit)})
	}
}

func testAuditRefusals(s *shop) {
	long := strings.Repeat("a", audit.MaxText)
	good := audit.Entry{Actor: long, Action: long, Subject: long, RequestID: long}
	for _, c := range []struct {
		change  func(*audit.Entry)
		field   string
		problem string
	}{
		{func(e *audit.Entry) { e.Actor = "" }, "actor", "is empty"},
		{func(e *audit.Entry) { e.Action = "" }, "action", "is empty"},
		{func(e *audit.Entry) { e.Subject += "a" }, "subject", "has 256 bytes; want at most 255"},
		{func(e *audit.Entry) { e.RequestID = "\x00" }, "request_id", "contains a NUL character"},
		{func(e *audit.Entry) { e.Subject = "\xff" }, "subject", "is not valid UTF-8"},
		{func(e *audit.Entry) { e.Detail = json.RawMessage("[]") }, "detail", "is no JSON object"},
		{func(e *audit.Entry) { e.Detail = json.RawMessage(`{"a"`) }, "detail", "is no JSON object"},
		{func(e *audit.Entry) { e.Detail = json.RawMessage(" ") }, "detail", "is no JSON object"},
		{func(e *audit.Entry) { e.Detail = json.RawMessage("{\"a\":\"\xff\"}") }, "detail", "is not valid UTF-8"},
		{
			func(e *audit.Entry) {
				e.Detail = json.RawMessage(`{"a":"` + strings.Repeat("a", audit.MaxDetail) + `"}`)
			},
			"detail", "has 65544 bytes; want at most 65536",
		},
	} {
		bad := good
		c.change(&bad)
		s.refused(s.Audit(s.ctx, good, bad), &persistence.InvalidError{Field: "entries[1]." + c.field, Problem: c.problem})
	}
	s.logged(audit.Filter{})
	s.check(s.Audit(s.ctx, good))
}

func testAuditWithEffect(s *shop) {
	s.stock()
	pool := short
	_, k := s.newKey("k", "")
	_, next := s.newKey("k", k.ID)
	order := s.sold(tv)
	held, err := s.Hold(s.ctx, s.limited(tv), time.Minute)
	s.check(err)
	for _, c := range []struct {
		action string
		do     func(s *shop) error
		fails  func(s *shop) error
	}{
		{
			"CreateKey",
			func(s *shop) error { return s.CreateKey(s.ctx, k, apikey.Digest("a")) },
			func(s *shop) error { return s.CreateKey(s.ctx, k, apikey.Digest("a")) },
		},
		{
			"RotateKey",
			func(s *shop) error {
				_, err := s.RotateKey(s.ctx, next, apikey.Digest("b"), time.Now().Add(time.Hour))
				return err
			},
			func(s *shop) error {
				_, err := s.RotateKey(s.ctx, next, apikey.Digest("b"), time.Now().Add(time.Hour))
				return err
			},
		},
		{
			"RevokeKey",
			func(s *shop) error { _, _, err := s.RevokeKey(s.ctx, k.ID); return err },
			func(s *shop) error { _, _, err := s.RevokeKey(s.ctx, "nobody"); return err },
		},
		{
			"UpsertBasics",
			func(s *shop) error { _, err := s.UpsertBasics(s.ctx, []engine.Item{{SKU: "A", Name: "a"}}); return err },
			func(s *shop) error { _, err := s.UpsertBasics(s.ctx, []engine.Item{{SKU: "B", Name: "a"}}); return err },
		},
		{
			"DeleteItems",
			func(s *shop) error { return s.DeleteItems(s.ctx, []string{pi}) },
			func(s *shop) error { return s.DeleteItems(s.ctx, []string{"nothing"}) },
		},
		{
			"RestoreItems",
			func(s *shop) error { return s.RestoreItems(s.ctx, []string{pi}) },
			func(s *shop) error { return s.RestoreItems(s.ctx, []string{"nothing"}) },
		},
		{
			"SetStock",
			func(s *shop) error { _, err := s.SetStock(s.ctx, pi, 7, persistence.ReasonCorrection, ""); return err },
			func(s *shop) error {
				_, err := s.SetStock(s.ctx, "none", 7, persistence.ReasonCorrection, "")
				return err
			},
		},
		{
			"CancelOrder",
			func(s *shop) error { _, err := s.CancelOrder(s.ctx, order.Reference, ""); return err },
			func(s *shop) error { _, err := s.CancelOrder(s.ctx, order.Reference, ""); return err },
		},
		{
			"ReleaseHold",
			func(s *shop) error { return s.ReleaseHold(s.ctx, held.Reference) },
			func(s *shop) error { return s.ReleaseHold(s.ctx, held.Reference) },
		},
		{
			"CreatePool",
			func(s *shop) error { _, err := s.CreatePool(s.ctx, "spring", pool, 0); return err },
			func(s *shop) error { _, err := s.CreatePool(s.ctx, "spring", pool, 0); return err },
		},
		{
			"GenerateCodes",
			func(s *shop) error { _, err := s.GenerateCodes(s.ctx, "spring", 2, nil); return err },
			func(s *shop) error { _, err := s.GenerateCodes(s.ctx, "none", 2, nil); return err },
		},
		{
			"ImportCodes",
			func(s *shop) error {
				_, err := s.ImportCodes(s.ctx, "spring", strings.NewReader("code\nA\n"), nil)
				return err
			},
			func(s *shop) error {
				_, err := s.ImportCodes(s.ctx, "spring", strings.NewReader("code\na\n"), nil)
				return err
			},
		},
		{
			"RevokeCodes",
			func(s *shop) error { _, err := s.RevokeCodes(s.ctx, []string{"A"}); return err },
			func(s *shop) error { _, err := s.RevokeCodes(s.ctx, []string{"B"}); return err },
		},
		{
			"RevokePool",
			func(s *shop) error { return s.RevokePool(s.ctx, "spring", nil) },
			func(s *shop) error { return s.RevokePool(s.ctx, "none", nil) },
		},
	} {
		audited := *s
		audited.ctx = audit.With(s.ctx, told(c.action))
		s.equal("entries of "+c.action+" before", len(s.log(audit.Filter{Action: c.action})), 0)
		if err := c.do(&audited); err != nil {
			s.t.Errorf("%s: got error %v, want none", c.action, err)
		}
		if err := c.fails(&audited); err == nil {
			s.t.Errorf("%s: got no error, want a refusal", c.action)
		}
		s.logged(audit.Filter{Action: c.action}, told(c.action))
	}
}

func testPurgeAudit(s *shop) {
	old := make([]audit.Entry, 1200)
	for i := range old {
		old[i] = told("old")
	}
	s.check(s.Audit(s.ctx, old...))
	s.check(s.later(time.Hour).Audit(s.ctx, told("new")))
	removed, err := s.PurgeAudit(s.ctx, time.Now().Add(-time.Minute))
	s.check(err)
	s.equal("removed of nothing", removed, int64(0))
	s.equal("entries", len(s.log(audit.Filter{Limit: 1000, Action: "audit.purge"})), 0)
	at := time.Now().Add(30 * time.Minute).UTC()
	late := s.later(2 * time.Hour)
	removed, err = late.PurgeAudit(s.ctx, at)
	s.check(err)
	s.equal("removed", removed, int64(len(old)))
	s.equal("left", len(s.log(audit.Filter{})), 2)
	s.equal("left of the new ones", len(s.log(audit.Filter{Action: "new"})), 1)
	purges := s.log(audit.Filter{Action: audit.Purge})
	s.equal("entries of the purge", len(purges), 1)
	s.equal("who did it", purges[0].Actor, audit.Server)
	s.equal("what it tells", string(purges[0].Detail), fmt.Sprintf(`{"before":%q}`, at.Format(time.RFC3339Nano)))

	s.check(s.later(30*time.Minute).Audit(s.ctx, told(audit.Purge)))
	removed, err = late.PurgeAudit(s.ctx, time.Now().Add(45*time.Minute))
	s.check(err)
	s.equal("removed of what told of purges", removed, int64(1))
	s.equal("entries of purges", len(s.log(audit.Filter{Action: audit.Purge})), 1)
}
