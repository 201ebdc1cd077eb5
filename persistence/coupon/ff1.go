package coupon

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"math/bits"
)

// rounds of the Feistel network.
const rounds = 10

// permutation is FF1 of NIST SP 800-38G without a tweak, on numerals of one radix
// and length. The names are those of its section 6.2: a numeral X of n digits is
// A, of u digits, and B, of v digits.
type permutation struct {
	block        cipher.Block
	radixU       uint64 // radix to the power of u, the number of values of A
	radixV       uint64
	bytesOfB     int                 // b
	bytesOfY     int                 // d
	chainedFirst [aes.BlockSize]byte // the cipher of P, which all rounds chain from
}

// newPermutation takes a key of AES. Both halves of a numeral must fit in 56
// bits, so that a round is one block.
func newPermutation(key []byte, radix, n int) (*permutation, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	u := n / 2
	p := &permutation{block: block, radixU: power(radix, u), radixV: power(radix, n-u)}
	p.bytesOfB = (bits.Len64(p.radixV-1) + 7) / 8
	if n < 2 || p.bytesOfB > 7 {
		return nil, fmt.Errorf("encrypt numerals of %d digits: not supported", n)
	}
	p.bytesOfY = 4*((p.bytesOfB+3)/4) + 4
	p.block.Encrypt(p.chainedFirst[:], parameters(radix, u, n))
	return p, nil
}

// parameters is the block P: version, method, addition, radix, rounds, u, n and
// the length of the tweak, 0.
func parameters(radix, u, n int) []byte {
	first := []byte{1, 2, 1, byte(radix >> 16), byte(radix >> 8), byte(radix), rounds, byte(u)}
	first = binary.BigEndian.AppendUint32(first, uint32(n))
	return binary.BigEndian.AppendUint32(first, 0)
}

// encrypt returns the numeral that the permutation makes of x, both as numbers.
func (p *permutation) encrypt(x uint64) uint64 {
	a, b := x/p.radixV, x%p.radixV
	modulus, next := p.radixU, p.radixV
	for round := range rounds {
		c := (a + p.round(round, b, modulus)) % modulus
		a, b = b, c
		modulus, next = next, modulus
	}
	return a*p.radixV + b
}

// round is y modulo the number of values, the Feistel function of one round.
func (p *permutation) round(i int, b, modulus uint64) uint64 {
	var q [aes.BlockSize]byte
	binary.BigEndian.PutUint64(q[8:], b) // b has at most 7 bytes, those before are 0
	q[aes.BlockSize-1-p.bytesOfB] = byte(i)
	subtle.XORBytes(q[:], q[:], p.chainedFirst[:])
	p.block.Encrypt(q[:], q[:])
	return remainder(q[:p.bytesOfY], modulus)
}

// remainder is the number that big-endian bytes, 4 times some, are modulo m,
// which has at most 56 bits.
func remainder(number []byte, m uint64) uint64 {
	rest := uint64(0)
	for ; len(number) > 0; number = number[4:] {
		high, low := rest>>32, rest<<32|uint64(binary.BigEndian.Uint32(number))
		rest = bits.Rem64(high, low, m)
	}
	return rest
}

func power(base, exponent int) uint64 {
	result := uint64(1)
	for range exponent {
		result *= uint64(base)
	}
	return result
}
