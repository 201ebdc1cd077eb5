package coupon

import (
	"fmt"
	"strings"

	"github.com/checkout-promotions/checkout/engine"
)

// Alphabet holds the letters of codes after the prefix.
const Alphabet = "2346789CDFGHJKMPQRTVWXY"

// Limits of a [Format].
const (
	MinLength = 6 // five letters are 6,436,343 codes; FF1 wants a million
	MaxLength = 14
	MaxPrefix = 20
)

// Odds is how many possible codes there are at least for each one issued: of so
// many guesses one hits.
const Odds = 10_000

// MaxCodes is more than any format can issue.
const MaxCodes = 1 << 50

const radix = int64(len(Alphabet))

// Format says what the codes of a pool look like: PREFIX-XXXX-XXXX. All codes are
// what engine.NormalizeCoupon makes of them.
type Format struct {
	// Prefix stands before each code and a hyphen: up to MaxPrefix of A to Z, 0
	// to 9 and, inside, hyphens. Empty is none.
	Prefix string
	// Length is the number of letters after it, MinLength to MaxLength. The last
	// of them checks the others.
	Length int
	// Group is how many letters stand between hyphens; 0 sets no hyphens.
	Group int
}

// FormatError says what is wrong with a format.
type FormatError struct {
	Field   string // "prefix", "length" or "group"
	Problem string
}

// Error implements error.
func (e *FormatError) Error() string { return e.Field + " " + e.Problem }

// GuessableError says that a format is too short for the number of codes.
type GuessableError struct {
	Format   Format
	Wanted   int64
	Possible int64
	// Length is the least that is enough, 0 when none is.
	Length int
}

// Error implements error.
func (e *GuessableError) Error() string {
	text := fmt.Sprintf("%d codes of %d letters could be guessed: one of %d guesses would hit, and it has to be one of %d or more; ",
		e.Wanted, e.Format.Length, e.Possible/e.Wanted, int64(Odds))
	if e.Length == 0 {
		return text + "use several pools"
	}
	return text + fmt.Sprintf("use %d letters or more, or at most %d codes", e.Length, e.Format.Capacity())
}

// Check returns a *FormatError when there are no codes of the format.
func (f Format) Check() error {
	switch {
	case len(f.Prefix) > MaxPrefix:
		return &FormatError{"prefix", fmt.Sprintf("has %d characters; want at most %d", len(f.Prefix), MaxPrefix)}
	case strings.Trim(f.Prefix, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != "":
		return &FormatError{"prefix", fmt.Sprintf("%q has other characters than A to Z, 0 to 9 and hyphens", f.Prefix)}
	case strings.HasPrefix(f.Prefix, "-") || strings.HasSuffix(f.Prefix, "-"):
		return &FormatError{"prefix", fmt.Sprintf("%q begins or ends with a hyphen; the one before the code is added", f.Prefix)}
	case f.Length < MinLength || f.Length > MaxLength:
		return &FormatError{"length", fmt.Sprintf("is %d; want %d to %d", f.Length, MinLength, MaxLength)}
	case f.Group < 0 || f.Group > MaxLength:
		return &FormatError{"group", fmt.Sprintf("is %d; want 0 to %d", f.Group, MaxLength)}
	default:
		return nil
	}
}

// Possible returns how many codes of the format there are.
func (f Format) Possible() int64 {
	possible := int64(1)
	for range f.Length - 1 {
		possible *= radix
	}
	return possible
}

// Capacity returns how many codes of the format may be issued: one of Odds.
func (f Format) Capacity() int64 { return f.Possible() / Odds }

// CheckCount returns a *GuessableError when so many codes of the format could be
// guessed.
func (f Format) CheckCount(wanted int64) error {
	if wanted <= f.Capacity() {
		return nil
	}
	err := &GuessableError{Format: f, Wanted: wanted, Possible: f.Possible()}
	for longer := f; longer.Length <= MaxLength && err.Length == 0; longer.Length++ {
		if wanted <= longer.Capacity() {
			err.Length = longer.Length
		}
	}
	return err
}

// LengthFor returns the usual length for so many codes: 8, which is enough for
// 340,482, or else 12, which makes three groups of four.
func LengthFor(wanted int64) int {
	const short, long = 8, 12
	if wanted <= (Format{Length: short}).Capacity() {
		return short
	}
	return long
}

// Explain returns why a code cannot be one of the format, and "" when it can be:
// then its check character fits, whether it was issued or not. Letters that are
// often misread are named.
func (f Format) Explain(code string) string {
	code = engine.NormalizeCoupon(code)
	letters := code
	if f.Prefix != "" {
		var ok bool
		if letters, ok = strings.CutPrefix(code, f.Prefix+"-"); !ok {
			return "does not begin with " + f.Prefix + "-"
		}
	}
	letters = strings.ReplaceAll(letters, "-", "")
	for _, letter := range letters {
		if !strings.ContainsRune(Alphabet, letter) {
			return fmt.Sprintf("has the character %q, which no code has; it may be misread", letter)
		}
	}
	switch {
	case len(letters) != f.Length:
		return fmt.Sprintf("has %d letters; want %d", len(letters), f.Length)
	case sum(letters) != 0:
		return "is mistyped: its last letter does not fit the others"
	case f.layOut([]byte(letters)) != code:
		return "has hyphens in other places than " + f.layOut([]byte(letters))
	default:
		return ""
	}
}

// layOut adds prefix and hyphens.
func (f Format) layOut(letters []byte) string {
	code := make([]byte, 0, len(f.Prefix)+2*len(letters)+1)
	if f.Prefix != "" {
		code = append(append(code, f.Prefix...), '-')
	}
	for i, letter := range letters {
		if f.Group > 0 && i > 0 && i%f.Group == 0 {
			code = append(code, '-')
		}
		code = append(code, letter)
	}
	return string(code)
}
