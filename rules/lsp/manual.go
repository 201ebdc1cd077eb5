package lsp

import (
	"slices"
	"strings"

	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/reference"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

// manual is what the documentation says of words.
type manual struct {
	language reference.Manual
	tests    reference.Manual   // by the headings of package ruletest
	quote    []compile.Variable // what invariants read of it
}

func newManual() manual {
	return manual{reference.Language(), reference.Comment(ruletest.Documentation), compile.VocabularyOf(nil).Quote}
}

// quoteParts are the facts of a quote.
func (m manual) quoteParts() []word {
	var words []word
	for _, v := range m.quote {
		name := strings.TrimPrefix(v.Name, "quote.")
		words = append(words, word{label: name, kind: completeField, detail: v.Type, doc: "**" + v.Name + "**: " + v.Type})
	}
	return words
}

// nested returns the keys in a key whose reference.Entry says what they are.
func (m manual) nested(title, in string, names ...string) []reference.Entry {
	about := m.language.Find(title, in)
	var found []reference.Entry
	for _, name := range names {
		found = append(found, reference.Entry{Name: name, Text: "in `" + in + "`: " + about.Text, Section: title, In: in})
	}
	return found
}

// ruleKeys returns the keys that a mapping of a rule file may have.
func (m manual) ruleKeys(path []string) []reference.Entry {
	switch {
	case len(path) == 0:
		return m.language.Section("A folder of rules", "")
	case path[0] != "promotions" || len(path) < 2:
		return nil
	case len(path) == 2:
		return m.language.Section("Promotions", "")
	}
	switch rest := path[3:]; path[2] {
	case "coupon":
		return m.only("Coupons", "code", "pool")
	case "schedule":
		return m.atEnd(rest, m.language.Section("Schedules", ""))
	case "limits":
		return m.atEnd(rest, m.language.Section("Limits", ""))
	case "deal":
		return m.dealKeys(rest)
	case "deals":
		if len(rest) > 0 {
			return m.dealKeys(rest[1:])
		}
	}
	return nil
}

func (m manual) only(title string, names ...string) []reference.Entry {
	return slices.DeleteFunc(m.language.Section(title, ""), func(e reference.Entry) bool { return !slices.Contains(names, e.Name) })
}

// atEnd returns the entries where the path has ended.
func (m manual) atEnd(rest []string, entries []reference.Entry) []reference.Entry {
	if len(rest) > 0 {
		return nil
	}
	return entries
}

// dealKeys returns the keys in a deal.
func (m manual) dealKeys(path []string) []reference.Entry {
	switch {
	case len(path) == 0:
		return m.language.Section("Deals", "")
	case len(path) == 1:
		return m.language.Section(path[0], "")
	}
	switch strings.Join(path, "/") {
	case "buy_get/buy":
		return m.nested("buy_get", "buy", "of", "quantity", "spend")
	case "buy_get/get":
		return m.language.Section("buy_get", "get")
	case "bundle/items/-":
		return m.nested("bundle", "items", "of", "quantity")
	case "tiers/steps/-":
		return m.nested("tiers", "steps", "from", "percent_off", "amount_off", "price")
	case "gift/for_each":
		return m.nested("gift", "for_each", "of", "quantity")
	default:
		return nil
	}
}

// policyKeys returns the keys that a mapping of policy.yaml may have.
func (m manual) policyKeys(path []string) []reference.Entry {
	switch strings.Join(path, "/") {
	case "":
		return m.language.Section("policy.yaml", "")
	case "rounding":
		return append(m.nested("policy.yaml", "rounding", "mode"), m.language.Section("policy.yaml", "rounding")...)
	case "groups/-":
		return m.nested("policy.yaml", "groups", "id", "combine", "excludes")
	case "cap":
		return m.nested("policy.yaml", "cap", "percent", "amount")
	default:
		return nil
	}
}

// choices are the words that the value of a key of a rule file can be.
func choices(path []string) []string {
	if len(path) == 0 {
		return nil
	}
	switch key := path[len(path)-1]; key {
	case "enabled":
		return []string{"true", "false"}
	case "exclusive":
		return []string{"group", "level", "cart", "true", "false"}
	case "on_failure":
		return []string{"skip", "reject"}
	case "base":
		return []string{"current", "list"}
	case "pick":
		return []string{"cheapest", "dearest"}
	case "by":
		return []string{"quantity", "spend"}
	case "mode":
		if slices.Contains(path, "rounding") {
			return []string{"half_up", "half_even"}
		}
		return []string{"reached", "graduated"}
	case "per":
		switch {
		case slices.Contains(path, "limits"):
			return []string{"day", "week", "month", "year"}
		case slices.Contains(path, "tiers"):
			return []string{"unit", "selection"}
		}
		return []string{"unit", "line", "selection"}
	case "rounding":
		return []string{"half_up", "half_even"}
	case "target":
		return []string{"discount", "price"}
	case "combine":
		return []string{"all", "best", "best_per_line", "first"}
	case "resolution":
		return []string{"best", "priority"}
	case "repeat":
		return []string{"true", "false"}
	case "days", "-":
		if slices.Contains(path, "days") {
			return []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}
		}
	}
	return nil
}
