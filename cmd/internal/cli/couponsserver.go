package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

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
	// CreatePool makes a pool that is not there, for GenerateCodes to make its codes.
	CreatePool(ctx context.Context, name string, format coupon.Format, count int64) (persistence.CouponPool, error)
	// GenerateCodes makes the codes of a pool that are missing, and more.
	GenerateCodes(ctx context.Context, name string, more int64, progress func(made, wanted int64)) (persistence.CouponPool, error)
	// ImportCodes adds the codes of a CSV file, and returns how many.
	ImportCodes(ctx context.Context, pool string, file io.ReadSeeker, progress func(lines int64)) (int64, error)
	// ExportCodes writes the codes of a pool as CSV, and returns how many.
	ExportCodes(ctx context.Context, pool string, to io.Writer) (int64, error)
}

// couponShelves are the ways to coupons.
func couponShelves(s Streams, writes bool) ways[couponShelf] {
	return storeOrServer(s, writes,
		func(data *persistence.Store) couponShelf { return storedCoupons{data} },
		func(c *caller) couponShelf { return serverCoupons{c} })
}

// newCouponShelves are couponShelves for what may make the database.
func newCouponShelves(s Streams) ways[couponShelf] {
	w := couponShelves(s, true)
	w.database = func(cmd *cobra.Command, run func(context.Context, couponShelf) error) error {
		return withNewStore(cmd, s, func(ctx context.Context, data *persistence.Store) error { return run(ctx, storedCoupons{data}) })
	}
	return w
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
	return readCode(told), nil
}

func readCode(c *v1.CouponCode) persistence.CouponCode {
	return persistence.CouponCode{
		Code: c.Code, Pool: c.Pool, State: persistence.CodeState(c.State), Redemptions: c.Redemptions,
		Source: persistence.CodeSource(c.Source), IssuedAt: c.IssuedAt,
	}
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

// CreatePool implements couponShelf. The server makes the first codes too.
func (s serverCoupons) CreatePool(ctx context.Context, name string, format coupon.Format, count int64) (persistence.CouponPool, error) {
	none := v1.PutCouponPoolParamsIfNoneMatch("*")
	r, err := s.PutCouponPoolWithResponse(ctx, name, &v1.PutCouponPoolParams{IfNoneMatch: &none, IdempotencyKey: &s.key}, v1.CouponPoolRequest{
		Codes: count, Prefix: &format.Prefix, Length: &format.Length, Group: &format.Group,
	})
	if err != nil {
		return persistence.CouponPool{}, s.unanswered(err)
	}
	told, err := asked(r.JSON201, r.ApplicationProblemJSONDefault, r.HTTPResponse)
	if toldCode(err) == "changed_meanwhile" { // it is there
		return persistence.CouponPool{}, &persistence.PoolTakenError{Name: name}
	}
	if err != nil {
		return persistence.CouponPool{}, err
	}
	return readPool(told), nil
}

// GenerateCodes implements couponShelf. A request makes so many codes at most; each asks
// for all that are wanted, so that one more does nothing.
func (s serverCoupons) GenerateCodes(ctx context.Context, name string, more int64, progress func(made, wanted int64)) (persistence.CouponPool, error) {
	read, err := s.GetCouponPoolWithResponse(ctx, name)
	if err != nil {
		return persistence.CouponPool{}, unanswered(err)
	}
	told, err := asked(read.JSON200, read.ApplicationProblemJSONDefault, read.HTTPResponse)
	if err != nil {
		return persistence.CouponPool{}, err
	}
	wanted, unchanged := told.Codes+more, read.HTTPResponse.Header.Get("ETag")
	for told.Issued < wanted {
		once, before := onceKey(), told.Issued
		r, err := s.PutCouponPoolWithResponse(ctx, name, &v1.PutCouponPoolParams{IfMatch: given(unchanged), IdempotencyKey: &once}, v1.CouponPoolRequest{Codes: wanted})
		if err != nil {
			return persistence.CouponPool{}, unanswered(err)
		}
		if told, err = asked(r.JSON200, r.ApplicationProblemJSONDefault, r.HTTPResponse); err != nil {
			return persistence.CouponPool{}, err
		}
		if told.Issued == before {
			return persistence.CouponPool{}, environmentError(fmt.Errorf("pool %s has %d of %d codes, and the server makes no more", name, told.Issued, wanted))
		}
		unchanged = "" // that more are wanted is done
		progress(told.Issued, wanted)
	}
	return readPool(told), nil
}

// ImportCodes implements couponShelf. The lines are counted by the server alone.
func (s serverCoupons) ImportCodes(ctx context.Context, pool string, file io.ReadSeeker, _ func(lines int64)) (int64, error) {
	text, err := io.ReadAll(file)
	if err != nil {
		return 0, environmentError(fmt.Errorf("read the codes: %w", err))
	}
	r, err := s.ImportCouponCodesWithBodyWithResponse(ctx, pool, &v1.ImportCouponCodesParams{IdempotencyKey: &s.key}, "text/csv", bytes.NewReader(text))
	if err != nil {
		return 0, s.unanswered(err)
	}
	return codesChanged(asked(r.JSON200, r.ApplicationProblemJSONDefault, r.HTTPResponse))
}

// ExportCodes implements couponShelf.
func (s serverCoupons) ExportCodes(ctx context.Context, pool string, to io.Writer) (written int64, err error) {
	out := persistence.NewCodeWriter(to)
	err = inPagesOf("", 0, func(after *string, n int) ([]v1.CouponCode, string, error) {
		r, err := s.ListCouponCodesWithResponse(ctx, pool, &v1.ListCouponCodesParams{Limit: &n, After: after})
		if err != nil {
			return nil, "", unanswered(err)
		}
		page, err := asked(r.JSON200, r.ApplicationProblemJSONDefault, r.HTTPResponse)
		if err != nil {
			return nil, "", err
		}
		return page.Codes, page.Next, nil
	}, func(told *v1.CouponCode) (bool, error) {
		written++
		return true, out.Write(readCode(told))
	})
	if err != nil {
		return written, err
	}
	return written, out.Flush()
}
