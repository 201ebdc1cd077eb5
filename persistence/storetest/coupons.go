package storetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/persistence/coupon"
)

func couponCases() []testCase {
	return []testCase{
		{"a pool is created with what it was asked for and no codes", testCreatePool},
		{"a pool that cannot be is refused", testRefusedPools},
		{"pools are listed by name with their counts", testPools},
		{"codes are made, all different, normal and of the pool's format", testGenerate},
		{"more codes come on top of those that are there", testGenerateMore},
		{"more codes than could be kept from being guessed are refused, and none is made", testGenerateTooMany},
		{"a run that is broken off goes on where it was and ends with as many codes", testResume},
		{"many generators of one pool make together what they were asked for", testGeneratorsTogether},
		{"a code that another pool has is passed over", testPassOver},
		{"a code is found in any case, with its pool and state", testLookup},
		{"revoked codes are unknown until they are restored, and all are revoked or none", testRevoke},
		{"a revoked pool has no code, new ones included, until it is restored", testRevokePool},
		{"an export has every code once, in the order of issue", testExport},
		{"an export of a pool that is not there, or to a writer that fails, is an error", testExportErrors},
		{"codes are imported in the order of the file, whatever the other columns", testImport},
		{"all faults of an import come at once, each with its line, and nothing is imported", testImportFaults},
		{"a file without codes is refused", testImportNothing},
		{"codes that stand far apart in a file twice are found", testImportFarApart},
		{"an import that two do at once is done once", testImportTogether},
		{"methods of pools that are not there say so", testUnknownPools},
		{"a pool is ensured again and again and has what it was asked for once", testEnsurePool},
		{"a pool is changed only as it was read, and of many who do so at once one does", testPoolRevisions},
		{"codes of a list are added once, all or none", testAddCodes},
		{"codes are told page by page", testCodePages},
	}
}

var short = coupon.Format{Prefix: "SPRING", Length: 8, Group: 4}

func (s *shop) pool(name string, wanted int64) {
	s.t.Helper()
	_, err := s.CreatePool(s.ctx, name, short, wanted)
	s.check(err)
}

// generated is a pool with so many codes.
func (s *shop) generated(name string, wanted int64) []string {
	s.t.Helper()
	s.pool(name, wanted)
	_, err := s.GenerateCodes(s.ctx, name, 0, nil)
	s.check(err)
	return s.codes(name)
}

// codes returns the codes of the pool as exported.
func (s *shop) codes(pool string) []string {
	s.t.Helper()
	lines := s.exported(pool)
	codes := make([]string, len(lines))
	for i, line := range lines {
		codes[i], _, _ = strings.Cut(line, ",")
	}
	return codes
}

// exported returns the lines of an export without the headings.
func (s *shop) exported(pool string) []string {
	s.t.Helper()
	var text strings.Builder
	n, err := s.ExportCodes(s.ctx, pool, &text)
	s.check(err)
	lines := strings.Split(strings.TrimSuffix(text.String(), "\n"), "\n")
	s.equal("headings", lines[0], "code,pool,state,redemptions,issued_at")
	s.equal("number of exported codes", int64(len(lines)-1), n)
	return lines[1:]
}

func (s *shop) poolIs(name string, want persistence.CouponPool) {
	s.t.Helper()
	got, err := s.Pool(s.ctx, name)
	s.check(err)
	got.CreatedAt, got.RevokedAt, got.Revision = time.Time{}, time.Time{}, 0 // see testPoolRevisions
	want.Name = name
	if want.Format == (coupon.Format{}) {
		want.Format = short
	}
	s.equal("pool", got, want)
}

func testCreatePool(s *shop) {
	before := time.Now().Add(-time.Millisecond)
	created, err := s.CreatePool(s.ctx, "spring", short, 500)
	s.check(err)
	s.equal("pool", created, persistence.CouponPool{Name: "spring", Format: short, Wanted: 500, CreatedAt: created.CreatedAt, Revision: 1})
	s.equal("created now", created.CreatedAt.After(before) && !created.CreatedAt.After(time.Now()), true)
	read, err := s.Pool(s.ctx, "spring")
	s.check(err)
	s.equal("pool when it is read", read, created)
	s.equal("codes still to be made", read.Unfinished(), int64(500))
	s.equal("codes", s.exported("spring"), []string{})
}

