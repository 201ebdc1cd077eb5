package lsp

import (
	"regexp"
	"slices"
	"strings"
)

// entry is what the documentation says about a word.
type entry struct {
	name    string
	text    string
	without string // what holds where a key is left out
	section string
	in      string // the key that the key is in, "" for the section's own
}

// markdown writes the entry.
func (e entry) markdown() string {
	b := "**" + e.name + "**"
	if e.text != "" {
		b += ": " + e.text
	}
	switch e.without {
	case "":
	case "refused":
		b += "\n\nRequired."
	default:
		b += "\n\nWithout it: " + e.without
	}
	return b
}

// reference is the documentation of the language, taken apart.
type reference struct {
	entries []entry
	tests   []entry // of ruletest, by the headings there
}

var (
	tableRow    = regexp.MustCompile(`^\|(.*)\|$`)
	inBackticks = regexp.MustCompile("`([^`]+)`")
	testKey     = regexp.MustCompile(`^//\t([a-z_]+(?:, [a-z_]+)*) {2,}(\S.*)$`)
	testMore    = regexp.MustCompile(`^//\t {8,}(\S.*)$`)
)

// newReference reads language.md and the documentation of package ruletest.
func newReference(language, tests string) reference {
	var r reference
	section, rows := "", 0 // of the table so far
	for line := range strings.Lines(language) {
		line = strings.TrimSpace(line)
		if title := strings.TrimLeft(line, "#"); title != line && strings.HasPrefix(title, " ") {
			section = strings.Trim(strings.TrimSpace(title), "`")
		}
		m := tableRow.FindStringSubmatch(line)
		switch {
		case m == nil:
			rows = 0
			continue
		case rows > 1: // after the heading and the line below it
			r.addRow(section, strings.Split(m[1], " | "))
		}
		rows++
	}
	r.readTests(tests)
	return r
}

// addRow takes in a row of a table whose first cell has words in backticks, which may
// say in which key they are.
func (r *reference) addRow(section string, cells []string) {
	if len(cells) < 2 {
		return
	}
	names, in, _ := strings.Cut(strings.TrimSpace(cells[0]), " in `")
	e := entry{section: section, in: strings.Trim(in, "`"), text: strings.TrimSpace(cells[1])}
	if len(cells) > 2 {
		e.without = strings.TrimSpace(cells[2])
	}
	for _, name := range inBackticks.FindAllStringSubmatch(names, -1) {
		e.name = name[1]
		r.entries = append(r.entries, e)
	}
}

// readTests takes in the lists of keys of the comment.
func (r *reference) readTests(comment string) {
	section := ""
	var last []int
	for line := range strings.Lines(comment) {
		line = strings.TrimRight(line, "\r\n")
		if title, ok := strings.CutPrefix(line, "// # "); ok {
			section, last = title, nil
			continue
		}
		if m := testMore.FindStringSubmatch(line); m != nil && len(last) > 0 {
			for _, i := range last {
				r.tests[i].text += " " + m[1]
			}
			continue
		}
		last = nil
		if m := testKey.FindStringSubmatch(line); m != nil && section != "" {
			for _, name := range strings.Split(m[1], ", ") {
				last = append(last, len(r.tests))
				r.tests = append(r.tests, entry{name: name, text: m[2], section: section})
			}
		}
	}
}

// section returns what a section says about the words in a key, "" for its own.
func (r reference) section(title, in string) []entry {
	var found []entry
	for _, e := range r.entries {
		if e.section == title && e.in == in {
			found = append(found, e)
		}
	}
	return found
}

// find returns what is said about a word in a section.
func (r reference) find(title, name string) (entry, bool) {
	i := slices.IndexFunc(r.entries, func(e entry) bool { return e.section == title && e.name == name })
	if i < 0 {
		return entry{name: name}, false
	}
	return r.entries[i], true
}

// nested returns the keys in a key whose entry says what they are.
func (r reference) nested(title, in string, names ...string) []entry {
	about, _ := r.find(title, in)
	var found []entry
	for _, name := range names {
		found = append(found, entry{name: name, text: "in `" + in + "`: " + about.text, section: title, in: in})
	}
	return found
}

// ruleKeys returns the keys that a mapping of a rule file may have.
func (r reference) ruleKeys(path []string) []entry {
	switch {
	case len(path) == 0:
		return r.section("A folder of rules", "")
	case path[0] != "promotions" || len(path) < 2:
		return nil
	case len(path) == 2:
		return r.section("Promotions", "")
	}
	switch rest := path[3:]; path[2] {
	case "coupon":
		return r.only("Coupons", "code", "pool")
	case "schedule":
		return r.atEnd(rest, r.section("Schedules", ""))
	case "limits":
		return r.atEnd(rest, r.section("Limits", ""))
	case "deal":
		return r.dealKeys(rest)
	case "deals":
		if len(rest) > 0 {
			return r.dealKeys(rest[1:])
		}
	}
	return nil
}

