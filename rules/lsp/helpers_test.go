package lsp_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/creachadair/jrpc2"
	"github.com/creachadair/jrpc2/channel"

	"github.com/checkout-promotions/checkout/rules/lsp"
)

// patience is how long a test waits for what has to come.
const patience = 20 * time.Second

// editor is a scripted client of a server over pipes.
type editor struct {
	t        testing.TB
	channel  channel.Channel
	sending  sync.Mutex
	ended    chan error // what Serve returned
	gone     chan struct{}
	mu       sync.Mutex
	arrived  *sync.Cond
	notes    []note
	calls    []string // methods that the server called
	answers  map[string]message
	replies  map[string]string // what the editor answers to calls, by method; "" never
	asked    int
	versions map[string]int
	texts    map[string]string
}

type note struct {
	method string
	params json.RawMessage
}

type anyMap = map[string]any

// files writes files into a new folder, which is returned.
func files(t testing.TB, namesAndTexts ...string) string {
	t.Helper()
	folder := filepath.ToSlash(t.TempDir())
	for i := 0; i < len(namesAndTexts); i += 2 {
		save(t, path.Join(folder, namesAndTexts[i]), namesAndTexts[i+1])
	}
	return folder
}

func save(t testing.TB, name, text string) {
	t.Helper()
	if err := os.MkdirAll(path.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// start starts a server without a word said.
func start(t testing.TB) *editor {
	t.Helper()
	return startWith(t, lsp.Options{Version: "test", Debounce: time.Millisecond})
}

func startWith(t testing.TB, options lsp.Options) *editor {
	t.Helper()
	fromEditor, toServer := io.Pipe()
	fromServer, toEditor := io.Pipe()
	e := &editor{t: t, ended: make(chan error, 1), gone: make(chan struct{}), versions: make(map[string]int), texts: make(map[string]string), answers: make(map[string]message), replies: make(map[string]string)}
	e.arrived = sync.NewCond(&e.mu)
	server := lsp.New(options)
	go func() {
		defer close(e.gone)
		e.ended <- server.Serve(context.Background(), fromEditor, toEditor)
		_ = toEditor.Close()
		_ = fromEditor.Close()
	}()
	e.channel = channel.LSP(fromServer, toServer)
	go e.receive()
	t.Cleanup(func() {
		e.close()
		<-e.gone
	})
	return e
}

// message is anything that goes over the connection.
type message struct {
	JSONRPC string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  json.RawMessage `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *jrpc2.Error    `json:"error,omitempty"`
}

// receive takes in what the server says, in its order.
func (e *editor) receive() {
	for {
		data, err := e.channel.Recv()
		var m message
		if err != nil || json.Unmarshal(data, &m) != nil {
			return // the server has gone
		}
		e.mu.Lock()
		switch {
		case m.Method != "" && m.ID == nil:
			e.notes = append(e.notes, note{m.Method, m.Params})
		case m.Method != "":
			e.calls = append(e.calls, m.Method+" "+string(m.Params))
		default:
			e.answers[string(m.ID)] = m
		}
		reply, known := e.replies[m.Method]
		e.arrived.Broadcast()
		e.mu.Unlock()
		if !known {
			reply = "null"
		}
		if m.Method != "" && m.ID != nil && reply != "" {
			_ = e.send(message{ID: m.ID, Result: json.RawMessage(reply)})
		}
	}
}

// replying sets what the editor answers to calls of a method from now on.
func (e *editor) replying(method, reply string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.replies[method] = reply
}

// called waits until the server has called the method, and returns its parameters.
func (e *editor) called(method string) string {
	e.t.Helper()
	var params string
	e.wait("a call of "+method, func() (found bool) {
		for _, c := range e.calls {
			if params, found = strings.CutPrefix(c, method+" "); found {
				return true
			}
		}
		return false
	})
	return params
}

func (e *editor) close() { _ = e.channel.Close() }

func (e *editor) send(m message) error {
	m.JSONRPC = "2.0"
	data, err := json.Marshal(m)
	if err != nil {
		return err
	}
	e.sending.Lock()
	defer e.sending.Unlock()
	return e.channel.Send(data)
}

// open starts a server for an editor that has the folders open.
func open(t testing.TB, folders ...string) *editor {
	t.Helper()
	e := start(t)
	e.initialize(anyMap{}, folders...)
	return e
}

func (e *editor) initialize(more anyMap, folders ...string) anyMap {
	e.t.Helper()
	var list []anyMap
	for _, folder := range folders {
		list = append(list, anyMap{"uri": uri(folder), "name": path.Base(folder)})
	}
	params := anyMap{"processId": nil, "rootUri": nil, "workspaceFolders": list, "capabilities": anyMap{"workspace": anyMap{"workspaceEdit": anyMap{"documentChanges": true}}}}
	for k, v := range more {
		params[k] = v
	}
	var result anyMap
	e.call("initialize", params, &result)
	e.notify("initialized", anyMap{})
	return result
}

func uri(name string) string { return "file://" + strings.ReplaceAll(name, " ", "%20") }

func (e *editor) call(method string, params, result any) {
	e.t.Helper()
	if err := e.try(method, params, result); err != nil {
		e.t.Fatalf("%s: %v", method, err)
	}
}

func (e *editor) try(method string, params, result any) error {
	e.t.Helper()
	return e.answer(e.ask(method, params), result)
}

// ask sends a call without waiting, and returns its id.
func (e *editor) ask(method string, params any) string {
	e.t.Helper()
	e.mu.Lock()
	e.asked++
	id := fmt.Sprint(e.asked)
	e.mu.Unlock()
	if err := e.send(message{ID: json.RawMessage(id), Method: method, Params: encoded(params)}); err != nil {
		e.t.Fatal(err)
	}
	return id
}

func encoded(params any) json.RawMessage {
	if params == nil {
		return nil
	}
	data, err := json.Marshal(params)
	if err != nil {
		panic(err)
	}
	return data
}

// answer waits for what the server answers.
func (e *editor) answer(id string, result any) error {
	e.t.Helper()
	var m message
	e.wait("the answer "+id, func() (ok bool) { m, ok = e.answers[id]; return ok })
	if m.Error != nil {
		return m.Error
	}
	return json.Unmarshal(m.Result, result)
}

// refused is the error of a call, which has to fail.
func (e *editor) refused(method string, params any) *jrpc2.Error {
	e.t.Helper()
	var result any
	err := e.try(method, params, &result)
	var fault *jrpc2.Error
	if !errors.As(err, &fault) {
		e.t.Fatalf("%s: got %v and the error %v, want a refusal", method, result, err)
	}
	return fault
}

func (e *editor) notify(method string, params any) {
	e.t.Helper()
	if err := e.send(message{Method: method, Params: encoded(params)}); err != nil {
		e.t.Fatalf("%s: %v", method, err)
	}
}

// wait waits until something holds for what has arrived.
func (e *editor) wait(what string, holds func() bool) {
	e.t.Helper()
	done := make(chan struct{})
	timer := time.AfterFunc(patience, func() { e.mu.Lock(); defer e.mu.Unlock(); close(done); e.arrived.Broadcast() })
	defer timer.Stop()
	e.mu.Lock()
	defer e.mu.Unlock()
	for !holds() {
		select {
		case <-done:
			e.t.Fatalf("%s did not come; there was %s", what, e.notes)
		default:
			e.arrived.Wait()
		}
	}
}

// opened opens a file with the text, or with that on the disk for "".
func (e *editor) opened(name, text string) {
	e.t.Helper()
	if text == "" {
		data, err := os.ReadFile(name)
		if err != nil {
			e.t.Fatal(err)
		}
		text = string(data)
	}
	e.mu.Lock()
	e.versions[name]++
	version := e.versions[name]
	e.texts[name] = text
	e.mu.Unlock()
	e.notify("textDocument/didOpen", anyMap{"textDocument": anyMap{"uri": uri(name), "languageId": "yaml", "version": version, "text": text}})
}

// typed replaces the whole text of an open file.
func (e *editor) typed(name, text string) { e.edited(name, text, anyMap{"text": text}) }

// edited sends changes, after which the file has the text.
func (e *editor) edited(name, text string, changes ...anyMap) {
	e.t.Helper()
	e.mu.Lock()
	e.versions[name]++
	version := e.versions[name]
	e.texts[name] = text
	e.mu.Unlock()
	e.notify("textDocument/didChange", anyMap{"textDocument": anyMap{"uri": uri(name), "version": version}, "contentChanges": changes})
}

type published struct {
	URI         string
	Version     *int
	Diagnostics []struct {
		Range    rangeOf
		Severity int
		Code     string
		Source   string
		Message  string
	}
}

type rangeOf struct{ Start, End place }

type place struct{ Line, Character int }

func (r rangeOf) String() string {
	return fmt.Sprintf("%d:%d-%d:%d", r.Start.Line, r.Start.Character, r.End.Line, r.End.Character)
}

// diagnostics waits for the diagnostics of the version that the file has, and writes
// them on a line each; those of a file that is not open are the next ones.
func (e *editor) diagnostics(name string) []string {
	e.t.Helper()
	var found published
	e.wait("diagnostics of "+name, func() bool {
		for i, n := range slices.Backward(e.notes) {
			var p published
			if n.method != "textDocument/publishDiagnostics" || json.Unmarshal(n.params, &p) != nil || p.URI != uri(name) {
				continue
			}
			version, opened := e.versions[name]
			if opened && (p.Version == nil || *p.Version != version) {
				continue
			}
			found = p
			if !opened {
				e.notes = slices.Delete(e.notes, i, i+1)
			}
			return true
		}
		return false
	})
	lines := []string{}
	for _, d := range found.Diagnostics {
		lines = append(lines, fmt.Sprintf("%s %s %s", d.Range, d.Code, d.Message))
	}
	return lines
}

// message waits for a message to the user.
func (e *editor) message() string {
	e.t.Helper()
	var p struct {
		Type    int
		Message string
	}
	e.wait("a message", func() bool {
		for i, n := range e.notes {
			if n.method == "window/showMessage" {
				_ = json.Unmarshal(n.params, &p)
				e.notes = slices.Delete(e.notes, i, i+1)
				return true
			}
		}
		return false
	})
	return fmt.Sprintf("%d %s", p.Type, p.Message)
}

// at is the place of the mark | in a text that is otherwise the file's: the first
// occurrence of the text with the mark taken out.
func (e *editor) at(name, marked string) anyMap {
	e.t.Helper()
	before, after, found := strings.Cut(marked, "|")
	e.mu.Lock()
	text := e.texts[name]
	e.mu.Unlock()
	i := strings.Index(text, before+after)
	if !found || i < 0 {
		e.t.Fatalf("%q is not in %s:\n%s", marked, name, text)
	}
	head := text[:i+len(before)]
	line := strings.Count(strings.ReplaceAll(head, "\r\n", "\n"), "\n")
	last := head[strings.LastIndex(head, "\n")+1:]
	return anyMap{"textDocument": anyMap{"uri": uri(name)}, "position": anyMap{"line": line, "character": len(utf16.Encode([]rune(last)))}}
}

// within is the text of a range, as the protocol counts.
func within(text string, r rangeOf) string {
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	if r.Start.Line != r.End.Line {
		return fmt.Sprintf("%d lines", r.End.Line-r.Start.Line+1)
	}
	units := utf16.Encode([]rune(lines[r.Start.Line]))
	return string(utf16.Decode(units[r.Start.Character:r.End.Character]))
}

// follows waits until diagnostics of a file have come after those of another one's
// last version.
func (e *editor) follows(first, name string) {
	e.t.Helper()
	e.diagnostics(first)
	e.wait("diagnostics of "+name+" after those of "+first, func() bool {
		at := func(name string) int {
			for i, n := range slices.Backward(e.notes) {
				if strings.Contains(string(n.params), `"uri":"`+uri(name)+`"`) {
					return i
				}
			}
			return -1
		}
		return at(name) > at(first)
	})
}
