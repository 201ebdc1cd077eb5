package api_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/checkout-promotions/checkout/api"
	"github.com/checkout-promotions/checkout/engine"
)

// pools are coupon pools in memory, with codes that are no secret.
type pools struct {
	list  []api.CouponPool
	codes []api.CouponCode
}

func (p *pools) Pools(context.Context) ([]api.CouponPool, error) { return slices.Clone(p.list), nil }

func (p *pools) at(name string) (*api.CouponPool, error) {
	for i := range p.list {
		if p.list[i].Name == name {
			return &p.list[i], nil
		}
	}
	return nil, &engine.UnknownPoolError{Name: name}
}

func (p *pools) Pool(_ context.Context, name string) (api.CouponPool, error) {
	pool, err := p.at(name)
	if err != nil {
		return api.CouponPool{}, err
	}
	return *pool, nil
}

func (p *pools) EnsurePool(_ context.Context, name string, wish api.CouponWish, wanted engine.Precondition) (bool, error) {
	if !engine.ValidSKU(name) { // which has about the letters that names of pools have
		return false, &api.CouponRefusedError{Problem: "no name"}
	}
	pool, err := p.at(name)
	var revision int64
	if err == nil {
		revision = pool.Revision
	}
	if !wanted.Holds(revision) {
		return false, &engine.PoolChangedError{Name: name, Revision: revision}
	}
	if err != nil {
		p.list = append(p.list, api.CouponPool{Name: name, Length: 8, Group: 4, CreatedAt: noon(), Revision: 1})
		pool = &p.list[len(p.list)-1]
	} else if pool.Codes < wish.Codes {
		pool.Revision++
	}
	if wish.Prefix != nil {
		pool.Prefix = *wish.Prefix
	}
	pool.Codes = max(pool.Codes, wish.Codes)
	return err != nil, nil
}

func (p *pools) MakeCodes(ctx context.Context, name string, most int64) (api.CouponPool, error) {
	pool, err := p.at(name)
	if err != nil {
		return api.CouponPool{}, err
	}
	for ; most > 0 && pool.Issued < pool.Codes; most-- {
		pool.Issued++
		if pool.Issued <= 3 {
			code := api.CouponCode{Code: pool.Prefix + "-" + string(rune('0'+pool.Issued)), Pool: name, State: "available", Source: "generated", IssuedAt: noon()}
			p.codes = append(p.codes, code)
		}
	}
	return p.Pool(ctx, name)
}

func (p *pools) CodePage(_ context.Context, pool, after string, limit int) ([]api.CouponCode, error) {
	if _, err := p.at(pool); err != nil {
		return nil, err
	}
	from := 0
	if after != "" {
		from = 1 + slices.IndexFunc(p.codes, func(c api.CouponCode) bool { return c.Code == after })
		if from == 0 {
			return nil, &engine.UnknownCodesError{Codes: []string{after}}
		}
	}
	return slices.Clone(p.codes[from:min(len(p.codes), from+limit)]), nil
}

func (p *pools) code(code string) (*api.CouponCode, error) {
	for i := range p.codes {
		if p.codes[i].Code == engine.NormalizeCoupon(code) {
			return &p.codes[i], nil
		}
	}
	return nil, &engine.UnknownCodesError{Codes: []string{code}}
}

func (p *pools) LookupCode(_ context.Context, code string) (api.CouponCode, error) {
	found, err := p.code(code)
	if err != nil {
		return api.CouponCode{}, err
	}
	return *found, nil
}

func (p *pools) set(codes []string, state string) (changed int64, err error) {
	for _, code := range codes {
		found, err := p.code(code)
		if err != nil {
			return 0, err
		}
		if found.State != state {
			found.State = state
			changed++
		}
	}
	return changed, nil
}

func (p *pools) RevokeCodes(_ context.Context, codes []string) (int64, error) {
	return p.set(codes, "revoked")
}

func (p *pools) RestoreCodes(_ context.Context, codes []string) (int64, error) {
	return p.set(codes, "available")
}

func (p *pools) AddCodes(_ context.Context, name string, codes []string) (added int64, err error) {
	pool, err := p.at(name)
	if err != nil {
		return 0, err
	}
	var refused api.CodesRefusedError
	for i, code := range codes {
		if _, err := p.code(code); err == nil {
			continue
		}
		if code != engine.NormalizeCoupon(code) {
			refused.Faults = append(refused.Faults, api.CodeFault{Index: i, Problem: "not in capitals"})
		}
		added++
	}
	if len(refused.Faults) > 0 {
		return 0, &refused
	}
	pool.Imported += added
	return added, nil
}

func (p *pools) revoked(name string, at time.Time, expected *int64) error {
	pool, err := p.at(name)
	switch {
	case err != nil:
		return err
	case !(engine.Precondition{Revision: expected}).Holds(pool.Revision):
		return &engine.PoolChangedError{Name: name, Revision: pool.Revision}
	case pool.RevokedAt != at:
		pool.RevokedAt = at
		pool.Revision++
	}
	return nil
}

func (p *pools) RevokePool(_ context.Context, name string, expected *int64) error {
	return p.revoked(name, noon(), expected)
}

func (p *pools) RestorePool(_ context.Context, name string, expected *int64) error {
	return p.revoked(name, time.Time{}, expected)
}

