package ruletest_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

// folders is a source of files on disk, in which some have another text.
type folders struct{ texts map[string][]byte }

// ReadFile implements ruletest.Source.
func (f folders) ReadFile(name string) ([]byte, error) {
	if text, changed := f.texts[name]; changed {
		return text, nil
	}
	return os.ReadFile(name)
}

// RuleFiles implements ruletest.Source.
func (f folders) RuleFiles(folder string) ([]compile.File, error) {
	files, err := compile.Read(os.DirFS(folder))
	for i := range files {
		if text, changed := f.texts[filepath.Join(folder, files[i].Name)]; changed {
			files[i].Data = text
		}
	}
	return files, err
}

// update puts a test file right and holds what is true of every update: a case that
// failed passes or is refused, the others pass as before, no comment is lost, and a
// second time nothing is changed.
func update(t *testing.T, source folders, file, only string) ruletest.Updated {
	t.Helper()
	filter, err := ruletest.ParseFilter(only)
	if err != nil {
		t.Fatal(err)
	}
	var first ruletest.Updated
	for n := range 2 {
		suites, err := ruletest.LoadFrom(source, []string{file})
		if err != nil {
			t.Fatal(err)
		}
		before, err := ruletest.Run(suites, filter)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ruletest.Update(t.Context(), source, suites, filter, ruletest.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Changed)+len(got.Refused) != before.Failed || before.Failed == 0 && got.Files[file] != nil {
			t.Fatalf("%d cases failed; %d are put right, %d refused, %d files changed", before.Failed, len(got.Changed), len(got.Refused), len(got.Files))
		}
		text, changed := got.Files[file]
		if n == 0 {
			first = got
		} else if changed || len(got.Changed) > 0 {
			t.Fatalf("changed a second time:\n%s\nfrom\n%s", text, source.texts[file])
		}
		if changed {
			old, err := source.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, comment := range regexp.MustCompile(`(?m)(?:^| )#.*$`).FindAllString(string(old), -1) {
				if !strings.Contains(string(text), strings.TrimSpace(comment)) {
					t.Errorf("the comment %q is lost", comment)
				}
			}
			source.texts[file] = text
		}
	}
	return first
}

// updated puts the tests of a file right that has the rules beside it.
func updated(t *testing.T, rules, tests, only string) (string, []ruletest.Refusal) {
	t.Helper()
	dir := folder(t, rules, tests)
	file := filepath.Join(dir, "rules_test.yaml")
	source := folders{make(map[string][]byte)}
	u := update(t, source, file, only)
	text, err := source.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text), u.Refused
}

