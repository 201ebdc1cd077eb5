package compile_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/diag"
)

// cut returns the source in the range, with line ends as \n.
func cut(source string, r diag.Range) string {
	lines := strings.Split(strings.ReplaceAll(source, "\r\n", "\n"), "\n")
	var parts []string
	for n := r.Start.Line; n <= r.End.Line; n++ {
		line := []rune(lines[n-1])
		from, to := 0, len(line)
		if n == r.Start.Line {
			from = r.Start.Column - 1
		}
		if n == r.End.Line {
			to = r.End.Column - 1
		}
		parts = append(parts, string(line[from:to]))
	}
	return strings.Join(parts, "\n")
}

// outlined writes an outline: a line for each symbol, with what it stands for, and
// for each reference.
func outlined(files []compile.File) []string {
	text := make(map[string]string)
	for _, f := range files {
		text[f.Name] = string(f.Data)
	}
	o := compile.OutlineOf(files)
	var got []string
	for _, s := range o.Symbols {
		line := fmt.Sprintf("%s:%d:%d %s %s", s.File, s.Key.Start.Line, s.Key.Start.Column, s.Kind, cut(text[s.File], s.Key))
		if s.Value != s.Key {
			line += " = " + strings.ReplaceAll(cut(text[s.File], s.Value), "\n", `\n`)
		}
		got = append(got, line)
	}
	for _, r := range o.References {
		in := "nothing"
		if r.In >= 0 {
			in = o.Symbols[r.In].Name
		}
		got = append(got, fmt.Sprintf("%s:%d:%d in %s: %s %s", r.File, r.At.Start.Line, r.At.Start.Column, in, o.Symbols[r.Symbol].Kind, cut(text[r.File], r.At)))
	}
	return got
}

func filesOf(namesAndTexts ...string) []compile.File {
	var files []compile.File
	for i := 0; i < len(namesAndTexts); i += 2 {
		files = append(files, compile.File{Name: namesAndTexts[i], Data: []byte(namesAndTexts[i+1])})
	}
	return files
}

