package engine_test

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/checkout-promotions/checkout/engine"
)

func decimals() *rapid.Generator[engine.Decimal] {
	return rapid.Custom(func(t *rapid.T) engine.Decimal {
		text := rapid.StringMatching(`-?[0-9]{1,8}(\.[0-9]{1,9})?`).Draw(t, "decimal")
		d, err := engine.ParseDecimal(text)
		if err != nil {
			t.Fatalf("ParseDecimal(%q): %v", text, err)
		}
		return d
	})
}

func rational(t interface{ Fatalf(string, ...any) }, d engine.Decimal) *big.Rat {
	r, ok := new(big.Rat).SetString(d.String())
	if !ok {
		t.Fatalf("%q is no rational", d.String())
	}
	return r
}

func TestDecimalArithmeticAgreesWithRationals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := decimals().Draw(t, "a"), decimals().Draw(t, "b")
		ra, rb := rational(t, a), rational(t, b)
		if got, want := a.Cmp(b), ra.Cmp(rb); got != want {
			t.Fatalf("%s cmp %s: got %d, want %d", a, b, got, want)
		}
		sum, ok := a.Add(b)
		if want := new(big.Rat).Add(ra, rb); !ok || rational(t, sum).Cmp(want) != 0 {
			t.Fatalf("%s + %s: got %s, want %s", a, b, sum, want)
		}
		difference, ok := a.Sub(b)
		if want := new(big.Rat).Sub(ra, rb); !ok || rational(t, difference).Cmp(want) != 0 {
			t.Fatalf("%s - %s: got %s, want %s", a, b, difference, want)
		}
		product, ok := a.Mul(b)
		checkRounded(t, product, ok, new(big.Rat).Mul(ra, rb))
		if b.Sign() == 0 {
			if _, ok := a.Div(b); ok {
				t.Fatalf("%s / 0 has a result", a)
			}
			return
		}
		quotient, ok := a.Div(b)
		checkRounded(t, quotient, ok, new(big.Rat).Quo(ra, rb))
	})
}

// checkRounded demands that got is want within half a unit of its last kept
// place, where 18 significant digits and 18 places are kept.
func checkRounded(t *rapid.T, got engine.Decimal, ok bool, want *big.Rat) {
	limit := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(18), nil))
	if new(big.Rat).Abs(want).Cmp(limit) >= 0 {
		return
	}
	if !ok {
		t.Fatalf("no result for %s", want.FloatString(20))
	}
	size := new(big.Rat).Abs(want)
	unit := big.NewRat(1, 1_000_000_000_000_000_000)
	for size.Cmp(big.NewRat(1, 1)) >= 0 {
		size.Quo(size, big.NewRat(10, 1))
		unit.Mul(unit, big.NewRat(10, 1))
	}
	off := new(big.Rat).Sub(rational(t, got), want)
	if off.Abs(off).Mul(off, big.NewRat(2, 1)).Cmp(unit) > 0 {
		t.Fatalf("got %s, want %s", got, want.FloatString(30))
	}
}

func TestParseDecimal(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"0", "0"}, {"12", "12"}, {"-0.5", "-0.5"}, {".5", "0.5"}, {"1.50", "1.50"},
		{"1_000", "1000"}, {"2.5e3", "2500"}, {"25e-1", "2.5"}, {"1e2", "100"}, {"0.000", "0.000"},
		{"999999999999999999", "999999999999999999"},
	} {
		got, err := engine.ParseDecimal(c.text)
		if err != nil || got.String() != c.want {
			t.Errorf("ParseDecimal(%q): got %s, %v, want %s", c.text, got, err, c.want)
		}
	}
	for _, text := range []string{"", "-", ".", "1.2.3", "1e", "1e999", "NaN", "Inf", "12a", "9999999999999999999", "1e18", "0.1234567890123456789"} {
		if got, err := engine.ParseDecimal(text); err == nil {
			t.Errorf("ParseDecimal(%q): got %s, want an error", text, got)
		}
	}
}

func TestThirdsAndTenthsBehaveAsOnPaper(t *testing.T) {
	tenth, _ := engine.ParseDecimal("0.1")
	fifth, _ := engine.ParseDecimal("0.2")
	want, _ := engine.ParseDecimal("0.30")
	if sum, _ := tenth.Add(fifth); sum.Cmp(want) != 0 {
		t.Errorf("0.1 + 0.2: got %s, want 0.30", sum)
	}
	third, _ := engine.NewDecimal(1).Div(engine.NewDecimal(3))
	if third.String() != "0.333333333333333333" {
		t.Errorf("1 / 3: got %s", third)
	}
	if half, _ := engine.NewDecimal(1).Div(engine.NewDecimal(2)); half.String() != "0.5" {
		t.Errorf("1 / 2: got %s", half)
	}
}

func TestRoundFloorInt(t *testing.T) {
	for _, c := range []struct {
		text            string
		up, even, floor string
	}{
		{"2.5", "3", "2", "2"}, {"3.5", "4", "4", "3"}, {"-2.5", "-3", "-2", "-3"}, {"2.51", "3", "3", "2"}, {"7", "7", "7", "7"},
	} {
		d, _ := engine.ParseDecimal(c.text)
		if got := d.Round(0, engine.HalfUp).String(); got != c.up {
			t.Errorf("%s half up: got %s, want %s", c.text, got, c.up)
		}
		if got := d.Round(0, engine.HalfEven).String(); got != c.even {
			t.Errorf("%s half even: got %s, want %s", c.text, got, c.even)
		}
		if got := d.Floor().String(); got != c.floor {
			t.Errorf("floor %s: got %s, want %s", c.text, got, c.floor)
		}
	}
}

func FuzzParseDecimal(f *testing.F) {
	for _, seed := range []string{"1.5", "-0", "1e-9", "_", "999999999999999999e0"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := engine.ParseDecimal(text)
		if err != nil {
			return
		}
		again, err := engine.ParseDecimal(d.String())
		if err != nil || again.Cmp(d) != 0 {
			t.Fatalf("%q reads as %s, which reads as %s, %v", text, d, again, err)
		}
	})
}

func TestDecimalsAreReadFromTextAsProgramsWriteThem(t *testing.T) {
	tests := map[string]string{
		"0": "0", "-0.50": "-0.50", "12": "12", "999999999999999999": "999999999999999999",
		"": "", "-": "", ".5": "", "5.": "", "+1": "", "01": "", "00": "", "1e3": "", "1_000": "", "1.2.3": "", "--1": "", " 1": "", "9999999999999999999": "",
	}
	for text, want := range tests {
		var d engine.Decimal
		err := d.UnmarshalText([]byte(text))
		if (err == nil) != (want != "") || err == nil && d.String() != want {
			t.Errorf("%q: got %s and %v, want %q", text, d, err, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		d := decimals().Draw(t, "decimal")
		text, err := d.MarshalText()
		var again engine.Decimal
		if err != nil || string(text) != d.String() || again.UnmarshalText(text) != nil || again != d {
			t.Fatalf("%s: got %s, %v and %s", d, text, err, again)
		}
	})
}