func TestUpdateWritesWhatTheEngineSays(t *testing.T) {
	const head = "catalogue: [{sku: TV, price: 10}, {sku: HIFI, price: 5}]\ntests:\n"
	for _, c := range []struct{ name, before, after string }{
		{"what is right is left", "  - {name:   a,  given: {cart: [TV]}, expect: {total:   10.0}}  # a comment\n", ""},
		{"amounts, in the quotes that they have", `  - name: a
    given: {cart: [TV x3]}
    expect:
      total: "1.00"      # what is to pay
      subtotal: '3'
      discount: 9
`, `  - name: a
    given: {cart: [TV x3]}
    expect:
      total: "20.00"      # what is to pay
      subtotal: '30.00'
      discount: 10.00
`},
		{"lists in brackets", "  - {name: a, given: {cart: [TV x3], customer: {groups: [gold]}}, expect: {applied: [gold], gifts: [HIFI x2]}}\n",
			"  - {name: a, given: {cart: [TV x3], customer: {groups: [gold]}}, expect: {applied: [three-for-two, gold], gifts: []}}\n"},
		{"lists of lines, of which right ones stay", `  - name: a
    given: {cart: [TV x3], customer: {groups: [gold]}}
    expect:
      applied:
        # the best one
        - gold   # for members
      total: 18
`, `  - name: a
    given: {cart: [TV x3], customer: {groups: [gold]}}
    expect:
      applied:
        # the best one
        - three-for-two
        - gold   # for members
      total: 18
`},
		{"lists of lines that get shorter", `  - name: a
    given: {cart: [TV x3]}
    expect:
      applied:
        - gold   # for members
        - three-for-two
`, `  - name: a
    given: {cart: [TV x3]}
    expect:
      applied:
        # for members
        - three-for-two
`},
		{"lists of lines that get empty", `  - name: a
    given: {cart: [TV]}
    expect:
      applied:
        - gold
        - three-for-two
      total: 10
`, `  - name: a
    given: {cart: [TV]}
    expect:
      applied: []
      total: 10
`},
		{"a list that says nothing", "  - name: a\n    given: {cart: [TV x3]}\n    expect:\n      applied: # none\n      total: 20\n",
			"  - name: a\n    given: {cart: [TV x3]}\n    expect:\n      applied: [three-for-two] # none\n      total: 20\n"},
		{"a promotion that stands for a list", "  - {name: a, given: {cart: [TV x3]}, expect: {applied: gold}}\n", "  - {name: a, given: {cart: [TV x3]}, expect: {applied: [three-for-two]}}\n"},
		{"reasons", "  - {name: a, given: {cart: [TV x2]}, expect: {not_applied: {gold: displaced, three-for-two: {reason: no_effect, by: [gold]}}}}\n",
			"  - {name: a, given: {cart: [TV x2]}, expect: {not_applied: {gold: condition_false, three-for-two: {reason: below_quantity}}}}\n"},
		{"a reason of one that is applied", "  - {name: a, given: {cart: [TV x3]}, expect: {not_applied: {three-for-two: no_effect, gold: condition_false}}}\n",
			"  - {name: a, given: {cart: [TV x3]}, expect: {not_applied: {gold: condition_false}}}\n"},
		{"the only reason, of one that is applied, beside another expectation", "  - {name: a, given: {cart: [TV x3]}, expect: {total: 1, not_applied: {three-for-two: no_effect}}}\n",
			"  - {name: a, given: {cart: [TV x3]}, expect: {total: 20.00}}\n"},
		{"the only expectation, of one that is applied", "  - name: a\n    given: {cart: [TV x3]}\n    expect:\n      not_applied:\n        three-for-two: no_effect\n",
			"  - name: a\n    given: {cart: [TV x3]}\n    expect:\n      applied: [three-for-two]\n"},
		{"entries in lines of their own", `  - name: a
    given: {cart: [TV x3, HIFI]}
    expect:
      not_applied:
        three-for-two: no_effect # not any more
        gold: no_effect
      lines:
        HIFI: 4
        TV:
          quantity: 2
          discount: 1
          unit_prices: [10, 10]
`, `  - name: a
    given: {cart: [TV x3, HIFI]}
    expect:
      not_applied:
        # not any more
        gold: condition_false
      lines:
        HIFI: 5.00
        TV:
          quantity: 3
          discount: 10.00
          unit_prices: [10, 10, 0.00]
`},
		{"a line that is not there", "  - {name: a, given: {cart: [TV]}, expect: {lines: {HIFI: 1, TV: 2}}}\n", "  - {name: a, given: {cart: [TV]}, expect: {lines: {TV: 10.00}}}\n"},
		{"cells of a table", `  - name: a
    given: {cart: ["TV x${n}"]}
    table:
      # one is free
      - {n: 3,  total: 30.00, applied: [three-for-two]}   # of three
      - {n: 10, total: 10}
`, `  - name: a
    given: {cart: ["TV x${n}"]}
    table:
      # one is free
      - {n: 3,  total: 20.00, applied: [three-for-two]}   # of three
      - {n: 10, total: 70.00}
`},
		{"what all rows expect", "  - name: a\n    given: {cart: [\"TV x${n}\"]}\n    expect: {applied: []}\n    table:\n      - {n: 3, total: 20}\n      - {n: 4, total: 30}\n",
			"  - name: a\n    given: {cart: [\"TV x${n}\"]}\n    expect: {applied: [three-for-two]}\n    table:\n      - {n: 3, total: 20}\n      - {n: 4, total: 30}\n"},
		{"what rows expect together and do not agree about", "  - name: a\n    given: {cart: [\"TV x${n}\"]}\n    expect: {applied: []}\n    table:\n      - {n: 1}\n      - {n: 3}\n      -\n        n: 4\n",
			"  - name: a\n    given: {cart: [\"TV x${n}\"]}\n    expect: {applied: []}\n    table:\n      - {n: 1}\n      - {n: 3, applied: [three-for-two]}\n      -\n        n: 4\n        applied: [three-for-two]\n"},
		{"columns of expected values", "  - name: a\n    given: {cart: [\"TV x${n}\"]}\n    expect: {total: \"${sum}\"}\n    table:\n      - {n: 1, sum: 9}\n      - {n: 3, sum: \"9\"}\n",
			"  - name: a\n    given: {cart: [\"TV x${n}\"]}\n    expect: {total: \"${sum}\"}\n    table:\n      - {n: 1, sum: 10.00}\n      - {n: 3, sum: \"20.00\"}\n"},
		{"rows of a matrix", "  - name: a\n    given: {cart: [\"TV x${n}\"]}\n    matrix: {n: [1, 3]}\n    expect:\n      - {when: {n: 1}, total: 9}\n      - {else: true, total: 9, applied: []}\n",
			"  - name: a\n    given: {cart: [\"TV x${n}\"]}\n    matrix: {n: [1, 3]}\n    expect:\n      - {when: {n: 1}, total: 10.00}\n      - {else: true, total: 20.00, applied: [three-for-two]}\n"},
		{"steps", "  - name: a\n    given: {cart: [TV x3]}\n    steps:\n      - {do: commit, expect: {total: 1}}\n      - {do: refund, ref: 1}\n      - do: price\n        expect: {applied: [gold]}\n",
			"  - name: a\n    given: {cart: [TV x3]}\n    steps:\n      - {do: commit, expect: {total: 20.00}}\n      - {do: refund, ref: 1}\n      - do: price\n        expect: {applied: [three-for-two]}\n"},
		{"what is to be there among others", "  - {name: a, given: {cart: [TV x3]}, expect: {includes: {applied: [gold, three-for-two], gifts: [TV]}}}\n",
			"  - {name: a, given: {cart: [TV x3]}, expect: {includes: {applied: [three-for-two]}}}\n"},
		{"whether it is the best", "  - {name: a, given: {cart: [TV x3]}, expect: {optimal: false}}\n", "  - {name: a, given: {cart: [TV x3]}, expect: {optimal: true}}\n"},
		{"hints, of which those that are right stay", "  - {name: a, given: {cart: [TV]}, expect: {hints: [{promotion: gold, add: [TV]}]}}\n",
			"  - {name: a, given: {cart: [TV]}, expect: {hints: [{promotion: three-for-two, add: [TV x2], saves: 10.00}]}}\n"},
		{"codes of coupons", "  - {name: a, given: {cart: [TV], coupons: [X]}, expect: {coupons: {x: applied, Y: unknown_code}}}\n",
			"  - {name: a, given: {cart: [TV], coupons: [X]}, expect: {coupons: {x: unknown_code}}}\n"},
		{"an explanation", "  - name: a\n    given: {cart: [TV x3]}\n    expect:\n      explain: |\n        nothing\n      total: 20\n", `  - name: a
    given: {cart: [TV x3]}
    expect:
      explain: |
        three-for-two  applied, takes 10.00 off
          TV  30.00 -> 20.00  1 at 10.00 now 0.00

        gold  condition_false
          The condition does not hold.
          'gold' in customer.groups    "gold" in [] is false

          subtotal  30.00
          discount  10.00
             total  20.00
        No other choice between these promotions saves more.
      total: 20
`},
		{"faults of rules", "  - {name: a, given: {rules: 'promotions: [{id: a, deal: {percent_off: {of: order, percent: 120}}}]'}, compile_error: {code: R0103, at: \"9:9\", text: too much}}\n",
			"  - {name: a, given: {rules: 'promotions: [{id: a, deal: {percent_off: {of: order, percent: 120}}}]'}, compile_error: {code: R0107, at: \"1:63\", text: \"percent must be between 0 and 100\"}}\n"},
		{"faults of rules, of which there are more", "  - {name: a, given: {rules: 'promotions: [{id: a, dael: 1}]'}, compile_error: {code: R0002}}\n",
			"  - {name: a, given: {rules: 'promotions: [{id: a, dael: 1}]'}, compile_error: [{code: R0003, at: \"1:14\", text: \"one of deal, deals is missing\"}, {code: R0002}]}\n"},
		{"a file without a line end at its end", "  - {name: a, given: {cart: [TV]}, expect: {total: 1}}", "  - {name: a, given: {cart: [TV]}, expect: {total: 10.00}}\n"},
		{"characters of several bytes", "  - {name: ä€😀, given: {cart: [TV]}, expect: {total: 1}} # ä€😀\n", "  - {name: ä€😀, given: {cart: [TV]}, expect: {total: 10.00}} # ä€😀\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			after, refused := updated(t, rules, head+c.before, "")
			if len(refused) > 0 {
				t.Errorf("refused: %+v", refused)
			}
			if want := head + c.after; c.after != "" && after != want || c.after == "" && after != head+c.before {
				t.Error(cmp.Diff(want, after))
			}
		})
	}
}

