package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/checkout-promotions/checkout/api"
	"github.com/checkout-promotions/checkout/engine/apikey"
	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/persistence/postgres"
	"github.com/checkout-promotions/checkout/persistence/postgres/pgtest"
	"github.com/checkout-promotions/checkout/persistence/sqlite"
)

// FuzzRequestsOfTheDocument sends a shop with SQLite in memory what the document asks for, and what
// it does not: each seed is another row of requests, always the same. Operations come in
// by themselves when the document has them.
func FuzzRequestsOfTheDocument(f *testing.F) {
	fuzzRequests(f, 8, func(t *testing.T) (persistence.Database, error) { return sqlite.OpenMemory(t.Context()) })
}

// FuzzRequestsOnPostgres is FuzzRequestsOfTheDocument with the other database, which
// refuses other texts, numbers and times.
func FuzzRequestsOnPostgres(f *testing.F) {
	server := pgtest.Start(f)
	fuzzRequests(f, 2, func(t *testing.T) (persistence.Database, error) {
		return postgres.Open(t.Context(), postgres.Options{DSN: server.Create(t)})
	})
}

func fuzzRequests(f *testing.F, seeds uint64, open func(*testing.T) (persistence.Database, error)) {
	for seed := range seeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		document, err := theContract()
		if err != nil {
			t.Fatal(err)
		}
		g := &requestMaker{t: t, Rand: rand.New(rand.NewPCG(seed, 1)), contract: document, references: []string{"nothing"}}
		g.operations = append(g.operations, versionZero()...)
		paths := document.document["paths"].(map[string]any)
		for _, path := range slices.Sorted(maps.Keys(paths)) {
			for _, method := range slices.Sorted(maps.Keys(paths[path].(map[string]any))) {
				g.operations = append(g.operations, fuzzed{strings.ToUpper(method), path, member(paths, path, method)})
			}
		}
		db, err := open(t)
		if err != nil {
			t.Fatal(err)
		}
		shop := g.open(db)
		for range 250 {
			if r := g.request(); r != nil {
				g.judge(shop, r)
			}
		}
		if g.succeeded < 20 || g.refused < 20 {
			t.Errorf("%d requests succeeded and %d were refused, want many of both", g.succeeded, g.refused)
		}
	})
}

// fuzzed is an operation that requests are made for.
type fuzzed struct {
	method, path string
	described    any // as the document has it
}

// versionZero is what has no document.
func versionZero() []fuzzed {
	body := func(members string) any {
		var described any
		text := `{"requestBody":{"content":{"application/json":{"schema":{"type":"object","properties":{` + members + `}}}}}}`
		if err := json.Unmarshal([]byte(text), &described); err != nil {
			return err
		}
		return described
	}
	skus := body(`"skus":{"type":"array","items":{"type":"string","examples":["120P90"]}}`)
	items := body(`"items":{"type":"array","items":{"type":"object","required":["name","sku","price","inventory_quantity"],"properties":{
		"name":{"type":"string"},"sku":{"type":"string","examples":["120P90","NEW"]},"price":{"type":"number"},"inventory_quantity":{"type":"integer","minimum":1,"maximum":99}}}}`)
	return []fuzzed{
		{"GET", "/status", nil}, {"GET", "/health", nil}, {"GET", "/livez", nil}, {"GET", "/readyz", nil},
		{"GET", "/openapi.json", nil}, {"GET", "/docs/problems/{code}", nil},
		{"GET", itemPath + "{key}", nil}, {"POST", pricePath, skus}, {"POST", purchasePath, skus},
		{"GET", ordersPath, nil}, {"POST", itemsPath, items},
	}
}

// requestMaker makes requests, mostly such as the document asks for.
type requestMaker struct {
	*rand.Rand
	t          *testing.T
	contract   *contract
	operations []fuzzed
	callers    []string // keys of every scope, the password, and what is none
	references []string // of what has been made
	personal   string   // what all texts are that need not be something else; "" for any
	made       int
	succeeded  int
	refused    int
}

