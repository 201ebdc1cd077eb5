package compile

import (
	"bytes"

	"github.com/checkout-promotions/checkout/rules/lock"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// PromotionSource is a promotion as its file has it.
type PromotionSource struct {
	File string
	// First and Last are lines of the file, from 1.
	First, Last int
	// Text is these lines, as they are.
	Text string
}

// SourceOf returns the lines that a promotion of the rule files is written in, and false
// where none has it. Of a promotion that shares a line with others it is the whole line.
func SourceOf(files []File, id string) (PromotionSource, bool) {
	for _, f := range files {
		if f.Name == lock.File {
			continue
		}
		root := syntax.Parse(f.Name, f.Data).Root()
		for _, p := range entry(root, "promotions").Items() {
			if name := entry(p, "id"); !name.Present() || name.Text() != id {
				continue
			}
			extent := p.Extent()
			source := PromotionSource{File: f.Name, First: extent.Start.Line, Last: max(extent.Start.Line, extent.End.Line)}
			lines := bytes.SplitAfter(f.Data, []byte("\n"))
			source.Last = min(source.Last, len(lines))
			source.Text = string(bytes.Join(lines[source.First-1:source.Last], nil))
			return source, true
		}
	}
	return PromotionSource{}, false
}

// entry returns the value of a key of a mapping, an absent one where there is none.
func entry(v syntax.Value, key string) syntax.Value {
	if v.Kind() == syntax.Mapping {
		for _, e := range v.Entries() {
			if e.Name == key {
				return e.Value
			}
		}
	}
	return syntax.Value{}
}
