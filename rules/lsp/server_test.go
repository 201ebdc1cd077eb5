package lsp_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/creachadair/jrpc2"
	"github.com/creachadair/jrpc2/channel"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/checkout-promotions/checkout/rules/lsp"
)

// TestMain sees that no server leaves a goroutine behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const shop = `sets:
  hats: category == "hats"
conditions:
  many: hats.quantity > 2
promotions:
  - id: hats-10
    when: many
    deal: {percent_off: {of: hats, percent: 10}}
    limits: {budget: 1000}
`

const shopTest = `catalogue:
  - {sku: HAT, name: Hat, price: 10.00, category: hats}
  - {sku: CAP, name: Cap, price: 5.00, category: hats}
  - {sku: SOCKS, name: Socks, price: 3.00}
tests:
  - name: three hats
    given: {cart: [HAT x3]}
    expect: {total: 27.00, applied: [hats-10]}
  - name: two hats
    given: {cart: [HAT x2]}
    expect: {applied: [], not_applied: {hats-10: condition_false}}
`

// aShop is a folder with rules and tests, and an editor that has them open.
func aShop(t testing.TB) (e *editor, rules, tests string) {
	t.Helper()
	folder := files(t, "rules/shop.yaml", shop, "rules/shop_test.yaml", shopTest)
	e = open(t, folder)
	rules, tests = folder+"/rules/shop.yaml", folder+"/rules/shop_test.yaml"
	e.opened(rules, "")
	e.opened(tests, "")
	return e, rules, tests
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: -want +got:\n%s", what, diff)
	}
}

func TestFaultsAreShownAsTheyAreTyped(t *testing.T) {
	e, rules, tests := aShop(t)
	same(t, "a good file", e.diagnostics(rules), []string{})
	same(t, "a good test", e.diagnostics(tests), []string{})
	e.typed(rules, strings.Replace(shop, "many: hats", "many: hatz", 1))
	same(t, "a name that is not known", e.diagnostics(rules), []string{`3:8-3:12 R0103 unknown name "hatz": did you mean "hats"?`})
	e.typed(rules, strings.Replace(shop, "id: hats-10", "id: hats-20", 1))
	same(t, "rules that are fine", e.diagnostics(rules), []string{})
	// The test has not changed, but what it is about has.
	e.follows(rules, tests)
	same(t, "a test of a promotion that is not there", e.diagnostics(tests), []string{
		`7:37-7:44 R0202 no promotion has the id "hats-10": did you mean "hats-20"?`,
		`10:40-10:47 R0202 no promotion has the id "hats-10": did you mean "hats-20"?`,
	})
	e.typed(rules, shop)
	same(t, "as it was", e.diagnostics(rules), []string{})
	e.follows(rules, tests)
	same(t, "the test as it was", e.diagnostics(tests), []string{})
	e.typed(rules, "sets: [}")
	same(t, "what is no YAML", e.diagnostics(rules), []string{`0:7-0:7 R0001 did not find expected node content`})
}

func TestATestThatIsNoYAMLHidesNoFaultsOfOthers(t *testing.T) {
	folder := files(t, "shop.yaml", shop, "shop_test.yaml", shopTest, "other_test.yaml", strings.ReplaceAll(shopTest, "hats-10", "hats-20"))
	e := open(t, folder)
	e.opened(folder+"/shop_test.yaml", "tests: [}")
	e.opened(folder+"/other_test.yaml", "")
	if got := e.diagnostics(folder + "/other_test.yaml"); len(got) != 2 || !strings.Contains(got[0], `no promotion has the id "hats-20"`) {
		t.Errorf("got %q, want the promotions that are not there", got)
	}
}

func TestOfManyChangesOnlyTheLastIsLookedAt(t *testing.T) {
	folder := files(t, "shop.yaml", shop)
	synctest.Test(t, func(t *testing.T) {
		e := startWith(t, lsp.Options{Debounce: time.Second}) // which is over only when nothing else is left to do
		e.initialize(anyMap{}, folder)
		rules := folder + "/shop.yaml"
		e.opened(rules, "")
		for i := range 100 {
			e.typed(rules, strings.Replace(shop, "many: hats", fmt.Sprintf("many: name_%d", i), 1))
		}
		got := e.diagnostics(rules)
		if len(got) != 1 || !strings.Contains(got[0], `unknown name "name_99"`) {
			t.Errorf("got %q, want the fault of the last change", got)
		}
		synctest.Wait()
		e.mu.Lock()
		defer e.mu.Unlock()
		same(t, "how often diagnostics were sent", len(e.notes), 1)
	})
}

func TestRequestsAreCancelled(t *testing.T) {
	e, rules, _ := aShop(t)
	e.diagnostics(rules)
	e.replying("window/showMessageRequest", "") // the user thinks
	id := e.ask("workspace/executeCommand", anyMap{"command": "checkout.explain", "arguments": []any{anyMap{"uri": uri(rules), "promotion": "hats-10"}}})
	e.called("window/showMessageRequest")
	e.notify("$/cancelRequest", anyMap{"id": json.RawMessage(id)})
	var fault *jrpc2.Error
	if err := e.answer(id, nil); !errors.As(err, &fault) || fault.Code != -32800 {
		t.Errorf("got %v, want that the request was cancelled", err)
	}
	// One that is over, and one that never was, cannot be.
	e.notify("$/cancelRequest", anyMap{"id": json.RawMessage(id)})
	e.notify("$/cancelRequest", anyMap{"id": "nothing"})
	same(t, "the next request", e.executed("checkout.runTests", anyMap{"uri": uri(rules)}), any(anyMap{"passed": 2.0, "failed": 0.0}))
}

func TestWhatIsHardlyMeantIsShownToo(t *testing.T) {
	e, rules, _ := aShop(t)
	e.typed(rules, strings.Replace(shop, "limits: {budget: 1000}", "name: Hats", 1)+"  - id: unused\n    when: 1 > 2\n    deal: {gift: {item: HAT}}\n")
	got := e.diagnostics(rules)
	if !slices.ContainsFunc(got, func(d string) bool { return strings.Contains(d, " R0507 nothing bounds what hats-10 takes off") }) {
		t.Errorf("got %q, and nothing of a discount that has no bounds", got)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	same(t, "a severity", strings.Contains(string(e.notes[len(e.notes)-1].params), `"severity":1`), false)
}

func TestPositionsAreUTF16(t *testing.T) {
	folder := files(t, "a.yaml", "")
	e := open(t, folder)
	for _, tt := range []struct{ name, text, want, marked string }{
		{"characters of two bytes", "conditions: {ä: ünknown > 1}", "ünknown", "0:16-0:23"},
		{"characters of two units", `conditions: {a: "customer.id == '👒👒' and unknown > 1"}`, "unknown", "0:43-0:50"},
		{"a byte order mark", "\uFEFFconditions: {a: unknown > 1}", "unknown", "0:17-0:24"},
		{"CRLF", "conditions:\r\n  a: 1 > 0\r\n  b: unknown > 1\r\n", "unknown", "2:5-2:12"},
		{"a line that ends for YAML alone", "# one\u2028conditions: {a: unknown > 1}", "unknown", "0:22-0:29"},
		{"a line that ends with CR", "# one\rconditions: {a: unknown > 1}", "unknown", "1:16-1:23"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e.t = t
			name := folder + "/a.yaml"
			if e.versions[name] == 0 {
				e.opened(name, tt.text)
			} else {
				e.typed(name, tt.text)
			}
			var found string
			for _, d := range e.diagnostics(name) {
				if strings.Contains(d, "R0103") {
					found, _, _ = strings.Cut(d, " ")
				}
			}
			if found != tt.marked {
				t.Errorf("got %s in %q, want %s", found, e.diagnostics(name), tt.marked)
			}
		})
	}
}

func TestChangesAreTakenInParts(t *testing.T) {
	e, rules, _ := aShop(t)
	text := strings.Replace(shop, "sets:\n", "# Größe 👒\nsets:\n", 1)
	at := func(line, character int) anyMap { return anyMap{"line": line, "character": character} }
	insert := func(line, character int, text string) anyMap {
		return anyMap{"range": anyMap{"start": at(line, character), "end": at(line, character)}, "text": text}
	}
	e.edited(rules, text, insert(0, 0, "# Größe 👒\n"))
	same(t, "a line more", e.diagnostics(rules), []string{})
	e.edited(rules, "", insert(0, 10, "x"), insert(0, 11, "\r\nsats: {}"))
	same(t, "two changes of which one follows the other", e.diagnostics(rules), []string{`1:0-1:4 R0002 unknown key "sats": did you mean "sets"?`})
	e.edited(rules, "", anyMap{"range": anyMap{"start": at(1, 0), "end": at(2, 0)}, "text": ""})
	same(t, "without the line", e.diagnostics(rules), []string{})
	e.edited(rules, "", anyMap{"range": anyMap{"start": at(500, 0), "end": at(600, 3)}, "text": "nothing: here\n"})
	same(t, "a place beyond the end is the end", e.diagnostics(rules), []string{`10:0-10:7 R0002 unknown key "nothing": there is conditions, promotions, sets`})
	e.edited(rules, "", anyMap{"text": shop}, insert(0, 99, " # the end of the line"))
	same(t, "all of it, and a part of that", e.diagnostics(rules), []string{})
	e.edited(rules, "", anyMap{"range": anyMap{"start": at(1, 4), "end": at(1, 1)}, "text": "x"})
	if got, want := e.message(), "1 "+rules+": the range of a change ends before it begins: {Start:{Line:1 Character:4} End:{Line:1 Character:1}}"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestTwoFoldersHaveNothingToDoWithEachOther(t *testing.T) {
	one := files(t, "policy.yaml", "currency: EUR\n", "deep/a.yaml", shop)
	two := files(t, "a.yaml", shop+"nonsense: 1\n")
	e := open(t, one, two)
	e.opened(one+"/deep/a.yaml", "")
	e.opened(two+"/a.yaml", "")
	same(t, "the first", e.diagnostics(one+"/deep/a.yaml"), []string{})
	same(t, "the second", e.diagnostics(two+"/a.yaml"), []string{`9:0-9:8 R0002 unknown key "nonsense": there is conditions, promotions, sets`})
	// A file of the folder that is not open has its faults shown too.
	e.typed(one+"/deep/a.yaml", strings.Replace(shop, "hats:", "tvs:", 1))
	same(t, "the name of a set", e.diagnostics(one+"/deep/a.yaml"), []string{
		`3:8-3:12 R0103 unknown name "hats": there is cart, coupons, customer, many, now, payment, shipping, tvs`, `7:29-7:33 R0103 unknown name "hats": did you mean "tags"?`})
	e.notify("workspace/didChangeWorkspaceFolders", anyMap{"event": anyMap{"added": []anyMap{}, "removed": []anyMap{{"uri": uri(one), "name": "one"}}}})
}

func TestFilesOfNoFolder(t *testing.T) {
	outside := files(t, "mine.yaml", shop, "compose.yaml", "services: {web: {image: x}}\n", "policy.yaml", "kind: Policy\n")
	e := open(t)
	e.opened(outside+"/compose.yaml", "")
	e.opened(outside+"/mine.yaml", "conditions: {a: unknown}\n"+shop)
	got := e.diagnostics(outside + "/mine.yaml")
	if len(got) == 0 {
		t.Error("a file of rules outside of any folder has no faults")
	}
	var result any
	e.call("textDocument/hover", e.at(outside+"/compose.yaml", "serv|ices"), &result)
	if result != nil {
		t.Errorf("got %v for a file that has nothing to do with rules", result)
	}
	e.notify("textDocument/didOpen", anyMap{"textDocument": anyMap{"uri": "untitled:Untitled-1", "version": 1, "text": shop}})
	e.call("textDocument/hover", anyMap{"textDocument": anyMap{"uri": "untitled:Untitled-1"}, "position": anyMap{"line": 0, "character": 0}}, &result)
	if result != nil {
		t.Errorf("got %v for a text that is no file", result)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, n := range e.notes {
		if strings.Contains(string(n.params), "Untitled") {
			t.Errorf("got %s for a text that is no file", n.params)
		}
	}
}

func TestFilesThatAreClosedOrChangeOnTheDisk(t *testing.T) {
	folder := files(t, "rules/policy.yaml", "currency: USD\n", "rules/a.yaml", shop, "rules/b.yaml", "sets: {caps: sku == \"CAP\"}\n")
	e := open(t, folder)
	a, b := folder+"/rules/a.yaml", folder+"/rules/b.yaml"
	e.opened(a, strings.Replace(shop, "category == \"hats\"", "caps or sku == \"HAT\"", 1))
	same(t, "with the other file's set", e.diagnostics(a), []string{})
	save(t, b, "sets: {mugs: sku == \"MUG\"}\nwrong: 1\n")
	e.notify("workspace/didChangeWatchedFiles", anyMap{"changes": []anyMap{{"uri": uri(b), "type": 2}}})
	same(t, "the other file", e.diagnostics(b), []string{`1:0-1:5 R0002 unknown key "wrong": there is conditions, promotions, sets`})
	e.wait("a fault in the open file", func() bool {
		return slices.ContainsFunc(e.notes, func(n note) bool { return strings.Contains(string(n.params), `unknown name \"caps\"`) })
	})
	e.notify("textDocument/didClose", anyMap{"textDocument": anyMap{"uri": uri(a)}})
	delete(e.versions, a)
	same(t, "with nothing open, nothing is shown", e.diagnostics(b), []string{})
}

