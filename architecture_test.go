// Package checkout_test holds the architecture: which package may import which, and what only main and tests may do.
package checkout_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

const module = "github.com/checkout-promotions/checkout"

// imports returns what each package may import of the project. A name that ends in /... stands for a folder and all below it.
// Imports go one way, and a package that is not here fails the test: adding it means deciding where it belongs.
func imports() map[string][]string {
	return map[string][]string{
		"engine":         {"engine/optimum"},
		"engine/optimum": {},

		"engine/apikey":       {},
		"engine/audit":        {},
		"engine/configschema": {},
		"engine/couponfile":   {},
		"engine/goldentest":   {},
		"engine/idempotency":  {},
		"engine/publication":  {},

		"rules":            {},
		"rules/diag":       {},
		"rules/syntax":     {"rules/diag"},
		"rules/catalogue":  {"engine", "rules/diag", "rules/syntax"},
		"rules/lock":       {"engine", "engine/configschema", "rules/diag", "rules/syntax"},
		"rules/compile":    {"engine", "rules/diag", "rules/syntax", "rules/lock"},
		"rules/explain":    {"engine", "rules/diag", "rules/compile"},
		"rules/invariant":  {"engine", "rules/diag", "rules/syntax", "rules/compile"},
		"rules/ruletest":   {"engine", "rules/diag", "rules/syntax", "rules/catalogue", "rules/lock", "rules/compile", "rules/explain", "rules/invariant"},
		"rules/schema":     {"engine", "rules/diag", "rules/catalogue", "rules/invariant", "rules/reference", "rules/ruletest"},
		"rules/reference":  {"rules", "rules/diag", "rules/compile"},
		"rules/store":      {"engine", "rules/diag", "rules/syntax", "rules/compile"},
		"rules/archive":    {"rules/compile"},
		"rules/record":     {"engine", "rules/syntax"},
		"rules/backtest":   {"engine", "rules/catalogue", "rules/invariant", "rules/record"},
		"rules/difference": {"engine", "rules/compile", "rules/lock", "rules/ruletest", "rules/syntax"},
		"rules/format":     {"rules/diag", "rules/syntax"},
		"rules/lint":       {"engine", "rules/diag", "rules/syntax", "rules/lock", "rules/compile", "rules/record"},
		"rules/replay":     {"engine", "rules/compile", "rules/archive"},
		"rules/report":     {"rules/reference", "engine", "rules/backtest", "rules/diag", "rules/syntax", "rules/compile", "rules/difference", "rules/explain", "rules/invariant", "rules/lint", "rules/ruletest", "rules/store", "rules/coverage", "rules/mutate"},
		"rules/coverage":   {"engine", "rules/diag", "rules/compile", "rules/lint", "rules/ruletest"},
		"rules/mutate":     {"engine", "rules/diag", "rules/syntax", "rules/compile", "rules/ruletest", "rules/record"},
		"rules/lsp":        {"engine", "rules/reference", "rules/coverage", "rules/explain", "rules/diag", "rules/syntax", "rules/catalogue", "rules/lock", "rules/compile", "rules/ruletest", "rules/format", "rules/lint"},

		"plugins/...":               {"engine", "engine/configschema", "plugins/..."},
		"plugins/sdk":               {"plugins/internal/pluginpb", "plugins/internal/wire"},
		"plugins/internal/pluginpb": {},
		"plugins/internal/wire":     {"plugins/internal/pluginpb"},
		"examples/plugins/...":      {"plugins/sdk"},
		"examples/storefront":       {"api/client", "api/v1"},

		"persistence/...": {"engine", "engine/apikey", "engine/audit", "engine/couponfile", "engine/idempotency", "engine/publication", "persistence/..."},
		"api/...":         {"engine", "engine/apikey", "engine/audit", "engine/couponfile", "engine/idempotency", "engine/publication", "rules/diag", "api/..."},
		"api/v1":          {"engine"},
		"api/client":      {"api/v1"},
		"api/token":       {"engine/apikey"},
		"config":          {},
		"cmd/...":         {"..."},
	}
}

// modules returns, for the modules that are one folder's business, that folder. The engine, not listed, imports none at all.
func modules() map[string]string {
	return map[string]string{
		"github.com/uptrace/bun":        "persistence",
		"modernc.org":                   "persistence",
		"github.com/jackc/pgx":          "persistence",
		"github.com/go-chi":             "api",
		"github.com/go-json-experiment": "api",
		"github.com/coreos/go-oidc":     "api/token",
		"github.com/go-jose/go-jose":    "api/token",
		"github.com/knadh/koanf":        "config",
		"github.com/expr-lang/expr":     "rules",
		"github.com/fsnotify/fsnotify":  "rules/store",
		"github.com/creachadair/jrpc2":  "rules/lsp",
		"github.com/hashicorp":          "plugins",
		"google.golang.org/grpc":        "plugins",
		"google.golang.org/protobuf":    "plugins",
		"github.com/spf13/cobra":        "cmd",
		"github.com/standard-webhooks":  "api",
		"github.com/oapi-codegen":       "api/client",
		"github.com/schollz":            "cmd",
		"golang.org/x/term":             "cmd",

		"github.com/rogpeppe/go-internal/diff": "cmd",

		"go.opentelemetry.io/otel/sdk":       "cmd",
		"go.opentelemetry.io/otel/exporters": "cmd",
	}
}