func TestUpdateOnlyChangesWhatIsSelected(t *testing.T) {
	const tests = catalogue + "tests:\n  - {name: a, given: {cart: [TV]}, expect: {total: 1}}\n  - {name: b, given: {cart: [TV]}, expect: {total: 1}}\n"
	after, _ := updated(t, rules, tests, "test=b")
	if want := strings.Replace(tests, "b, given: {cart: [TV]}, expect: {total: 1}", "b, given: {cart: [TV]}, expect: {total: 10.00}", 1); after != want {
		t.Error(cmp.Diff(want, after))
	}
}

func TestUpdateRefusesWhatIsNoMatterOfExpectations(t *testing.T) {
	for _, c := range []struct{ name, tests, want string }{
		{"what always has to be true", "always: [quote.total < 15]\ntests: [{name: a, given: {cart: [TV x3]}, expect: {total: 1}}]\n", "quote.total < 15 is not true, which always has to be"},
		{"a value that a matrix makes", "tests:\n  - name: a\n    given: {cart: [\"TV x${n}\"]}\n    matrix: {n: [1, 2]}\n    expect: {total: \"${n}\"}\n", "what is expected is ${n}, which is not of a row alone"},
		{"a value that the cart depends on", "tests:\n  - name: a\n    given: {cart: [\"TV x${n}\"]}\n    expect: {total: \"${n}\"}\n    table: [{n: 1}, {n: 2}]\n", "what is expected is ${n}, which the cart depends on"},
		{"a value of which a part is a variable", "tests:\n  - name: a\n    given: {cart: [\"TV x${n}\"]}\n    expect: {total: \"${n}.50\"}\n    table: [{n: 1}]\n", "what is expected is made of a variable, ${n}.50"},
		{"cells of a matrix that do not agree", "tests:\n  - name: a\n    given: {cart: [\"TV x${n}\"]}\n    matrix: {n: [1, 2]}\n    expect: {total: 10}\n", "total is expected of other cases too, which come out otherwise; give it a row of its own"},
		{"a comment in what would be written anew", "tests:\n  - name: a\n    given: {cart: [TV x3]}\n    expect:\n      applied: [\n        gold # for members\n      ]\n", "a comment in line 7 would get lost"},
		{"rules that compile", "tests: [{name: a, given: {rules: 'promotions: [{id: a, deal: {percent_off: {of: order, percent: 1}}}]'}, compile_error: {code: R0107}}]\n", "the rules compile"},
	} {
		t.Run(c.name, func(t *testing.T) {
			after, refused := updated(t, rules, catalogue+c.tests, "")
			if after != catalogue+c.tests {
				t.Errorf("changed to\n%s", after)
			}
			if len(refused) == 0 || refused[0].Why != c.want {
				t.Errorf("got %+v, want %q", refused, c.want)
			}
		})
	}
}

