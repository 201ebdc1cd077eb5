package lsp_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

type completions struct {
	Items []struct {
		Label, Detail string
		Documentation struct{ Value string }
		TextEdit      struct {
			Range   rangeOf
			NewText string
		}
	}
}

// completed returns the labels that are offered at the mark, and what the first one
// would replace.
func (e *editor) completed(name, marked string) (labels []string, all completions) {
	e.t.Helper()
	e.call("textDocument/completion", e.at(name, marked), &all)
	for _, item := range all.Items {
		labels = append(labels, item.Label)
	}
	return labels, all
}

func TestCompletion(t *testing.T) {
	folder := files(t, "policy.yaml", "groups: [clearance, extra]\n", "plugins.lock.yaml", `version: 1
plugins:
  my-points:
    version: "1.0.0"
    api: 1
    sha256: ["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"]
    deals: {spend: {effect: order}}
    facts: {points: {type: number, doc: What the customer has.}, tier: {type: text}}
`, "shop.yaml", shop, "shop_test.yaml", strings.Replace(shopTest, "category: hats}", "category: hats/warm, brand: Acme, attributes: {colour: red}}", 1), "more.yaml", "", "more_test.yaml", "")
	e := open(t, folder)
	rules, tests, policy := folder+"/more.yaml", folder+"/more_test.yaml", folder+"/policy.yaml"
	e.opened(rules, "")
	e.opened(tests, "")
	e.opened(policy, "")
	for _, tt := range []struct {
		name, file, text string // with the mark |
		want             string // all labels, or + and some of them, or - and some that are not there
	}{
		{"the keys of a file", rules, "|", "sets conditions promotions"},
		{"keys that are there are not offered", rules, "sets: {a: price > 1}\n|", "conditions promotions"},
		{"the keys of a promotion", rules, "promotions:\n  - id: a\n    |", "+name when deal deals group excludes limits on_failure -id"},
		{"the kinds of deals", rules, "promotions:\n  - id: a\n    deal:\n      |", "percent_off amount_off fixed_price multibuy buy_get bundle tiers gift shipping award plugin"},
		{"the keys of a deal", rules, "promotions: [{id: a, deal: {percent_off: {|", "of percent base max_units pick max_discount"},
		{"the keys in a deal", rules, "promotions: [{id: a, deal: {buy_get: {get: {|", "of quantity pick percent_off amount_off price"},
		{"the keys of one of several deals", rules, "promotions:\n  - deals:\n      - gift: {|", "item choose_from quantity for_each"},
		{"the keys of a schedule", rules, "promotions: [{schedule: {|", "from until timezone days hours"},
		{"the keys of limits", rules, "promotions: [{limits: {per_cart: 1, |", "redemptions per_customer per_code budget max_discount per"},
		{"the keys of a coupon", rules, "promotions: [{coupon: {|", "code pool"},
		{"nothing where there are no keys", rules, "promotions: [{limits: {per: {|", ""},
		{"the names of a condition", rules, "promotions: [{when: |", "+cart customer now coupons shipping payment hats many my_points any sum and not -sku"},
		{"the names of a set", rules, "sets:\n  a: |", "+sku price category hats any not -cart many my_points"},
		{"a selection", rules, "promotions: [{deal: {percent_off: {of: |", "+order hats sku -cart"},
		{"a part of the cart", rules, "promotions: [{when: cart.|", "subtotal total quantity lines currency channel attributes"},
		{"a part of a set", rules, "conditions: {a: 1 < hats.q|", "quantity subtotal total lines min_price max_price"},
		{"a fact of a plugin", rules, "promotions:\n  - when: \"many and my_points.|", "points tier"},
		{"a part of the element", rules, `conditions: {a: "any(cart.lines, .|`, "+sku price quantity total hats -cart"},
		{"an attribute", rules, "sets: {a: attributes.|", "colour"},
		{"a SKU", rules, `sets: {a: sku == "|`, "CAP HAT SOCKS"},
		{"a SKU in a list", rules, `sets: {a: 'sku in ["HAT", "|`, "CAP HAT SOCKS"},
		{"a category with those above it", rules, `sets: {a: category == "|`, "hats hats/warm"},
		{"a brand", rules, `sets: {a: price > 3 and brand == "|`, "Acme"},
		{"what a number can be", rules, "promotions: [{deal: {percent_off: {percent: |", "+cart hats many -sku"},
		{"a choice", rules, "promotions: [{deal: {percent_off: {pick: |", "cheapest dearest"},
		{"another choice", rules, "promotions: [{deal: {tiers: {per: |", "unit selection"},
		{"a gift", rules, "promotions: [{deal: {gift: {item: |", "CAP HAT SOCKS"},
		{"promotions and groups to exclude", rules, "promotions: [{excludes: [|", "clearance extra hats-10"},
		{"a group", rules, "promotions:\n  - group: |", "clearance extra"},
		{"a plugin", rules, "promotions: [{deal: {plugin: {name: |", "my-points"},
		{"a kind of the plugin", rules, "promotions: [{deal: {plugin: {kind: |", "spend"},
		{"nothing in a comment", rules, "sets: {} # |", ""},
		{"the keys of a policy", policy, "|", "currency rounding groups cap resolution max_stack"},
		{"the keys of a group", policy, "groups: [{|", "id combine excludes"},
		{"the keys of the rounding", policy, "rounding: {|", "mode target"},
		{"how a group combines", policy, "groups: [{combine: |", "all best best_per_line first"},
		{"the cap", policy, "cap: {percent: |", "+cart hats -sku"},
		{"the keys of a test file", tests, "|", "version rules catalogue defaults fixtures stubs always tests"},
		{"the keys of a test", tests, "tests:\n  - name: a\n    |", "tags skip given stubs expect table matrix steps compile_error"},
		{"what is given", tests, "tests: [{given: {|", "+cart customer coupons at stock"},
		{"what is expected", tests, "tests:\n  - expect:\n      |", "+total applied not_applied lines hints"},
		{"what is expected of a row", tests, "tests: [{table: [{qty: 1, |", "+total applied"},
		{"a promotion", tests, "tests: [{expect: {applied: [|", "hats-10"},
		{"a promotion as a key", tests, "tests: [{expect: {not_applied: {|", "hats-10"},
		{"a reason", tests, "tests: [{expect: {not_applied: {hats-10: |", "+condition_false displaced -applied unknown_code"},
		{"a reason of a coupon", tests, "tests: [{expect: {coupons: {X: |", "+condition_false applied unknown_code"},
		{"an item of the cart", tests, "tests: [{given: {cart: [|", "CAP HAT SOCKS"},
		{"an item of a line", tests, "tests: [{expect: {lines: {|", "CAP HAT SOCKS"},
		{"a plugin's stubs", tests, "stubs: {|", "my-points"},
		{"what a plugin tells", tests, "stubs: {my-points: {facts: {|", "points tier"},
		{"the deals of a plugin", tests, "stubs:\n  my-points:\n    deals:\n      |", "spend"},
		{"an answer of a test's stub", tests, "tests: [{stubs: {my-points: {deals: {spend: {|", "units off gift award none fault hats-10"},
		{"an answer for a promotion", tests, "stubs: {my-points: {deals: {spend: {hats-10: {|", "units off gift award none fault"},
		{"how a plugin fails", tests, "stubs: {my-points: {deals: {spend: {fault: |", "+timeout crashed"},
		{"the keys of a step", tests, "tests: [{steps: [{do: price, |", "ref given expect"},
		{"what a step does", tests, "tests: [{steps: [{do: |", "price commit hold release refund"},
		{"what a step is given", tests, "tests:\n  - steps:\n      - given:\n          |", "+cart at usage"},
		{"what a step expects", tests, "tests:\n  - steps:\n      - expect: {not_applied: {hats-10: {|", "reason by fault"},
		{"a row of a matrix", tests, "tests: [{matrix: {qty: [1]}, expect: [{|", "+when else applied total"},
		{"the rest of a matrix", tests, "tests: [{matrix: {qty: [1]}, expect: [{else: |", "true"},
		{"the faults of rules", tests, "tests: [{compile_error: [{|", "code at text"},
		{"a code", tests, "tests: [{compile_error: {code: |", "+R0001 R0107"},
		{"what is always true", tests, "always:\n  - |", "+permute quote cart -hats many"},
		{"what may be in any order", tests, "always: [{permute: |", "cart.lines coupons"},
		{"an invariant", tests, "always:\n  - 1 < |", "+quote cart customer any -hats many"},
		{"a fact of the quote", tests, "always:\n  - quote.t|", "+total discount applied gifts lines payable saving"},
		{"a fact of the cart in an invariant", tests, "always: [quote.total <= cart.s|", "+subtotal"},
		{"kinds of fixtures", tests, "fixtures: {|", "carts customers"},
		{"a cart with a name", tests, "fixtures: {carts: {small: [|", "CAP HAT SOCKS"},
		{"a customer with a name", tests, "fixtures: {customers: {anna: {|", "id groups tags orders lifetime_spend attributes"},
		{"what is included", tests, "tests: [{expect: {includes: {|", "applied gifts awards"},
		{"a promotion that is included", tests, "tests: [{expect: {includes: {applied: [|", "hats-10"},
		{"whose price is refused", tests, "tests: [{expect: {rejected: {|", "promotion fault"},
		{"a payment", tests, "tests: [{given: {payment: {|", "method"},
		{"a shipment of the cart", tests, "tests: [{given: {shipping: {shipments: [{|", "method price"},
		{"a shipment of the quote", tests, "tests: [{expect: {shipments: {express: {|", "discount total"},
		{"nothing of a variable", tests, "tests: [{matrix: {|", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e.t = t
			e.typed(tt.file, strings.Replace(tt.text, "|", "", 1))
			labels, _ := e.completed(tt.file, tt.text)
			some, without, _ := strings.Cut(strings.TrimPrefix(tt.want, "+"), " -")
			if !strings.HasPrefix(tt.want, "+") {
				same(t, "offered", strings.Join(labels, " "), tt.want)
				return
			}
			for _, label := range strings.Fields(some) {
				if !slices.Contains(labels, label) {
					t.Errorf("%s is not offered, but %s", label, labels)
				}
			}
			for _, label := range strings.Fields(without) {
				if slices.Contains(labels, label) {
					t.Errorf("%s is offered", label)
				}
			}
			e.typed(tt.file, "") // for the next
		})
	}
}