func (r reference) only(title string, names ...string) []entry {
	return slices.DeleteFunc(r.section(title, ""), func(e entry) bool { return !slices.Contains(names, e.name) })
}

// atEnd returns the entries where the path has ended.
func (r reference) atEnd(rest []string, entries []entry) []entry {
	if len(rest) > 0 {
		return nil
	}
	return entries
}

// dealKeys returns the keys in a deal.
func (r reference) dealKeys(path []string) []entry {
	switch {
	case len(path) == 0:
		return r.section("Deals", "")
	case len(path) == 1:
		return r.section(path[0], "")
	}
	switch strings.Join(path, "/") {
	case "buy_get/buy":
		return r.nested("buy_get", "buy", "of", "quantity", "spend")
	case "buy_get/get":
		return r.section("buy_get", "get")
	case "bundle/items/-":
		return r.nested("bundle", "items", "of", "quantity")
	case "tiers/steps/-":
		return r.nested("tiers", "steps", "from", "percent_off", "amount_off", "price")
	case "gift/for_each":
		return r.nested("gift", "for_each", "of", "quantity")
	default:
		return nil
	}
}

// policyKeys returns the keys that a mapping of policy.yaml may have.
func (r reference) policyKeys(path []string) []entry {
	switch strings.Join(path, "/") {
	case "":
		return r.section("policy.yaml", "")
	case "rounding":
		return append(r.nested("policy.yaml", "rounding", "mode"), r.section("policy.yaml", "rounding")...)
	case "groups/-":
		return r.nested("policy.yaml", "groups", "id", "combine", "excludes")
	case "cap":
		return r.nested("policy.yaml", "cap", "percent", "amount")
	default:
		return nil
	}
}

// inTests returns the keys that the documentation of tests lists under a heading.
func (r reference) inTests(title string) []entry {
	var found []entry
	for _, e := range r.tests {
		if e.section == title {
			found = append(found, e)
		}
	}
	return found
}

func plain(text string, names ...string) []entry {
	var entries []entry
	for _, name := range names {
		entries = append(entries, entry{name: name, text: text})
	}
	return entries
}

// testKeys returns the keys that a mapping of a test file may have.
func (r reference) testKeys(path []string) []entry {
	if len(path) == 0 {
		return []entry{
			{name: "version", text: "of the format, 1"},
			{name: "rules", text: "the folder of the rules, from that of the test", without: "the test's own"},
			{name: "catalogue", text: "items, or the path of an inventory file"},
			{name: "defaults", text: "what every test of the file is given", without: "nothing"},
			{name: "stubs", text: "what plugins answer"},
			{name: "tests", text: "the tests", without: "refused"},
		}
	}
	if path[0] == "tests" && len(path) == 2 {
		return []entry{
			{name: "name", text: "what the test shows", without: "refused"},
			{name: "given", text: "the cart and what is known about it", without: "refused"},
			{name: "expect", text: "what the quote must be"},
			{name: "table", text: "rows of variables, which stand as ${name} in given and expect, and of expectations"},
			{name: "stubs", text: "what plugins answer in this test"},
		}
	}
	last, before := path[len(path)-1], ""
	if len(path) > 1 {
		before = path[len(path)-2]
	}
	switch {
	case last == "given", path[0] == "defaults" && len(path) == 1:
		return r.inTests("given")
	case last == "expect", before == "table", before == "expect" && last == "-":
		return r.inTests("expect")
	case last == "customer":
		return plain("of the customer", "id", "groups", "tags", "orders", "lifetime_spend", "attributes")
	case last == "shipping":
		return plain("of the shipping", "method", "price", "country", "region", "shipments")
	case before == "shipments" && last == "-":
		return plain("of the shipment", "method", "price")
	case before == "not_applied":
		return plain("why the promotion is not applied", "reason", "by", "fault")
	case before == "hints":
		return plain("of the hint", "promotion", "add", "saves")
	case before == "lines":
		return plain("of the line", "quantity", "discount", "total", "unit_prices")
	case before == "usage":
		return plain("what orders have used of the promotion", "redemptions", "by_customer", "spent")
	case before == "codes":
		return plain("what is known of the code", "pool", "redemptions")
	case before == "cart", before == "gifts", before == "add":
		return plain("of the line", "sku", "quantity")
	case before == "catalogue":
		return plain("of the item", "sku", "name", "price", "stock", "category", "categories", "brand", "tags", "attributes", "min_price")
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