func TestOutline(t *testing.T) {
	for _, tt := range []struct {
		name  string
		files []compile.File
		want  []string
	}{
		{"no files", nil, nil},
		{"sets and conditions, in expressions of each kind", filesOf("r.yaml", `sets:
  tvs: category == "tv"   # tvs
  'dear': "tvs and price > 9"
conditions:
  many: 'tvs.quantity > 3 and any(cart.lines, .tvs) and all(cart.lines, #.tvs)'
promotions:
  - id: a
    when: not many or dear.lines > 1 or customer.attributes.many == "tvs"
    deal: {percent_off: {of: dear, percent: 'dear.quantity * 2'}}
  - {id: b, deal: {bundle: {items: [{of: tvs}, {of: "tvs and dear"}], price: 9}}}
`), []string{
			`r.yaml:2:3 set tvs = category == "tv"`,
			`r.yaml:3:4 set dear = "tvs and price > 9"`,
			`r.yaml:5:3 condition many = 'tvs.quantity > 3 and any(cart.lines, .tvs) and all(cart.lines, #.tvs)'`,
			`r.yaml:7:9 promotion a = id: a\n    when: not many or dear.lines > 1 or customer.attributes.many == "tvs"\n    deal: {percent_off: {of: dear, percent: 'dear.quantity * 2'}}`,
			`r.yaml:10:10 promotion b = {id: b, deal: {bundle: {items: [{of: tvs}, {of: "tvs and dear"}], price: 9}}}`,
			`r.yaml:3:12 in dear: set tvs`,
			`r.yaml:5:10 in many: set tvs`,
			`r.yaml:5:48 in many: set tvs`,
			`r.yaml:5:75 in many: set tvs`,
			`r.yaml:8:15 in a: condition many`,
			`r.yaml:8:23 in a: set dear`,
			`r.yaml:9:30 in a: set dear`,
			`r.yaml:9:46 in a: set dear`,
			`r.yaml:10:42 in b: set tvs`,
			`r.yaml:10:54 in b: set tvs`,
			`r.yaml:10:62 in b: set dear`,
		}},
		{"groups of the policy, coupons, pools, awards, and what is excluded", filesOf("policy.yaml", `groups: [clearance, {id: extra, excludes: clearance}]
cap: {percent: "hats.quantity"}
`, "r.yaml", `sets: {hats: sku == "HAT"}
promotions:
  - {id: a, group: extra, excludes: [b, clearance], coupon: spring, deal: {award: {kind: points, amount: hats.quantity}}}
  - {id: b, group: clearance, coupon: {pool: letters}, deals: [{award: {kind: points}}, {award: {kind: stars}}]}
  - {id: c, coupon: {code: SPRING}, deal: {gift: {item: HAT}}}
`), []string{
			`policy.yaml:1:10 group clearance`,
			`policy.yaml:1:26 group extra = {id: extra, excludes: clearance}`,
			`r.yaml:1:8 set hats = sku == "HAT"`,
			`r.yaml:3:10 promotion a = {id: a, group: extra, excludes: [b, clearance], coupon: spring, deal: {award: {kind: points, amount: hats.quantity}}}`,
			`r.yaml:3:61 coupon spring`,
			`r.yaml:3:90 award points`,
			`r.yaml:4:10 promotion b = {id: b, group: clearance, coupon: {pool: letters}, deals: [{award: {kind: points}}, {award: {kind: stars}}]}`,
			`r.yaml:4:46 pool letters`,
			`r.yaml:4:104 award stars`,
			`r.yaml:5:10 promotion c = {id: c, coupon: {code: SPRING}, deal: {gift: {item: HAT}}}`,
			`policy.yaml:1:43 in nothing: group clearance`,
			`policy.yaml:2:17 in nothing: set hats`,
			`r.yaml:3:20 in a: group extra`,
			`r.yaml:3:38 in a: promotion b`,
			`r.yaml:3:41 in a: group clearance`,
			`r.yaml:3:106 in a: set hats`,
			`r.yaml:4:20 in b: group clearance`,
			`r.yaml:4:79 in b: award points`,
			`r.yaml:5:28 in c: coupon SPRING`,
		}},
		{"a group that no policy lists has its name from the first promotion in it", filesOf("r.yaml", `promotions:
  - {id: a, group: late, deal: {gift: {item: HAT}}}
  - {id: b, group: late, excludes: a, deal: {gift: {item: HAT}}}
`), []string{
			`r.yaml:2:10 promotion a = {id: a, group: late, deal: {gift: {item: HAT}}}`,
			`r.yaml:2:20 group late`,
			`r.yaml:3:10 promotion b = {id: b, group: late, excludes: a, deal: {gift: {item: HAT}}}`,
			`r.yaml:3:20 in b: group late`,
			`r.yaml:3:36 in b: promotion a`,
		}},
		{"plugins, whose facts expressions read", filesOf("plugins.lock.yaml", `plugins:
  my-points:
    version: 1.0.0
    api: 1
    deals: {spend: {effect: order, level: order}}
    facts: {points: number}
`, "r.yaml", `promotions:
  - {id: a, when: my_points.points > 3, deal: {plugin: {name: my-points, kind: spend}}}
`, "r_test.yaml", `stubs: {my-points: {deals: {spend: {a: {off: 1}}}}}
`), []string{
			`plugins.lock.yaml:2:3 plugin my-points`,
			`r.yaml:2:10 promotion a = {id: a, when: my_points.points > 3, deal: {plugin: {name: my-points, kind: spend}}}`,
			`r.yaml:2:19 in a: plugin my_points`,
			`r.yaml:2:63 in a: plugin my-points`,
			`r_test.yaml:1:9 in nothing: plugin my-points`,
			`r_test.yaml:1:37 in nothing: promotion a`,
		}},
		{"tests name promotions, coupons, pools and awards, also through variables", filesOf("r.yaml", `promotions:
  - {id: a, coupon: SPRING, deal: {award: {kind: points}}}
  - {id: b, coupon: {pool: letters}, deal: {gift: {item: HAT}}}
`, "r_test.yaml", `defaults: {usage: {a: {redemptions: 1}}}
tests:
  - name: one
    given: {cart: [HAT], coupons: [" spring ", "${code}"], codes: {spring: {pool: letters}}}
    expect: {applied: [a, "${other}"], not_applied: {b: {reason: displaced, by: [a]}}, awards: [points 12.5], coupons: {SPRING: applied}}
    table:
      - {other: b, code: spring, qty: a}
      - {other: x, applied: a, rejected: b, hints: [{promotion: b, add: [HAT x1]}]}
  - name: two
`), []string{
			`r.yaml:2:10 promotion a = {id: a, coupon: SPRING, deal: {award: {kind: points}}}`,
			`r.yaml:2:21 coupon SPRING`,
			`r.yaml:2:50 award points`,
			`r.yaml:3:10 promotion b = {id: b, coupon: {pool: letters}, deal: {gift: {item: HAT}}}`,
			`r.yaml:3:28 pool letters`,
			`r_test.yaml:3:11 test one = name: one\n    given: {cart: [HAT], coupons: [" spring ", "${code}"], codes: {spring: {pool: letters}}}\n    expect: {applied: [a, "${other}"], not_applied: {b: {reason: displaced, by: [a]}}, awards: [points 12.5], coupons: {SPRING: applied}}\n    table:\n      - {other: b, code: spring, qty: a}\n      - {other: x, applied: a, rejected: b, hints: [{promotion: b, add: [HAT x1]}]}`,
			`r_test.yaml:9:11 test two = name: two`,
			`r_test.yaml:1:20 in nothing: promotion a`,
			`r_test.yaml:4:38 in one: coupon spring`,
			`r_test.yaml:4:68 in one: coupon spring`,
			`r_test.yaml:4:83 in one: pool letters`,
			`r_test.yaml:5:24 in one: promotion a`,
			`r_test.yaml:5:54 in one: promotion b`,
			`r_test.yaml:5:82 in one: promotion a`,
			`r_test.yaml:5:97 in one: award points`,
			`r_test.yaml:5:121 in one: coupon SPRING`,
			`r_test.yaml:7:17 in one: promotion b`,
			`r_test.yaml:7:26 in one: coupon spring`,
			`r_test.yaml:8:29 in one: promotion a`,
			`r_test.yaml:8:42 in one: promotion b`,
			`r_test.yaml:8:65 in one: promotion b`,
		}},
		{"files with faults tell what they can", filesOf("a.yaml", "sets: {hats: [}\n", "b.yaml", `sets:
  hats: sku == "HAT" and
  hats: price > 3
  cycle: cycle and hats
  open: hats and "
  none:
  list: [hats]
conditions: {hats: hats.quantity > unknown}
promotions:
  - {when: hats.quantity +, deal: {percent_off: {of: hats, percent: 400}, gift: {item: HAT}}}
  - {id: a, colour: hats, excludes: [z, a]}
  -
  - text
`, "c_test.yaml", "tests: [{name: , expect: {applied: [a, z]}}, text]\n"), []string{
			`b.yaml:2:3 set hats = sku == "HAT" and`,
			`b.yaml:4:3 set cycle = cycle and hats`,
			`b.yaml:5:3 set open = hats and "`,
			`b.yaml:6:3 set none = `,
			`b.yaml:7:3 set list = [hats]`,
			`b.yaml:8:14 condition hats = hats.quantity > unknown`,
			`b.yaml:11:10 promotion a = {id: a, colour: hats, excludes: [z, a]}`,
			`b.yaml:4:10 in cycle: set cycle`,
			`b.yaml:4:20 in cycle: set hats`,
			`b.yaml:8:20 in hats: set hats`,
			`b.yaml:10:12 in nothing: set hats`,
			`b.yaml:10:54 in nothing: set hats`,
			`b.yaml:11:41 in a: promotion a`,
			`c_test.yaml:1:37 in nothing: promotion a`,
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, outlined(tt.files)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestAPlaceFindsItsSymbol(t *testing.T) {
	o := compile.OutlineOf(filesOf("r.yaml", "sets: {hats: sku == \"HAT\"}\nconditions: {many: hats.quantity > 1}\n"))
	for _, tt := range []struct {
		line, column, want int
		name               diag.Range
	}{
		{1, 7, -1, diag.Range{}},
		{1, 8, 0, diag.Range{Start: diag.Position{Line: 1, Column: 8}, End: diag.Position{Line: 1, Column: 12}}},
		{1, 12, 0, diag.Range{Start: diag.Position{Line: 1, Column: 8}, End: diag.Position{Line: 1, Column: 12}}},
		{1, 13, -1, diag.Range{}},
		{2, 20, 0, diag.Range{Start: diag.Position{Line: 2, Column: 20}, End: diag.Position{Line: 2, Column: 24}}},
		{2, 25, -1, diag.Range{}},
	} {
		got, name := o.At("r.yaml", diag.Position{Line: tt.line, Column: tt.column})
		if got != tt.want || name != tt.name {
			t.Errorf("%d:%d: got %d at %v, want %d at %v", tt.line, tt.column, got, name, tt.want, tt.name)
		}
	}
	if at, _ := o.At("other.yaml", diag.Position{Line: 1, Column: 8}); at != -1 {
		t.Error("got a symbol of another file")
	}
	if o.Find(compile.ConditionSymbol, "many") != 1 || o.Find(compile.ConditionSymbol, "hats") != -1 {
		t.Error("a name of one kind is not one of another")
	}
}

// TestReferencesStandWhereTheirNamesDo writes expressions of names in each style of
// scalar, and finds each name again.
func TestReferencesStandWhereTheirNamesDo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var terms []string
		for range rapid.IntRange(1, 6).Draw(t, "terms") {
			terms = append(terms, rapid.SampledFrom([]string{
				"tvs.quantity > 1", "(tvs.quantity)\tin 1..2", "many", "not many", "any(cart.lines, .tvs)", "none(cart.lines, # .tvs)",
				`customer.id == "größe tvs 'many'"`, `'a"ß' == "many"`, "customer.attributes.tvs", "/* tvs */ many", "(wéird)",
			}).Draw(t, "term"))
		}
		gap := rapid.SampledFrom([]string{" ", "  "}).Draw(t, "gap")
		source := strings.Join(terms, gap+"or"+gap)
		want := strings.Count(source, "tvs.") + strings.Count(source, ".tvs)") + strings.Count(source, "many") -
			strings.Count(source, "'many'") - strings.Count(source, `"many"`) // in texts
		text := "sets: {tvs: price > 3}\nconditions: {many: cart.quantity > 3}\npromotions:\n  - id: größe\n    when: " +
			written(t, source) + "\n    deal: {percent_off: {of: order, percent: 10}}\n"
		if rapid.Bool().Draw(t, "CRLF") {
			text = strings.ReplaceAll(text, "\n", "\r\n")
		}
		o := compile.OutlineOf([]compile.File{{Name: "r.yaml", Data: []byte(text)}})
		for _, r := range o.References {
			if got, want := cut(text, r.At), o.Symbols[r.Symbol].Name; got != want {
				t.Fatalf("%s\ngot %q at %v, want %q", text, got, r.At, want)
			}
			if r.In != o.Find(compile.PromotionSymbol, "größe") {
				t.Fatalf("%s\n%v is in %d", text, r.At, r.In)
			}
		}
		if len(o.References) != want {
			t.Fatalf("%s\ngot %d references, want %d", text, len(o.References), want)
		}
	})
}

// written writes a text as one of YAML's scalars, some of which may begin a new line
// where the text has a blank.
func written(t *rapid.T, source string) string {
	folded := func(text, indent string) string {
		words := strings.Split(text, " or ")
		var b strings.Builder
		for i, word := range words {
			if i > 0 {
				b.WriteString(rapid.SampledFrom([]string{" or ", "\n" + indent + "or ", " or\n" + indent}).Draw(t, "fold"))
			}
			b.WriteString(word)
		}
		return b.String()
	}
	switch rapid.SampledFrom([]string{"plain", "single", "double", "literal", "folded"}).Draw(t, "style") {
	case "single":
		return "'" + folded(strings.ReplaceAll(source, "'", "''"), "      ") + "'"
	case "double":
		text, _ := json.Marshal(source)
		return folded(string(text), "      ")
	case "literal":
		return "|\n      " + source
	case "folded":
		return ">-\n      " + folded(source, "      ")
	default:
		if strings.ContainsAny(source[:1], "'\"") || strings.Contains(source, " #") {
			return "(" + strings.ReplaceAll(source, " #", " ") + ")"
		}
		return folded(source, "      ")
	}
}
