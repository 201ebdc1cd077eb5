package engine_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/checkout-promotions/checkout/engine"
)

func currency(t testing.TB, code string) engine.Currency {
	t.Helper()
	c, err := engine.ParseCurrency(code)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAmountsAreReadAndWrittenWithTheDigitsOfTheirCurrency(t *testing.T) {
	for _, c := range []struct {
		code, text string
		want       engine.Amount
		printed    string
	}{
		{"USD", "49.99", 4999, "49.99"},
		{"USD", "0.3", 30, "0.30"},
		{"USD", "5", 500, "5.00"},
		{"USD", "1.500", 150, "1.50"},
		{"USD", "-0.05", -5, "-0.05"},
		{"USD", "1e2", 10000, "100.00"},
		{"USD", "10000000000000", 1_000_000_000_000_000, "10000000000000.00"},
		{"JPY", "1500", 1500, "1500"},
		{"JPY", "1500.0", 1500, "1500"},
		{"BHD", "1.25", 1250, "1.250"},
		{"BHD", "0.001", 1, "0.001"},
		{"CLF", "0.0001", 1, "0.0001"},
	} {
		cur := currency(t, c.code)
		got, err := cur.Parse(c.text)
		if err != nil || got != c.want {
			t.Errorf("%s %s: got %d, %v, want %d", c.text, c.code, got, err, c.want)
		}
		if printed := cur.Format(got); printed != c.printed {
			t.Errorf("%s %s: printed %s, want %s", c.text, c.code, printed, c.printed)
		}
	}
}

func TestAnyAmountComesBackFromItsText(t *testing.T) {
	var currencies []engine.Currency
	for _, code := range []string{"USD", "JPY", "BHD", "CLF"} {
		currencies = append(currencies, currency(t, code))
	}
	rapid.Check(t, func(t *rapid.T) {
		c := rapid.SampledFrom(currencies).Draw(t, "currency")
		limit := int64(engine.MaxAmount)
		a := engine.Amount(rapid.OneOf(rapid.Int64Range(-20, 20_000), rapid.Int64Range(-limit, limit)).Draw(t, "amount"))
		text := c.Format(a)
		if exact := c.Decimal(a).String(); text != exact {
			t.Fatalf("got %s, want %s", text, exact)
		}
		if back, err := c.Parse(text); err != nil || back != a {
			t.Fatalf("%s: got %d back, %v, want %d", text, back, err, a)
		}
		if appended := string(c.Append([]byte("x"), a)); appended != "x"+text {
			t.Fatalf("appended %s, want x%s", appended, text)
		}
	})
}

func TestEveryInt64CanBeWritten(t *testing.T) {
	for text, a := range map[string]engine.Amount{
		"-92233720368547758.08": math.MinInt64,
		"92233720368547758.07":  math.MaxInt64,
	} {
		if got := currency(t, "USD").Format(a); got != text {
			t.Errorf("got %s, want %s", got, text)
		}
	}
}

func TestAppendingAmountsAllocatesNothing(t *testing.T) {
	usd, b := currency(t, "USD"), make([]byte, 0, 32)
	if n := testing.AllocsPerRun(100, func() { b = usd.Append(b[:0], -539999) }); n != 0 {
		t.Errorf("got %v allocations, want none", n)
	}
}

func TestAmountsThatAreNotExactAreRefused(t *testing.T) {
	for _, c := range []struct{ code, text, want string }{
		{"USD", "0.005", "amount 0.005: USD has 2 decimal digits"},
		{"JPY", "0.5", "amount 0.5: JPY has 0 decimal digits"},
		{"BHD", "0.0001", "amount 0.0001: BHD has 3 decimal digits"},
		{"USD", "10000000000000.01", "amount 10000000000000.01: at most 10000000000000.00 USD"},
		{"USD", "999999999999999999", "amount 999999999999999999: at most 10000000000000.00 USD"},
		{"USD", "1e99", `number "1e99": more than 18 digits`},
		{"USD", "ten", `number "ten": not a decimal number`},
		{"USD", "+Inf", `number "+Inf": not a decimal number`},
	} {
		if got, err := currency(t, c.code).Parse(c.text); err == nil || err.Error() != c.want {
			t.Errorf("%s %s: got %d, %v, want %s", c.text, c.code, got, err, c.want)
		}
	}
}

func TestCurrencyCodes(t *testing.T) {
	for code, digits := range map[string]int{"USD": 2, "JPY": 0, "BHD": 3, "CLF": 4, "ALL": 2, "IQD": 3} {
		if got := currency(t, code).Digits(); got != digits {
			t.Errorf("%s: got %d digits, want %d", code, got, digits)
		}
	}
	for _, code := range []string{"", "usd", "US", "USDX", "U$D"} {
		if _, err := engine.ParseCurrency(code); err == nil {
			t.Errorf("ParseCurrency(%q): got no error", code)
		}
	}
	var back engine.Currency
	text, err := json.Marshal(currency(t, "BHD"))
	if err == nil {
		err = json.Unmarshal(text, &back)
	}
	if err != nil || back != currency(t, "BHD") {
		t.Errorf("through JSON: got %v, %v", back, err)
	}
}

func TestPercentagesAreKeptToSixDigitsAndWithinOneHundred(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"10", "10"}, {"12.5", "12.5"}, {"0.000001", "0.000001"}, {"0.0000001", "0"},
		{"100", "100"}, {"150", "100"}, {"-3", "0"}, {"999999999999999999", "100"},
	} {
		d, err := engine.ParseDecimal(c.text)
		if err != nil {
			t.Fatal(err)
		}
		if got := engine.PercentOf(d).String(); got != c.want {
			t.Errorf("%s %%: got %s, want %s", c.text, got, c.want)
		}
	}
}

func TestAttributeValuesKeepTheirDigitsThroughJSON(t *testing.T) {
	for _, text := range []string{`"red"`, `12.50`, `true`, `["a","b"]`, `null`, `-0.1`} {
		var v engine.Value
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if back, err := json.Marshal(v); err != nil || string(back) != text {
			t.Errorf("%s: came back as %s, %v", text, back, err)
		}
	}
	for _, text := range []string{`{"a":1}`, `[1]`, `1e99`} {
		if err := json.Unmarshal([]byte(text), new(engine.Value)); err == nil {
			t.Errorf("%s: got no error", text)
		}
	}
}

func TestWhatCanBeASKU(t *testing.T) {
	for sku, want := range map[string]bool{
		"120P90": true, "a-b_c.D": true, "-": true, strings.Repeat("x", 64): true,
		"": false, strings.Repeat("x", 65): false, "a b": false, "a/b": false, "ä": false, "a\x00": false, "a\n": false,
	} {
		if got := engine.ValidSKU(sku); got != want {
			t.Errorf("%q: got %t, want %t", sku, got, want)
		}
	}
}