func testRefusedPools(s *shop) {
	s.pool("spring", 1)
	for _, c := range []struct {
		name   string
		format coupon.Format
		wanted int64
		want   error
	}{
		{"spring", short, 1, &persistence.PoolTakenError{Name: "spring"}},
		{"", short, 1, &persistence.InvalidError{Field: "pool", Problem: `"" is no name; use 1 to 64 letters, digits, - and _`}},
		{"a b", short, 1, &persistence.InvalidError{Field: "pool", Problem: `"a b" is no name; use 1 to 64 letters, digits, - and _`}},
		{"a", coupon.Format{Length: 3}, 1, &persistence.InvalidError{Field: "format", Problem: "length is 3; want 6 to 14"}},
		{"a", short, -1, &persistence.InvalidError{Field: "wanted", Problem: "is -1; want 0 or more"}},
		{"a", short, 340_483, &coupon.GuessableError{Format: short, Wanted: 340_483, Possible: 3_404_825_447, Length: 9}},
	} {
		_, err := s.CreatePool(s.ctx, c.name, c.format, c.wanted)
		s.refused(err, c.want)
	}
	pools, err := s.Pools(s.ctx)
	s.check(err)
	s.equal("pools", len(pools), 1)
}

func testPools(s *shop) {
	codes := s.generated("b", 3)
	s.pool("a", 0)
	s.addCodes("a", "code\nX1\nX2\n")
	_, err := s.RevokeCodes(s.ctx, codes[:1])
	s.check(err)
	s.check(s.RevokePool(s.ctx, "a", nil))
	pools, err := s.Pools(s.ctx)
	s.check(err)
	s.equal("number of pools", len(pools), 2)
	s.equal("revoked", []bool{pools[0].RevokedAt.IsZero(), pools[1].RevokedAt.IsZero()}, []bool{false, true})
	for i := range pools {
		pools[i].CreatedAt, pools[i].RevokedAt = time.Time{}, time.Time{}
	}
	s.equal("pools", pools, []persistence.CouponPool{
		{Name: "a", Format: short, Imported: 2, Revision: 2},
		{Name: "b", Format: short, Wanted: 3, Issued: 3, Revoked: 1, Revision: 1},
	})
}

func testGenerate(s *shop) {
	const n = 20_001 // several transactions, the last of them smaller
	s.pool("spring", n)
	var told []int64
	pool, err := s.GenerateCodes(s.ctx, "spring", 0, func(done, total int64) {
		s.equal("total", total, int64(n))
		told = append(told, done)
	})
	s.check(err)
	s.equal("codes made", pool.Issued, int64(n))
	s.equal("progress goes up to the end", slices.IsSorted(told) && told[len(told)-1] == n, true)
	codes := s.codes("spring")
	s.equal("exported codes", len(codes), n)
	for _, code := range codes {
		if why := short.Explain(code); why != "" || engine.NormalizeCoupon(code) != code {
			s.t.Errorf("got code %s, which %s", code, why)
		}
	}
	s.equal("distinct codes", len(distinct(codes)), n)
	s.check2(s.GenerateCodes(s.ctx, "spring", 0, func(int64, int64) { s.t.Errorf("got progress, want nothing to do") }))
}

// check2 is check for calls whose result does not matter.
func (s *shop) check2(_ any, err error) {
	s.t.Helper()
	s.check(err)
}

func distinct(codes []string) []string { return slices.Compact(slices.Sorted(slices.Values(codes))) }

