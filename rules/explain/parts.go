package explain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/checkout-promotions/checkout/rules/compile"
)

// Part is a part of an expression, and what it was in a quote.
type Part struct {
	// Depth is how many other parts it is within.
	Depth int    `json:"depth"`
	Text  string `json:"text"`
	// Was is true, false, both where it was asked of several items or prices, or
	// unasked where what stands before it was enough.
	Was string `json:"was"`
}

// Parts are the parts of the expressions of promotions, sets and conditions that a
// quote has asked.
type Parts map[compile.Owner][]Part

// PartsOf returns what the parts of an observed ruleset have seen in a quote.
func PartsOf(probes []compile.Probe, seen []compile.Seen) Parts {
	parts := make(Parts)
	var within []compile.Place // of the part before, the outermost first
	for i, p := range probes {
		for len(within) > 0 && !covers(within[len(within)-1], p.Place) {
			within = within[:len(within)-1]
		}
		parts[p.Owner] = append(parts[p.Owner], Part{Depth: len(within), Text: strings.Join(strings.Fields(p.Text), " "), Was: was(seen[i])})
		within = append(within, p.Place)
	}
	return parts
}

// covers tells whether a stretch holds another that begins no earlier.
func covers(outer, inner compile.Place) bool {
	end, last := outer.Range.End, inner.Range.End
	return outer.File == inner.File && (last.Line < end.Line || last.Line == end.Line && last.Column <= end.Column)
}

func was(s compile.Seen) string {
	switch {
	case s.True && s.False:
		return "both"
	case s.True:
		return "true"
	case s.False:
		return "false"
	default:
		return "unasked"
	}
}

// write writes the parts of an owner, one on each line.
func (p Parts) write(b *strings.Builder, owner compile.Owner) {
	for _, part := range p[owner] {
		fmt.Fprintf(b, "  %-8s%s%s\n", part.Was, strings.Repeat("  ", part.Depth), part.Text)
	}
}

// names returns the sets and conditions, sorted.
func (p Parts) names() []compile.Owner {
	var owners []compile.Owner
	for owner := range p {
		if owner.Kind == compile.SetSymbol || owner.Kind == compile.ConditionSymbol {
			owners = append(owners, owner)
		}
	}
	slices.SortFunc(owners, func(a, b compile.Owner) int {
		return strings.Compare(string(a.Kind)+a.Name, string(b.Kind)+b.Name)
	})
	return owners
}