// testModules returns the packages that only tests import.
func testModules() []string {
	return []string{"testing", "github.com/google/go-cmp", "github.com/rogpeppe/go-internal/testscript", "github.com/rogpeppe/go-internal/txtar", "go.uber.org/goleak", "pgregory.net/rapid"}
}

func TestFoldersStand(t *testing.T) {
	for _, folder := range []string{"cmd", "engine", "rules", "plugins", "api", "persistence", "config", "examples"} {
		if info, err := os.Stat(folder); err != nil || !info.IsDir() {
			t.Errorf("folder %s is missing; the layout of the repository is fixed", folder)
		}
	}
}

func TestCodeKeepsTheArchitecture(t *testing.T) {
	files, err := sources(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("no Go files found")
	}
	for _, fault := range faults(files) {
		t.Error(fault)
	}
}

func TestTableKeepsAdaptersApart(t *testing.T) {
	adapters := []string{"rules", "plugins", "persistence"}
	for name, allowed := range imports() {
		from, _, _ := strings.Cut(name, "/")
		for _, to := range allowed {
			folder, _, _ := strings.Cut(to, "/")
			if from != folder && slices.Contains(adapters, from) && slices.Contains(adapters, folder) {
				t.Errorf("the table lets %s import %s; rules, plugins and persistence never import one another", name, to)
			}
		}
	}
}

func TestFaultsAreFound(t *testing.T) {
	tests := []struct {
		name string
		file string
		code string
		want string
	}{
		{"a lower package imports a higher one", "engine/a.go", `import _ "` + module + `/rules/diag"`, "engine/a.go imports rules/diag; engine may import engine/optimum"},
		{"a package imports one beside it", "api/a.go", `import _ "` + module + `/persistence"`, "api/a.go imports persistence; api may import engine, engine/apikey, engine/audit, engine/couponfile, engine/idempotency, engine/publication, rules/diag, api/..."},
		{"a package that the table does not know", "rules/unknown/a.go", "", "rules/unknown is not in the table of architecture_test.go"},
		{"the root as a package", "a.go", "", ". is not in the table of architecture_test.go"},
		{"the engine imports a module", "engine/a.go", `import _ "github.com/google/uuid"`, "engine/a.go imports github.com/google/uuid; the engine imports the standard library alone"},
		{"a module outside its folder", "cmd/internal/cli/a.go", `import _ "modernc.org/sqlite"`, "cmd/internal/cli/a.go imports modernc.org/sqlite; only persistence does"},
		{"production code imports testing", "rules/ruletest/a.go", `import _ "testing"`, "rules/ruletest/a.go imports testing; only tests do"},
		{"production code imports below testing", "api/a.go", `import _ "testing/fstest"`, "api/a.go imports testing/fstest; only tests do"},
		{"production code imports support for tests", "cmd/checkout/main.go", `import _ "` + module + `/persistence/storetest"`, "cmd/checkout/main.go imports persistence/storetest; only tests do"},
		{"an init function", "api/a.go", "func init() {}", "api/a.go has an init function; build what it builds where it is used"},
		{"an exit below main", "cmd/internal/cli/a.go", "import \"os\"\nfunc f() { os.Exit(1) }", "cmd/internal/cli/a.go calls os.Exit; only the main.go of a program does"},
		{"an exit in main is fine", "cmd/checkout/main.go", "import \"os\"\nfunc f() { os.Exit(1) }", ""},
		{"an exit in the main of a plugin is fine", "examples/plugins/loyalty/main.go", "import \"os\"\nfunc f() { os.Exit(1) }", ""},
		{"an example of a plugin with the engine", "examples/plugins/loyalty/main.go", `import _ "` + module + `/engine"`, "examples/plugins/loyalty/main.go imports engine; examples/plugins/loyalty may import plugins/sdk"},
		{"generated code is as it is generated", "plugins/internal/pluginpb/a.pb.go", "// Code generated by protoc-gen-go. DO NOT EDIT.\n\npackage p\nfunc init() {}", ""},
		{"code that only says so later is not generated", "plugins/internal/pluginpb/a.go", "package p\n\n// Code generated by protoc-gen-go. DO NOT EDIT.\n\nfunc init() {}", "plugins/internal/pluginpb/a.go has an init function; build what it builds where it is used"},
		{"support for tests imports testing", "persistence/storetest/a.go", `import _ "testing"`, ""},
		{"tests import what they need", "engine/a_test.go", `import _ "` + module + `/persistence/storetest"`, ""},
		{"a method called init is fine", "api/a.go", "type t int\nfunc (t) init() {}", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			code := tt.code
			if !strings.Contains(code, "package p\n") {
				code = "package p\n" + code
			}
			files, err := sources(fstest.MapFS{tt.file: {Data: []byte(code)}})
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(faults(files), "\n"); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// source is one Go file of the project that is not a test.
type source struct {
	path    string
	pkg     string // its folder
	imports []string
	file    *ast.File
}

// sources parses the production code of a tree, for every operating system and build tag.
func sources(tree fs.FS) ([]source, error) {
	var files []source
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			return skip(tree, name)
		case path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		s, err := parse(tree, name)
		files = append(files, s)
		return err
	})
	return files, err
}

// skip leaves out the folders that the go command leaves out, and modules inside this one.
func skip(tree fs.FS, folder string) error {
	base := path.Base(folder)
	_, err := fs.Stat(tree, path.Join(folder, "go.mod"))
	if folder != "." && (err == nil || base == "testdata" || base == "node_modules" || base[0] == '.' || base[0] == '_') {
		return fs.SkipDir
	}
	return nil
}

func parse(tree fs.FS, name string) (source, error) {
	text, err := fs.ReadFile(tree, name)
	if err != nil {
		return source{}, err
	}
	file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.SkipObjectResolution|parser.ParseComments)
	if err != nil {
		return source{}, err
	}
	s := source{path: name, pkg: path.Dir(name), file: file}
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return source{}, err
		}
		s.imports = append(s.imports, imported)
	}
	return s, nil
}