func TestFixturesAndTagsAreCompleted(t *testing.T) {
	fixtures := "carts: {weekly: [HAT]}\ncustomers: {anna: {id: c-1}}\n"
	other := strings.Replace(shopTest, "tests:\n", "fixtures: testdata/shop.yaml\ntests:\n", 1)
	folder := files(t, "shop.yaml", shop, "shop_test.yaml", other, "testdata/shop.yaml", fixtures,
		"more_test.yaml", "fixtures: {customers: {bert: {id: c-2}, carla: {id: c-3}}}\ntests:\n  - {name: a, tags: [smoke, slow], given: {cart: [], customer: bert}, expect: {total: 0}}\n")
	e := open(t, folder)
	tests, more := folder+"/shop_test.yaml", folder+"/more_test.yaml"
	e.opened(tests, "")
	e.opened(more, "")
	for _, tt := range []struct{ name, file, text, want string }{
		{"a customer of a file of fixtures", tests, other + "  - given: {customer: |", "anna"},
		{"a cart of it", tests, other + "  - given: {cart: |", "weekly"},
		{"a customer of the file itself, which is no YAML yet", more, "tests: [{given: {customer: |", "bert carla"},
		{"a tag of any test", tests, other + "  - tags: [|", "slow smoke"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e.t = t
			e.diagnostics(tt.file)
			e.typed(tt.file, strings.Replace(tt.text, "|", "", 1))
			labels, _ := e.completed(tt.file, tt.text)
			same(t, "offered", strings.Join(labels, " "), tt.want)
		})
	}
}

