package report

import (
	"io"
	"strings"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/explain"
)

// explanationJSON is version 1 of the format. Fields are only ever added.
type explanationJSON struct {
	Version int               `json:"version"`
	Sources map[string]string `json:"sources"` // of the promotions, as file:line:column
	Quote   engine.Quote      `json:"quote"`
	// Parts are there where they were asked for, by set, condition and promotion.
	Parts map[string][]explain.Part `json:"parts,omitempty"`
}

// ExplanationJSON writes the quote with its explanation. Its promotions are those to
// tell of.
func ExplanationJSON(w io.Writer, e *explain.Explanation) error {
	return writeJSON(w, explanationOf(e))
}

func explanationOf(e *explain.Explanation) explanationJSON {
	out := explanationJSON{Version: 1, Sources: make(map[string]string), Quote: e.Quote}
	out.Quote.Promotions = e.Selected()
	for _, o := range out.Quote.Promotions {
		if source := e.Source(o.Promotion); source != "" {
			out.Sources[o.Promotion] = source
		}
	}
	for owner, parts := range e.Parts {
		if out.Parts == nil {
			out.Parts = make(map[string][]explain.Part)
		}
		out.Parts[strings.TrimSpace(string(owner.Kind)+" "+owner.Name)] = parts
	}
	return out
}