func testGenerateMore(s *shop) {
	first := s.generated("spring", 10)
	s.check2(s.GenerateCodes(s.ctx, "spring", 5, nil))
	codes := s.codes("spring")
	s.equal("codes", len(distinct(codes)), 15)
	for _, code := range first {
		s.equal("an earlier code is kept", slices.Contains(codes, code), true)
	}
	s.poolIs("spring", persistence.CouponPool{Wanted: 15, Issued: 15})
}

func testGenerateTooMany(s *shop) {
	s.generated("spring", 10)
	_, err := s.GenerateCodes(s.ctx, "spring", 340_473, nil)
	s.refused(err, &coupon.GuessableError{Format: short, Wanted: 340_483, Possible: 3_404_825_447, Length: 9})
	_, err = s.GenerateCodes(s.ctx, "spring", 1<<62, nil)
	var guessable *coupon.GuessableError
	s.equal("refused", errors.As(err, &guessable), true)
	_, err = s.GenerateCodes(s.ctx, "spring", -1, nil)
	s.refused(err, &persistence.InvalidError{Field: "count", Problem: "is -1; want 0 or more"})
	s.poolIs("spring", persistence.CouponPool{Wanted: 10, Issued: 10})
}

// testResume breaks off after each transaction.
func testResume(s *shop) {
	const n = 6000
	s.pool("spring", 10)
	more, runs := int64(n-10), 0
	for done := false; !done; runs++ {
		ctx, cancel := context.WithCancel(s.ctx)
		_, err := s.GenerateCodes(ctx, "spring", more, func(int64, int64) { cancel() })
		if done = err == nil; !done {
			s.is(err, context.Canceled)
		}
		cancel()
		more = 0
		pool, err := s.Pool(s.ctx, "spring")
		s.check(err)
		s.equal("codes that are there are those that were counted", int64(len(s.codes("spring"))), pool.Issued)
	}
	s.equal("several runs", runs > 2, true)
	s.poolIs("spring", persistence.CouponPool{Wanted: n, Issued: n})
	s.equal("codes", len(distinct(s.codes("spring"))), n)
}

func testGeneratorsTogether(s *shop) {
	s.pool("spring", 1000)
	together(4, func(i int) {
		pool, err := s.sameDatabase(persistence.Options{}).GenerateCodes(s.ctx, "spring", int64(9000+i), nil)
		s.wants(err, pool.Issued >= 1000+9000+int64(i), "all codes of this call made; others may want more by now")
	})
	const n = 1000 + 4*9000 + 6
	s.poolIs("spring", persistence.CouponPool{Wanted: n, Issued: n})
	s.equal("codes", len(distinct(s.codes("spring"))), n)
}

// testPassOver lets another pool have a code that this one is about to make: it
// takes the place of one that was made and removed.
func testPassOver(s *shop) {
	codes := s.generated("spring", 20)
	_, err := s.db.Writer.NewRaw("DELETE FROM coupon_codes WHERE pool = 'spring'").Exec(s.ctx)
	s.check(err)
	_, err = s.db.Writer.NewRaw("UPDATE coupon_pools SET issued = 0, position = 0 WHERE name = 'spring'").Exec(s.ctx)
	s.check(err)
	s.pool("other", 0)
	s.addCodes("other", "code\n"+strings.Join(codes[3:7], "\n"))
	s.check2(s.GenerateCodes(s.ctx, "spring", 0, nil))
	s.poolIs("spring", persistence.CouponPool{Wanted: 20, Issued: 20})
	again := s.codes("spring")
	s.equal("codes", len(distinct(again)), 20)
	for i, code := range codes {
		s.equal("the same code unless another pool has it", slices.Contains(again, code), i < 3 || i >= 7)
	}
	s.equal("codes of the other pool", s.codes("other"), slices.Sorted(slices.Values(codes[3:7])))
}

