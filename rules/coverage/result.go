package coverage

import (
	"cmp"
	"slices"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/diag"
)

// Kind says what a point is about.
type Kind string

// The kinds of points, in the order in which they are listed at one place.
const (
	Outcome   Kind = "outcome"
	Branch    Kind = "branch"
	Condition Kind = "condition"
)

// Point is something that tests should reach.
type Point struct {
	// File is the path of the rule file, Range the part of it.
	File  string     `json:"file"`
	Range diag.Range `json:"range"`
	Kind  Kind       `json:"kind"`
	// Owner is what the part belongs to.
	Owner compile.Owner `json:"owner"`
	// Text is the source of a part of a condition, "" for other points.
	Text string `json:"text,omitempty"`
	// Want is what has to be seen: true or false of a condition, the outcome, or the
	// name of the branch.
	Want string `json:"want"`
	// Cases is how many cases have reached it.
	Cases int `json:"cases"`
}

// Missing says in words what no case has reached: "was never true", "is never
// applied".
func (p Point) Missing() string {
	switch {
	case p.Kind == Condition:
		return p.Text + " is never " + p.Want
	case p.Kind == Branch:
		return p.Want + " never makes a difference"
	case p.Want == "applied":
		return p.Owner.Name + " is never applied"
	default:
		return p.Owner.Name + " is never refused for " + p.Want
	}
}

func (p Point) compare(q Point) int {
	return cmp.Or(
		cmp.Compare(p.File, q.File),
		cmp.Compare(p.Range.Start.Line, q.Range.Start.Line), cmp.Compare(p.Range.Start.Column, q.Range.Start.Column),
		cmp.Compare(q.Range.End.Line, p.Range.End.Line), cmp.Compare(q.Range.End.Column, p.Range.End.Column),
		cmp.Compare(p.rank(), q.rank()), cmp.Compare(p.Owner.Kind, q.Owner.Kind), cmp.Compare(p.Owner.Name, q.Owner.Name),
		cmp.Compare(p.Text, q.Text), cmp.Compare(p.order(), q.order()), cmp.Compare(p.Want, q.Want),
	)
}

// order is that of what can be seen of one part: true before false, outcomes as the
// engine checks them.
func (p Point) order() int {
	if p.Kind == Outcome {
		reason, _ := engine.ParseReason(p.Want) // of others the name decides
		return int(reason)
	}
	return slices.Index([]string{"true", "false"}, p.Want)
}

func (p Point) rank() int { return slices.Index([]Kind{Outcome, Branch, Condition}, p.Kind) }

// Result is what a run has reached.
type Result struct {
	Points []Point
	// Pairs are the promotions that cases have seen together; they count in no
	// share.
	Pairs []Pair
	// Sources are the texts of the rule files, by path.
	Sources map[string]string
}

// Pair is two promotions of a folder that took something off one line.
type Pair struct {
	Folder     string    `json:"folder"`
	Promotions [2]string `json:"promotions"`
	Cases      int       `json:"cases"`
}

func (p Pair) compare(q Pair) int {
	return cmp.Or(cmp.Compare(p.Folder, q.Folder), slices.Compare(p.Promotions[:], q.Promotions[:]))
}

// Share is how much of something was reached.
type Share struct {
	Reached int `json:"reached"`
	Points  int `json:"points"`
}

// Percent is the share in percent, 100 where there is nothing to reach.
func (s Share) Percent() float64 {
	if s.Points == 0 {
		return 100
	}
	return 100 * float64(s.Reached) / float64(s.Points)
}

// Tenths is the percentage in tenths, rounded down: 100.0 is whole.
func (s Share) Tenths() float64 {
	if s.Points == 0 {
		return 100
	}
	return float64(1000*s.Reached/s.Points) / 10
}

func (s *Share) add(p Point) {
	s.Points++
	if p.Cases > 0 {
		s.Reached++
	}
}

// Share is that of all points.
func (r Result) Share() Share {
	var s Share
	for _, p := range r.Points {
		s.add(p)
	}
	return s
}

// FileResult is the part of a result that is about one file.
type FileResult struct {
	File string
	Share
	// All are the points, in the order of places.
	All []Point
}

// Files returns the result by file, in the order of names.
func (r Result) Files() []FileResult {
	var files []FileResult
	for _, p := range r.Points {
		if n := len(files); n == 0 || files[n-1].File != p.File {
			files = append(files, FileResult{File: p.File})
		}
		f := &files[len(files)-1]
		f.add(p)
		f.All = append(f.All, p)
	}
	return files
}

// Lines returns the shares of the file's lines that have points, by line. A point
// belongs to the line on which it begins.
func (f FileResult) Lines() map[int]Share {
	lines := make(map[int]Share)
	for _, p := range f.All {
		s := lines[p.Range.Start.Line]
		s.add(p)
		lines[p.Range.Start.Line] = s
	}
	return lines
}

// Only returns the points of the lines that are wanted.
func (r Result) Only(wanted func(file string, line int) bool) Result {
	only := Result{Sources: r.Sources, Pairs: r.Pairs}
	for _, p := range r.Points {
		for line := p.Range.Start.Line; line <= max(p.Range.Start.Line, p.Range.End.Line); line++ {
			if wanted(p.File, line) {
				only.Points = append(only.Points, p)
				break
			}
		}
	}
	return only
}

// Merge returns what several runs have reached together. Points of the same part are
// one point, whose cases are added up.
func Merge(results ...Result) Result {
	merged := Result{Sources: make(map[string]string)}
	for _, r := range results {
		merged.Points = append(merged.Points, r.Points...)
		merged.Pairs = append(merged.Pairs, r.Pairs...)
		for file, text := range r.Sources {
			merged.Sources[file] = text
		}
	}
	slices.SortFunc(merged.Points, Point.compare)
	merged.Points = added(merged.Points, Point.compare, func(p *Point) *int { return &p.Cases })
	slices.SortFunc(merged.Pairs, Pair.compare)
	merged.Pairs = added(merged.Pairs, Pair.compare, func(p *Pair) *int { return &p.Cases })
	return merged
}

// added makes of those that follow one another and are the same one, with the cases
// of all.
func added[T any](list []T, compare func(a, b T) int, cases func(*T) *int) []T {
	var all []T
	for _, one := range list {
		if n := len(all); n > 0 && compare(all[n-1], one) == 0 {
			*cases(&all[n-1]) += *cases(&one)
			continue
		}
		all = append(all, one)
	}
	return all
}

// Outcomes returns the points about how the promotions of the file end, by promotion
// in the order of places.
func (f FileResult) Outcomes() [][]Point {
	var all [][]Point
	for _, p := range f.All {
		if p.Kind != Outcome {
			continue
		}
		i := slices.IndexFunc(all, func(known []Point) bool { return known[0].Owner == p.Owner })
		if i < 0 {
			i, all = len(all), append(all, nil)
		}
		all[i] = append(all[i], p)
	}
	return all
}
