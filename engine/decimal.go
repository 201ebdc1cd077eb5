package engine

import (
	"errors"
	"fmt"
	"strings"
)

// Decimal is the number type of the rule language: a decimal number of at most
// 18 significant digits and 18 digits after the point. Sums, differences and
// products are exact as long as they fit; longer results, and quotients, are
// rounded to what fits with ties to the even digit, as IEEE 754 decimal64 does
// with 16 digits. So 0.1 + 0.2 is 0.3, which no binary float can say.
//
// The zero value is 0. Decimals are values and safe for concurrent use. Two
// Decimals may be equal without being == (1.5 and 1.50); use Cmp.
type Decimal struct {
	coef  int64
	scale uint8
}

const maxScale = 18

// maxCoef is the greatest coefficient: 18 digits.
const maxCoef = 999_999_999_999_999_999

var errNumber = errors.New("not a decimal number")

// NewDecimal returns n as a Decimal; it is exact up to 18 digits and saturates
// beyond them.
func NewDecimal(n int64) Decimal {
	return Decimal{coef: max(-maxCoef, min(n, maxCoef))}
}

// ParseDecimal reads a number such as 12, -0.5, 1_000 or 2.5e3. Text with more
// than 18 significant digits is refused rather than rounded.
func ParseDecimal(text string) (Decimal, error) {
	s := strings.ReplaceAll(text, "_", "")
	mantissa, exponent, err := splitExponent(s)
	if err != nil {
		return Decimal{}, fmt.Errorf("number %.40q: %w", text, errNumber)
	}
	negative := strings.HasPrefix(mantissa, "-")
	mantissa = strings.TrimPrefix(strings.TrimPrefix(mantissa, "-"), "+")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := whole + fraction
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return Decimal{}, fmt.Errorf("number %.40q: %w", text, errNumber)
	}
	scale := len(fraction) - exponent
	digits = strings.TrimLeft(digits, "0")
	for scale > 0 && strings.HasSuffix(digits, "0") && scale > len(fraction) {
		digits, scale = digits[:len(digits)-1], scale-1
	}
	if digits == "" {
		return Decimal{scale: uint8(max(0, min(scale, maxScale)))}, nil
	}
	if scale < 0 {
		if len(digits)-scale > maxScale {
			return Decimal{}, fmt.Errorf("number %.40q: more than %d digits", text, maxScale)
		}
		digits, scale = digits+strings.Repeat("0", -scale), 0
	}
	if len(digits) > maxScale || scale > maxScale {
		return Decimal{}, fmt.Errorf("number %.40q: more than %d digits", text, maxScale)
	}
	var coef int64
	for _, d := range digits {
		coef = coef*10 + int64(d-'0')
	}
	if negative {
		coef = -coef
	}
	return Decimal{coef: coef, scale: uint8(scale)}, nil
}

// splitExponent cuts the exponent off 2.5e3.
func splitExponent(s string) (mantissa string, exponent int, err error) {
	mantissa, power, found := strings.Cut(strings.ToLower(s), "e")
	if !found {
		return mantissa, 0, nil
	}
	sign := 1
	switch {
	case strings.HasPrefix(power, "-"):
		sign, power = -1, power[1:]
	case strings.HasPrefix(power, "+"):
		power = power[1:]
	}
	if power == "" || len(power) > 2 || strings.Trim(power, "0123456789") != "" {
		return "", 0, errNumber
	}
	for _, d := range power {
		exponent = exponent*10 + int(d-'0')
	}
	return mantissa, sign * exponent, nil
}

// String writes the number with all its digits, trailing zeros included: a
// price of 5 dollars is 5.00.
func (d Decimal) String() string { return Currency{digits: d.scale}.Format(Amount(d.coef)) }

// Sign returns -1, 0 or 1.
func (d Decimal) Sign() int {
	switch {
	case d.coef < 0:
		return -1
	case d.coef > 0:
		return 1
	default:
		return 0
	}
}

// Neg returns -d.
func (d Decimal) Neg() Decimal { return Decimal{-d.coef, d.scale} }

// Cmp compares the values and returns -1, 0 or 1.
func (d Decimal) Cmp(e Decimal) int {
	if d.scale == e.scale {
		switch {
		case d.coef < e.coef:
			return -1
		case d.coef > e.coef:
			return 1
		default:
			return 0
		}
	}
	if ds, es := d.Sign(), e.Sign(); ds != es {
		if ds < es {
			return -1
		}
		return 1
	}
	scale := max(d.scale, e.scale)
	a, b := d.magnitudeAt(scale), e.magnitudeAt(scale)
	switch {
	case a == b:
		return 0
	case a.less(b) == (d.coef >= 0):
		return -1
	default:
		return 1
	}
}

