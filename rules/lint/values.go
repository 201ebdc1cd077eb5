package lint

import (
	"cmp"
	"slices"

	"github.com/checkout-promotions/checkout/engine"
)

// point is a value of a fact: a number, or a text.
type point struct {
	isText bool
	number engine.Decimal
	text   string
}

func numberPoint(d engine.Decimal) point { return point{number: d} }

func textPoint(s string) point { return point{isText: true, text: s} }

func (p point) compare(q point) int {
	if p.isText {
		return cmp.Compare(p.text, q.text)
	}
	return p.number.Cmp(q.number)
}

// bound is an end of a span. The zero value is no end at all.
type bound struct {
	at     point
	finite bool
	open   bool // the point itself is out
}

func closed(p point) bound { return bound{at: p, finite: true} }

func open(p point) bound { return bound{at: p, finite: true, open: true} }

// flipped is the end of what lies on the other side of the bound.
func (b bound) flipped() bound {
	b.open = !b.open
	return b
}

// compareLow orders bounds as the beginnings of spans.
func compareLow(a, b bound) int {
	switch {
	case !a.finite || !b.finite:
		return boolOrder(a.finite, b.finite)
	default:
		return cmp.Or(a.at.compare(b.at), boolOrder(a.open, b.open))
	}
}

// compareHigh orders bounds as the ends of spans.
func compareHigh(a, b bound) int {
	switch {
	case !a.finite || !b.finite:
		return boolOrder(b.finite, a.finite)
	default:
		return cmp.Or(a.at.compare(b.at), boolOrder(b.open, a.open))
	}
}

func boolOrder(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	default:
		return 1
	}
}

// span is all points between two bounds.
type span struct{ low, high bound }

func (s span) empty() bool {
	if !s.low.finite || !s.high.finite {
		return false
	}
	order := s.low.at.compare(s.high.at)
	return order > 0 || order == 0 && (s.low.open || s.high.open)
}

// values are what a fact may be: a number of spans in ascending order that do not
// touch, and perhaps missing.
type values struct {
	spans   []span
	missing bool
}

// everything is every point, and not missing.
func everything() values { return values{spans: []span{{}}} }

func onlyPoints(points ...point) values {
	slices.SortFunc(points, point.compare)
	points = slices.CompactFunc(points, func(a, b point) bool { return a.compare(b) == 0 })
	var v values
	for _, p := range points {
		v.spans = append(v.spans, span{closed(p), closed(p)})
	}
	return v
}

func between(low, high bound) values { return values{spans: []span{{low, high}}} }

// passing returns the points p for which "p operator k" holds.
func passing(operator string, k point) values {
	switch operator {
	case "<":
		return between(bound{}, open(k))
	case "<=":
		return between(bound{}, closed(k))
	case ">":
		return between(open(k), bound{})
	case ">=":
		return between(closed(k), bound{})
	case "==":
		return onlyPoints(k)
	default: // !=
		return onlyPoints(k).otherPoints()
	}
}

func (v values) empty() bool { return !v.missing && len(v.spans) == 0 }

func (v values) intersect(w values) values {
	out := values{missing: v.missing && w.missing}
	for i, j := 0, 0; i < len(v.spans) && j < len(w.spans); {
		a, b := v.spans[i], w.spans[j]
		both := span{low: a.low, high: a.high}
		if compareLow(b.low, a.low) > 0 {
			both.low = b.low
		}
		if compareHigh(b.high, a.high) < 0 {
			both.high = b.high
		}
		if !both.empty() {
			out.spans = append(out.spans, both)
		}
		if compareHigh(a.high, b.high) <= 0 {
			i++
		} else {
			j++
		}
	}
	return out
}

// otherPoints are the points that are not among the values; missing is none.
func (v values) otherPoints() values {
	var out values
	low := bound{}
	for _, s := range v.spans {
		if s.low.finite {
			if gap := (span{low, s.low.flipped()}); !gap.empty() {
				out.spans = append(out.spans, gap)
			}
		}
		if !s.high.finite {
			return out
		}
		low = s.high.flipped()
	}
	out.spans = append(out.spans, span{low, bound{}})
	return out
}

// others are all values that are not among these.
func (v values) others() values {
	out := v.otherPoints()
	out.missing = !v.missing
	return out
}

// whole leaves the whole numbers only, as far as the ends of spans go.
func (v values) whole() values {
	out := values{missing: v.missing}
	for _, s := range v.spans {
		if s.low.finite {
			s.low = closed(numberPoint(wholeFrom(s.low)))
		}
		if s.high.finite {
			s.high = closed(numberPoint(wholeTo(s.high)))
		}
		if !s.empty() {
			out.spans = append(out.spans, s)
		}
	}
	return out
}

func wholeFrom(b bound) engine.Decimal {
	d := b.at.number
	up := d.Neg().Floor().Neg()
	if b.open && up.Cmp(d) == 0 {
		up, _ = up.Add(engine.NewDecimal(1))
	}
	return up
}

func wholeTo(b bound) engine.Decimal {
	d := b.at.number
	down := d.Floor()
	if b.open && down.Cmp(d) == 0 {
		down, _ = down.Sub(engine.NewDecimal(1))
	}
	return down
}

// least and most are the ends of all spans; they are not finite for no spans.
func (v values) least() bound {
	if len(v.spans) == 0 {
		return bound{}
	}
	return v.spans[0].low
}

func (v values) most() bound {
	if len(v.spans) == 0 {
		return bound{}
	}
	return v.spans[len(v.spans)-1].high
}
