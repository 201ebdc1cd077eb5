package report_test

import (
	"bytes"
	"encoding"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/engine/goldentest"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/report"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

// titles says of what each schema is.
func titles() map[string]string {
	return map[string]string{
		"check-report":    "checkout rules check -o json, version 1",
		"coverage-report": "checkout rules coverage -o json, version 1",
		"diff-report":     "checkout rules diff -o json, version 1",
		"doc-report":      "checkout rules doc -o json, version 1",
		"explain-report":  "checkout rules explain -o json, version 1",
		"fmt-report":      "checkout rules fmt --check -o json, version 1",
		"mutate-report":   "checkout rules mutate -o json, version 1",
		"quote":           "checkout rules price -o json, format " + strconv.Itoa(engine.RecordFormat),
		"test-report":     "checkout rules test -o json, version 1",
	}
}

// TestSchemasAreThoseOfWhatIsWritten makes the schemas from the types and from the
// comments in their source.
func TestSchemasAreThoseOfWhatIsWritten(t *testing.T) {
	comments := readComments(t, ".", "../../engine", "../diag", "../coverage", "../mutate", "../difference", "../explain", "../invariant", "../reference", "../ruletest", "../compile")
	var names []string
	for name, value := range report.Written() {
		names = append(names, name)
		m := schemaMaker{t: t, comments: comments, defs: make(map[string]any)}
		root := m.object(reflect.TypeOf(value))
		root["$schema"], root["title"] = "https://json-schema.org/draft/2020-12/schema", titles()[name]
		if len(m.defs) > 0 {
			root["$defs"] = m.defs
		}
		var text bytes.Buffer
		e := json.NewEncoder(&text)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(root); err != nil {
			t.Fatal(err)
		}
		goldentest.Compare(t, "schemas/"+name+".schema.json", text.String())
	}
	names = append(names, "backtest-report") // written by hand
	slices.Sort(names)
	if !slices.Equal(names, report.SchemaNames()) {
		t.Errorf("got schemas %q, want %q", report.SchemaNames(), names)
	}
	if _, err := report.Schema("nothing"); err == nil || err.Error() != `there is no schema "nothing"; there is `+strings.Join(names, ", ") {
		t.Errorf("got %v for a schema that there is not", err)
	}
}

// object is a part of a schema.
type object = map[string]any

type schemaMaker struct {
	t        *testing.T
	comments comments
	defs     object
}

// object makes the schema of a struct.
func (m *schemaMaker) object(of reflect.Type) object {
	properties, required := make(object), []string{}
	m.fields(of, properties, &required)
	slices.Sort(required)
	made := object{"type": "object", "properties": properties}
	if len(required) > 0 {
		made["required"] = required
	}
	m.describe(made, m.comments.types[key(of)])
	return made
}

func key(of reflect.Type) string { return of.PkgPath() + "." + of.Name() }

func (m *schemaMaker) describe(made object, comment string) {
	if comment != "" {
		made["description"] = comment
	}
}

// fields adds the fields of a struct, and those of the structs that it embeds.
func (m *schemaMaker) fields(of reflect.Type, properties object, required *[]string) {
	for i := range of.NumField() {
		f := of.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-" || !f.IsExported() && !f.Anonymous:
			continue
		case f.Anonymous && name == "":
			m.fields(f.Type, properties, required)
			continue
		case name == "":
			m.t.Fatalf("%s.%s has no name in JSON", of, f.Name)
		}
		optional := strings.Contains(options, "omit")
		made := m.value(f.Type)
		if f.Type.Kind() == reflect.Pointer && !optional {
			made = object{"anyOf": []object{made, {"type": "null"}}}
		}
		if name == "version" {
			made = object{"const": 1}
		}
		if comment := m.comments.fields[key(of)+"."+f.Name]; comment != "" {
			made["description"] = comment // beside a $ref too
		}
		properties[name] = made
		if !optional {
			*required = append(*required, name)
		}
	}
}