func testLookup(s *shop) {
	code := s.generated("spring", 2)[0]
	found, err := s.LookupCode(s.ctx, " "+strings.ToLower(code)+" ")
	s.check(err)
	s.equal("code", found, persistence.CouponCode{
		Code: code, Pool: "spring", State: persistence.CodeAvailable, Source: persistence.CodeGenerated, IssuedAt: found.IssuedAt,
	})
	s.equal("an instant of issue", time.Since(found.IssuedAt) < time.Hour, true)
	for _, unknown := range []string{"NONE", "", "A\x00", "\xff"} {
		_, err = s.LookupCode(s.ctx, unknown)
		s.refused(err, &persistence.UnknownCodesError{Codes: []string{engine.NormalizeCoupon(unknown)}})
	}
}

func (s *shop) stateIs(code string, want persistence.CodeState) {
	s.t.Helper()
	found, err := s.LookupCode(s.ctx, code)
	s.check(err)
	s.equal("state of "+code, found.State, want)
	s.equal("an instant of revocation", !found.RevokedAt.IsZero(), want == persistence.CodeRevoked)
}

func testRevoke(s *shop) {
	codes := s.generated("spring", 1200)
	_, err := s.RevokeCodes(s.ctx, []string{codes[0], "NONE", "nil"})
	s.refused(err, &persistence.UnknownCodesError{Codes: []string{"NONE", "nil"}})
	s.stateIs(codes[0], persistence.CodeAvailable)
	n, err := s.RevokeCodes(s.ctx, append([]string{strings.ToLower(codes[0])}, codes[:1100]...))
	s.check(err)
	s.equal("revoked codes", n, int64(1100))
	s.stateIs(codes[0], persistence.CodeRevoked)
	s.stateIs(codes[1100], persistence.CodeAvailable)
	n, err = s.RevokeCodes(s.ctx, codes[1099:1101])
	s.check(err)
	s.equal("codes that were not revoked yet", n, int64(1))
	s.poolIs("spring", persistence.CouponPool{Wanted: 1200, Issued: 1200, Revoked: 1101})
	n, err = s.RestoreCodes(s.ctx, []string{codes[0], codes[1199]})
	s.check(err)
	s.equal("restored codes", n, int64(1))
	s.stateIs(codes[0], persistence.CodeAvailable)
	_, err = s.RestoreCodes(s.ctx, []string{codes[1], "NONE"})
	s.refused(err, &persistence.UnknownCodesError{Codes: []string{"NONE"}})
	s.stateIs(codes[1], persistence.CodeRevoked)
}

func testRevokePool(s *shop) {
	codes := s.generated("spring", 3)
	s.pool("other", 0)
	s.addCodes("other", "code\nOTHER\n")
	s.check2(s.RevokeCodes(s.ctx, codes[:1]))
	s.check(s.RevokePool(s.ctx, "spring", nil))
	pool, err := s.Pool(s.ctx, "spring")
	s.check(err)
	s.check(s.RevokePool(s.ctx, "spring", nil))
	s.check2(s.GenerateCodes(s.ctx, "spring", 1, nil))
	again, err := s.Pool(s.ctx, "spring")
	s.check(err)
	s.equal("the instant of the first revocation", again.RevokedAt, pool.RevokedAt)
	for _, code := range s.codes("spring") {
		s.stateIs(code, persistence.CodeRevoked)
	}
	s.stateIs("OTHER", persistence.CodeAvailable)
	s.check(s.RestorePool(s.ctx, "spring", nil))
	s.stateIs(codes[0], persistence.CodeRevoked)
	s.stateIs(codes[1], persistence.CodeAvailable)
	s.poolIs("spring", persistence.CouponPool{Wanted: 4, Issued: 4, Revoked: 1})
}

func testExport(s *shop) {
	const n = 20_100 // more than two pages, of which the second begins inside a batch
	codes := s.generated("spring", 100)
	s.check2(s.GenerateCodes(s.ctx, "spring", n-100, nil))
	s.pool("other", 0)
	s.addCodes("other", "code\nOTHER\n")
	s.check2(s.RevokeCodes(s.ctx, codes[1:2]))
	found, err := s.LookupCode(s.ctx, codes[1])
	s.check(err)
	lines := s.exported("spring")
	s.equal("codes", len(distinct(s.codes("spring"))), n)
	s.equal("the first batch comes first", s.codes("spring")[:100], codes)
	s.equal("line", lines[1], codes[1]+",spring,revoked,0,"+found.IssuedAt.Format(time.RFC3339Nano))
	s.equal("available codes", len(slices.DeleteFunc(lines, func(line string) bool { return !strings.Contains(line, ",available,") })), n-1)
}