// couponSteps are told one after the other.
func couponSteps() []step {
	return []step{
		{"pools_none", "GET", "coupon-pools", ""},
		{"pool_made", "PUT", "coupon-pools/spring", `{"codes":3,"prefix":"SPRING","length":8,"group":4}`},
		{"pool_more", "PUT", "coupon-pools/spring", `{"codes":20000}`},
		{"pool_again", "PUT", "coupon-pools/spring", `{"codes":20000}`},
		{"pool_faults", "PUT", "coupon-pools/spring", `{"codes":-1,"prefix":"-a","length":5,"group":15}`},
		{"pool_refused", "PUT", "coupon-pools/a%20b", `{"codes":1}`},
		{"pool_told", "GET", "coupon-pools/spring", ""},
		{"pool_unknown", "GET", "coupon-pools/nothing", ""},
		{"pools_page", "GET", "coupon-pools?limit=1", ""},
		{"pools_after", "GET", "coupon-pools?after=spring", ""},
		{"codes_page", "GET", "coupon-pools/spring/codes?limit=2", ""},
		{"codes_page_last", "GET", "coupon-pools/spring/codes?limit=2&after=SPRING-2", ""},
		{"codes_cursor", "GET", "coupon-pools/spring/codes?after=x", ""},
		{"codes_revoked", "POST", "coupons:revoke", `{"codes":["spring-1","SPRING-2"]}`},
		{"codes_revoked_again", "POST", "coupons:revoke", `{"codes":["spring-1"]}`},
		{"codes_unknown", "POST", "coupons:revoke", `{"codes":["X"]}`},
		{"codes_faults", "POST", "coupons:revoke", `{"codes":[""]}`},
		{"codes_restored", "POST", "coupons:restore", `{"codes":["spring-1"]}`},
		{"code_told", "GET", "coupons/spring-2", ""},
		{"code_unknown", "GET", "coupons/%2F%20", ""},
		{"pool_revoked", "POST", "coupon-pools/spring/revoke", ""},
		{"pool_restored", "POST", "coupon-pools/spring/restore", ""},
		{"pool_empty", "PUT", "coupon-pools/letters", `{}`},
		{"codes_imported", "POST", "coupon-pools/letters/codes:import", `{"codes":["L-1","L-2"]}`},
		{"codes_not_imported", "POST", "coupon-pools/letters/codes:import", `{"codes":["L-3","l-4"]}`},
		{"codes_imported_nowhere", "POST", "coupon-pools/nothing/codes:import", `{"codes":["L-1"]}`},
		{"codes_imported_none", "POST", "coupon-pools/letters/codes:import", `{"codes":[]}`},
		{"pool_not_revoked", "POST", "coupon-pools/nothing/revoke", ""},
	}
}

func couponGoldens() []string {
	var names []string
	for _, s := range couponSteps() {
		names = append(names, s.name)
	}
	return names
}

// TestTheStoryOfCouponsIsTheGoldenOne tells what becomes of coupon pools.
func TestTheStoryOfCouponsIsTheGoldenOne(t *testing.T) {
	s := open(t, func(_ *shop, o *api.Options) { o.Coupons = &pools{} })
	for _, x := range couponSteps() {
		golden(t, x.name, s.do(x.method, "/v1/"+x.path, x.body, append(asJSON(), "X-Request-Id", "golden")...))
	}
}

func TestAPoolIsChangedOnlyAsItWasRead(t *testing.T) {
	s := keyed(t, func(_ *shop, o *api.Options) { o.Coupons = &pools{} })
	for _, x := range []struct {
		name, method, path, body string
		header                   []string
		status                   int
		etag                     string
	}{
		{"changed where it is not", "PUT", "spring", `{"codes":1}`, []string{"If-Match", `"1"`}, 412, ""},
		{"made", "PUT", "spring", `{"codes":1}`, []string{"If-None-Match", "*"}, 201, `"1"`},
		{"made again", "PUT", "spring", `{"codes":1}`, []string{"If-None-Match", "*"}, 412, `"1"`},
		{"read", "GET", "spring", "", nil, 200, `"1"`},
		{"more codes", "PUT", "spring", `{"codes":2}`, []string{"If-Match", `"1"`}, 200, `"2"`},
		{"revoked at the ETag before", "POST", "spring/revoke", "", []string{"If-Match", `"1"`}, 412, `"2"`},
		{"revoked", "POST", "spring/revoke", "", []string{"If-Match", `"2"`}, 200, `"3"`},
		{"revoked where it is not", "POST", "spring/revoke", "", []string{"If-None-Match", "*"}, 400, ""},
		{"restored at the ETag before", "POST", "spring/restore", "", []string{"If-Match", `"2"`}, 412, `"3"`},
		{"restored", "POST", "spring/restore", "", []string{"If-Match", `"3"`}, 200, `"4"`},
	} {
		t.Run(x.name, func(t *testing.T) {
			w := s.do(x.method, "/v1/coupon-pools/"+x.path, x.body, append(asJSON(), x.header...)...)
			if got := w.Header().Get("ETag"); w.Code != x.status || got != x.etag {
				t.Errorf("got %d, ETag %s, %s; want %d and %s", w.Code, got, w.Body, x.status, x.etag)
			}
		})
	}
}