func TestTheConversationHasAnOrder(t *testing.T) {
	e := start(t)
	if err := e.refused("textDocument/hover", anyMap{}); err.Code != -32002 {
		t.Errorf("before the beginning: %v", err)
	}
	result := e.initialize(anyMap{"capabilities": anyMap{"workspace": anyMap{"didChangeWatchedFiles": anyMap{"dynamicRegistration": true}}}})
	want := map[string]any{"name": "checkout", "version": "test"}
	same(t, "the server", result["serverInfo"], any(want))
	e.wait("a registration", func() bool { return len(e.calls) == 1 })
	same(t, "what is watched", e.calls[0], `client/registerCapability {"registrations":[{"id":"files","method":"workspace/didChangeWatchedFiles","registerOptions":{"watchers":[{"globPattern":"**/*.{yaml,yml,csv,jsonl}"}]}}]}`)
	if err := e.refused("initialize", anyMap{}); err.Code != jrpc2.InvalidRequest {
		t.Errorf("twice: %v", err)
	}
	if err := e.refused("textDocument/nothing", anyMap{}); err.Code != jrpc2.MethodNotFound {
		t.Errorf("an unknown method: %v", err)
	}
	e.notify("$/nothing", anyMap{})
	if err := e.refused("textDocument/hover", []int{1}); err.Code != jrpc2.InvalidParams {
		t.Errorf("wrong parameters: %v", err)
	}
	var nothing any
	e.call("shutdown", nil, &nothing)
	if err := e.refused("textDocument/hover", anyMap{}); err.Code != jrpc2.InvalidRequest {
		t.Errorf("after the end: %v", err)
	}
	e.notify("exit", nil)
	if err := <-e.ended; err != nil {
		t.Errorf("got the error %v", err)
	}
}

