package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-json-experiment/json"

	v1 "github.com/checkout-promotions/checkout/api/v1"
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/engine/audit"
)

// CouponPool is a set of coupon codes.
type CouponPool struct {
	Name   string
	Prefix string
	// Length and Group are letters of a code after the prefix, and between hyphens.
	Length, Group int
	// Codes are those that are wanted, Issued those that there are of them, Imported
	// those from outside, Revoked those that were revoked one by one.
	Codes, Issued, Imported, Revoked int64
	CreatedAt                        time.Time
	RevokedAt                        time.Time // of the whole pool; zero when it is in force
	// Revision grows with each change of Codes and RevokedAt.
	Revision int64
}

// CouponWish is what a pool should be. What is nil is left to the pool, or to what is
// usual for a new one.
type CouponWish struct {
	Codes         int64
	Prefix        *string
	Length, Group *int
}

// CouponCode is a code of a pool.
type CouponCode struct {
	Code, Pool string
	// State is available, used or revoked, and Source generated or imported.
	State, Source string
	Redemptions   int64
	IssuedAt      time.Time
}

// CouponRefusedError says that a pool cannot be what was asked for.
type CouponRefusedError struct{ Problem string }

// Error implements error.
func (e *CouponRefusedError) Error() string { return e.Problem }

// CodesRefusedError says which codes of a list cannot be in a pool, by their indexes.
type CodesRefusedError struct {
	Faults []CodeFault
	More   int64 // that are not among Faults
}

// CodeFault is what is wrong with a code of a list.
type CodeFault struct {
	Index   int
	Problem string
}

// Error implements error.
func (e *CodesRefusedError) Error() string {
	n := int64(len(e.Faults)) + e.More
	if n == 1 {
		return "1 code cannot be added: none was"
	}
	return fmt.Sprintf("%d codes cannot be added: none was", n)
}

func (e *CodesRefusedError) places() []v1.ProblemError {
	var places []v1.ProblemError
	for _, f := range e.Faults[:min(len(e.Faults), maxFaults)] {
		places = append(places, v1.ProblemError{Pointer: pointerTo("codes", f.Index), Detail: f.Problem})
	}
	return places
}

// Coupons are the pools of coupon codes. A pool that is not there is an
// *engine.UnknownPoolError, codes that are not an *engine.UnknownCodesError, a pool that
// is not as it must be an *engine.PoolChangedError; each error changes nothing.
// Implementations are safe for concurrent use.
type Coupons interface {
	// Pools returns all pools by name.
	Pools(ctx context.Context) ([]CouponPool, error)
	Pool(ctx context.Context, name string) (CouponPool, error)
	// EnsurePool makes the pool where there is none, and has it want so many codes in
	// all; *CouponRefusedError when it cannot.
	EnsurePool(ctx context.Context, name string, wish CouponWish, wanted engine.Precondition) (created bool, err error)
	// AddCodes adds codes from elsewhere and returns how many the pool did not have;
	// *CodesRefusedError when some cannot be.
	AddCodes(ctx context.Context, name string, codes []string) (int64, error)
	// MakeCodes makes codes that the pool wants, most of them at a time.
	MakeCodes(ctx context.Context, name string, most int64) (CouponPool, error)
	// CodePage returns codes in the order in which they were made, after the code given.
	CodePage(ctx context.Context, pool, after string, limit int) ([]CouponCode, error)
	LookupCode(ctx context.Context, code string) (CouponCode, error)
	// RevokeCodes and RestoreCodes return how many they changed.
	RevokeCodes(ctx context.Context, codes []string) (int64, error)
	RestoreCodes(ctx context.Context, codes []string) (int64, error)
	RevokePool(ctx context.Context, name string, expected *int64) error
	RestorePool(ctx context.Context, name string, expected *int64) error
}

// maxCodes is how many codes a request makes or changes.
const maxCodes = 10_000

func (s *Server) coupons() (Coupons, error) {
	if s.options.Coupons == nil {
		return nil, errNoCoupons
	}
	return s.options.Coupons, nil
}

// ofPool serves what is about the pool of the path, without a query.
func (s *Server) ofPool(next func(http.ResponseWriter, *http.Request, Coupons, string) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		coupons, err := s.coupons()
		if err != nil {
			return err
		}
		if q := readQuery(r); q.fault != nil {
			return q.fault
		}
		return next(w, r, coupons, pathText(r, "pool"))
	}
}

// pathText is a parameter of the path as it was before it was escaped.
func pathText(r *http.Request, name string) string {
	text := chi.URLParam(r, name)
	if r.URL.RawPath == "" { // the path has been read already
		return text
	}
	if read, err := url.PathUnescape(text); err == nil {
		return read
	}
	return text
}

