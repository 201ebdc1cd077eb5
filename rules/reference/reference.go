// Package reference tells what rules may use, in a line each.
//
// Which words there are comes from package compile, what they mean from the tables of
// language.md and from the pages of reasons: there is no second list and no second
// text. A test wants a text for every word.
package reference

import (
	"regexp"
	"strings"

	"github.com/checkout-promotions/checkout/rules"
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
	v, texts := compile.VocabularyOf(files), textsOf(rules.Language)
	r := Reference{Version: Version, Operators: texts.operators,
		Facts: []Word{}, PluginDeals: []Word{}, Names: []Word{},
		Items: texts.variables("Items", v.Items), Carts: texts.variables("Carts", v.Carts),
		Sets: texts.variables("Carts", v.Sets), Lines: texts.lines(v.Lines),
		Functions: texts.words("Functions", v.Functions), Deals: texts.words("Deals", v.Deals)}
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

// texts are the tables of language.md: by section and word.
type texts struct {
	of        map[string]map[string]string
	operators []Word
}

// textsOf reads the rows of all tables whose first cell has words in backticks.
func textsOf(language string) texts {
	t := texts{of: make(map[string]map[string]string)}
	section := ""
	for line := range strings.Lines(language) {
		line = strings.TrimSpace(line)
		if title := strings.TrimLeft(line, "#"); title != line && strings.HasPrefix(title, " ") {
			section = strings.TrimSpace(title)
			t.of[section] = make(map[string]string)
		}
		cells := strings.Split(strings.TrimSuffix(strings.TrimPrefix(line, "| "), " |"), " | ")
		if !strings.HasPrefix(line, "| `") || len(cells) < 2 {
			continue
		}
		if section == "Expressions" {
			t.operators = append(t.operators, Word{Name: strings.ReplaceAll(cells[0], "`", ""), Text: cells[1]})
		}
		for _, word := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[0], -1) {
			t.of[section][word[1]] = cells[1]
		}
	}
	return t
}

func (t texts) words(section string, names []string) []Word {
	words := []Word{}
	for _, name := range names {
		words = append(words, Word{Name: name, Text: t.of[section][name]})
	}
	return words
}

func (t texts) variables(section string, variables []compile.Variable) []Word {
	words := []Word{}
	for _, v := range variables {
		words = append(words, Word{v.Name, v.Type, t.of[section][v.Name]})
	}
	return words
}

// lines are the facts of a line, which mean what they do for the cart.
func (t texts) lines(variables []compile.Variable) []Word {
	words := []Word{}
	for _, v := range variables {
		words = append(words, Word{v.Name, v.Type, t.of["Carts"]["cart"+v.Name] + ", for the line"})
	}
	return words
}