func (g *requestMaker) open(db persistence.Database, change ...func(*shop, *api.Options)) *shop {
	store, err := persistence.New(db, persistence.Options{Currency: currency(g.t, "USD"), Now: noon, PauseLease: 1})
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() {
		if err := store.Close(); err != nil {
			g.t.Error(err)
		}
	})
	if err := store.Migrate(g.t.Context()); err != nil {
		g.t.Fatal(err)
	}
	if _, err := store.Upsert(g.t.Context(), catalogue()); err != nil {
		g.t.Fatal(err)
	}
	known := &keys{byText: make(map[[32]byte]apikey.Key)}
	for _, scope := range apikey.AllScopes() {
		text, _ := known.add(g.t, apikey.Scopes{scope}, nil)
		g.callers = append(g.callers, text)
	}
	g.callers = append(g.callers, "", "ck_none", "a guess\x00", strings.Repeat("k", 5000))
	change = append([]func(*shop, *api.Options){on(store, &wrapper{}), func(_ *shop, o *api.Options) {
		o.Coupons, o.Webhooks = &pools{}, newHooks()
		o.APIKeys, o.PasswordFailures = known, 1_000_000
	}}, change...)
	return open(g.t, change...)
}

func (g *requestMaker) one(in int) bool { return g.IntN(in) == 0 }

func pick[T any](g *requestMaker, from ...T) T { return from[g.IntN(len(from))] }

// request makes one; nil where the target is none that net/http lets through.
func (g *requestMaker) request() *http.Request {
	g.made++
	of := pick(g, g.operations...)
	method := of.method
	if g.one(12) {
		method = pick(g, "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "BREW")
	}
	target := g.target(of)
	address, err := url.ParseRequestURI(target)
	if err != nil {
		return nil
	}
	body := g.body(of)
	r := httptest.NewRequest(method, "/", bytes.NewReader(body))
	r.URL, r.RequestURI = address, target
	r.Header = g.headers(of)
	return r
}

// target is the path with its parameters, and the query.
func (g *requestMaker) target(of fuzzed) string {
	path := regexp.MustCompile(`\{\w+\}`).ReplaceAllStringFunc(of.path, func(string) string {
		if g.one(6) {
			return pick(g, "%00", "%2e%2e%2f", "..", "a%2Fb", "%FF", "%zz", "", strings.Repeat("x", 9000), "'%20OR%201=1--", "%C3%A9", "null", "-1")
		}
		return url.PathEscape(pick(g, append([]string{tv, "Google TV", "spring"}, g.references...)...))
	})
	if g.one(40) {
		path += pick(g, "/", "//", "/..", "%2F", "x")
	}
	query := make(url.Values)
	parameters, _ := member(of.described, "parameters").([]any)
	for _, parameter := range parameters {
		p := g.resolve(parameter)
		if member(p, "in") == "query" && !g.one(3) {
			value := g.value(member(p, "schema"), 0)
			if g.one(5) {
				value = g.strange()
			}
			query.Add(member(p, "name").(string), fmt.Sprint(value))
			if g.one(20) {
				query.Add(member(p, "name").(string), "again")
			}
		}
	}
	if g.one(30) {
		query.Add("no_such", "x")
	}
	text := query.Encode()
	if g.one(40) {
		text += pick(g, "&%zz", "&;", "&=", "&a=%00", "&limit")
	}
	if text == "" {
		return path
	}
	return path + "?" + text
}

func (g *requestMaker) headers(of fuzzed) http.Header {
	h := make(http.Header)
	caller := password
	if g.one(4) {
		caller = pick(g, g.callers...)
	}
	h.Set(pick(g, "Authorization", "Authorization", "X-Auth-Password"), caller)
	if h.Get("Authorization") != "" && !g.one(30) {
		h.Set("Authorization", "Bearer "+caller)
	}
	if strings.HasPrefix(of.path, "/v0/") {
		h.Set("X-Auth-Password", caller)
	}
	if !g.one(30) {
		h.Set("Content-Type", pick(g, "application/json", "application/json", "application/json", "application/json; charset=utf-8", "Application/JSON"))
	} else {
		h.Set("Content-Type", pick(g, "text/plain", ";", "application/json;;", "application/problem+json", "application/x-www-form-urlencoded"))
	}
	if !g.one(20) && (strings.HasPrefix(of.path, "/v1/") || g.one(3)) {
		h.Set("Idempotency-Key", pick(g, fmt.Sprint("k", g.made), fmt.Sprintf("%q", fmt.Sprint("q", g.made)), fmt.Sprint("k", g.made)))
	}
	if g.one(25) {
		h.Set("Idempotency-Key", pick(g, "", "same", strings.Repeat("k", 256), "é", "\x7f", `"open`, `a"b`))
	}
	if g.one(8) {
		h.Set(pick(g, "If-Match", "If-None-Match"), pick(g, "*", `"x"`, "x", `W/"x"`, `"a", "b"`, "", strings.Repeat("e", 4000)))
	}
	if g.one(10) {
		h.Set("X-Request-Id", pick(g, "mine", "a b", strings.Repeat("r", 300), "é", ""))
	}
	return h
}

// body is JSON as the document has it, and now and then not.
func (g *requestMaker) body(of fuzzed) []byte {
	kinds, _ := member(g.resolve(member(of.described, "requestBody")), "content").(map[string]any)
	var schema any
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		schema = member(kinds[kind], "schema")
	}
	if schema == nil && !g.one(10) {
		return nil
	}
	value := g.value(schema, 0)
	if g.one(3) {
		value = g.broken(value)
	}
	text, err := json.Marshal(value)
	if err != nil {
		g.t.Fatal(err)
	}
	if !g.one(8) {
		return text
	}
	at := g.IntN(len(text) + 1)
	insert := func(s string) []byte { return slices.Concat(text[:at], []byte(s), text[at:]) }
	return pick(g,
		text[:at], nil, insert("\x00"), insert("\xff\xfe"), insert("\xed\xa0\x80"), insert(`\ud800`), insert("null"), insert("1e999999"),
		insert(strings.Repeat("9", 400)), insert(","), insert("-0"), insert(" \n\t"), slices.Concat(text, text), append(text, "x"...),
		bytes.Replace(text, []byte(`{"`), []byte(`{"lines":[],"`), 1), []byte(strings.Repeat("[", 20_000)),
		[]byte(strings.Repeat(`{"lines":`, 12_000)), append([]byte("\xef\xbb\xbf"), text...), bytes.ReplaceAll(text, []byte(`:"`), []byte(`:"\u0000`)),
		bytes.Replace(text, []byte(`"`), []byte(`"`+strings.Repeat("long ", 30_000)), 1),
	)
}