func TestEnds(t *testing.T) {
	t.Run("an exit without a shutdown", func(t *testing.T) {
		e := open(t)
		e.notify("exit", nil)
		if err := <-e.ended; !errors.Is(err, lsp.ErrNoShutdown) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("an editor that goes", func(t *testing.T) {
		e := open(t)
		e.close()
		if err := <-e.ended; !errors.Is(err, lsp.ErrNoShutdown) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("an editor that says exit and goes at once", func(t *testing.T) {
		said := ""
		for _, m := range []string{`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}`, `{"jsonrpc":"2.0","id":2,"method":"shutdown"}`, `{"jsonrpc":"2.0","method":"exit"}`} {
			said += fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(m), m)
		}
		if err := lsp.New(lsp.Options{}).Serve(t.Context(), strings.NewReader(said), io.Discard); err != nil {
			t.Errorf("got %v", err)
		}
	})
	t.Run("an interrupted server", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		reader, writer, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- lsp.New(lsp.Options{}).Serve(ctx, reader, writer) }()
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		_, _ = writer.Close(), reader.Close()
	})
}

func TestMessagesThatAreNone(t *testing.T) {
	hello := `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}`
	for _, tt := range []struct{ name, header, sent, want, err string }{
		{"what is no JSON is refused, and the next message is read", "", `{"jsonrpc":`, `{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"invalid request value"}}`, ""},
		{"a message without a method", "", `{"jsonrpc":"2.0","id":2}`, `{"jsonrpc":"2.0","id":2,"error":{"code":-32600,"message":"empty method name"}}`, ""},
		{"another content type", "Content-Type: text/plain\r\n", `{"jsonrpc":"2.0","id":2,"method":"x"}`, `{"jsonrpc":"2.0","id":2,"error":{"code":-32601,"message":"method not found","data":"x"}}`, ""},
		{"a header that is none", "nonsense\r\n", "", "", "language server: invalid header line"},
		{"a length that is none", "Content-Length: many\r\n\r\n", "", "", "language server: invalid content-length"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fromEditor, toServer := io.Pipe()
			fromServer, toEditor := io.Pipe()
			ended := make(chan error, 1)
			go func() { ended <- lsp.New(lsp.Options{}).Serve(t.Context(), fromEditor, toEditor); _ = toEditor.Close() }()
			answers := channel.LSP(fromServer, toServer)
			send := func(header, body string) {
				_, err := fmt.Fprintf(toServer, "%sContent-Length: %d\r\n\r\n%s", header, len(body), body)
				if err != nil {
					t.Error(err)
				}
			}
			answer := func() string {
				text, _ := answers.Recv()
				return string(text)
			}
			send("", hello)
			answer()
			go send(tt.header, tt.sent)
			if got := answer(); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if tt.err == "" {
				send("", `{"jsonrpc":"2.0","id":9,"method":"shutdown"}`)
				answer()
				send("", `{"jsonrpc":"2.0","method":"exit"}`)
			}
			got := ""
			if err := <-ended; err != nil {
				got = err.Error()
			}
			_ = fromEditor.Close()
			if got != tt.err {
				t.Errorf("got the error %q, want %q", got, tt.err)
			}
		})
	}
}
