package sdk

import (
	"fmt"
	"math/big"
	"strings"
)

// maxNumber is how long a decimal number may be written.
const maxNumber = 40

// Currency is an ISO 4217 currency. All money of a request is in the smallest unit of that of its cart.
type Currency struct {
	Code   string // such as USD
	Digits int    // how many decimal digits the smallest unit has: 2 for USD, 0 for JPY
}

// Units returns the amount that a decimal number writes, in smallest units: 1999 for 19.99 USD. What is less than a unit is cut off.
func (c Currency) Units(decimal string) (int64, error) { return c.Times(decimal, 1) }

// Times returns n times the amount that a decimal number writes, in smallest units: 250 for 500 times 0.005 USD. The product is exact,
// and only then what is less than a unit is cut off.
func (c Currency) Times(decimal string, n int64) (int64, error) {
	if c.Digits < 0 || c.Digits > 4 {
		return 0, fmt.Errorf("currency %s: %d digits, want 0 to 4", c.Code, c.Digits)
	}
	number, err := parseDecimal(decimal)
	if err != nil {
		return 0, err
	}
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(c.Digits)), nil)
	number.Mul(number, new(big.Rat).SetInt(scale.Mul(scale, big.NewInt(n))))
	units := new(big.Int).Quo(number.Num(), number.Denom())
	if !units.IsInt64() {
		return 0, fmt.Errorf("%d times %s %s is more than can be money", n, decimal, c.Code)
	}
	return units.Int64(), nil
}

// parseDecimal reads the numbers of the contract.
func parseDecimal(text string) (*big.Rat, error) {
	whole, fraction, point := strings.Cut(strings.TrimPrefix(text, "-"), ".")
	digits := func(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
	if len(text) > maxNumber || !digits(whole) || point && !digits(fraction) {
		return nil, fmt.Errorf("%.60q is no decimal number, such as 12.50", text)
	}
	number, ok := new(big.Rat).SetString(text)
	if !ok {
		return nil, fmt.Errorf("%.60q is no decimal number, such as 12.50", text)
	}
	return number, nil
}

// Format writes an amount of smallest units: 19.99 USD for 1999.
func (c Currency) Format(units int64) string {
	text := new(big.Rat).SetFrac(big.NewInt(units), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(0, c.Digits))), nil)).FloatString(max(0, c.Digits))
	return strings.TrimSpace(text + " " + c.Code)
}
