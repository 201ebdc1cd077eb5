package diag

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// Suggest returns a hint that names the candidate a mistyped word most likely
// means, or, where none is near, lists the candidates if they are few.
func Suggest(word string, candidates []string) string {
	best, distance := "", len(word)/3+2
	lower := strings.ToLower(word)
	for _, c := range candidates {
		if len(c) > len(word)+distance || len(word) > len(c)+distance {
			continue // too far by its length alone
		}
		d := levenshtein.ComputeDistance(lower, strings.ToLower(c))
		if 2*d > len(word) && !sameLetters(lower, strings.ToLower(c)) {
			continue // most of it differs
		}
		if d < distance || d == distance && best != "" && c < best {
			best, distance = c, d
		}
	}
	switch {
	case best != "":
		return fmt.Sprintf("did you mean %q?", best)
	case len(candidates) > 0 && len(candidates) <= 12:
		return "there is " + strings.Join(slices.Sorted(slices.Values(candidates)), ", ")
	default:
		return ""
	}
}

// sameLetters reports whether one word is the other with letters in another
// order.
func sameLetters(a, b string) bool {
	x, y := []rune(a), []rune(b)
	slices.Sort(x)
	slices.Sort(y)
	return slices.Equal(x, y)
}
