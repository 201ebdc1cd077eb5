package cli

import (
	"context"
	"errors"

	v1 "github.com/checkout-promotions/checkout/api/v1"
	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/persistence/coupon"
)

// couponShelf is where coupon pools and codes are: a database or a server. Unknown ones are
// *persistence.UnknownPoolError and *persistence.UnknownCodesError.
type couponShelf interface {
	Pools(ctx context.Context) ([]persistence.CouponPool, error)
	Pool(ctx context.Context, name string) (persistence.CouponPool, error)
	LookupCode(ctx context.Context, code string) (persistence.CouponCode, error)
	// RevokeCodes and RestoreCodes change all codes or none, and return how many changed.
	RevokeCodes(ctx context.Context, codes []string) (int64, error)
	RestoreCodes(ctx context.Context, codes []string) (int64, error)
	RevokePool(ctx context.Context, name string) error
	RestorePool(ctx context.Context, name string) error
}

// couponShelves are the ways to coupons.
func couponShelves(s Streams, writes bool) ways[couponShelf] {
	return storeOrServer(s, writes,
		func(data *persistence.Store) couponShelf { return storedCoupons{data} },
		func(c *caller) couponShelf { return serverCoupons{c} })
}

// storedCoupons are those of a database.
type storedCoupons struct{ *persistence.Store }

// RevokePool implements couponShelf: whatever the revision of the pool is.
func (s storedCoupons) RevokePool(ctx context.Context, name string) error {
	return s.Store.RevokePool(ctx, name, nil)
}

// RestorePool implements couponShelf: whatever the revision of the pool is.
func (s storedCoupons) RestorePool(ctx context.Context, name string) error {
	return s.Store.RestorePool(ctx, name, nil)
}

// serverCoupons are those of a server.
type serverCoupons struct{ *caller }

// Pools implements couponShelf.
func (s serverCoupons) Pools(ctx context.Context) (pools []persistence.CouponPool, err error) {
	err = inPagesOf("", 0, func(after *string, n int) ([]v1.CouponPool, string, error) {
		r, err := s.ListCouponPoolsWithResponse(ctx, &v1.ListCouponPoolsParams{Limit: &n, After: after})
		if err != nil {
			return nil, "", unanswered(err)
		}
		page, err := asked(r.JSON200, r.ApplicationProblemJSONDefault, r.HTTPResponse)
		if err != nil {
			return nil, "", err
		}
		return page.Pools, page.Next, nil
	}, func(told *v1.CouponPool) (bool, error) {
		pools = append(pools, readPool(told))
		return true, nil
	})
	return pools, err
}

// Pool implements couponShelf.
func (s serverCoupons) Pool(ctx context.Context, name string) (persistence.CouponPool, error) {
	r, err := s.GetCouponPoolWithResponse(ctx, name)
	if err != nil {
		return persistence.CouponPool{}, unanswered(err)
	}
	told, err := asked(r.JSON200, r.ApplicationProblemJSONDefault, r.HTTPResponse)
	if toldCode(err) == "unknown_pool" {
		return persistence.CouponPool{}, &persistence.UnknownPoolError{Name: name}
	}
	if err != nil {
		return persistence.CouponPool{}, err
	}
	return readPool(told), nil
}

// toldCode is the code of the problem that a server has told, "" for another error.
func toldCode(err error) string {
	if told, ok := errors.AsType[problemError](err); ok {
		return told.Code
	}
	return ""
}

func readPool(p *v1.CouponPool) persistence.CouponPool {
	pool := persistence.CouponPool{
		Name: p.Name, Format: coupon.Format{Prefix: p.Prefix, Length: p.Length, Group: p.Group},
		Wanted: p.Codes, Issued: p.Issued, Imported: p.Imported, Revoked: p.Revoked, CreatedAt: p.CreatedAt,
	}
	if p.RevokedAt != nil {
		pool.RevokedAt = *p.RevokedAt
	}
	return pool
}

// LookupCode implements couponShelf. A server does not tell when a code was revoked.
func (s serverCoupons) LookupCode(ctx context.Context, code string) (persistence.CouponCode, error) {
	r, err := s.GetCouponWithResponse(ctx, code)
	if err != nil {
		return persistence.CouponCode{}, unanswered(err)
	}
	told, err := asked(r.JSON200, r.ApplicationProblemJSONDefault, r.HTTPResponse)
	if toldCode(err) == "unknown_codes" {
		return persistence.CouponCode{}, &persistence.UnknownCodesError{Codes: []string{code}}
	}
	if err != nil {
		return persistence.CouponCode{}, err
	}
	return persistence.CouponCode{
		Code: told.Code, Pool: told.Pool, State: persistence.CodeState(told.State), Redemptions: told.Redemptions,
		Source: persistence.CodeSource(told.Source), IssuedAt: told.IssuedAt,
	}, nil
}

// RevokeCodes implements couponShelf.
func (s serverCoupons) RevokeCodes(ctx context.Context, codes []string) (int64, error) {
	r, err := s.RevokeCouponsWithResponse(ctx, &v1.RevokeCouponsParams{IdempotencyKey: &s.key}, v1.CouponCodesRequest{Codes: codes})
	if err != nil {
		return 0, s.unanswered(err)
	}
	return codesChanged(asked(r.JSON200, r.ApplicationProblemJSONDefault, r.HTTPResponse))
}

// RestoreCodes implements couponShelf.
func (s serverCoupons) RestoreCodes(ctx context.Context, codes []string) (int64, error) {
	r, err := s.RestoreCouponsWithResponse(ctx, &v1.RestoreCouponsParams{IdempotencyKey: &s.key}, v1.CouponCodesRequest{Codes: codes})
	if err != nil {
		return 0, s.unanswered(err)
	}
	return codesChanged(asked(r.JSON200, r.ApplicationProblemJSONDefault, r.HTTPResponse))
}

func codesChanged(told *v1.CouponCodesChanged, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return told.Changed, nil
}

// RevokePool implements couponShelf.
func (s serverCoupons) RevokePool(ctx context.Context, name string) error {
	r, err := s.RevokeCouponPoolWithResponse(ctx, name, &v1.RevokeCouponPoolParams{IdempotencyKey: &s.key})
	if err != nil {
		return s.unanswered(err)
	}
	_, err = asked(r.JSON200, r.ApplicationProblemJSONDefault, r.HTTPResponse)
	return err
}

// RestorePool implements couponShelf.
func (s serverCoupons) RestorePool(ctx context.Context, name string) error {
	r, err := s.RestoreCouponPoolWithResponse(ctx, name, &v1.RestoreCouponPoolParams{IdempotencyKey: &s.key})
	if err != nil {
		return s.unanswered(err)
	}
	_, err = asked(r.JSON200, r.ApplicationProblemJSONDefault, r.HTTPResponse)
	return err
}