// TestKeysAreThoseOfPackageRuletest has the server complete a key that there cannot be,
// and compares what it offers with what the fault says there is.
func TestKeysAreThoseOfPackageRuletest(t *testing.T) {
	lock := "version: 1\nplugins:\n  my-points:\n    version: \"1.0.0\"\n    api: 1\n    sha256: [\"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\"]\n    deals: {spend: {effect: order}}\n"
	folder := files(t, "plugins.lock.yaml", lock, "shop.yaml", shop, "shop_test.yaml", shopTest)
	e := open(t, folder)
	name := folder + "/shop_test.yaml"
	e.opened(name, "")
	for _, at := range []string{
		"Q: 1", "always: [{Q: 1}]", "fixtures: {Q: 1}", "fixtures: {customers: {a: {Q: 1}}}\ntests: [{name: a, given: {cart: [], customer: a}}]",
		"catalogue: [{Q: 1}]", "tests: [{Q: 1}]", "tests: [{name: a, compile_error: {Q: 1}}]", "tests: [{name: a, steps: [{Q: 1}]}]",
		"stubs: {my-points: {Q: 1}}", "tests: [{name: a, stubs: {my-points: {Q: 1}}}]",
		"defaults: {cart: [{Q: 1}]}\ntests: [{name: a, given: {}}]", "defaults: {customer: {Q: 1}}\ntests: [{name: a, given: {cart: []}}]",
		"tests: [{name: a, given: {shipping: {Q: 1}}}]", "tests: [{name: a, given: {shipping: {shipments: [{Q: 1}]}}}]", "tests: [{name: a, given: {payment: {Q: 1}}}]",
		"tests: [{name: a, given: {usage: {hats-10: {Q: 1}}}}]", "tests: [{name: a, given: {codes: {X: {Q: 1}}}}]",
		"tests: [{name: a, given: {cart: [HAT]}, expect: {not_applied: {hats-10: {Q: 1}}}}]", "tests: [{name: a, given: {cart: [HAT]}, expect: {lines: {HAT: {Q: 1}}}}]",
		"tests: [{name: a, given: {cart: [HAT]}, expect: {shipments: {post: {Q: 1}}}}]", "tests: [{name: a, given: {cart: [HAT]}, expect: {rejected: {Q: 1}}}]",
		"tests: [{name: a, given: {cart: [HAT]}, expect: {hints: [{Q: 1}]}}]", "tests: [{name: a, given: {cart: [HAT]}, expect: {includes: {Q: 1}}}]",
		"tests: [{name: a, given: {cart: [HAT]}, expect: {awards: [{Q: 1}]}}]", "tests: [{name: a, given: {cart: [HAT]}, expect: {gifts: [{Q: 1}]}}]",
		"stubs: {my-points: {deals: {spend: {gift: {Q: 1}}}}}", "stubs: {my-points: {deals: {spend: {award: {Q: 1}}}}}", "stubs: {my-points: {deals: {spend: {units: [{Q: 1}]}}}}",
	} {
		wrong := strings.Replace(at, "Q", "zzzzzzzzzzzzzzzz", 1)
		if !strings.Contains(wrong, "tests:") {
			wrong += "\ntests: [{name: a, given: {cart: []}}]"
		}
		if !strings.Contains(wrong, "catalogue:") {
			wrong += "\ncatalogue: [{sku: HAT, price: 1}]"
		}
		e.typed(name, wrong)
		want := ""
		for _, d := range e.diagnostics(name) {
			if _, keys, found := strings.Cut(d, `unknown key "zzzzzzzzzzzzzzzz": there is `); found {
				want = keys
			}
		}
		e.typed(name, at[:strings.Index(at, "Q")])
		labels, _ := e.completed(name, at[:strings.Index(at, "Q")]+"|")
		slices.Sort(labels)
		if got := strings.Join(labels, ", "); got != want {
			t.Errorf("%s: got %s, want %s", at, got, want)
		}
	}
}

