package api_test

import (
	"bytes"
	"log/slog"
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
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence/sqlite"
)

// personal is a customer, a coupon code, a key, a name, an address and whatever else a
// caller can send as a text.
const personal = "Personal-7Q9X"

// mayBePersonal tells whether a schema takes a text that can be the personal one.
func (g *requestMaker) mayBePersonal(schema any) bool {
	if g.personal == "" || member(schema, "type") != "string" || member(schema, "format") != nil {
		return false
	}
	pattern, bound := member(schema, "pattern").(string)
	return !bound || regexp.MustCompile(pattern).MatchString(g.personal)
}

// Every operation of both versions is asked with personal data and secrets in each text of
// its path, query, headers and body, as the document has them, at the level that logs most.
// Neither the log nor a label of a metric has any of it.
func TestNothingPersonalIsInTheLogOrInMetrics(t *testing.T) {
	document, err := theContract()
	if err != nil {
		t.Fatal(err)
	}
	g := &requestMaker{t: t, Rand: rand.New(rand.NewPCG(7, 1)), contract: document, personal: personal}
	g.operations = versionZero()
	paths := document.document["paths"].(map[string]any)
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		for _, method := range slices.Sorted(maps.Keys(paths[path].(map[string]any))) {
			g.operations = append(g.operations, fuzzed{strings.ToUpper(method), path, member(paths, path, method)})
		}
	}
	db, err := sqlite.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	s := g.open(db, func(_ *shop, o *api.Options) {
		o.Log = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	if status := s.do("POST", itemsPath, `{"items":[{"name":"n","sku":"`+personal+`","price":10,"inventory_quantity":99999}]}`, "X-Auth-Password", password).Code; status != http.StatusOK {
		t.Fatalf("got %d for an item", status)
	}
	statuses := make(map[string]map[int]int) // by operation
	for round := range 12 {
		for _, of := range g.operations {
			caller := password
			if round%4 == 3 {
				caller = "ck_" + personal // nobody's
			}
			status := g.askPersonally(s, of, caller)
			name := of.method + " " + of.path
			if statuses[name] == nil {
				statuses[name] = make(map[int]int)
			}
			statuses[name][status/100]++
		}
	}
	succeeded := 0
	for name, by := range statuses {
		if by[2] > 0 {
			succeeded++
		}
		if by[5] > 0 && by[2] == 0 && by[4] == 0 {
			t.Errorf("%s: got faults of the server alone", name)
		}
	}
	if all := len(g.operations); succeeded < all*2/3 {
		t.Errorf("%d of %d operations succeeded, want most of them", succeeded, all)
	}
	if lines := strings.Count(log.String(), "\n"); lines < 12*len(g.operations) {
		t.Errorf("the log has %d lines, want one for each request", lines)
	}
	secrets := []string{personal, url.QueryEscape(personal), strings.ToLower(personal), password, "203.0.113.77", "whsec_", "ck_"}
	for line := range strings.Lines(log.String()) {
		for _, secret := range secrets {
			if strings.Contains(line, secret) {
				t.Fatalf("got %q in the log: %s", secret, line)
			}
		}
	}
	families, err := s.server.Registry().Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, secret := range secrets {
			if text := family.String(); strings.Contains(text, secret) {
				t.Errorf("got %q in the metric %s: %.500s", secret, family.GetName(), text)
			}
		}
	}
}

// askPersonally sends a request of an operation, and returns the status of its answer.
func (g *requestMaker) askPersonally(s *shop, of fuzzed, caller string) int {
	g.t.Helper()
	g.made++
	path := regexp.MustCompile(`\{\w+\}`).ReplaceAllStringFunc(of.path, func(string) string {
		if len(g.references) == 0 || g.one(2) {
			return personal
		}
		return url.PathEscape(pick(g, g.references...))
	})
	query := url.Values{}
	parameters, _ := member(of.described, "parameters").([]any)
	for _, parameter := range parameters {
		p := g.resolve(parameter)
		if schema := g.resolve(member(p, "schema")); member(p, "in") == "query" && g.mayBePersonal(schema) && g.one(3) {
			query.Set(member(p, "name").(string), personal)
		}
	}
	if g.one(6) {
		query.Set(personal, personal)
	}
	r := httptest.NewRequest(of.method, path+"?"+query.Encode(), bytes.NewReader(g.personalBody(of)))
	for name, value := range map[string]string{
		"Content-Type": "application/json", "User-Agent": personal, "Referer": "https://" + personal + ".example/", "Cookie": "c=" + personal,
		"X-Forwarded-For": "203.0.113.77", "Idempotency-Key": personal + engine.NewDecimal(int64(g.made)).String(), "X-Auth-Password": caller,
	} {
		r.Header.Set(name, value)
	}
	if strings.HasPrefix(of.path, "/v1/") {
		r.Header.Set("Authorization", "Bearer "+caller)
	}
	w := httptest.NewRecorder()
	s.http.ServeHTTP(w, r)
	if location := w.Header().Get("Location"); location != "" && w.Code == http.StatusCreated {
		g.references = append(g.references, location[strings.LastIndex(location, "/")+1:])
	}
	return w.Code
}

// personalBody is a body as the document has it.
func (g *requestMaker) personalBody(of fuzzed) []byte {
	for {
		if body := g.body(of); body == nil || bytes.Contains(body, []byte(personal)) || g.one(4) {
			return body
		}
	}
}
