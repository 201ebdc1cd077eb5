package coupon

import "strings"

// checkRadix generates all residues modulo 23 but 0, so that the weights of 22
// places differ from each other.
const checkRadix = 5

// checkLetter returns the letter that makes the sum of the letters and itself 0.
func checkLetter(letters []byte) byte {
	return Alphabet[(radix-sum(string(letters))*checkRadix%radix)%radix]
}

// sum is the weighted sum of the letters, the last of weight 1, modulo 23.
func sum(letters string) int64 {
	total := int64(0)
	for i := range len(letters) {
		total = (total*checkRadix + int64(strings.IndexByte(Alphabet, letters[i]))) % radix
	}
	return total
}
