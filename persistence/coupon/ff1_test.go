package coupon_test

import (
	"crypto/aes"
	"encoding/hex"
	"fmt"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/checkout-promotions/checkout/persistence/coupon"
)

// The samples of NIST for FF1 without a tweak: numbers 1, 4 and 7.
func TestEncryptsTheSamplesOfNIST(t *testing.T) {
	for _, c := range []struct {
		name, key string
		want      uint64
	}{
		{"AES-128", "2B7E151628AED2A6ABF7158809CF4F3C", 2433477484},
		{"AES-192", "2B7E151628AED2A6ABF7158809CF4F3CEF4359D8D580AA4F", 2830668132},
		{"AES-256", "2B7E151628AED2A6ABF7158809CF4F3CEF4359D8D580AA4F7F036D6F04FC6A94", 6657667009},
	} {
		t.Run(c.name, func(t *testing.T) {
			key, err := hex.DecodeString(c.key)
			if err != nil {
				t.Fatal(err)
			}
			encrypt, err := coupon.Encrypt(key, 10, 10)
			if err != nil {
				t.Fatal(err)
			}
			if got := encrypt(123456789); got != c.want {
				t.Errorf("got %010d, want %010d", got, c.want)
			}
		})
	}
}

func TestEncryptsAsTheTextOfTheStandardSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "key")
		n := rapid.IntRange(2, coupon.MaxLength-1).Draw(t, "digits")
		x := rapid.Uint64Range(0, power(23, n)-1).Draw(t, "x")
		encrypt, err := coupon.Encrypt(key, 23, n)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := encrypt(x), byTheText(t, key, 23, n, x); got != want {
			t.Errorf("got %d, want %d", got, want)
		}
	})
}

// byTheText is SP 800-38G, algorithm 7, step by step and with big integers.
func byTheText(t *rapid.T, key []byte, radix, n int, x uint64) uint64 {
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	u := n / 2
	v := n - u
	digits := new(big.Int).SetUint64(power(radix, v))
	a, b := new(big.Int).DivMod(new(big.Int).SetUint64(x), digits, new(big.Int))
	byteCount := (new(big.Int).Sub(digits, big.NewInt(1)).BitLen() + 7) / 8
	d := 4*((byteCount+3)/4) + 4
	p := []byte{1, 2, 1, 0, 0, byte(radix), 10, byte(u), 0, 0, 0, byte(n), 0, 0, 0, 0}
	for i := range 10 {
		q := make([]byte, 16)
		q[15-byteCount] = byte(i)
		b.FillBytes(q[16-byteCount:])
		r := make([]byte, 16)
		for part := range slices.Chunk(slices.Concat(p, q), 16) {
			for j := range r {
				r[j] ^= part[j]
			}
			block.Encrypt(r, r)
		}
		m := u
		if i%2 == 1 {
			m = v
		}
		c := new(big.Int).Add(a, new(big.Int).SetBytes(r[:d]))
		a, b = b, c.Mod(c, new(big.Int).SetUint64(power(radix, m)))
	}
	return new(big.Int).Add(new(big.Int).Mul(a, digits), b).Uint64()
}

func TestEncryptionIsAPermutation(t *testing.T) {
	for _, n := range []int{2, 3, 4} {
		t.Run(fmt.Sprint(n, " digits"), func(t *testing.T) {
			encrypt, err := coupon.Encrypt(coupon.NewKey(), 23, n)
			if err != nil {
				t.Fatal(err)
			}
			seen := make([]bool, power(23, n))
			for x := range seen {
				y := encrypt(uint64(x))
				if y >= uint64(len(seen)) || seen[y] {
					t.Fatalf("got %d for %d, which is too large or was given before", y, x)
				}
				seen[y] = true
			}
		})
	}
}

func power(base, exponent int) uint64 {
	result := uint64(1)
	for range exponent {
		result *= uint64(base)
	}
	return result
}