func (g *requestMaker) strange() any {
	return pick[any](g, nil, true, "", "x", tv, "a b", "\x00", "é", strings.Repeat("é", 201), 0, 1, -1, 1.5, 1e300, json.Number(strings.Repeat("9", 30)),
		int64(1)<<62, "1.005", "-1.00", "99999999999999999999.99", "2026-11-27T10:00:00Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999+23:59", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00Z",
		"none", "EUR", []any{}, []any{nil}, map[string]any{}, map[string]any{"": 1}, "' OR 1=1 --", "%s%n", "../../etc/passwd")
}

// broken is the value with one place changed.
func (g *requestMaker) broken(value any) any {
	if g.one(4) {
		return g.strange()
	}
	switch value := value.(type) {
	case map[string]any:
		names := slices.Sorted(maps.Keys(value))
		if len(names) == 0 || g.one(8) {
			value[pick(g, "extra", "Lines", "sku", "")] = g.strange()
			return value
		}
		if name := pick(g, names...); g.one(4) {
			delete(value, name)
		} else {
			value[name] = g.broken(value[name])
		}
		return value
	case []any:
		if len(value) == 0 {
			return []any{g.strange()}
		}
		if g.one(10) {
			return slices.Repeat(value, 1+g.IntN(600))
		}
		i := g.IntN(len(value))
		value[i] = g.broken(value[i])
		return value
	}
	return g.strange()
}

// resolve follows references.
func (g *requestMaker) resolve(described any) any {
	for {
		reference, ok := member(described, "$ref").(string)
		if !ok {
			return described
		}
		described = member(g.contract.document, strings.Split(strings.TrimPrefix(reference, "#/"), "/")...)
	}
}

