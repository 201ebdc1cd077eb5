package coupon

// Encrypt is the permutation of numerals alone, for the vectors of NIST and for
// domains that are small enough to look at as a whole.
func Encrypt(key []byte, radix, n int) (func(uint64) uint64, error) {
	p, err := newPermutation(key, radix, n)
	if err != nil {
		return nil, err
	}
	return p.encrypt, nil
}
