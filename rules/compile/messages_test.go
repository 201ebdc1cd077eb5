package compile_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/checkout-promotions/checkout/rules/diag"
)

// TestEveryMessageIsInAGoldenFile reads the messages off the package's source
// and looks for each in testdata/faults.
func TestEveryMessageIsInAGoldenFile(t *testing.T) {
	said := saidInGoldenFiles(t)
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, path := range sources {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		for _, format := range messages(t, path) {
			found++
			if !regexp.MustCompile(`(?m)^\S+: R\d{4} ` + pattern(format) + `$`).MatchString(said) {
				t.Errorf("%s: no archive in testdata/faults has the message %q", path, format)
			}
		}
	}
	if found < 60 {
		t.Errorf("found %d messages, want more than 60: is the source read right?", found)
	}
}

func saidInGoldenFiles(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	for _, path := range archives(t) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(data)
	}
	return b.String()
}

// reporters are the functions that report a fault, with the index of their
// format.
var reporters = map[string]int{"Report": 2, "ReportAt": 4, "fault": 3}

func messages(t *testing.T, path string) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var formats []string
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		selector, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if i, ok := reporters[selector.Sel.Name]; ok && i < len(call.Args) {
			if literal, ok := call.Args[i].(*ast.BasicLit); ok {
				format, _ := strconv.Unquote(literal.Value)
				formats = append(formats, format)
			}
		}
		return true
	})
	return formats
}

// pattern is a regular expression for what a format can become.
func pattern(format string) string {
	verbs := regexp.MustCompile(`%[.0-9]*[a-z]`)
	parts := verbs.Split(format, -1)
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return strings.Join(parts, ".*")
}

func TestEveryCodeIsInAGoldenFile(t *testing.T) {
	said := saidInGoldenFiles(t)
	for _, page := range diag.Pages() {
		if strings.HasPrefix(string(page.Code), "R02") {
			continue // of rule tests
		}
		if strings.HasPrefix(string(page.Code), "R05") {
			continue // of rules that compile; package lint has them
		}
		if !strings.Contains(said, ": "+string(page.Code)+" ") {
			t.Errorf("no archive in testdata/faults has the code %s (%s)", page.Code, page.Title)
		}
	}
}
