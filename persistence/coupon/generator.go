package coupon

import (
	"crypto/rand"
	"fmt"
)

// KeyLength is the number of bytes of a key.
const KeyLength = 16

// NewKey returns a random key. Whoever has it knows all codes of its pool.
func NewKey() []byte {
	key := make([]byte, KeyLength)
	_, _ = rand.Read(key) // never fails: it ends the process instead, since Go 1.24
	return key
}

// Generator makes the codes of one format and key. It is immutable and safe for
// concurrent use.
type Generator struct {
	format      Format
	permutation *permutation
}

// New returns the generator of a format and a key of KeyLength bytes. It returns
// a *FormatError for a format that has no codes.
func New(format Format, key []byte) (*Generator, error) {
	if err := format.Check(); err != nil {
		return nil, err
	}
	if len(key) != KeyLength {
		return nil, fmt.Errorf("make codes: the key has %d bytes; want %d", len(key), KeyLength)
	}
	p, err := newPermutation(key, int(radix), format.Length-1)
	if err != nil {
		return nil, fmt.Errorf("make codes: %w", err)
	}
	return &Generator{format, p}, nil
}

// Code returns code i of the pool, i from 0 to Possible()-1. Equal generators
// return equal codes, and two counters never the same.
func (g *Generator) Code(i int64) string {
	numeral := g.permutation.encrypt(uint64(i))
	letters := make([]byte, g.format.Length)
	last := len(letters) - 1
	for place := last - 1; place >= 0; place-- {
		letters[place] = Alphabet[numeral%uint64(radix)]
		numeral /= uint64(radix)
	}
	letters[last] = checkLetter(letters[:last])
	return g.format.layOut(letters)
}