type brokenWriter struct{}

var errBroken = errors.New("the pipe is broken")

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

func testExportErrors(s *shop) {
	s.generated("spring", 5000)
	_, err := s.ExportCodes(s.ctx, "spring", brokenWriter{})
	s.is(err, errBroken)
	_, err = s.ExportCodes(s.ctx, "none", brokenWriter{})
	s.refused(err, &persistence.UnknownPoolError{Name: "none"})
}

func (s *shop) addCodes(pool, file string) {
	s.t.Helper()
	s.check2(s.ImportCodes(s.ctx, pool, strings.NewReader(file), nil))
}

func testImport(s *shop) {
	s.pool("letters", 0)
	n, err := s.ImportCodes(s.ctx, "letters", strings.NewReader("\ufeffname, Code ,x\nAnna,L-2,1\n\nBert,\"L-1\",\nCesar,ÄPFEL 3\n"), nil)
	s.check(err)
	s.equal("imported codes", n, int64(3))
	s.addCodes("letters", "code\nA-9\n")
	s.equal("codes", s.codes("letters"), []string{"L-1", "L-2", "ÄPFEL 3", "A-9"})
	s.poolIs("letters", persistence.CouponPool{Imported: 4})
	found, err := s.LookupCode(s.ctx, "l-2")
	s.check(err)
	s.equal("source", found.Source, persistence.CodeImported)
	var told int64
	s.check2(s.ImportCodes(s.ctx, "letters", strings.NewReader("code"+numbered("M", 1234)), func(lines int64) { told = lines }))
	s.equal("progress", told, int64(1235))
}

// numbered is n lines, each a code.
func numbered(prefix string, n int) string {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "\n%s%d", prefix, i)
	}
	return text.String()
}

func testImportFaults(s *shop) {
	s.pool("letters", 0)
	s.addCodes("letters", "code\nMINE\n")
	s.pool("other", 0)
	s.addCodes("other", "code\nTHEIRS\n")
	long := strings.Repeat("A", 65)
	_, err := s.ImportCodes(s.ctx, "letters", strings.NewReader("x,code\n,NEW\n,theirs\n,THEIRS\n,MINE\n,NEW\n,\nalone\n,"+long+"\n,A\x00\n,\xff\n,A\tB\n, B\n,C\n"), nil)
	s.refused(err, &persistence.ImportError{Faults: []persistence.ImportFault{
		{Line: 3, Problem: `"theirs" is not how codes are compared; write "THEIRS"`},
		{Line: 4, Problem: "THEIRS belongs to pool other"},
		{Line: 5, Problem: "MINE is in the pool already"},
		{Line: 6, Problem: "NEW stands on an earlier line too"},
		{Line: 7, Problem: "the code is empty"},
		{Line: 8, Problem: "has no column code"},
		{Line: 9, Problem: `"AAAAAAAAAAAAAAAAAAAA"… has 65 bytes; a code has at most 64`},
		{Line: 10, Problem: "the code contains a NUL character"},
		{Line: 11, Problem: "the code is not valid UTF-8"},
		{Line: 12, Problem: `"A\tB" contains a control character`},
		{Line: 13, Problem: `" B" is not how codes are compared; write "B"`},
	}})
	s.equal("codes", s.codes("letters"), []string{"MINE"})
	_, err = s.ImportCodes(s.ctx, "letters", strings.NewReader("code\nGOOD\nA\"B\nC\n"), nil)
	s.refused(err, &persistence.ImportError{Faults: []persistence.ImportFault{
		{Line: 3, Problem: `is no CSV: bare " in non-quoted-field; nothing after it was read`},
	}})
	_, err = s.ImportCodes(s.ctx, "letters", strings.NewReader("code"+numbered("a", persistence.MaxImportFaults+5)), nil)
	var faults *persistence.ImportError
	s.equal("refused", errors.As(err, &faults), true)
	s.equal("listed and counted faults", []int64{int64(len(faults.Faults)), faults.More}, []int64{persistence.MaxImportFaults, 5})
	s.equal("codes", s.codes("letters"), []string{"MINE"})
}

