package engine

import (
	"fmt"
	"strings"
)

// Amount is money in the smallest unit of a currency: cents for USD, yen for
// JPY, fils for BHD. It carries no currency of its own; the cart or the quote
// that holds it names the one currency all its amounts are in.
type Amount int64

// MaxAmount bounds every price and every cart subtotal, in smallest units. It
// leaves the engine three decimal digits of headroom below int64, so that no
// sum of bounded amounts can wrap.
const MaxAmount Amount = 1_000_000_000_000_000

// Currency is an ISO 4217 currency together with the number of digits of its
// smallest unit. The zero value is no currency. Currencies compare with ==.
type Currency struct {
	code   string
	digits uint8
}

// ParseCurrency returns the currency with the given ISO 4217 code. Codes are
// three letters in upper case. The digits are those of ISO 4217 (list one),
// not of CLDR, which counts the digits people write and says 0 where payment
// networks say 2 or 3 (ALL, IQD).
func ParseCurrency(code string) (Currency, error) {
	if len(code) != 3 || strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return Currency{}, fmt.Errorf("currency %q: want an ISO 4217 code of three capital letters, such as USD", code)
	}
	return Currency{code: code, digits: minorDigits(code)}, nil
}

func minorDigits(code string) uint8 {
	switch code {
	case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG",
		"RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF":
		return 0
	case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND":
		return 3
	case "CLF", "UYW":
		return 4
	default:
		return 2
	}
}

// Code returns the ISO 4217 code, "" for the zero Currency.
func (c Currency) Code() string { return c.code }

// String returns the ISO 4217 code.
func (c Currency) String() string { return c.code }

// Digits returns how many decimal digits the smallest unit has: 2 for USD, 0
// for JPY, 3 for BHD.
func (c Currency) Digits() int { return int(c.digits) }

// MarshalText implements encoding.TextMarshaler with the ISO 4217 code.
func (c Currency) MarshalText() ([]byte, error) { return []byte(c.code), nil }

// UnmarshalText implements encoding.TextUnmarshaler; empty text is the zero
// Currency.
func (c *Currency) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*c = Currency{}
		return nil
	}
	parsed, err := ParseCurrency(string(text))
	if err != nil {
		return err
	}
	*c = parsed
	return nil
}

// Format writes a with exactly the currency's digits and no grouping: 99.98,
// -0.05, 1500 (JPY), 1.250 (BHD). The text is also a valid JSON number.
func (c Currency) Format(a Amount) string {
	var digits [24]byte
	return string(c.Append(digits[:0], a))
}

// Append appends what Format returns to b.
func (c Currency) Append(b []byte, a Amount) []byte {
	var text [24]byte // written from its end
	rest, at := abs64(int64(a)), len(text)
	for range c.digits {
		at--
		text[at], rest = '0'+byte(rest%10), rest/10
	}
	if c.digits > 0 {
		at--
		text[at] = '.'
	}
	for {
		at--
		if text[at], rest = '0'+byte(rest%10), rest/10; rest == 0 {
			break
		}
	}
	if a < 0 {
		at--
		text[at] = '-'
	}
	return append(b, text[at:]...)
}

// Parse reads a decimal number of major units, such as 12.5 or -3. It refuses
// text with more digits than the currency has, because rounding a price that
// somebody typed would hide their mistake. A trailing zero is not a digit too
// many: 1.500 is a fine amount of USD.
func (c Currency) Parse(text string) (Amount, error) {
	d, err := ParseDecimal(text)
	if err != nil {
		return 0, err
	}
	a, exact, err := c.Amount(d, HalfUp)
	if err != nil {
		return 0, err
	}
	if !exact {
		return 0, fmt.Errorf("amount %s: %s has %d decimal digits", text, c.code, c.digits)
	}
	return a, nil
}

// Decimal returns a in major units: 9998 cents are 99.98.
func (c Currency) Decimal(a Amount) Decimal {
	return Decimal{coef: int64(a), scale: c.digits}
}

// Amount converts major units to the smallest unit, rounding as asked where d
// has more digits than the currency; exact tells whether it did not have to. An
// amount beyond MaxAmount is an error.
func (c Currency) Amount(d Decimal, mode Rounding) (a Amount, exact bool, err error) {
	r := d.rescale(c.digits, mode)
	if r.coef > int64(MaxAmount) || r.coef < -int64(MaxAmount) || r.scale != c.digits {
		return 0, false, fmt.Errorf("amount %s: at most %s %s", d, c.Format(MaxAmount), c.code)
	}
	return Amount(r.coef), d.scale <= c.digits || r.Cmp(d) == 0, nil
}

// mulAmount returns a*n for non-negative a and n, and whether the product stays
// within MaxAmount.
func mulAmount(a Amount, n int64) (Amount, bool) {
	if n > 0 && int64(a) > int64(MaxAmount)/n {
		return 0, false
	}
	return a * Amount(n), true
}

// Rounding says what happens to half of a smallest unit.
type Rounding uint8

// The rounding modes. HalfUp rounds a half away from zero, as price lists do;
// HalfEven rounds it to the even neighbour (IEEE 754 roundTiesToEven), as
// ledgers do.
const (
	HalfUp Rounding = iota
	HalfEven
)

// Percent is a share of one hundred in millionths of one percent, so that
// 12.5 % is 12_500_000. Six digits after the point are kept.
type Percent int64

const (
	percentDigits         = 6
	wholePercent  Percent = 100_000_000 // 100 %
)

// PercentOf converts a decimal percentage (12.5 for 12.5 %) and limits it to 0
// to 100, because an expression may compute anything and no discount can be
// negative or take more than all.
func PercentOf(d Decimal) Percent {
	r := d.rescale(percentDigits, HalfEven)
	switch {
	case r.coef <= 0:
		return 0
	case r.scale != percentDigits || r.coef >= int64(wholePercent):
		return wholePercent
	default:
		return Percent(r.coef)
	}
}

// String writes the percentage without trailing zeros: 12.5.
func (p Percent) String() string {
	text := Decimal{coef: int64(p), scale: percentDigits}.String()
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

// of returns the rounded part p of a non-negative amount.
func (p Percent) of(a Amount, mode Rounding) Amount {
	product := mul64(uint64(a), uint64(p))
	return Amount(product.divRound(uint64(wholePercent), mode))
}

// exceeds reports whether the part p of base is more than limit, without
// rounding.
func (p Percent) exceeds(base, limit Amount) bool {
	return mul64(uint64(limit), uint64(wholePercent)).less(mul64(uint64(base), uint64(p)))
}