func TestWhatACompletionReplaces(t *testing.T) {
	e, rules, _ := aShop(t)
	e.diagnostics(rules)
	for _, tt := range []struct{ name, text, label, want string }{
		{"the word before the cursor", "# ä👒\nsets: {hats: price > 1}\nconditions: {a: 👒 or hats.qua|", "quantity", `"qua" by "quantity"`},
		{"a key gets its colon", "promotions:\n  - wh|", "when", `"wh" by "when: "`},
		{"a function gets its bracket", "promotions: [{when: an|", "any", `"an" by "any("`},
		{"a SKU within quotes", `sets: {a: sku == "HA|`, "HAT", `"HA" by "HAT"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e.t = t
			text := strings.Replace(tt.text, "|", "", 1)
			e.typed(rules, text)
			_, all := e.completed(rules, tt.text)
			for _, item := range all.Items {
				if item.Label == tt.label {
					same(t, "the edit", fmt.Sprintf("%q by %q", within(text, item.TextEdit.Range), item.TextEdit.NewText), tt.want)
					if item.Documentation.Value == "" && tt.label != "HAT" {
						t.Error("nothing says what it is")
					}
					return
				}
			}
			t.Errorf("%s is not offered", tt.label)
		})
	}
}

func TestABrokenFileStillHasItsNames(t *testing.T) {
	e, rules, tests := aShop(t)
	e.diagnostics(rules)
	broken := shop + "  - id: [}\n    when: "
	e.typed(rules, broken)
	if got := e.diagnostics(rules); len(got) != 1 || !strings.Contains(got[0], "R0001") {
		t.Fatalf("the file should be broken, but has %v", got)
	}
	labels, _ := e.completed(rules, "  - id: [}\n    when: |")
	for _, name := range []string{"hats", "many"} {
		if !slices.Contains(labels, name) {
			t.Errorf("%s is not offered, but %v", name, labels)
		}
	}
	labels, _ = e.completed(tests, "applied: [hats|-10]")
	same(t, "in tests", labels, []string{"hats-10"})
	var at location
	e.call("textDocument/definition", e.at(tests, "applied: [hats|-10]"), &at)
	same(t, "the definition", at.Range.String(), "5:8-5:15")
}

type location struct {
	URI   string
	Range rangeOf
}

func TestHover(t *testing.T) {
	e, rules, tests := aShop(t)
	for _, tt := range []struct{ name, file, marked, want string }{
		{"a set, with what is in it", rules, "many: ha|ts.", "**hats** (set)\n\n```yaml\ncategory == \"hats\"\n```\n\n2 items: CAP, HAT, of 3 that the tests know"},
		{"a set where it is defined", rules, "  h|ats: cat", "**hats** (set)\n\n```yaml\ncategory == \"hats\"\n```\n\n2 items: CAP, HAT, of 3 that the tests know"},
		{"a condition", rules, "when: m|any", "**many** (condition)\n\n```yaml\nhats.quantity > 2\n```"},
		{"a promotion in a test", tests, "applied: [hats|-10]", "**hats-10** (promotion)\n\nlevel items · group default · in USD · named by 2 tests\n\n```yaml\nid: hats-10\nwhen: many\ndeal: {percent_off: {of: hats, percent: 10}}\nlimits: {budget: 1000}\n```"},
		{"a key", rules, "wh|en: many", "**when**: a condition over the cart\n\nWithout it: every cart qualifies"},
		{"a key that is needed", rules, "perc|ent: 10", "**percent**: 0 to 100\n\nRequired."},
		{"a kind of deal", rules, "percent_|off:", "**percent_off**: a percentage off units or the order\n\nWithout it: items, or order"},
		{"a part of a set", rules, "hats.quan|tity", "**quantity**: how many units of it the cart holds"},
		{"a variable", rules, "cate|gory ==", "**category**: the main category; `category == \"tv\"` holds for `tv` and all below it, such as `tv/oled`"},
		{"an item", tests, "[HA|T x3]", "**HAT**: Hat, 10.00, hats"},
		{"a key of a test", tests, "not_ap|plied:", "**not_applied**: {promotion: reason} or {promotion: {reason, by, fault}}"},
		{"a key of a test file", tests, "cata|logue:", "**catalogue**: items, or the path of an inventory file"},
		{"a key of a test that is needed", tests, "na|me: three", "**name**: what the test shows; no other test of the file has it\n\nRequired."},
		{"nothing", tests, "name: thr|ee", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e.t = t
			var got struct{ Contents struct{ Value string } }
			e.call("textDocument/hover", e.at(tt.file, tt.marked), &got)
			same(t, "the text", got.Contents.Value, tt.want)
		})
	}
	var reason struct{ Contents struct{ Value string } }
	e.call("textDocument/hover", e.at(tests, "hats-10: condition|_false"), &reason)
	if !strings.HasPrefix(reason.Contents.Value, "**condition_false**: The condition does not hold\n\nwhen is false.") {
		t.Errorf("got %q", reason.Contents.Value)
	}
}

