package rules_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/report"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

// TestLanguage runs the examples of language.md, section by section: the rule
// files of a section are one ruleset, against which the section's tests run.
// Every promotion of the rules has to be in one of the tests, so that nothing
// that the page says of it is merely said.
func TestLanguage(t *testing.T) {
	page := readPage(t)
	refused := make(map[engine.Reason]bool)
	for _, s := range page.sections {
		t.Run(strings.ReplaceAll(s.title, "`", ""), func(t *testing.T) {
			for _, b := range s.blocks {
				if b.code != "" {
					checkRefused(t, page, s, b)
				}
			}
			for _, reason := range runTests(t, page, s) {
				refused[reason] = true
			}
		})
	}
	for _, reason := range engine.Reasons() {
		if reason != engine.Applied && !refused[reason] {
			t.Errorf("no example of language.md has a promotion that is refused for %s", reason)
		}
	}
}

// languagePage is language.md, taken apart.
type languagePage struct {
	text      string
	inventory []byte
	sections  []section
}

// section is what stands between two headings.
type section struct {
	title  string
	text   string
	blocks []block
}

// block is an example. Its first line says what it is.
type block struct {
	line int
	file string // the name that it gets in a folder of rules
	code string // of the fault for which it is refused, "" for none
	text string
}

func readPage(t *testing.T) languagePage {
	t.Helper()
	data, err := os.ReadFile("language.md")
	if err != nil {
		t.Fatal(err)
	}
	p := languagePage{text: string(data), sections: []section{{}}}
	lines := strings.Split(p.text, "\n")
	for i := 0; i < len(lines); i++ {
		if heading, ok := strings.CutPrefix(lines[i], "#"); ok {
			p.sections = append(p.sections, section{title: strings.TrimSpace(strings.TrimLeft(heading, "#"))})
			continue
		}
		s := &p.sections[len(p.sections)-1]
		if lines[i] != "```yaml" {
			s.text += lines[i] + "\n"
			continue
		}
		end := i + 1 + slices.Index(lines[i+1:], "```")
		if b := newBlock(t, i+2, len(s.blocks), lines[i+1:end]); b.file == "inventory.yaml" {
			p.inventory = []byte(b.text)
		} else {
			s.blocks = append(s.blocks, b)
		}
		i = end
	}
	return p
}

func newBlock(t *testing.T, line, index int, lines []string) block {
	t.Helper()
	b := block{line: line, text: strings.Join(lines, "\n") + "\n"}
	first, ok := strings.CutPrefix(lines[0], "# ")
	if code, refused := strings.CutPrefix(first, "refused: "); refused {
		b.code, first, _ = strings.Cut(code, " ")
	}
	switch {
	case !ok:
		t.Fatalf("language.md:%d: an example begins with a comment that says what it is", line)
	case first == "rules" || first == "":
		b.file = fmt.Sprintf("rules%d.yaml", index)
	case first == "test":
		b.file = fmt.Sprintf("rules%d_test.yaml", index)
	default:
		b.file, _, _ = strings.Cut(first, " ")
	}
	return b
}

// isTest reports whether the block holds tests.
func (b block) isTest() bool { return ruletest.IsTestFile(b.file) }

// checkRefused compiles the section's rules with the block, which must have
// faults with its code and no others.
func checkRefused(t *testing.T, page languagePage, s section, b block) {
	t.Helper()
	folder := page.folder(t, s, b)
	var err error
	if b.isTest() {
		_, err = ruletest.Load([]string{folder})
	} else {
		_, err = compileFolder(folder)
	}
	var faults diag.List
	if !errors.As(err, &faults) {
		t.Errorf("language.md:%d: got %v, want it refused with %s", b.line, err, b.code)
	}
	for _, fault := range faults {
		if string(fault.Code) != b.code || filepath.Base(fault.File) != b.file && fault.File != "" {
			t.Errorf("language.md:%d: want nothing but %s of this example, got:\n%s", b.line, b.code, fault.Render())
		}
	}
}

// runTests runs the section's tests and returns the reasons that they expect of
// promotions.
func runTests(t *testing.T, page languagePage, s section) []engine.Reason {
	t.Helper()
	rules, tests := 0, ""
	for _, b := range s.blocks {
		switch {
		case b.code != "":
		case b.isTest():
			tests += b.text
		default:
			rules++
		}
	}
	if rules == 0 && tests == "" {
		return nil
	}
	folder := page.folder(t, s, block{})
	ruleset, err := compileFolder(folder)
	var faults diag.List
	if errors.As(err, &faults) {
		t.Fatalf("language.md, %s:\n%s", s.title, faults.Render())
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range ruleset.PromotionIDs() {
		if !regexp.MustCompile(`(^|[^\w.-])` + regexp.QuoteMeta(id) + `($|[^\w.-])`).MatchString(tests) {
			t.Errorf("language.md, %s: no test of the section mentions the promotion %s", s.title, id)
		}
	}
	suites, err := ruletest.Load([]string{folder})
	if errors.As(err, &faults) {
		t.Fatalf("language.md, %s:\n%s", s.title, faults.Render())
	}
	if err != nil {
		t.Fatalf("language.md, %s: %v", s.title, err)
	}
	result, err := ruletest.Run(suites, ruletest.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	if result.Failed > 0 {
		var b strings.Builder
		if err := report.TestsPretty(&b, result, "checkout rules test FOLDER"); err != nil {
			t.Fatal(err)
		}
		t.Errorf("language.md, %s:\n%s", s.title, b.String())
	}
	var reasons []engine.Reason
	for _, suite := range suites {
		for _, c := range suite.Cases {
			reasons = append(reasons, c.Refusals()...)
		}
	}
	return reasons
}

// folder writes the section's rules with the extra block, or with the section's
// tests where there is none. Where the section has no rules, there is a
// promotion all the same. The catalogue of tests without one is the page's.
func (p languagePage) folder(t *testing.T, s section, extra block) string {
	t.Helper()
	folder := t.TempDir()
	put := func(name, text string) {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	blocks, rules := []block{extra}, false
	for _, b := range s.blocks {
		if b.code != "" || b.isTest() && extra.file != "" || b.file == extra.file {
			continue
		}
		blocks = append(blocks, b)
		rules = rules || !b.isTest() && b.file != "policy.yaml"
	}
	for _, b := range blocks {
		if b.file == "" {
			continue
		}
		text := b.text
		if b.isTest() && !strings.Contains(text, "\ncatalogue:") {
			text += "catalogue: testdata/inventory.yaml\n"
		}
		put(b.file, text)
	}
	if !rules {
		put("some.yaml", "promotions: [{id: some, deal: {percent_off: {of: order, percent: 10}}}]\n")
	}
	if err := os.Mkdir(filepath.Join(folder, "testdata"), 0o700); err != nil {
		t.Fatal(err)
	}
	put("testdata/inventory.yaml", string(p.inventory))
	return folder
}

func compileFolder(folder string) (*engine.Ruleset, error) {
	files, err := compile.Read(os.DirFS(folder))
	if err != nil {
		return nil, err
	}
	return compile.Compile(files)
}