// TestUpdateFollowsTheRules changes numbers in the rules of the corpus, and puts their
// tests right.
func TestUpdateFollowsTheRules(t *testing.T) {
	tests, err := fs.Glob(os.DirFS(".."), "corpus/*/*_test.yaml")
	if err != nil || len(tests) < 20 {
		t.Fatalf("got %d files and %v", len(tests), err)
	}
	changed, refused := 0, 0
	for _, test := range tests {
		file := filepath.Join("..", test)
		update(t, folders{make(map[string][]byte)}, file, "")
		rules, err := compile.Read(os.DirFS(filepath.Dir(file)))
		if err != nil {
			t.Fatal(err)
		}
		for _, rule := range rules {
			numbers := regexp.MustCompile(`(?:percent|amount|quantity|pay_for|price|each): \d`).FindAllIndex(rule.Data, -1)
			for _, at := range numbers[:min(len(numbers), 1)] {
				text := slices.Clone(rule.Data)
				text[at[1]-1] = '0' + (text[at[1]-1]-'0'+1)%10
				source := folders{map[string][]byte{filepath.Join(filepath.Dir(file), rule.Name): text}}
				if _, err := ruletest.LoadFrom(source, []string{file}); err != nil {
					continue // these rules do not compile
				}
				u := update(t, source, file, "")
				changed, refused = changed+len(u.Changed), refused+len(u.Refused)
				for _, r := range u.Refused {
					t.Logf("%s: %s", r.Filter, r.Why)
				}
			}
		}
	}
	if changed < 50 || refused > changed/20 {
		t.Errorf("%d cases are put right and %d refused, want most of at least 50", changed, refused)
	}
}