func TestDefinitionsAndReferences(t *testing.T) {
	e, rules, tests := aShop(t)
	var at location
	e.call("textDocument/definition", e.at(rules, "of: ha|ts"), &at)
	same(t, "a set", at, location{uri(rules), rangeOf{place{1, 2}, place{1, 6}}})
	e.call("textDocument/definition", e.at(tests, "not_applied: {hats|-10"), &at)
	same(t, "a promotion", at, location{uri(rules), rangeOf{place{5, 8}, place{5, 15}}})
	var nothing any
	e.call("textDocument/definition", e.at(rules, "percent: 1|0"), &nothing)
	if nothing != nil {
		t.Errorf("got %v for what is no name", nothing)
	}
}

func TestReferences(t *testing.T) {
	e, rules, tests := aShop(t)
	var found []location
	params := e.at(rules, "id: hats|-10")
	params["context"] = anyMap{"includeDeclaration": true}
	e.call("textDocument/references", params, &found)
	var got []string
	for _, l := range found {
		got = append(got, strings.TrimPrefix(l.URI, "file://")+" "+l.Range.String())
	}
	same(t, "a promotion", got, []string{rules + " 5:8-5:15", tests + " 7:37-7:44", tests + " 10:40-10:47"})
	params["context"] = anyMap{"includeDeclaration": false}
	e.call("textDocument/references", params, &found)
	same(t, "without the declaration", len(found), 2)
	params = e.at(rules, "percent: 1|0")
	e.call("textDocument/references", params, &found)
	same(t, "of no symbol", len(found), 0)
}

func TestDocumentSymbols(t *testing.T) {
	e, rules, tests := aShop(t)
	names := func(file string) []string {
		var symbols []struct {
			Name, Detail          string
			Kind                  int
			Range, SelectionRange rangeOf
		}
		e.call("textDocument/documentSymbol", anyMap{"textDocument": anyMap{"uri": uri(file)}}, &symbols)
		var got []string
		for _, s := range symbols {
			got = append(got, fmt.Sprintf("%s %s %d %s %s", s.Detail, s.Name, s.Kind, s.Range, s.SelectionRange))
		}
		return got
	}
	same(t, "rules", names(rules), []string{"set hats 18 1:2-1:26 1:2-1:6", "condition many 17 3:2-3:25 3:2-3:6", "promotion hats-10 24 5:4-8:26 5:8-5:15"})
	same(t, "tests", names(tests), []string{"test three hats 6 5:4-7:46 5:10-5:20", "test two hats 6 8:4-10:66 8:10-8:18"})
}