func testImportNothing(s *shop) {
	s.pool("letters", 0)
	for file, want := range map[string]string{
		"":              "the file is empty; its first line has to name the columns, one of them code",
		"L-1\nL-2\n":    "no column is called code; the first line has to name the columns",
		"name\nA\nB\nC": "no column is called code; the first line has to name the columns",
	} {
		_, err := s.ImportCodes(s.ctx, "letters", strings.NewReader(file), nil)
		s.refused(err, &persistence.ImportError{Faults: []persistence.ImportFault{{Line: 1, Problem: want}}})
	}
	n, err := s.ImportCodes(s.ctx, "letters", strings.NewReader("code\n"), nil)
	s.check(err)
	s.equal("imported codes", n, int64(0))
}

// testImportFarApart has the same code at the beginning and at the end, with a
// clock that stands still, so that instants tell nothing by themselves.
func testImportFarApart(s *shop) {
	frozen := s.sameDatabase(persistence.Options{Now: func() time.Time { return time.Unix(1_800_000_000, 0) }})
	frozen.pool("letters", 0)
	frozen.addCodes("letters", "code\nFIRST\n")
	_, err := frozen.ImportCodes(s.ctx, "letters", strings.NewReader("code"+numbered("L", 3000)+"\nL0\nFIRST\n"), nil)
	s.refused(err, &persistence.ImportError{Faults: []persistence.ImportFault{
		{Line: 3002, Problem: "L0 stands on an earlier line too"},
		{Line: 3003, Problem: "FIRST is in the pool already"},
	}})
	s.equal("codes", s.codes("letters"), []string{"FIRST"})
}

func testImportTogether(s *shop) {
	s.pool("letters", 0)
	errs := make([]error, 3)
	together(len(errs), func(i int) {
		_, errs[i] = s.ImportCodes(s.ctx, "letters", strings.NewReader("code"+numbered("L", 1500)), nil)
	})
	imported := 0
	for _, err := range errs {
		var faults *persistence.ImportError
		switch {
		case err == nil:
			imported++
		case !errors.As(err, &faults) || faults.Faults[0].Problem != "L0 is in the pool already":
			s.t.Errorf("got error %v, want that the codes are in the pool", err)
		}
	}
	s.equal("imports that succeeded", imported, 1)
	s.poolIs("letters", persistence.CouponPool{Imported: 1500})
}

func testUnknownPools(s *shop) {
	for _, name := range []string{"none", "", "a\x00"} {
		for _, call := range []func() error{
			func() error { _, err := s.Pool(s.ctx, name); return err },
			func() error { _, err := s.GenerateCodes(s.ctx, name, 1, nil); return err },
			func() error { _, err := s.ImportCodes(s.ctx, name, strings.NewReader("code\nA\n"), nil); return err },
			func() error { _, err := s.ExportCodes(s.ctx, name, &strings.Builder{}); return err },
			func() error { return s.RevokePool(s.ctx, name, nil) },
			func() error { return s.RestorePool(s.ctx, name, nil) },
		} {
			s.refused(call(), &persistence.UnknownPoolError{Name: name})
		}
	}
}

