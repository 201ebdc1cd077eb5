package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"github.com/checkout-promotions/checkout/api"
)

// contract is the document of the API, as answers and bodies are held to it.
type contract struct {
	document map[string]any
	compiler *jsonschema.Compiler
}

// theContract reads the document once.
var theContract = sync.OnceValues(func() (*contract, error) {
	text, err := os.ReadFile("openapi.json")
	if err != nil {
		return nil, err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	c := &contract{document: value.(map[string]any), compiler: jsonschema.NewCompiler()}
	c.compiler.AssertFormat()
	return c, c.compiler.AddResource("openapi.json", value)
})

// member follows a path of members, nil where one is missing.
func member(value any, names ...string) any {
	for _, name := range names {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	return value
}

// schema compiles the schema at the end of a path of members.
func (c *contract) schema(names ...string) (*jsonschema.Schema, error) {
	var pointer strings.Builder
	for _, name := range names {
		pointer.WriteString("/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name))
	}
	return c.compiler.Compile("openapi.json#" + pointer.String())
}

// template is the path as the document has it, with parameters instead of what
// they are.
func (c *contract) template(path string) string {
	paths, _ := c.document["paths"].(map[string]any)
	if paths[path] != nil {
		return path
	}
	parts := strings.Split(path, "/")
	for known := range paths {
		names := strings.Split(known, "/")
		same := len(names) == len(parts)
		for i := 0; same && i < len(names); i++ {
			same = names[i] == parts[i] || strings.HasPrefix(names[i], "{") && parts[i] != ""
		}
		if same {
			return known
		}
	}
	return path
}

// checkAnswer says where an answer is not as the document has it.
func (c *contract) checkAnswer(method, path string, w *httptest.ResponseRecorder) error {
	path = c.template(path)
	place := []string{"paths", path, strings.ToLower(method), "responses", strconv.Itoa(w.Code)}
	if member(c.document, place...) == nil {
		place[4] = "default"
	}
	if member(c.document, append(place, "$ref")...) != nil || member(c.document, place...) == nil {
		place = []string{"components", "responses", "Problem"}
	}
	bodiless := w.Code == http.StatusNoContent || w.Code == http.StatusNotModified
	if bodiless && w.Body.Len() == 0 && len(place) == 5 && place[4] != "default" && member(c.document, append(place, "content")...) == nil {
		return nil
	}
	kind := w.Header().Get("Content-Type")
	if member(c.document, append(place, "content", kind)...) == nil {
		return fmt.Errorf("%s %s: %d has the type %q, which the document has not", method, path, w.Code, kind)
	}
	schema, err := c.schema(append(place, "content", kind, "schema")...)
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(w.Body.Bytes()))
	if err != nil {
		return err
	}
	return schema.Validate(value)
}

// checked is a server whose answers of version 1 are held to the document.
type checked struct {
	t testing.TB
	http.Handler
}

// ServeHTTP implements http.Handler.
func (c checked) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.Handler.ServeHTTP(w, r)
	recorded, ok := w.(*httptest.ResponseRecorder)
	if !ok || !strings.HasPrefix(r.URL.Path, "/v1/") || r.Method == http.MethodHead || r.Method == http.MethodOptions { // a preflight is of the Fetch standard
		return
	}
	document, err := theContract()
	if err != nil {
		c.t.Error(err)
		return
	}
	if err := document.checkAnswer(r.Method, r.URL.Path, recorded); err != nil {
		c.t.Errorf("%s %s: the answer %d is not as openapi.yaml has it: %v\n%.2000s", r.Method, r.URL.Path, recorded.Code, err, recorded.Body)
	}
}

// The typed code that reads bodies agrees with the document: what one refuses, the
// other does.
func TestBodiesAreReadAsTheDocumentSays(t *testing.T) {
	document, err := theContract()
	if err != nil {
		t.Fatal(err)
	}
	s := keyed(t, func(_ *shop, o *api.Options) {
		o.Coupons, o.Webhooks = &pools{list: []api.CouponPool{{Name: "spring"}}}, newHooks()
	})
	requests := 0
	bodies := map[string]string{
		"/v1/quotes": `{"lines":[{"sku":"120P90","quantity":3}],"customer":{"id":"c","groups":["gold"],"tags":["a"],"orders":3,"lifetime_spend":"12.50",
			"attributes":{"a":1.5,"b":true,"c":["x"],"d":"y"}},"coupons":["A"],"shipping":{"country":"DE","region":"BY","shipments":[{"method":"m","price":"4.99"}]},
			"channel":"web","payment":"card","attributes":{"x":"y"},"currency":"USD","at":"2026-11-27T10:00:00Z","explain":"full","unknown":"report"}`,
		"/v1/quotes:batch": `{"carts":[{"lines":[]},{"lines":[{"sku":"A","quantity":1}],"unknown":"report"}]}`,
		"/v1/prices":       `{"skus":["120P90","B"],"customer":{"id":"c"},"channel":"web","attributes":{"x":"y"},"currency":"USD","at":"2026-11-27T10:00:00Z"}`,
		"/v1/offers":       `{"lines":[{"sku":"120P90","quantity":1}]}`,
		"/v1/orders": `{"lines":[{"sku":"120P90","quantity":3}],"customer":{"id":"c"},"coupons":["A"],"shipping":{"country":"DE","shipments":[{"method":"m","price":"4.99"}]},
			"channel":"web","payment":"card","attributes":{"x":"y"},"currency":"USD","expected_total":"1.00","expected_payable":"2.50"}`,
		"/v1/orders/none/cancel":  `{"reason":"x"}`,
		"/v1/orders/none/returns": `{"units":[{"sku":"120P90","quantity":1}],"policy":"pro_rata","restock":false}`,
		"/v1/holds":               `{"lines":[{"sku":"120P90","quantity":1}],"expected_total":"1.00","ttl_seconds":60}`,
		"/v1/items:batch": `{"items":[{"sku":"X-1","name":"n","price":"1.00","min_price":"0.50","stock":3,"categories":["a"],"brand":"b","tags":["t"],
			"attributes":{"a":1.5,"b":true,"c":["x"],"d":"y"}},{"sku":"X-2","name":"m","price":"1"}]}`,
		"/v1/promotions/macbook-pi/pause":      `{"reason":"priced too low","until":"2126-11-27T10:00:00Z"}`,
		"PUT /v1/coupon-pools/spring":          `{"codes":3,"prefix":"SPRING","length":8,"group":4}`,
		"/v1/coupon-pools/spring/codes:import": `{"codes":["A","B"]}`,
		"/v1/coupons:revoke":                   `{"codes":["a","b"]}`,
		"PUT /v1/items/X-3":                    `{"name":"o","price":"1.00","min_price":"0.50","stock":3,"categories":["a","b"],"brand":"b","tags":["t"],"attributes":{"a":"b"}}`,
		"PUT /v1/items/120P90/stock":           `{"stock":1000,"reason":"receipt","note":"n"}`,
		"/v1/items/120P90/stock:adjust":        `{"delta":-1,"reason":"correction","note":"n"}`,
		"/v1/rulesets":                         `{"files":[{"path":"rules/a.yaml","content":"x"},{"path":"b.yaml"}],"rules":"rules","message":"m"}`,
		"/v1/rulesets/x/activate":              `{"message":"m","force":true}`,
		"/v1/rulesets:rollback":                `{"message":"m"}`,
		"/v1/webhooks/books/deliveries:resend": `{"ids":["e1","e2"],"type":"stock.low","since":"2026-11-27T10:00:00Z"}`,
		"/v1/webhooks":                         `{"url":"https://a.example","description":"d","events":["order.placed","stock.low"],"timeout_seconds":5,"enabled":false}`,
		"PUT /v1/webhooks/books":               `{"url":"https://a.example","description":"d","events":["order.placed","stock.low"],"timeout_seconds":5,"enabled":false}`,
		"/v1/webhooks/books/secret:rotate":     `{"overlap_seconds":60}`,
	}
	refused := 0
	for path, body := range bodies {
		method, path, other := strings.Cut(path, " ")
		if !other {
			method, path = "POST", method
		}
		schema, err := document.schema("paths", document.template(path), strings.ToLower(method), "requestBody", "content", "application/json", "schema")
		if err != nil {
			t.Fatal(err)
		}
		rapid.Check(t, func(t *rapid.T) {
			var value any
			if err := json.Unmarshal([]byte(body), &value); err != nil {
				t.Fatal(err)
			}
			for range rapid.IntRange(0, 2).Draw(t, "changes") {
				value = changed(t, value)
			}
			text, err := json.Marshal(value)
			if err != nil {
				t.Fatal(err)
			}
			requests++
			w := s.do(method, path, string(text), "Authorization", "Bearer "+password, "Content-Type", "application/json", "Idempotency-Key", strconv.Itoa(requests))
			read, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			fault := schema.Validate(read)
			invalid := strings.Contains(w.Body.String(), `"code":"invalid_body"`) // of the request, or of a cart of a batch
			if (fault != nil) != invalid {
				t.Fatalf("%s %s: got %d %s, the document says %v", path, text, w.Code, w.Body, fault)
			}
			if invalid {
				refused++
			}
		})
	}
	if refused < 50 {
		t.Errorf("%d bodies were refused, want many", refused)
	}
}

// changed returns the value with one change somewhere: for a member or an element,
// more or fewer of them, another value, or another kind of value.
func changed(t *rapid.T, value any) any {
	if rapid.IntRange(0, 3).Draw(t, "here") == 0 {
		return rapid.SampledFrom([]any{
			nil, true, "", "x", "120P90", "a b", strings.Repeat("é", 64), strings.Repeat("é", 65), strings.Repeat("x", 200), strings.Repeat("x", 201),
			0.0, 1.0, -1.0, 1.5, 1e9, 1000000001.0, "0.5", "-1.00", "1.2.3", "01.00", "2026-11-27", "2026-11-27T10:00:00+01:00",
			"none", "refuse", "usd", "EUR", []any{}, []any{"x"}, []any{1.0}, map[string]any{}, map[string]any{"x": nil},
		}).Draw(t, "value")
	}
	switch value := value.(type) {
	case map[string]any:
		names := make([]string, 0, len(value))
		for name := range value {
			names = append(names, name)
		}
		slices.Sort(names)
		if len(names) == 0 || rapid.IntRange(0, 9).Draw(t, "more") == 0 {
			value[rapid.SampledFrom([]string{"lines", "extra", "at", "channel"}).Draw(t, "name")] = "2026-11-27T10:00:00Z"
			return value
		}
		name := rapid.SampledFrom(names).Draw(t, "member")
		if rapid.IntRange(0, 4).Draw(t, "fewer") == 0 {
			delete(value, name)
		} else {
			value[name] = changed(t, value[name])
		}
		return value
	case []any:
		if len(value) == 0 {
			return append(value, "x")
		}
		i := rapid.IntRange(0, len(value)-1).Draw(t, "element")
		switch rapid.IntRange(0, 5).Draw(t, "list") {
		case 0:
			return append(value, value[i])
		case 1:
			return slices.Repeat(value, 60)
		default:
			value[i] = changed(t, value[i])
			return value
		}
	default:
		return changed(t, map[string]any{"x": value})
	}
}