// listCouponPools tells a page of pools.
func (s *Server) listCouponPools(w http.ResponseWriter, r *http.Request) error {
	coupons, err := s.coupons()
	if err != nil {
		return err
	}
	q := readQuery(r, "limit", "after")
	limit, after := q.limit(), q.text("after")
	if q.fault != nil {
		return q.fault
	}
	pools, err := coupons.Pools(r.Context())
	if err != nil {
		return err
	}
	pools = slices.DeleteFunc(pools, func(p CouponPool) bool { return p.Name <= after })
	pools, next := page(pools, limit, func(p *CouponPool) string { return p.Name })
	linkNext(w, r, next)
	answer := &v1.CouponPoolPage{Pools: make([]v1.CouponPool, len(pools)), Next: next}
	for i := range pools {
		answer.Pools[i] = newCouponPool(&pools[i])
	}
	return s.answer(w, http.StatusOK, answer)
}

// getCouponPool tells a pool.
func (s *Server) getCouponPool(w http.ResponseWriter, r *http.Request, coupons Coupons, name string) error {
	pool, err := coupons.Pool(r.Context(), name)
	if err != nil {
		return err
	}
	return s.answerPool(w, http.StatusOK, &pool)
}

// answerPool tells a pool, with its ETag.
func (s *Server) answerPool(w http.ResponseWriter, status int, pool *CouponPool) error {
	writeRevision(w, pool.Revision)
	return s.answer(w, status, newCouponPool(pool))
}

// poolChanged tells the ETag of now to whoever had another one.
func poolChanged(w http.ResponseWriter, err error) error {
	if changed, ok := errors.AsType[*engine.PoolChangedError](err); ok && changed.Revision != 0 {
		writeRevision(w, changed.Revision)
	}
	return err
}

// putCouponPool makes a pool, or more codes of it.
func (s *Server) putCouponPool(w http.ResponseWriter, r *http.Request, coupons Coupons, name string) error {
	body, err := readV1[v1.CouponPoolRequest](s, w, r)
	if err != nil {
		return err
	}
	var f faults
	f.between(body.Codes, 0, engine.MaxQuantity, "codes")
	if body.Prefix != nil && !validPrefix(*body.Prefix) {
		f.at("want at most 20 of A to Z, 0 to 9 and, inside, hyphens", "prefix")
	}
	if body.Length != nil {
		f.between(int64(*body.Length), 6, 14, "length")
	}
	if body.Group != nil {
		f.between(int64(*body.Group), 0, 14, "group")
	}
	if err := f.err(); err != nil {
		return err
	}
	wanted, err := condition(r)
	if err != nil {
		return err
	}
	created, err := coupons.EnsurePool(r.Context(), name, CouponWish{Codes: body.Codes, Prefix: body.Prefix, Length: body.Length, Group: body.Group}, wanted)
	if err != nil {
		return poolChanged(w, err)
	}
	pool, err := coupons.MakeCodes(r.Context(), name, maxCodes)
	if err != nil {
		return err
	}
	if created {
		return s.answerPool(w, http.StatusCreated, &pool)
	}
	return s.answerPool(w, http.StatusOK, &pool)
}

func validPrefix(prefix string) bool {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	return len(prefix) <= 20 && strings.Trim(prefix, letters+"-") == "" && strings.Trim(prefix, "-") == prefix
}

// listCouponCodes tells a page of the codes of a pool.
func (s *Server) listCouponCodes(w http.ResponseWriter, r *http.Request) error {
	coupons, err := s.coupons()
	if err != nil {
		return err
	}
	q := readQuery(r, "limit", "after")
	limit, after := q.limit(), q.text("after")
	if q.fault != nil {
		return q.fault
	}
	codes, err := coupons.CodePage(r.Context(), pathText(r, "pool"), after, limit+1)
	if _, unknown := errors.AsType[*engine.UnknownCodesError](err); unknown {
		return errNoCursor
	}
	if err != nil {
		return err
	}
	codes, next := page(codes, limit, func(c *CouponCode) string { return c.Code })
	linkNext(w, r, next)
	answer := &v1.CouponCodePage{Codes: make([]v1.CouponCode, len(codes)), Next: next}
	for i := range codes {
		answer.Codes[i] = newCouponCode(&codes[i])
	}
	return s.answer(w, http.StatusOK, answer)
}

// changePool serves what changes whether promotions know the codes of a pool.
func (s *Server) changePool(change func(Coupons, context.Context, string, *int64) error) func(http.ResponseWriter, *http.Request, Coupons, string) error {
	return func(w http.ResponseWriter, r *http.Request, coupons Coupons, name string) error {
		expected, err := expectedRevision(r)
		if err != nil {
			return err
		}
		if err := change(coupons, r.Context(), name, expected); err != nil {
			return poolChanged(w, err)
		}
		return s.getCouponPool(w, r, coupons, name)
	}
}

// importCouponCodes adds codes from elsewhere to a pool.
func (s *Server) importCouponCodes(w http.ResponseWriter, r *http.Request, coupons Coupons, name string) error {
	if !saysCSV(r.Header.Get("Content-Type")) {
		body, err := readV1[v1.CouponCodesImport](s, w, r)
		if errors.Is(err, errNotJSON) {
			return errNotCodes
		}
		if err != nil {
			return err
		}
		if err := checkCodes(body.Codes, maxImported); err != nil {
			return err
		}
		return s.addCodes(w, r, coupons, name, body.Codes)
	}
	file, err := s.readCodeFile(w, r)
	if err != nil {
		return err
	}
	return file.refusal(s.addCodes(w, r, coupons, name, file.codes))
}