// couponCalls is every method that asks the database about coupons, by name.
func (s *shop) couponCalls() map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"CreatePool":    func(ctx context.Context) error { _, err := s.CreatePool(ctx, "a", short, 1); return err },
		"Pools":         func(ctx context.Context) error { _, err := s.Pools(ctx); return err },
		"Pool":          func(ctx context.Context) error { _, err := s.Pool(ctx, "a"); return err },
		"RevokePool":    func(ctx context.Context) error { return s.RevokePool(ctx, "a", nil) },
		"RestorePool":   func(ctx context.Context) error { return s.RestorePool(ctx, "a", nil) },
		"GenerateCodes": func(ctx context.Context) error { _, err := s.GenerateCodes(ctx, "a", 1, nil); return err },
		"LookupCode":    func(ctx context.Context) error { _, err := s.LookupCode(ctx, "A"); return err },
		"RevokeCodes":   func(ctx context.Context) error { _, err := s.RevokeCodes(ctx, []string{"A"}); return err },
		"RestoreCodes":  func(ctx context.Context) error { _, err := s.RestoreCodes(ctx, []string{"A"}); return err },
		"ExportCodes":   func(ctx context.Context) error { _, err := s.ExportCodes(ctx, "a", io.Discard); return err },
		"ImportCodes": func(ctx context.Context) error {
			_, err := s.ImportCodes(ctx, "a", strings.NewReader("code\nA\n"), nil)
			return err
		},
	}
}

func testEnsurePool(s *shop) {
	created, err := s.EnsurePool(s.ctx, "spring", short, 2500, engine.Precondition{})
	s.check(err)
	s.equal("created", created, true)
	s.poolIs("spring", persistence.CouponPool{Name: "spring", Format: short, Wanted: 2500})
	var all sync.WaitGroup
	for range 4 { // who does not know whether it took effect asks again
		all.Go(func() {
			created, err := s.EnsurePool(s.ctx, "spring", short, 2500, engine.Precondition{})
			s.wants(err, !created, "a pool that was there")
		})
	}
	all.Wait()
	pool, err := s.MakeCodes(s.ctx, "spring", 1200)
	s.check(err)
	s.equal("codes after the first part", []int64{pool.Wanted, pool.Issued}, []int64{2500, 1200})
	pool, err = s.MakeCodes(s.ctx, "spring", 10_000)
	s.check(err)
	s.equal("codes after the rest", []int64{pool.Wanted, pool.Issued}, []int64{2500, 2500})
	created, err = s.EnsurePool(s.ctx, "spring", short, 10, engine.Precondition{}) // fewer are not taken away
	s.wants(err, !created, "a pool that was there")
	s.poolIs("spring", persistence.CouponPool{Name: "spring", Format: short, Wanted: 2500, Issued: 2500})
	longer := short
	longer.Length++
	_, err = s.EnsurePool(s.ctx, "spring", longer, 3000, engine.Precondition{})
	s.refused(err, &persistence.PoolFormatError{Name: "spring", Format: short})
	_, err = s.EnsurePool(s.ctx, "a b", short, 1, engine.Precondition{})
	s.refused(err, &persistence.InvalidError{Field: "pool", Problem: `"a b" is no name; use 1 to 64 letters, digits, - and _`})
	if _, err = s.EnsurePool(s.ctx, "spring", short, short.Capacity()+1, engine.Precondition{}); !errors.As(err, new(*coupon.GuessableError)) {
		s.t.Errorf("got error %v, want that codes could be guessed", err)
	}
	_, err = s.MakeCodes(s.ctx, "nothing", 1)
	s.refused(err, &persistence.UnknownPoolError{Name: "nothing"})
}