// Add returns d+e, and false if the sum is beyond 18 digits before the point.
func (d Decimal) Add(e Decimal) (Decimal, bool) {
	scale := max(d.scale, e.scale)
	a, b := d.magnitudeAt(scale), e.magnitudeAt(scale)
	dNeg, eNeg := d.coef < 0, e.coef < 0
	switch {
	case dNeg == eNeg:
		return fit(a.add(b), false, scale, dNeg)
	case a.less(b):
		return fit(b.sub(a), false, scale, eNeg)
	default:
		return fit(a.sub(b), false, scale, dNeg)
	}
}

// Sub returns d-e, and false if the difference is beyond 18 digits before the
// point.
func (d Decimal) Sub(e Decimal) (Decimal, bool) { return d.Add(e.Neg()) }

// Mul returns d*e, and false if the product is beyond 18 digits before the
// point.
func (d Decimal) Mul(e Decimal) (Decimal, bool) {
	product := mul64(abs64(d.coef), abs64(e.coef))
	return fit(product, false, d.scale+e.scale, (d.coef < 0) != (e.coef < 0))
}

// Div returns d/e, and false if e is zero or the quotient is beyond 18 digits
// before the point.
func (d Decimal) Div(e Decimal) (Decimal, bool) {
	if e.coef == 0 {
		return Decimal{}, false
	}
	divisor, scale := abs64(e.coef), int(d.scale)-int(e.scale)
	q, r := uint128{lo: abs64(d.coef)}.div(divisor)
	for scale < 0 || r != 0 && scale <= maxScale && q.hi == 0 && q.lo <= maxCoef {
		if q.hi != 0 {
			return Decimal{}, false
		}
		// One more digit of the long division; r < 10^18, so r*10 fits.
		digit := r * 10 / divisor
		r = r * 10 % divisor
		q = mul64(q.lo, 10).add(uint128{lo: digit})
		scale++
	}
	return fit(q, r != 0, uint8(scale), (d.coef < 0) != (e.coef < 0))
}

// Round returns d rounded to the given digits after the point, which must be
// between 0 and 18; a number that has no more digits is returned as it is.
func (d Decimal) Round(digits int, mode Rounding) Decimal {
	if int(d.scale) <= digits {
		return d
	}
	return d.rescale(uint8(digits), mode)
}

// Floor returns the greatest whole number that is not above d.
func (d Decimal) Floor() Decimal {
	unit := int64(pow10(d.scale))
	whole := d.coef / unit
	if d.coef%unit < 0 {
		whole--
	}
	return Decimal{coef: whole}
}

// Int returns the whole number below or at d.
func (d Decimal) Int() int64 { return d.Floor().coef }

// rescale returns d with exactly the given scale, rounding where digits go and
// keeping d unchanged where the longer number would not fit.
func (d Decimal) rescale(scale uint8, mode Rounding) Decimal {
	switch {
	case d.scale == scale:
		return d
	case d.scale < scale:
		m := d.magnitudeAt(scale)
		if m.hi != 0 || m.lo > maxCoef {
			return d
		}
		return signed(m.lo, scale, d.coef < 0)
	default:
		m := uint128{lo: abs64(d.coef)}
		return signed(m.divRound(pow10(d.scale-scale), mode), scale, d.coef < 0)
	}
}

// magnitudeAt returns |d| as a multiple of 10^-scale; scale is at least d's.
func (d Decimal) magnitudeAt(scale uint8) uint128 {
	return mul64(abs64(d.coef), pow10(scale-d.scale))
}

// fit rounds m·10^-scale, of which sticky says that something non-zero follows,
// to at most 18 digits and 18 places, ties to even.
func fit(m uint128, sticky bool, scale uint8, negative bool) (Decimal, bool) {
	var drop uint8
	if scale > maxScale {
		drop = scale - maxScale
	}
	for {
		q, r := m.div(pow10(drop))
		if roundsUp(q.lo, r, pow10(drop), HalfEven) || sticky && 2*r == pow10(drop) {
			q = q.add(uint128{lo: 1})
		}
		if q.hi == 0 && q.lo <= maxCoef {
			if drop > scale {
				return Decimal{}, false
			}
			return signed(q.lo, scale-drop, negative), true
		}
		drop++
	}
}

func signed(magnitude uint64, scale uint8, negative bool) Decimal {
	if negative {
		return Decimal{-int64(magnitude), scale}
	}
	return Decimal{int64(magnitude), scale}
}

func abs64(n int64) uint64 {
	if n < 0 {
		return uint64(-n)
	}
	return uint64(n)
}

// pow10 returns 10^n for n up to 19.
func pow10(n uint8) uint64 {
	p := uint64(1)
	for range n {
		p *= 10
	}
	return p
}