func (s *Server) addCodes(w http.ResponseWriter, r *http.Request, coupons Coupons, pool string, codes []string) error {
	ctx, err := codesInDetail(r.Context(), codes)
	if err != nil {
		return err
	}
	added, err := coupons.AddCodes(ctx, pool, codes)
	if err != nil {
		return err
	}
	return s.answer(w, http.StatusOK, &v1.CouponCodesChanged{Changed: added})
}

// getCoupon tells a code.
func (s *Server) getCoupon(w http.ResponseWriter, r *http.Request) error {
	coupons, err := s.coupons()
	if err != nil {
		return err
	}
	if q := readQuery(r); q.fault != nil {
		return q.fault
	}
	code, err := coupons.LookupCode(r.Context(), pathText(r, "code"))
	if err != nil {
		return err
	}
	return s.answer(w, http.StatusOK, newCouponCode(&code))
}

// changeCoupons serves the revocation of codes and its undoing.
func (s *Server) changeCoupons(change func(Coupons, context.Context, []string) (int64, error)) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		coupons, err := s.coupons()
		if err != nil {
			return err
		}
		codes, err := s.readCodes(w, r)
		if err != nil {
			return err
		}
		ctx, err := codesInDetail(r.Context(), codes)
		if err != nil {
			return err
		}
		changed, err := change(coupons, ctx, codes)
		if unknown, ok := errors.AsType[*engine.UnknownCodesError](err); ok {
			return &codesError{unknown, codes}
		}
		if err != nil {
			return err
		}
		return s.answer(w, http.StatusOK, &v1.CouponCodesChanged{Changed: changed})
	}
}

// readCodes reads and checks a body of codes.
func (s *Server) readCodes(w http.ResponseWriter, r *http.Request) ([]string, error) {
	body, err := readV1[v1.CouponCodesRequest](s, w, r)
	if err != nil {
		return nil, err
	}
	return body.Codes, checkCodes(body.Codes, maxCodes)
}

// checkCodes says what is wrong with the codes of a body, of which there may be so many.
func checkCodes(codes []string, most int) error {
	var f faults
	switch n := len(codes); {
	case codes == nil:
		f.at("missing", "codes")
	case n < 1 || n > most:
		f.at(fmt.Sprintf("want 1 to %d, got %d", most, n), "codes")
	}
	f.texts(codes, most, maxText, "codes")
	for i, code := range codes {
		if code == "" {
			f.at("empty", "codes", i)
		}
	}
	return f.err()
}

// maxToldCodes is how many codes the audit log names of those that a request is about.
const maxToldCodes = 1000

// codesInDetail has the audit log tell how many codes a request is about and, of the
// first of them, the beginning and the end: enough to find one that somebody has in hand,
// and not enough to use one.
func codesInDetail(ctx context.Context, codes []string) (context.Context, error) {
	told := make([]string, min(len(codes), maxToldCodes))
	for i := range told {
		told[i] = masked(engine.NormalizeCoupon(codes[i]))
	}
	detail, err := json.Marshal(struct {
		Count int      `json:"count"`
		Codes []string `json:"codes"`
	}{len(codes), told})
	return audit.Detailed(ctx, detail), err
}

// masked is a code of which a half or more is left out.
func masked(code string) string {
	letters := []rune(code)
	shown := min(len(letters)/4, 4)
	return string(letters[:shown]) + "…" + string(letters[len(letters)-shown:])
}

// codesError names the codes of a body that no pool has.
type codesError struct {
	*engine.UnknownCodesError
	codes []string
}

// Unwrap returns the error of the store.
func (e *codesError) Unwrap() error { return e.UnknownCodesError }

func (e *codesError) places() []v1.ProblemError {
	var places []v1.ProblemError
	for i, code := range e.codes {
		if slices.Contains(e.Codes, code) && len(places) < maxFaults {
			places = append(places, v1.ProblemError{Pointer: pointerTo("codes", i), Detail: "no pool has it"})
		}
	}
	return places
}

func newCouponPool(p *CouponPool) v1.CouponPool {
	answer := v1.CouponPool{
		Name: p.Name, Prefix: p.Prefix, Length: p.Length, Group: p.Group,
		Codes: p.Codes, Issued: p.Issued, Imported: p.Imported, Revoked: p.Revoked, CreatedAt: p.CreatedAt,
	}
	if !p.RevokedAt.IsZero() {
		answer.RevokedAt = &p.RevokedAt
	}
	return answer
}

func newCouponCode(c *CouponCode) v1.CouponCode {
	return v1.CouponCode{Code: c.Code, Pool: c.Pool, State: c.State, Redemptions: c.Redemptions, Source: c.Source, IssuedAt: c.IssuedAt}
}
