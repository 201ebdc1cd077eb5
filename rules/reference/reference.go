// Package reference tells what rules may use, in a line each.
//
// Which words there are comes from package compile, what they mean from the tables of
// language.md and from the pages of reasons: there is no second list and no second
// text. A test wants a text for every word. Manual is what the tables say, also of the
// keys of files, for an editor.
package reference

import (
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/diag"
)

// Version is that of the JSON form of Reference.
const Version = 1

// Word is something that rules may use, by its name.
type Word struct {
	Name string `json:"name"`
	// Type is what a variable holds, "" for what is no variable.
	Type string `json:"type,omitempty"`
	// Text is what it means, in Markdown.
	Text string `json:"text"`
}

// Reference is all that rules may use, in the order of names; operators and reasons are
// in the order in which they are explained.
type Reference struct {
	Version   int    `json:"version"`
	Items     []Word `json:"items"` // variables of item expressions
	Carts     []Word `json:"carts"` // variables of cart expressions
	Sets      []Word `json:"sets"`  // of every set, here called tvs, in cart expressions
	Lines     []Word `json:"lines"` // of a line besides what its item has
	Facts     []Word `json:"facts"` // variables that plugins offer to cart expressions
	Functions []Word `json:"functions"`
	Operators []Word `json:"operators"`
	Deals     []Word `json:"deals"`
	// PluginDeals are kinds of deals of plugins: loyalty spend_points.
	PluginDeals []Word `json:"plugin_deals"`
	Reasons     []Word `json:"reasons"`
	// Names are the sets and conditions that the files define.
	Names []Word `json:"names"`
}

// Of returns what the rules of a folder may use, whose files may have faults and may be
// none.
func Of(files []compile.File) Reference {
	v, manual := compile.VocabularyOf(files), Language()
	r := Reference{Version: Version, Operators: manual.operators(),
		Facts: []Word{}, PluginDeals: []Word{}, Names: []Word{},
		Items: manual.variables("Items", v.Items), Carts: manual.variables("Carts", v.Carts),
		Sets: manual.variables("Carts", v.Sets), Lines: manual.lines(v.Lines),
		Functions: manual.words("Functions", v.Functions), Deals: manual.words("Deals", v.Deals)}
	for _, p := range v.Plugins {
		for _, f := range p.Facts {
			variable := compile.FactVariable(p, f)
			r.Facts = append(r.Facts, Word{variable.Name, variable.Type, f.Doc})
		}
		for _, d := range p.Deals {
			r.PluginDeals = append(r.PluginDeals, Word{p.Name + " " + d.Kind, d.Effect.String(), d.Doc})
		}
	}
	for _, page := range diag.ReasonPages() {
		r.Reasons = append(r.Reasons, Word{Name: page.Reason, Text: page.Title})
	}
	for _, s := range compile.OutlineOf(files).Symbols {
		if s.Kind == compile.SetSymbol || s.Kind == compile.ConditionSymbol {
			r.Names = append(r.Names, Word{s.Name, string(s.Kind), s.File})
		}
	}
	return r
}

// operators are the rows of the table of operators.
func (m Manual) operators() []Word {
	var rows []Word
	for _, e := range m.Section("Expressions", "") {
		if n := len(rows); n > 0 && rows[n-1].Text == e.Text {
			rows[n-1].Name += " " + e.Name
			continue
		}
		rows = append(rows, Word{Name: e.Name, Text: e.Text})
	}
	return rows
}

func (m Manual) words(section string, names []string) []Word {
	words := []Word{}
	for _, name := range names {
		words = append(words, Word{Name: name, Text: m.Find(section, name).Text})
	}
	return words
}

func (m Manual) variables(section string, variables []compile.Variable) []Word {
	words := []Word{}
	for _, v := range variables {
		words = append(words, Word{v.Name, v.Type, m.Find(section, v.Name).Text})
	}
	return words
}

// lines are the facts of a line, which mean what they do for the cart.
func (m Manual) lines(variables []compile.Variable) []Word {
	words := []Word{}
	for _, v := range variables {
		words = append(words, Word{v.Name, v.Type, m.Find("Carts", "cart"+v.Name).Text + ", for the line"})
	}
	return words
}
