package coupon_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence/coupon"
)

func Example() {
	generator, err := coupon.New(coupon.Format{Prefix: "SPRING", Length: 8, Group: 4}, make([]byte, coupon.KeyLength))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(generator.Code(0))
	fmt.Println(generator.Code(1))
	// Output:
	// SPRING-MGTY-46GF
	// SPRING-K86Y-3P7M
}

func formats() *rapid.Generator[coupon.Format] {
	return rapid.Custom(func(t *rapid.T) coupon.Format {
		return coupon.Format{
			Prefix: rapid.SampledFrom([]string{"", "SPRING", "A-1", "X"}).Draw(t, "prefix"),
			Length: rapid.IntRange(coupon.MinLength, coupon.MaxLength).Draw(t, "length"),
			Group:  rapid.IntRange(0, coupon.MaxLength).Draw(t, "group"),
		}
	})
}

func generatorOf(t interface{ Fatal(...any) }, f coupon.Format, key []byte) *coupon.Generator {
	g, err := coupon.New(f, key)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestCodesAreDistinctNormalAndOfTheirFormat(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := formats().Draw(t, "format")
		g := generatorOf(t, f, coupon.NewKey())
		first := rapid.Int64Range(0, f.Possible()-100).Draw(t, "first")
		seen := map[string]bool{}
		for i := range int64(100) {
			code := g.Code(first + i)
			if seen[code] {
				t.Errorf("got %s twice", code)
			}
			seen[code] = true
			if got := engine.NormalizeCoupon(code); got != code {
				t.Errorf("got %s, which is compared as %s", code, got)
			}
			if why := f.Explain(" " + strings.ToLower(code) + " "); why != "" {
				t.Errorf("%s %s, want nothing to explain", code, why)
			}
		}
	})
}

func TestCodesDependOnKeyAndCounterAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := formats().Draw(t, "format")
		key := coupon.NewKey()
		stop := rapid.Int64Range(0, 50).Draw(t, "where the first run stops")
		whole := generatorOf(t, f, key)
		for i := range int64(50) {
			run := whole
			if i >= stop {
				run = generatorOf(t, f, bytes.Clone(key))
			}
			if got, want := run.Code(i), whole.Code(i); got != want {
				t.Errorf("got code %d %s after a stop, want %s", i, got, want)
			}
		}
		if other := generatorOf(t, f, coupon.NewKey()); other.Code(0) == whole.Code(0) && other.Code(1) == whole.Code(1) {
			t.Error("got the same codes for two keys")
		}
	})
}

// TestMistypedCodesAreFound tries every wrong letter at every place and every
// exchange of two letters, adjacent or not.
func TestMistypedCodesAreFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := formats().Draw(t, "format")
		code := generatorOf(t, f, coupon.NewKey()).Code(rapid.Int64Range(0, f.Possible()-1).Draw(t, "counter"))
		for i := range len(code) {
			for _, letter := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") {
				mustBeFound(t, f, code, replace(code, i, letter, i, letter))
			}
			for j := range i {
				mustBeFound(t, f, code, replace(code, i, code[j], j, code[i]))
			}
		}
	})
}

func mustBeFound(t *rapid.T, f coupon.Format, code, typed string) {
	if typed != code && f.Explain(typed) == "" {
		t.Errorf("got %s for %s, want it found to be mistyped", typed, code)
	}
}

func replace(code string, i int, a byte, j int, b byte) string {
	typed := []byte(code)
	typed[i], typed[j] = a, b
	return string(typed)
}

func TestExplainSaysWhyACodeIsNone(t *testing.T) {
	f := coupon.Format{Prefix: "SPRING", Length: 8, Group: 4}
	g := generatorOf(t, f, make([]byte, coupon.KeyLength))
	good := g.Code(0)
	letters := good[len("SPRING-"):]
	for _, c := range []struct{ name, code, want string }{
		{"a code", good, ""},
		{"another prefix", "SUMMER-" + letters, "does not begin with SPRING-"},
		{"a letter that is like a digit", "SPRING-O" + letters[1:], "has the character 'O', which no code has; it may be misread"},
		{"a letter too few", "SPRING-" + letters[:8], "has 7 letters; want 8"},
		{"no hyphen", "SPRING-" + letters[:4] + letters[5:], "has hyphens in other places than " + good},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := f.Explain(c.code); got != c.want {
				t.Errorf("%s: got %q, want %q", c.code, got, c.want)
			}
		})
	}
}

func TestFormatsWithoutCodesAreRefused(t *testing.T) {
	for _, c := range []struct {
		name   string
		format coupon.Format
		want   string
	}{
		{"a long prefix", coupon.Format{Prefix: strings.Repeat("A", 21), Length: 8}, "prefix has 21 characters; want at most 20"},
		{"a small letter", coupon.Format{Prefix: "Spring", Length: 8}, `prefix "Spring" has other characters than A to Z, 0 to 9 and hyphens`},
		{"a hyphen at the end", coupon.Format{Prefix: "SPRING-", Length: 8}, `prefix "SPRING-" begins or ends with a hyphen; the one before the code is added`},
		{"too short", coupon.Format{Length: 5}, "length is 5; want 6 to 14"},
		{"too long", coupon.Format{Length: 15}, "length is 15; want 6 to 14"},
		{"less than no groups", coupon.Format{Length: 8, Group: -1}, "group is -1; want 0 to 14"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := coupon.New(c.format, coupon.NewKey())
			if err == nil || err.Error() != c.want {
				t.Errorf("got error %v, want %s", err, c.want)
			}
		})
	}
	if _, err := coupon.New(coupon.Format{Length: 8}, nil); err == nil || err.Error() != "make codes: the key has 0 bytes; want 16" {
		t.Errorf("got error %v, want that there is no key", err)
	}
}

func TestSizesThatCouldBeGuessedAreRefused(t *testing.T) {
	for _, c := range []struct {
		name   string
		length int
		wanted int64
		want   string
	}{
		{"as many as may be", 8, 340_482, ""},
		{"one more", 8, 340_483, "340483 codes of 8 letters could be guessed: one of 9999 guesses would hit, and it has to be one of 10000 or more; use 9 letters or more, or at most 340482 codes"},
		{"more than there are", 6, 1_000_000_000, "1000000000 codes of 6 letters could be guessed: one of 0 guesses would hit, and it has to be one of 10000 or more; use 11 letters or more, or at most 643 codes"},
		{"more than any length has", 14, 1 << 62, "4611686018427387904 codes of 14 letters could be guessed: one of 0 guesses would hit, and it has to be one of 10000 or more; use several pools"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := ""
			if err := (coupon.Format{Length: c.length}).CheckCount(c.wanted); err != nil {
				text = err.Error()
			}
			if text != c.want {
				t.Errorf("got  %s\nwant %s", text, c.want)
			}
		})
	}
}

func TestUsualLengthIsEnough(t *testing.T) {
	for _, c := range []struct {
		wanted int64
		want   int
	}{{1, 8}, {340_482, 8}, {340_483, 12}, {1_000_000_000, 12}} {
		if got := coupon.LengthFor(c.wanted); got != c.want {
			t.Errorf("got %d letters for %d codes, want %d", got, c.wanted, c.want)
		}
	}
}

func BenchmarkCode(b *testing.B) {
	g := generatorOf(b, coupon.Format{Prefix: "SPRING", Length: 12, Group: 4}, coupon.NewKey())
	i := int64(0)
	for b.Loop() {
		_ = g.Code(i)
		i++
	}
}
