package cli

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/checkout-promotions/checkout/api"
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
)

// Pools of the API are those of the store, with what is left out as it is or as usual.
func TestPoolsOfTheAPI(t *testing.T) {
	store := testShop(t, persistence.Options{})
	coupons, spring, six, nine := apiCoupons{store}, "SPRING", 6, 9
	for _, x := range []struct {
		name, pool string
		wish       api.CouponWish
		created    bool
		refused    string
	}{
		{"a new pool is as usual", "plain", api.CouponWish{Codes: 3}, true, ""},
		{"a new pool of many has long codes", "many", api.CouponWish{Codes: 400_000}, true, ""},
		{"a new pool is as it should be", "spring", api.CouponWish{Codes: 2, Prefix: &spring, Length: &nine, Group: &six}, true, ""},
		{"a known pool keeps its format", "spring", api.CouponWish{Codes: 3}, false, ""},
		{"another format is refused", "spring", api.CouponWish{Codes: 3, Length: &six}, false,
			`coupon pool spring has the prefix "SPRING", length 9 and groups of 6: the format of a pool is never changed`},
		{"a name that is none is refused", "a b", api.CouponWish{Codes: 3}, false, `pool: "a b" is no name; use 1 to 64 letters, digits, - and _`},
	} {
		t.Run(x.name, func(t *testing.T) {
			created, err := coupons.EnsurePool(t.Context(), x.pool, x.wish, engine.Precondition{})
			refused, text := (*api.CouponRefusedError)(nil), ""
			if errors.As(err, &refused) {
				text = refused.Problem
			} else if err != nil {
				t.Fatal(err)
			}
			if created != x.created || text != x.refused {
				t.Errorf("got %v %q, want %v %q", created, text, x.created, x.refused)
			}
		})
	}
	if _, err := coupons.MakeCodes(t.Context(), "spring", 100); err != nil {
		t.Fatal(err)
	}
	pools, err := coupons.Pools(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range pools {
		got = append(got, fmt.Sprintf("%s %q %d/%d %d of %d", p.Name, p.Prefix, p.Length, p.Group, p.Issued, p.Codes))
	}
	if diff := cmp.Diff([]string{`many "" 12/4 0 of 400000`, `plain "" 8/4 0 of 3`, `spring "SPRING" 9/6 3 of 3`}, got); diff != "" {
		t.Errorf("pools: -want +got\n%s", diff)
	}
	codes, err := coupons.CodePage(t.Context(), "spring", "", 2)
	if err != nil || len(codes) != 2 || codes[0].Pool != "spring" || codes[0].State != "available" || codes[0].Source != "generated" {
		t.Fatalf("got %v %v, want two codes", codes, err)
	}
	if code, err := coupons.LookupCode(t.Context(), codes[1].Code); err != nil || code != codes[1] {
		t.Errorf("got %v %v, want %v", code, err, codes[1])
	}
}