// value makes the schema of a value.
func (m *schemaMaker) value(of reflect.Type) object {
	text := reflect.TypeFor[encoding.TextMarshaler]()
	switch {
	case of == reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case of == reflect.TypeFor[engine.Currency]():
		return object{"type": "string", "pattern": "^[A-Z]{3}$"}
	case of == reflect.TypeFor[engine.Reason]():
		return m.named(of, func() object { return object{"enum": textsOf(append(engine.Reasons(), engine.UnknownCode))} })
	case of == reflect.TypeFor[diag.Severity]():
		return object{"enum": textsOf([]diag.Severity{diag.SeverityError, diag.SeverityWarning, diag.SeverityNote})}
	case of.Implements(text):
		m.t.Fatalf("%s is a text that this test does not know", of)
	}
	switch of.Kind() {
	case reflect.Pointer:
		return m.value(of.Elem())
	case reflect.Struct:
		return m.named(of, func() object { return m.object(of) })
	case reflect.Slice:
		return object{"type": "array", "items": m.value(of.Elem())}
	case reflect.Array:
		return object{"type": "array", "items": m.value(of.Elem()), "minItems": of.Len(), "maxItems": of.Len()}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": m.value(of.Elem())}
	case reflect.String:
		if of.PkgPath() == "" {
			return object{"type": "string"}
		}
		return m.named(of, func() object {
			made := object{"type": "string"}
			if words := m.comments.words[key(of)]; len(words) > 0 {
				if of == reflect.TypeFor[compile.SymbolKind]() {
					words = append(words, "") // of what belongs to nothing, such as a policy
				}
				made = object{"enum": words}
			}
			m.describe(made, m.comments.types[key(of)])
			return made
		})
	case reflect.Int64:
		if of == reflect.TypeFor[engine.Amount]() {
			return m.named(of, func() object {
				return object{"type": "integer", "description": "An amount in the smallest units of the currency."}
			})
		}
		return object{"type": "integer"}
	case reflect.Int:
		return object{"type": "integer"}
	case reflect.Uint64:
		return object{"type": "integer", "minimum": 0}
	case reflect.Float64:
		return object{"type": "number"}
	case reflect.Bool:
		return object{"type": "boolean"}
	default:
		m.t.Fatalf("%s is of a kind that this test does not know", of)
		return nil
	}
}

// named makes the schema of a type once.
func (m *schemaMaker) named(of reflect.Type, make func() object) object {
	name := strings.ToLower(of.Name()[:1]) + strings.TrimSuffix(of.Name()[1:], "JSON")
	if _, made := m.defs[name]; !made {
		m.defs[name] = object{} // for a type that is within itself
		m.defs[name] = make()
	}
	return object{"$ref": "#/$defs/" + name}
}

func textsOf[T interface{ String() string }](values []T) []string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = v.String()
	}
	return texts
}

// comments are what the source says of types and fields, by the path of the package
// and their names, and the constants of types of texts.
type comments struct {
	types, fields map[string]string
	words         map[string][]string
}

func readComments(t *testing.T, folders ...string) comments {
	t.Helper()
	c := comments{types: make(map[string]string), fields: make(map[string]string), words: make(map[string][]string)}
	for _, folder := range folders {
		pkg := packageOf(t, folder)
		files, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range file.Decls {
				if d, ok := d.(*ast.GenDecl); ok {
					c.read(pkg, d)
				}
			}
		}
	}
	return c
}

// packageOf is the path of the package in the folder.
func packageOf(t *testing.T, folder string) string {
	t.Helper()
	here := reflect.TypeFor[report.Report]().PkgPath()
	return filepath.ToSlash(filepath.Join(here, folder))
}

func (c comments) read(pkg string, d *ast.GenDecl) {
	for _, s := range d.Specs {
		switch s := s.(type) {
		case *ast.TypeSpec:
			of := pkg + "." + s.Name.Name
			c.types[of] = sentence(s.Name.Name, d.Doc, s.Doc)
			structure, ok := s.Type.(*ast.StructType)
			if !ok {
				continue
			}
			for _, f := range structure.Fields.List {
				for _, name := range f.Names {
					c.fields[of+"."+name.Name] = sentence(name.Name, f.Doc, f.Comment)
				}
			}
		case *ast.ValueSpec:
			if of, ok := s.Type.(*ast.Ident); ok && d.Tok == token.CONST && len(s.Values) == 1 {
				if text, ok := s.Values[0].(*ast.BasicLit); ok && text.Kind == token.STRING {
					word, _ := strconv.Unquote(text.Value) // it compiles
					c.words[pkg+"."+of.Name] = append(c.words[pkg+"."+of.Name], word)
				}
			}
		}
	}
}

