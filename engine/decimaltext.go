package engine

import (
	"encoding"
	"fmt"
	"strings"
)

var (
	_ encoding.TextAppender    = Decimal{}
	_ encoding.TextMarshaler   = Decimal{}
	_ encoding.TextUnmarshaler = (*Decimal)(nil)
)

// AppendText implements encoding.TextAppender with the text of String.
func (d Decimal) AppendText(b []byte) ([]byte, error) {
	return Currency{digits: d.scale}.Append(b, Amount(d.coef)), nil
}

// MarshalText implements encoding.TextMarshaler with the text of String.
func (d Decimal) MarshalText() ([]byte, error) { return d.AppendText(nil) }

// UnmarshalText implements encoding.TextUnmarshaler for what programs write, such
// as 12, -0.5 or 1.50: no sign but the minus, no zero before other digits, a digit
// on each side of the point, no exponent, and no underscores. ParseDecimal takes
// what people write.
func (d *Decimal) UnmarshalText(text []byte) error {
	number := string(text)
	whole, fraction, point := strings.Cut(strings.TrimPrefix(number, "-"), ".")
	plain := whole != "" && strings.Trim(whole+fraction, "0123456789") == "" && (!point || fraction != "") && (whole == "0" || whole[0] != '0')
	if !plain {
		return fmt.Errorf("number %.40q: %w", number, errNumber)
	}
	read, err := ParseDecimal(number)
	if err != nil {
		return err
	}
	*d = read
	return nil
}