// renamedTo applies a rename and returns the texts of the files.
func (e *editor) renamedTo(name, marked, to string) (map[string]string, error) {
	e.t.Helper()
	params := e.at(name, marked)
	params["newName"] = to
	var edit struct {
		DocumentChanges []struct {
			TextDocument struct {
				URI     string
				Version *int
			}
			Edits []struct {
				Range   rangeOf
				NewText string
			}
		}
	}
	if err := e.try("textDocument/rename", params, &edit); err != nil {
		return nil, err
	}
	texts := make(map[string]string)
	for _, c := range edit.DocumentChanges {
		file := strings.TrimPrefix(c.TextDocument.URI, "file://")
		lines := strings.SplitAfter(e.texts[file], "\n")
		for _, edit := range slices.Backward(c.Edits) {
			line := []rune(lines[edit.Range.Start.Line])
			lines[edit.Range.Start.Line] = string(line[:edit.Range.Start.Character]) + edit.NewText + string(line[edit.Range.End.Character:])
		}
		texts[file] = strings.Join(lines, "")
		if c.TextDocument.Version == nil || *c.TextDocument.Version != e.versions[file] {
			e.t.Errorf("%s: got the version %v, want %d", file, c.TextDocument.Version, e.versions[file])
		}
	}
	return texts, nil
}