func testPoolRevisions(s *shop) {
	at := func(n int64) engine.Precondition { return engine.Precondition{Revision: &n} }
	ensure := func(total int64, wanted engine.Precondition) error {
		_, err := s.EnsurePool(s.ctx, "spring", short, total, wanted)
		return err
	}
	revision := func(want int64) {
		s.t.Helper()
		pool, err := s.Pool(s.ctx, "spring")
		s.check(err)
		s.equal("revision", pool.Revision, want)
	}
	s.refused(ensure(1, at(1)), &engine.PoolChangedError{Name: "spring"})
	_, err := s.Pool(s.ctx, "spring")
	s.refused(err, &persistence.UnknownPoolError{Name: "spring"})
	s.check(ensure(5, engine.Precondition{Absent: true}))
	revision(1)
	s.refused(ensure(6, engine.Precondition{Absent: true}), &engine.PoolChangedError{Name: "spring", Revision: 1})
	s.check2(s.MakeCodes(s.ctx, "spring", 5)) // which changes nothing that somebody has said
	s.check(ensure(5, at(1)))
	revision(1)
	s.check(ensure(6, at(1)))
	revision(2)
	changed := &engine.PoolChangedError{Name: "spring", Revision: 2}
	one, two := int64(1), int64(2)
	s.refused(ensure(7, at(1)), changed)
	s.refused(s.RevokePool(s.ctx, "spring", &one), changed)
	s.refused(s.RestorePool(s.ctx, "spring", &one), changed)
	s.check(s.RestorePool(s.ctx, "spring", &two)) // it is not revoked
	revision(2)
	s.check(s.RevokePool(s.ctx, "spring", &two))
	revision(3)
	s.check(s.RevokePool(s.ctx, "spring", nil))
	revision(3)
	s.check(s.RestorePool(s.ctx, "spring", nil))
	s.check2(s.GenerateCodes(s.ctx, "spring", 1, nil))
	revision(5)
	var won atomic.Int64
	together(8, func(i int) {
		err := ensure(int64(100+i), at(5))
		if err == nil {
			won.Add(1)
		} else if !errors.As(err, new(*engine.PoolChangedError)) {
			s.wants(err, false, "a change, or to be told of another one")
		}
	})
	s.equal("changes", won.Load(), int64(1))
	revision(6)
}

func testAddCodes(s *shop) {
	s.pool("letters", 0)
	s.pool("other", 0)
	s.addCodes("other", "code\nTHEIRS\n")
	n, err := s.AddCodes(s.ctx, "letters", []string{"B", "A"})
	s.check(err)
	s.equal("added", n, int64(2))
	many := []string{"A"}
	for i := range 1234 {
		many = append(many, fmt.Sprint("M", i))
	}
	for _, want := range []int64{1234, 0} {
		n, err = s.AddCodes(s.ctx, "letters", many)
		s.check(err)
		s.equal("added to those that are there", n, want)
	}
	_, err = s.AddCodes(s.ctx, "letters", []string{"NEW", "B", "NEW", "THEIRS", "b", "a\nb", ""})
	s.refused(err, &persistence.ImportError{Faults: []persistence.ImportFault{
		{Line: 3, Problem: "NEW is in the list before"}, {Line: 4, Problem: "THEIRS belongs to pool other"},
		{Line: 5, Problem: `"b" is not how codes are compared; write "B"`}, {Line: 6, Problem: `"a\nb" contains a control character`}, {Line: 7, Problem: "the code is empty"},
	}})
	s.equal("codes", len(s.codes("letters")), 1236)
	_, err = s.AddCodes(s.ctx, "none", []string{"A"})
	s.refused(err, &persistence.UnknownPoolError{Name: "none"})
}

func testCodePages(s *shop) {
	want := s.generated("spring", 25)
	s.generated("autumn", 1)
	var got []string
	for after := ""; ; after = got[len(got)-1] {
		page, err := s.CodePage(s.ctx, "spring", after, 10)
		s.check(err)
		if len(page) == 0 {
			break
		}
		for _, c := range page {
			s.equal("pool and state", []any{c.Pool, c.State}, []any{"spring", persistence.CodeAvailable})
			got = append(got, c.Code)
		}
	}
	s.equal("codes", got, want)
	_, err := s.CodePage(s.ctx, "nothing", "", 1)
	s.refused(err, &persistence.UnknownPoolError{Name: "nothing"})
	_, err = s.CodePage(s.ctx, "autumn", want[0], 1)
	s.refused(err, &persistence.UnknownCodesError{Codes: []string{want[0]}})
	_, err = s.CodePage(s.ctx, "autumn", "", 0)
	s.refused(err, &persistence.InvalidError{Field: "limit", Problem: "is 0; want 1 to 1000"})
}
