package rules_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/checkout-promotions/checkout/engine"
)

// TestEveryWordIsDocumented finds in the source of package compile every word
// that a rule file may have (keys, their choices, deals, variables, functions
// and operators) and wants each by itself in backticks in language.md: the keys
// of a deal in the section of the deal, those of other mappings in theirs.
func TestEveryWordIsDocumented(t *testing.T) {
	page := readPage(t)
	sections := sectionsOfCompilers()
	whole := page.words("")
	found := 0
	for _, f := range compileFunctions(t) {
		words := wordsOf(f)
		found += len(words)
		documented, where := whole, "language.md"
		if title := sections[f.Name.Name]; title != "" {
			documented, where = page.words(title), "the section "+title+" of language.md"
		}
		for _, word := range words {
			if !documented[word] {
				t.Errorf("%s knows the word %q, which is not in %s", f.Name.Name, word, where)
			}
		}
	}
	if found < 150 {
		t.Errorf("found %d words of the language; the way in which compile reads keys must have changed", found)
	}
	for _, reason := range append(engine.Reasons(), engine.UnknownCode) {
		if !page.words("Reasons")[reason.String()] {
			t.Errorf("the section Reasons of language.md lacks %s", reason)
		}
	}
}

// TestSectionsOfCompilersExist keeps the table of sectionsOfCompilers true.
func TestSectionsOfCompilersExist(t *testing.T) {
	page := readPage(t)
	known := make(map[string]bool)
	for _, f := range compileFunctions(t) {
		known[f.Name.Name] = true
	}
	for function, title := range sectionsOfCompilers() {
		if !known[function] {
			t.Errorf("package compile has no function %s", function)
		}
		if len(page.words(title)) == 0 {
			t.Errorf("language.md has no section %q", title)
		}
	}
}

// sectionsOfCompilers says in which section the words are that a function of
// package compile reads. Those of all other functions may be anywhere.
func sectionsOfCompilers() map[string]string {
	return map[string]string{
		"read": "A folder of rules", "promotionMap": "Promotions", "unlockedBy": "Coupons", "schedule": "Schedules",
		"dealKinds": "Deals", "percentOff": "`percent_off`", "amountOff": "`amount_off`", "fixedPrice": "`fixed_price`",
		"multibuy": "`multibuy`", "buyGet": "`buy_get`", "bundle": "`bundle`", "tiers": "`tiers`", "tierStep": "`tiers`",
		"gift": "`gift`", "shipping": "`shipping`", "award": "`award`", "plugin": "`plugin`", "onFailure": "Promotions",
		"itemVariables": "Items", "cartVariables": "Carts", "customerRecord": "Carts", "nowRecord": "Carts",
		"functionNames": "Functions", "builtin": "Functions", "lineFields": "Functions",
		"binary": "Expressions", "unary": "Expressions",
		"combine": "How promotions combine", "exclusive": "Promotions",
		"limits": "Limits", "readPolicy": "policy.yaml", "rounding": "policy.yaml", "groupEntry": "policy.yaml",
		"cap": "policy.yaml", "resolvedBy": "policy.yaml",
	}
}

// words returns the texts in backticks of the section, of the whole page where
// the title is empty. A path such as tvs.quantity counts for its parts too.
func (p languagePage) words(title string) map[string]bool {
	words := make(map[string]bool)
	for _, s := range p.sections {
		if title != "" && s.title != title {
			continue
		}
		for _, m := range regexp.MustCompile("`([^`\n]+)`").FindAllStringSubmatch(s.text, -1) {
			words[m[1]] = true
			if regexp.MustCompile(`^\w*(\.\w+)+$`).MatchString(m[1]) {
				for _, part := range strings.Split(m[1], ".") {
					words[part] = true
				}
			}
		}
	}
	return words
}

// compileFunctions parses package compile.
func compileFunctions(t *testing.T) []*ast.FuncDecl {
	t.Helper()
	names, err := fs.Glob(os.DirFS("compile"), "*.go")
	if err != nil {
		t.Fatal(err)
	}
	var functions []*ast.FuncDecl
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), "compile/"+name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Body != nil {
				functions = append(functions, f)
			}
		}
	}
	return functions
}

// wordsOf returns the words of the language in a function: what it passes to the
// methods of syntax that read keys, the keys of its maps by text, the texts of
// its switches over operators and functions, and the list of functions. What is
// under a record of a fixed name is a path, such as cart.subtotal.
func wordsOf(f *ast.FuncDecl) []string {
	words := make(map[string]bool)
	ast.Inspect(f.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			switch called(n) {
			case "Map", "OneOf", "Require", "Get":
				add(words, "", n.Args)
			case "recordOf":
				if title, ok := text(n.Args[0]); ok {
					addKeys(words, title+".", n.Args[2])
					return false
				}
			}
		case *ast.CompositeLit:
			addKeys(words, "", n)
			if f.Name.Name == "functionNames" {
				add(words, "", n.Elts)
			}
		case *ast.CaseClause:
			if f.Name.Name == "binary" || f.Name.Name == "builtin" {
				add(words, "", n.List)
			}
		case *ast.BinaryExpr:
			if f.Name.Name == "unary" || f.Name.Name == "negation" {
				add(words, "", []ast.Expr{n.Y})
			}
		}
		return true
	})
	return slices.Sorted(maps.Keys(words))
}

// addKeys adds the keys of a map by text.
func addKeys(words map[string]bool, prefix string, n ast.Expr) {
	literal, ok := n.(*ast.CompositeLit)
	if !ok {
		return
	}
	if m, ok := literal.Type.(*ast.MapType); !ok || !isString(m.Key) {
		return
	}
	for _, e := range literal.Elts {
		if pair, ok := e.(*ast.KeyValueExpr); ok {
			add(words, prefix, []ast.Expr{pair.Key})
		}
	}
}

func add(words map[string]bool, prefix string, list []ast.Expr) {
	for _, n := range list {
		if word, ok := text(n); ok && word != "" {
			words[prefix+word] = true
		}
	}
}

func called(n *ast.CallExpr) string {
	switch fun := n.Fun.(type) {
	case *ast.SelectorExpr:
		return fun.Sel.Name
	case *ast.Ident:
		return fun.Name
	default:
		return ""
	}
}

func isString(n ast.Expr) bool {
	name, ok := n.(*ast.Ident)
	return ok && name.Name == "string"
}

func text(n ast.Expr) (string, bool) {
	literal, ok := n.(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(literal.Value)
	return s, err == nil
}