// sentence is the comment on one line, which begins with a capital, and without the
// name of what it is about.
func sentence(name string, groups ...*ast.CommentGroup) string {
	for _, g := range groups {
		if g == nil {
			continue
		}
		text := strings.Join(strings.Fields(g.Text()), " ")
		for _, verb := range []string{" is ", " are "} {
			if rest, ok := strings.CutPrefix(text, name+verb); ok {
				text = rest
			}
		}
		return strings.ToUpper(text[:1]) + text[1:]
	}
	return ""
}

// strictSchema is a published schema, in which no object may have more than it says.
func strictSchema(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	text, err := report.Schema(name)
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	closeObjects(value)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource(name, value); err != nil {
		t.Fatal(err)
	}
	return c.MustCompile(name)
}

func closeObjects(value any) {
	switch value := value.(type) {
	case object:
		if _, has := value["properties"]; has && value["type"] == "object" {
			value["unevaluatedProperties"] = false
		}
		for _, part := range value {
			closeObjects(part)
		}
	case []any:
		for _, part := range value {
			closeObjects(part)
		}
	}
}

func valid(schema *jsonschema.Schema, text []byte) error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	return schema.Validate(value)
}

func TestGoldenFilesAreAsTheSchemasSay(t *testing.T) {
	looked := 0
	for name, pattern := range map[string]string{
		"backtest-report": "backtest*.golden.json", "coverage-report": "coverage*.golden.json", "explain-report": "explain*.golden.json",
		"mutate-report": "mutants*.golden.json", "fmt-report": "formatting*.golden.json", "diff-report": "difference*.golden.json",
		"test-report": "tests*.golden.json", "check-report": "check*.golden.json",
	} {
		schema := strictSchema(t, name)
		files, err := filepath.Glob("testdata/" + pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("got %q (%v) for %s, want golden files", files, err, pattern)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			looked++
			if err := valid(schema, text); err != nil {
				t.Errorf("%s: %v", file, err)
			}
			for _, bad := range []string{strings.Replace(string(text), `"version": 1`, `"version": 2`, 1), strings.Replace(string(text), "{", `{"surplus": 1,`, 1)} {
				if bad == string(text) || valid(schema, []byte(bad)) == nil {
					t.Errorf("%s: the schema has nothing against a fault", file)
				}
			}
		}
	}
	files, err := filepath.Glob("testdata/*.golden.json")
	if err != nil || len(files) != looked {
		t.Errorf("got %d golden files (%v), looked at %d of them", len(files), err, looked)
	}
}

// TestWhatExamplesSayIsAsTheSchemasSay writes what is not in golden files.
func TestWhatExamplesSayIsAsTheSchemasSay(t *testing.T) {
	suites, err := ruletest.Load([]string{"../../examples", "../corpus"})
	if err != nil {
		t.Fatal(err)
	}
	result, err := ruletest.Run(suites, ruletest.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := report.TestsJSON(&b, result); err != nil {
		t.Fatal(err)
	}
	if err := valid(strictSchema(t, "test-report"), b.Bytes()); err != nil {
		t.Error(err)
	}
	schema := strictSchema(t, "quote")
	for _, suite := range suites {
		for _, c := range suite.Cases {
			if !c.Prices() || c.Rejected() {
				continue
			}
			request, err := suite.Request(c)
			if err != nil {
				continue // of a cart that plugins reject
			}
			quote, err := suite.Rules.Price(request)
			if err != nil {
				continue // the same
			}
			text, err := json.Marshal(quote)
			if err != nil {
				t.Fatal(err)
			}
			if err := valid(schema, text); err != nil {
				t.Fatalf("%s:%d: %v", suite.File, c.Line, err)
			}
		}
	}
}
