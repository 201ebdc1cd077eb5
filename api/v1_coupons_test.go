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

func (p *pools) EnsurePool(_ context.Context, name string, wish api.CouponWish) (bool, error) {
	if !engine.ValidSKU(name) { // which has about the letters that names of pools have
		return false, &api.CouponRefusedError{Problem: "no name"}
	}
	pool, err := p.at(name)
	if err != nil {
		p.list = append(p.list, api.CouponPool{Name: name, Length: 8, Group: 4, CreatedAt: noon()})
		pool = &p.list[len(p.list)-1]
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

func (p *pools) revoked(name string, at time.Time) error {
	pool, err := p.at(name)
	if err == nil {
		pool.RevokedAt = at
	}
	return err
}

func (p *pools) RevokePool(_ context.Context, name string) error { return p.revoked(name, noon()) }
func (p *pools) RestorePool(_ context.Context, name string) error {
	return p.revoked(name, time.Time{})
}

// couponSteps are told one after the other.
func couponSteps() []step {
	return []step{
		{"pools_none", "GET", "coupon-pools", ""},
		{"pool_made", "PUT", "coupon-pools/spring", `{"codes":3,"prefix":"SPRING","length":8,"group":4}`},
		{"pool_more", "PUT", "coupon-pools/spring", `{"codes":20000}`},
		{"pool_again", "PUT", "coupon-pools/spring", `{"codes":20000}`},
		{"pool_faults", "PUT", "coupon-pools/spring", `{"codes":0,"prefix":"-a","length":5,"group":15}`},
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
