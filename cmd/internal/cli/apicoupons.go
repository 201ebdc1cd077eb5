package cli

import (
	"context"
	"errors"

	"github.com/checkout-promotions/checkout/api"
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/persistence/coupon"
)

// apiCoupons are the pools of a store, as the API has them.
type apiCoupons struct{ *persistence.Store }

// Pools implements api.Coupons.
func (c apiCoupons) Pools(ctx context.Context) ([]api.CouponPool, error) {
	stored, err := c.Store.Pools(ctx)
	pools := make([]api.CouponPool, len(stored))
	for i := range stored {
		pools[i] = apiPool(&stored[i])
	}
	return pools, err
}

// Pool implements api.Coupons.
func (c apiCoupons) Pool(ctx context.Context, name string) (api.CouponPool, error) {
	pool, err := c.Store.Pool(ctx, name)
	return apiPool(&pool), err
}

// EnsurePool implements api.Coupons.
func (c apiCoupons) EnsurePool(ctx context.Context, name string, wish api.CouponWish, wanted engine.Precondition) (bool, error) {
	format := coupon.Format{Length: coupon.LengthFor(wish.Codes), Group: usualGroup}
	known, err := c.Store.Pool(ctx, name)
	switch _, unknown := errors.AsType[*persistence.UnknownPoolError](err); {
	case err == nil:
		format = known.Format
	case !unknown:
		return false, err
	}
	if wish.Prefix != nil {
		format.Prefix = *wish.Prefix
	}
	if wish.Length != nil {
		format.Length = *wish.Length
	}
	if wish.Group != nil {
		format.Group = *wish.Group
	}
	created, err := c.Store.EnsurePool(ctx, name, format, wish.Codes, wanted)
	return created, couponRefusal(err)
}

// couponRefusal is the error as the API knows it.
func couponRefusal(err error) error {
	for _, refused := range []any{new(*persistence.InvalidError), new(*coupon.GuessableError), new(*persistence.PoolFormatError)} {
		if errors.As(err, refused) {
			return &api.CouponRefusedError{Problem: err.Error()}
		}
	}
	return err
}

// AddCodes implements api.Coupons.
func (c apiCoupons) AddCodes(ctx context.Context, name string, codes []string) (int64, error) {
	added, err := c.Store.AddCodes(ctx, name, codes)
	if refused, ok := errors.AsType[*persistence.ImportError](err); ok {
		told := &api.CodesRefusedError{More: refused.More}
		for _, fault := range refused.Faults {
			told.Faults = append(told.Faults, api.CodeFault{Index: fault.Line - 1, Problem: fault.Problem})
		}
		err = told
	}
	return added, err
}

// MakeCodes implements api.Coupons.
func (c apiCoupons) MakeCodes(ctx context.Context, name string, most int64) (api.CouponPool, error) {
	pool, err := c.Store.MakeCodes(ctx, name, most)
	return apiPool(&pool), err
}

// CodePage implements api.Coupons.
func (c apiCoupons) CodePage(ctx context.Context, pool, after string, limit int) ([]api.CouponCode, error) {
	stored, err := c.Store.CodePage(ctx, pool, after, limit)
	codes := make([]api.CouponCode, len(stored))
	for i := range stored {
		codes[i] = apiCode(&stored[i])
	}
	return codes, err
}

// LookupCode implements api.Coupons.
func (c apiCoupons) LookupCode(ctx context.Context, code string) (api.CouponCode, error) {
	found, err := c.Store.LookupCode(ctx, code)
	return apiCode(&found), err
}

func apiPool(p *persistence.CouponPool) api.CouponPool {
	return api.CouponPool{
		Name: p.Name, Prefix: p.Format.Prefix, Length: p.Format.Length, Group: p.Format.Group,
		Codes: p.Wanted, Issued: p.Issued, Imported: p.Imported, Revoked: p.Revoked, CreatedAt: p.CreatedAt, RevokedAt: p.RevokedAt, Revision: p.Revision,
	}
}

func apiCode(c *persistence.CouponCode) api.CouponCode {
	return api.CouponCode{
		Code: c.Code, Pool: c.Pool, State: string(c.State), Source: string(c.Source), Redemptions: c.Redemptions, IssuedAt: c.IssuedAt,
	}
}