// faults returns every breach of the architecture.
func faults(files []source) []string {
	var all []string
	for _, s := range files {
		allowed, known := permitted(s.pkg)
		if !known {
			all = append(all, s.pkg+" is not in the table of architecture_test.go")
		}
		for _, imported := range s.imports {
			if fault := s.importFault(imported, allowed); known && fault != "" {
				all = append(all, fmt.Sprintf("%s imports %s", s.path, fault))
			}
		}
		all = append(all, s.codeFaults()...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// permitted returns what the table lets a package import: the entry of its name, else of the folder above it.
func permitted(pkg string) (allowed []string, known bool) {
	table := imports()
	if allowed, known = table[pkg]; known {
		return allowed, true
	}
	for folder := pkg; folder != "."; folder = path.Dir(folder) {
		if allowed, known = table[folder+"/..."]; known {
			return allowed, true
		}
	}
	return nil, false
}

// importFault says what is wrong with an import, or nothing.
func (s source) importFault(imported string, allowed []string) string {
	name, ours := strings.CutPrefix(imported, module+"/")
	onlyTests := slices.ContainsFunc(testModules(), func(m string) bool { return within(imported, m) })
	switch {
	case !supportsTests(s.pkg) && (onlyTests || ours && supportsTests(name)):
		return name + "; only tests do"
	case ours && !slices.ContainsFunc(allowed, func(a string) bool { return matches(name, a) }):
		if len(allowed) == 0 {
			return fmt.Sprintf("%s; %s may import nothing of the project", name, s.pkg)
		}
		return fmt.Sprintf("%s; %s may import %s", name, s.pkg, strings.Join(allowed, ", "))
	case !ours && s.pkg == "engine" && strings.Contains(strings.Split(imported, "/")[0], "."):
		return imported + "; the engine imports the standard library alone"
	}
	for module, folder := range modules() {
		if within(imported, module) && !within(s.pkg, folder) {
			return fmt.Sprintf("%s; only %s does", imported, folder)
		}
	}
	return ""
}

// codeFaults returns what the code does that it may not. Generated code is left as it is.
func (s source) codeFaults() []string {
	if ast.IsGenerated(s.file) {
		return nil
	}
	var all []string
	ast.Inspect(s.file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Recv == nil && n.Name.Name == "init" {
				all = append(all, s.path+" has an init function; build what it builds where it is used")
			}
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && x.Name == "os" && n.Sel.Name == "Exit" && !s.isMain() {
				all = append(all, s.path+" calls os.Exit; only the main.go of a program does")
			}
		}
		return true
	})
	return all
}

// isMain tells the file where a program begins: the command, an example of a plugin, or the storefront.
func (s source) isMain() bool {
	return s.path == "cmd/checkout/main.go" || (within(s.pkg, "examples/plugins") || s.pkg == "examples/storefront") && path.Base(s.path) == "main.go"
}

// supportsTests tells the packages made for tests, such as persistence/storetest, by their names. rules/ruletest is none, it
// runs the tests of merchandisers, nor is rules/backtest.
func supportsTests(pkg string) bool {
	return strings.HasSuffix(pkg, "test") && pkg != "rules/ruletest" && pkg != "rules/backtest"
}

// matches tells whether a package is the one that an entry of the table names, or lies below it.
func matches(pkg, entry string) bool {
	folder, below := strings.CutSuffix(entry, "...")
	if !below {
		return pkg == entry
	}
	return strings.HasPrefix(pkg+"/", folder)
}

// within tells whether a path is the folder or lies below it.
func within(name, folder string) bool { return name == folder || strings.HasPrefix(name, folder+"/") }