// value makes what a schema describes.
func (g *requestMaker) value(schema any, depth int) any {
	schema = g.resolve(schema)
	for _, of := range []string{"oneOf", "anyOf"} {
		if choices, ok := member(schema, of).([]any); ok {
			return g.value(pick(g, choices...), depth)
		}
	}
	if values, ok := member(schema, "enum").([]any); ok {
		return pick(g, values...)
	}
	if constant := member(schema, "const"); constant != nil {
		return constant
	}
	if g.mayBePersonal(schema) {
		return g.personal
	}
	if examples, ok := member(schema, "examples").([]any); ok && !g.one(6) {
		return pick(g, examples...)
	}
	kind := member(schema, "type")
	if kinds, ok := kind.([]any); ok {
		kind = pick(g, kinds...)
	}
	switch kind {
	case "array":
		list := []any{}
		for range g.IntN(4) {
			if depth < 8 {
				list = append(list, g.value(member(schema, "items"), depth+1))
			}
		}
		return list
	case "string":
		return g.text(schema)
	case "integer", "number":
		return 1 + g.IntN(5)
	case "boolean":
		return g.one(2)
	case "object":
		return g.object(schema, depth)
	}
	if parts, ok := member(schema, "allOf").([]any); ok {
		whole := make(map[string]any)
		for _, part := range parts {
			if object, ok := g.value(part, depth).(map[string]any); ok {
				maps.Copy(whole, object)
			}
		}
		return whole
	}
	return g.strange()
}

func (g *requestMaker) text(schema any) string {
	if member(schema, "format") == "date-time" {
		return pick(g, "2026-11-27T10:00:00Z", "2026-01-01T00:00:00.5+02:00")
	}
	return pick(g, append([]string{tv, macbook, speaker, pi, "c-42", "1.00", "USD", "web", "AUTUMN"}, g.references...)...)
}

func (g *requestMaker) object(schema any, depth int) any {
	object := make(map[string]any)
	required, _ := member(schema, "required").([]any)
	properties, _ := member(schema, "properties").(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		if slices.Contains(required, any(name)) || depth < 8 && !g.one(2+depth) {
			object[name] = g.value(properties[name], depth+1)
		}
	}
	if more, ok := member(schema, "additionalProperties").(map[string]any); ok && g.one(2) {
		object["a"] = g.value(more, depth+1)
	}
	return object
}

// internals is what no answer tells: of the database, of the program, and of keys.
func internals() *regexp.Regexp {
	return regexp.MustCompile(`(?i)sqlite|postgres|pgx|\bsql\b|constraint failed|\.go:\d|goroutine|runtime error|panic|modernc|jsontext|go-json-experiment|database/sql|correct horse`)
}

// judge sends the request and holds the answer to what holds for all.
func (g *requestMaker) judge(s *shop, r *http.Request) {
	g.t.Helper()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		g.t.Fatal(err)
	}
	r.Body = io.NopCloser(bytes.NewReader(text))
	w := httptest.NewRecorder()
	s.http.ServeHTTP(w, r) // which holds version 1 to the document
	asked := fmt.Sprintf("%s %.300s %.300v\n%.600q", r.Method, r.RequestURI, r.Header, text)
	answered := fmt.Sprintf("%d %v\n%.900s", w.Code, w.Header(), w.Body)
	if g.t.Failed() {
		g.t.Fatalf("%s", asked)
	}
	if w.Code >= 500 && w.Code != http.StatusNotImplemented {
		g.t.Fatalf("got a fault of the server:\n%s\n%s", asked, answered)
	}
	if w.Code < 300 {
		g.succeeded++
	} else {
		g.refused++
	}
	if w.Header().Get("X-Request-Id") == "" {
		g.t.Fatalf("got no X-Request-Id:\n%s\n%s", asked, answered)
	}
	if location := w.Header().Get("Location"); location != "" && w.Code == http.StatusCreated {
		g.references = append(g.references, location[strings.LastIndex(location, "/")+1:])
	}
	if strings.HasPrefix(r.URL.Path, "/docs") || r.URL.Path == "/openapi.json" || r.Method == http.MethodHead {
		return // pages of ours, which do name databases
	}
	if leak := internals().FindString(strings.ReplaceAll(fmt.Sprint(w.Header(), w.Body), w.Header().Get("X-Request-Id"), "")); leak != "" {
		g.t.Fatalf("the answer tells of %q:\n%s\n%s", leak, asked, answered)
	}
	if kind := w.Header().Get("Content-Type"); strings.Contains(kind, "json") && !json.Valid(w.Body.Bytes()) {
		g.t.Fatalf("the answer is not JSON:\n%s\n%s", asked, answered)
	}
}