func TestRename(t *testing.T) {
	e, rules, tests := aShop(t)
	texts, err := e.renamedTo(rules, "many: ha|ts", "headgear")
	if err != nil {
		t.Fatal(err)
	}
	same(t, "a set", texts, map[string]string{rules: strings.NewReplacer("hats:", "headgear:", "hats.", "headgear.", "of: hats", "of: headgear").Replace(shop)})
	texts, err = e.renamedTo(tests, "applied: [hats-10|]", "hats-ten")
	if err != nil {
		t.Fatal(err)
	}
	same(t, "a promotion, from a test", texts, map[string]string{rules: strings.ReplaceAll(shop, "hats-10", "hats-ten"), tests: strings.ReplaceAll(shopTest, "hats-10", "hats-ten")})
	texts, err = e.renamedTo(rules, "when: |many", "a_lot")
	if err != nil {
		t.Fatal(err)
	}
	same(t, "a condition", texts, map[string]string{rules: strings.ReplaceAll(shop, "many", "a_lot")})
	for _, tt := range []struct{ name, marked, to, want string }{
		{"a name that expressions cannot have", "many: ha|ts", "my hats", `hats cannot be called "my hats": "my hats" cannot be used as a name in expressions`},
		{"a word of the language", "many: ha|ts", "cart", `hats cannot be called "cart": "cart" is a word of the language`},
		{"a name that is taken", "many: ha|ts", "many", `hats cannot be called "many": the name "many" is taken by the set at shop.yaml:2:3`},
		{"an id that cannot be one", "id: hats|-10", "hats 10", `hats-10 cannot be called "hats 10": "hats 10" cannot be an id`},
		{"no name", "id: hats|-10", "", `hats-10 cannot be called "": key "id" has no value`},
		{"something that is no name", "percent: 1|0", "ten", "only sets, conditions and promotions can be renamed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e.t = t
			_, err := e.renamedTo(rules, tt.marked, tt.to)
			if err == nil || !strings.HasSuffix(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
	var prepared struct {
		Range       rangeOf
		Placeholder string
	}
	e.call("textDocument/prepareRename", e.at(rules, "of: ha|ts"), &prepared)
	same(t, "what would be renamed", prepared.Placeholder+" "+prepared.Range.String(), "hats 7:29-7:33")
	e.typed(tests, "tests: [}")
	_, err = e.renamedTo(rules, "many: ha|ts", "headgear")
	if want := tests + " is no YAML, so that not all places of the name are known; put it right first"; err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestCodeActionsPutWordsRight(t *testing.T) {
	e, rules, tests := aShop(t)
	e.typed(rules, "# 👒\n"+strings.Replace(shop, "> 2", "> 2 or hatss.lines > 1", 1))
	e.typed(tests, strings.Replace(shopTest, "HAT x3", "HATT x3", 1))
	act := func(file, marked string) string {
		at := e.at(file, marked)
		var actions []struct {
			Title, Kind string
			Edit        struct {
				DocumentChanges []struct {
					Edits []struct {
						Range   rangeOf
						NewText string
					}
				}
			}
		}
		e.call("textDocument/codeAction", anyMap{"textDocument": at["textDocument"], "range": anyMap{"start": at["position"], "end": at["position"]}, "context": anyMap{"diagnostics": []any{}}}, &actions)
		var got []string
		for _, a := range actions {
			edit := a.Edit.DocumentChanges[0].Edits[0]
			got = append(got, fmt.Sprintf("%s %s: %q by %q", a.Kind, a.Title, within(e.texts[file], edit.Range), edit.NewText))
		}
		return strings.Join(got, "\n")
	}
	same(t, "a name", act(rules, "or ha|tss"), `quickfix Write hats: "hatss" by "hats"`)
	same(t, "elsewhere", act(rules, "id: ha|ts"), "")
	e.typed(rules, shop)
	same(t, "a SKU beside its quantity", act(tests, "[HA|TT"), `quickfix Write HAT: "HATT" by "HAT"`)
}

func TestFormatting(t *testing.T) {
	e, rules, _ := aShop(t)
	formatted := func() []string {
		var edits []struct {
			Range   rangeOf
			NewText string
		}
		e.call("textDocument/formatting", anyMap{"textDocument": anyMap{"uri": uri(rules)}, "options": anyMap{"tabSize": 2}}, &edits)
		var got []string
		for _, edit := range edits {
			got = append(got, edit.Range.String()+" "+edit.NewText)
		}
		return got
	}
	same(t, "what is formatted", formatted(), []string(nil))
	e.typed(rules, strings.Replace(shop, "when: many", "when:   many  ", 1))
	same(t, "one line", formatted(), []string{"6:0-7:0     when: many\n"})
	e.typed(rules, "sets: [}")
	same(t, "what is no YAML", formatted(), []string(nil))
}

func TestTestsAreRunFromTheEditor(t *testing.T) {
	e, rules, tests := aShop(t)
	lenses := func(file string) []string {
		var all []struct {
			Range   rangeOf
			Command struct {
				Title, Command string
				Arguments      []anyMap
			}
		}
		e.call("textDocument/codeLens", anyMap{"textDocument": anyMap{"uri": uri(file)}}, &all)
		var got []string
		for _, l := range all {
			a := l.Command.Arguments[0]
			got = append(got, fmt.Sprintf("%s %s %s %v %v", l.Range, l.Command.Title, l.Command.Command, a["test"], a["promotion"]))
		}
		return got
	}
	same(t, "rules", lenses(rules), []string{"5:8-5:15 run 2 tests checkout.runTests <nil> hats-10", "5:8-5:15 explain with cart… checkout.explain <nil> hats-10", "0:0-0:0 show coverage checkout.showCoverage <nil> <nil>"})
	same(t, "tests", lenses(tests), []string{"5:10-5:20 run test checkout.runTests three hats <nil>", "5:10-5:20 explain checkout.explain three hats <nil>",
		"8:10-8:18 run test checkout.runTests two hats <nil>", "8:10-8:18 explain checkout.explain two hats <nil>", "0:0-0:0 run all tests of the file checkout.runTests <nil> <nil>"})
	run := func(argument anyMap) (string, string) {
		var outcome struct{ Passed, Failed int }
		e.call("workspace/executeCommand", anyMap{"command": "checkout.runTests", "arguments": []any{argument}}, &outcome)
		return fmt.Sprintf("%d passed, %d failed", outcome.Passed, outcome.Failed), e.message()
	}
	outcome, message := run(anyMap{"uri": uri(rules), "promotion": "hats-10"})
	same(t, "tests of a promotion", outcome+"; "+message, "2 passed, 0 failed; 3 2 tests passed")
	e.typed(rules, strings.Replace(shop, "percent: 10", "percent: 20", 1))
	outcome, message = run(anyMap{"uri": uri(tests), "test": "three hats"})
	same(t, "a test that fails", outcome+"; "+message, "0 passed, 1 failed; 1 1 test failed, 0 passed: three hats")
	e.wait("the failure", func() bool { return strings.Contains(string(e.notes[len(e.notes)-1].params), "failed: three hats") })
	same(t, "where it failed", e.diagnostics(tests), []string{"5:4-5:20  failed: three hats\ntotal: want 27.00, got 24.00"})
	e.typed(rules, shop)
	e.follows(rules, tests)
	same(t, "once it has changed", e.diagnostics(tests), []string{})
	e.typed(tests, strings.Replace(shopTest, "- name: three hats", "- name: three hats\n    skip: later", 1))
	outcome, message = run(anyMap{"uri": uri(tests)})
	same(t, "a test that is not run", outcome+"; "+message, "1 passed, 0 failed; 3 1 test passed, 1 skipped")
	e.typed(tests, shopTest)
	for _, tt := range []struct {
		name      string
		params    anyMap
		want      string
		wantShown bool
	}{
		{"another command", anyMap{"command": "rm", "arguments": []any{}}, `there is no command "rm"`, false},
		{"without arguments", anyMap{"command": "checkout.runTests"}, "checkout.runTests takes one argument, with uri and at most one of test and promotion", false},
		{"a test that is not there", anyMap{"command": "checkout.runTests", "arguments": []any{anyMap{"uri": uri(tests), "test": "four hats"}}}, "there is no such test", true},
		{"a file that is not open", anyMap{"command": "checkout.runTests", "arguments": []any{anyMap{"uri": uri(tests) + "x"}}}, "the file is not open, or has nothing to do with rules", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e.t = t
			same(t, "the error", e.refused("workspace/executeCommand", tt.params).Message, tt.want)
			if tt.wantShown {
				same(t, "the message", e.message(), "1 "+tt.want)
			}
		})
	}
	e.typed(rules, "sets: [}")
	fault := e.refused("workspace/executeCommand", anyMap{"command": "checkout.runTests", "arguments": []any{anyMap{"uri": uri(tests)}}})
	same(t, "rules with faults", fault.Message, "the tests cannot be run while the files have faults: "+rules+":1:8: R0001 did not find expected node content")
}

const twoHats = `two hats

hats-10  condition_false  (shop.yaml:6:5)
  The condition does not hold.
  hats.quantity > 2            2 > 2 is false
  nearest: 1 x HAT more saves 3.00 and costs 7.00

  subtotal  20.00
  discount   0.00
     total  20.00
No other choice between these promotions saves more.
`

func (e *editor) executed(command string, argument anyMap) any {
	e.t.Helper()
	var result any
	e.call("workspace/executeCommand", anyMap{"command": command, "arguments": []any{argument}}, &result)
	return result
}

func TestCartsOfTestsAreExplained(t *testing.T) {
	t.Run("in a message, where the editor shows no files", func(t *testing.T) {
		e, _, tests := aShop(t)
		same(t, "the result", e.executed("checkout.explain", anyMap{"uri": uri(tests), "test": "two hats"}), any(anyMap{"explanation": twoHats}))
		same(t, "the message", e.message(), "3 "+twoHats)
	})
	t.Run("in a file, which ends with the server", func(t *testing.T) {
		e, rules := start(t), files(t, "shop.yaml", shop, "shop_test.yaml", shopTest)+"/shop.yaml"
		e.initialize(anyMap{"capabilities": anyMap{"window": anyMap{"showDocument": anyMap{"support": true}}}}, path.Dir(rules))
		e.opened(rules, "")
		e.replying("window/showMessageRequest", `{"title": "two hats"}`)
		e.replying("window/showDocument", `{"success": true}`)
		e.executed("checkout.explain", anyMap{"uri": uri(rules), "promotion": "hats-10"})
		same(t, "what could be chosen", e.called("window/showMessageRequest"), `{"type":3,"message":"The cart of which test?","actions":[{"title":"three hats"},{"title":"two hats"}]}`)
		var shown struct{ URI string }
		if err := json.Unmarshal([]byte(e.called("window/showDocument")), &shown); err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(shown.URI, "file://")
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "the text", string(text), twoHats)
		e.notify("exit", nil)
		<-e.ended
		if _, err := os.Stat(path.Dir(name)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is still there: %v", name, err)
		}
	})
	t.Run("none, where the user chooses none", func(t *testing.T) {
		e, rules, _ := aShop(t)
		same(t, "the result", e.executed("checkout.explain", anyMap{"uri": uri(rules), "promotion": "hats-10"}), nil)
	})
	t.Run("not without tests", func(t *testing.T) {
		folder := files(t, "shop.yaml", shop)
		e := open(t, folder)
		e.opened(folder+"/shop.yaml", "")
		fault := e.refused("workspace/executeCommand", anyMap{"command": "checkout.explain", "arguments": []any{anyMap{"uri": uri(folder + "/shop.yaml")}}})
		same(t, "the error", fault.Message, "there is no test whose cart could be explained")
	})
}

func TestCoverageIsShownInTheRules(t *testing.T) {
	e, rules, _ := aShop(t)
	more := shop + "  - id: never\n    when: cart.subtotal > 1000\n    deal: {percent_off: {of: hats, percent: 5}}\n    limits: {budget: 10}\n"
	e.typed(rules, more)
	before := e.diagnostics(rules)
	same(t, "the result", e.executed("checkout.showCoverage", anyMap{"uri": uri(rules)}), any(anyMap{"reached": 9.0, "points": 15.0}))
	same(t, "the message", e.message(), "3 coverage 60.0 % (9 of 15 points)")
	var shown []string
	for _, d := range e.diagnostics(rules) {
		if !slices.Contains(before, d) && !strings.Contains(d, " R0") {
			shown = append(shown, d)
		}
	}
	same(t, "what is not reached", shown, []string{
		`1:8-1:26  category == "hats" is never false`,
		"5:8-5:15  hats-10 is never refused for budget_spent",
		"9:8-9:13  never is never applied",
		"9:8-9:13  never is never refused for budget_spent",
		"9:8-9:13  never is never refused for no_matching_items",
		"10:10-10:30  cart.subtotal > 1000 is never true",
	})
	e.typed(rules, shop)
	same(t, "once it has changed", e.diagnostics(rules), []string{})
}
