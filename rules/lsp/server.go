package lsp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"sync"
	"time"

	"github.com/creachadair/jrpc2"
	"github.com/creachadair/jrpc2/channel"
)

// Error codes of the protocol beyond those of JSON-RPC.
const (
	notInitialized   jrpc2.Code = -32002
	requestCancelled jrpc2.Code = -32800
	requestFailed    jrpc2.Code = -32803
)

// maxConcurrent is how many requests are worked on at once. It is more than an editor
// sends, so that no notification ever waits for a slot.
const maxConcurrent = 1024

// Options say how a server behaves.
type Options struct {
	// Version is what the server calls its version.
	Version string
	// Debounce is how long the server waits after a change, for more of them, before
	// it looks for faults.
	Debounce time.Duration
}

// Server is a language server for one editor. Make one with New, and run it once.
type Server struct {
	options Options
	manual  manual
	rpc     *jrpc2.Server
	ctx     context.Context // ends with the server
	work    sync.WaitGroup  // the goroutines that look for faults
	exit    chan struct{}   // closed when the editor asks the server to end
	ready   chan struct{}   // closed when the server knows the editor

	// phaseMu is locked while the connection is, and mu never is when something is
	// sent: the connection is locked then.
	phaseMu sync.Mutex
	phase   phase

	publishing sync.Mutex // held by who sends diagnostics
	linting    sync.Mutex // held by who looks for findings beyond faults

	mu        sync.Mutex
	client    initializeParams
	workspace workspace
	folders   map[string]*folderState
	ends      bool   // exit is closed
	closed    bool   // nothing new is looked at
	texts     string // the folder of texts that are shown, "" for none
}

// phase is how far the editor and the server have come.
type phase uint8

const (
	started phase = iota
	initialized
	stopped
)

// New returns a server.
func New(o Options) *Server {
	s := &Server{options: o, manual: newManual(), exit: make(chan struct{}), ready: make(chan struct{}), folders: make(map[string]*folderState)}
	s.workspace = workspace{open: make(map[string]*document)}
	s.workspace.index = newIndex(s.workspace)
	return s
}

// ErrNoShutdown is returned when the editor goes without having asked the server to
// shut down.
var ErrNoShutdown = errors.New("the editor ended the connection without asking the language server to shut down")

// Serve answers the editor that writes to in and reads from out, until it says exit,
// it goes, or the context ends. It returns nil for an exit after a shutdown,
// ErrNoShutdown for an end without one, the context's error, and the error of a
// connection that cannot be understood. A read from in that is under way may outlast Serve.
func (s *Server) Serve(ctx context.Context, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	s.ctx = ctx
	s.rpc = jrpc2.NewServer(s.methods(), &jrpc2.ServerOptions{
		AllowPush: true, DisableBuiltin: true, Concurrency: maxConcurrent,
		NewContext: func() context.Context { return ctx },
	})
	input, feed := io.Pipe()
	go func() {
		_, err := io.Copy(feed, in)
		feed.CloseWithError(err) // nil is the end of the input
	}()
	s.rpc.Start(&lenient{Channel: channel.LSP(input, output{out}), ended: s.exit, gone: ctx.Done()})
	ended := make(chan error, 1)
	go func() { ended <- s.rpc.Wait() }()
	var err, interrupted error
	select {
	case <-s.exit:
	case <-ctx.Done():
		interrupted = ctx.Err()
	case err = <-ended:
		ended <- err
	}
	cancel()
	_ = input.Close() // a pipe closes without fault
	s.rpc.Stop()
	<-ended
	s.stopDiagnosing()
	s.work.Wait()
	err = errors.Join(err, s.removeTexts())
	s.phaseMu.Lock()
	defer s.phaseMu.Unlock()
	switch {
	case err != nil:
		return fmt.Errorf("language server: %w", err)
	case interrupted != nil:
		return interrupted
	case s.phase != stopped:
		return ErrNoShutdown
	default:
		return nil
	}
}

// output is a writer that belongs to somebody else.
type output struct{ io.Writer }

func (output) Close() error { return nil }

// lenient takes messages of any content type: the protocol has changed its mind about
// how to write it. An editor that says exit and goes at once has said it.
type lenient struct {
	channel.Channel
	last  []byte          // the last message
	ended <-chan struct{} // closed when exit has been done
	gone  <-chan struct{} // closed when the server ends anyway
}

func (l *lenient) Recv() ([]byte, error) {
	msg, err := l.Channel.Recv()
	if errors.As(err, new(*channel.ContentTypeMismatchError)) {
		err = nil
	}
	var last struct{ Method string }
	if errors.Is(err, io.EOF) && json.Unmarshal(l.last, &last) == nil && last.Method == "exit" {
		select {
		case <-l.ended:
		case <-l.gone:
		}
	}
	l.last = msg
	return msg, err
}

// methods are the methods of the protocol that the server has.
type methods struct {
	server  *Server
	handler map[string]jrpc2.Handler
}

func (s *Server) methods() methods {
	return methods{s, map[string]jrpc2.Handler{
		"initialize":                          handle(s.initialize),
		"initialized":                         handle(s.initialized),
		"shutdown":                            handle(s.shutdown),
		"exit":                                handle(s.exitNow),
		"$/cancelRequest":                     handle(s.cancel),
		"textDocument/didOpen":                handle(s.didOpen),
		"textDocument/didChange":              handle(s.didChange),
		"textDocument/didClose":               handle(s.didClose),
		"textDocument/didSave":                handle(s.didSave),
		"textDocument/completion":             handle(s.completion),
		"textDocument/hover":                  handle(s.hover),
		"textDocument/definition":             handle(s.definition),
		"textDocument/references":             handle(s.references),
		"textDocument/documentSymbol":         handle(s.documentSymbols),
		"textDocument/prepareRename":          handle(s.prepareRename),
		"textDocument/rename":                 handle(s.rename),
		"textDocument/formatting":             handle(s.formatting),
		"textDocument/codeAction":             handle(s.codeActions),
		"textDocument/codeLens":               handle(s.codeLens),
		"workspace/executeCommand":            handle(s.execute),
		"workspace/didChangeWatchedFiles":     handle(s.didChangeFiles),
		"workspace/didChangeWorkspaceFolders": handle(s.didChangeFolders),
		"workspace/didChangeConfiguration":    handle(func(context.Context, any) (any, error) { return nil, nil }),
		"$/setTrace":                          handle(func(context.Context, any) (any, error) { return nil, nil }),
	}}
}

// Assign implements jrpc2.Assigner. Before the editor has introduced itself, and after
// it has said goodbye, there are few methods. Methods are assigned in the order of the
// messages, whatever the order in which they come to be handled.
func (m methods) Assign(_ context.Context, method string) jrpc2.Handler {
	h := m.handler[method]
	if h == nil || method == "exit" || method == "$/cancelRequest" {
		return h
	}
	m.server.phaseMu.Lock()
	defer m.server.phaseMu.Unlock()
	switch phase := m.server.phase; {
	case phase == started && method == "initialize":
		m.server.phase = initialized
		return h
	case phase == started:
		return refuse(jrpc2.Errorf(notInitialized, "the server has not been initialized"))
	case phase == stopped:
		return refuse(jrpc2.Errorf(jrpc2.InvalidRequest, "the server has shut down"))
	case method == "initialize":
		return refuse(jrpc2.Errorf(jrpc2.InvalidRequest, "the server has been initialized already"))
	case method == "shutdown":
		m.server.phase = stopped
		return h
	default:
		return m.server.afterInitialize(h)
	}
}

// afterInitialize has a method wait for the beginning to be over.
func (s *Server) afterInitialize(h jrpc2.Handler) jrpc2.Handler {
	return func(ctx context.Context, r *jrpc2.Request) (any, error) {
		select {
		case <-s.ready:
			return h(ctx, r)
		case <-ctx.Done():
			return nil, jrpc2.Errorf(requestCancelled, "cancelled")
		}
	}
}

func refuse(err *jrpc2.Error) jrpc2.Handler {
	return func(context.Context, *jrpc2.Request) (any, error) { return nil, err }
}

// handle makes a handler of a function of the method's parameters.
func handle[P any](f func(context.Context, P) (any, error)) jrpc2.Handler {
	return func(ctx context.Context, r *jrpc2.Request) (any, error) {
		var params P
		if r.HasParams() {
			var raw json.RawMessage
			if err := r.UnmarshalParams(&raw); err != nil {
				return nil, err
			}
			if err := json.Unmarshal(raw, &params); err != nil {
				return nil, jrpc2.Errorf(jrpc2.InvalidParams, "%s: %v", r.Method(), err)
			}
		}
		result, err := f(ctx, params)
		if ctx.Err() != nil && !r.IsNotification() {
			return nil, jrpc2.Errorf(requestCancelled, "cancelled")
		}
		return result, err
	}
}

func (s *Server) initialize(_ context.Context, p initializeParams) (any, error) {
	var folders []string
	for _, f := range p.WorkspaceFolders {
		if name, ok := pathOf(f.URI); ok {
			folders = append(folders, name)
		}
	}
	if name, ok := pathOf(p.RootURI); ok && len(folders) == 0 {
		folders = append(folders, name)
	}
	w := workspace{folders: folders, open: make(map[string]*document)}
	for _, name := range p.Options.Rules {
		if !path.IsAbs(name) && len(folders) > 0 {
			name = path.Join(folders[0], name)
		}
		w.rules = append(w.rules, path.Clean(name))
	}
	w.index = newIndex(w)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.client, s.workspace = p, w
	close(s.ready)
	return initializeResult{Capabilities: capabilities(), ServerInfo: serverInfo{Name: "checkout", Version: s.options.Version}}, nil
}

// capabilities are what the server can do.
func capabilities() serverCapabilities {
	var c serverCapabilities
	c.PositionEncoding = "utf-16"
	c.CompletionProvider.TriggerCharacters = []string{".", "\"", "'", " "}
	c.HoverProvider, c.DefinitionProvider, c.ReferencesProvider, c.DocumentSymbolProvider = true, true, true, true
	c.RenameProvider.PrepareProvider = true
	c.DocumentFormattingProvider = true
	c.CodeActionProvider.CodeActionKinds = []string{"quickfix"}
	c.ExecuteCommandProvider.Commands = commands()
	c.TextDocumentSync = textDocumentSync{OpenClose: true, Change: 2, Save: true}
	c.Workspace.WorkspaceFolders.Supported, c.Workspace.WorkspaceFolders.ChangeNotifications = true, true
	return c
}

// initialized asks to be told when files change that are not open.
func (s *Server) initialized(context.Context, any) (any, error) {
	s.mu.Lock()
	watches := s.client.Capabilities.Workspace.DidChangeWatchedFiles.DynamicRegistration
	s.mu.Unlock()
	if !watches {
		return nil, nil
	}
	s.work.Go(func() {
		options := watchOptions{Watchers: []watcher{{"**/*.{yaml,yml,csv,jsonl}"}}}
		params := registrationParams{[]registration{{ID: "files", Method: "workspace/didChangeWatchedFiles", Options: options}}}
		// An editor that refuses goes without; it is not asked again.
		_, _ = s.rpc.Callback(s.ctx, "client/registerCapability", params)
	})
	return nil, nil
}

func (s *Server) shutdown(context.Context, any) (any, error) {
	s.stopDiagnosing()
	return nil, nil
}

func (s *Server) exitNow(context.Context, any) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ends {
		s.ends = true
		close(s.exit)
	}
	return nil, nil
}

func (s *Server) cancel(_ context.Context, p cancelParams) (any, error) {
	s.rpc.CancelRequest(string(p.ID))
	return nil, nil
}

func (s *Server) didOpen(_ context.Context, p didOpenParams) (any, error) {
	s.put(p.TextDocument.URI, func(*document) (*document, error) {
		return &document{uri: p.TextDocument.URI, version: p.TextDocument.Version, text: newText(p.TextDocument.Text)}, nil
	})
	return nil, nil
}

func (s *Server) didChange(_ context.Context, p didChangeParams) (any, error) {
	s.put(p.TextDocument.URI, func(d *document) (*document, error) {
		if d == nil {
			return nil, errors.New("a document was changed that is not open")
		}
		t, err := d.text.changed(p.ContentChanges)
		return &document{uri: d.uri, version: p.TextDocument.Version, text: t}, err
	})
	return nil, nil
}

func (s *Server) didClose(_ context.Context, p documentParams) (any, error) {
	s.put(p.TextDocument.URI, func(*document) (*document, error) { return nil, nil })
	return nil, nil
}

func (s *Server) didSave(_ context.Context, p documentParams) (any, error) {
	if name, ok := pathOf(p.TextDocument.URI); ok {
		s.filesChanged(name)
	}
	return nil, nil
}

// put changes a document and has the folders looked at that it is part of, before
// and after: a test may be about other rules now.
func (s *Server) put(uri string, change func(*document) (*document, error)) {
	name, ok := pathOf(uri)
	if !ok {
		return
	}
	s.mu.Lock()
	d, err := change(s.workspace.open[name])
	if err != nil {
		s.mu.Unlock()
		s.show(messageError, name+": "+err.Error())
		return
	}
	s.workspace = s.workspace.with(name, d)
	s.workspace.index = s.workspace.index.refreshed(s.workspace, name)
	s.mu.Unlock()
	s.changed(name)
}

// show shows a message to the user.
func (s *Server) show(kind int, message string) {
	_ = s.rpc.Notify(s.ctx, "window/showMessage", messageParams{kind, message}) // an editor that has gone sees none
}

func (s *Server) didChangeFiles(_ context.Context, p watchedFilesParams) (any, error) {
	var names []string
	for _, c := range p.Changes {
		if name, ok := pathOf(c.URI); ok {
			names = append(names, name)
		}
	}
	s.filesChanged(names...)
	return nil, nil
}

// filesChanged takes note of changes on the disk.
func (s *Server) filesChanged(names ...string) {
	s.mu.Lock()
	for _, name := range names {
		s.workspace.index = s.workspace.index.refreshed(s.workspace, name)
	}
	s.mu.Unlock()
	s.changed(names...)
}

func (s *Server) didChangeFolders(_ context.Context, p changeFoldersParams) (any, error) {
	s.mu.Lock()
	folders := slices.Clone(s.workspace.folders)
	for _, f := range p.Event.Removed {
		if name, ok := pathOf(f.URI); ok {
			folders = slices.DeleteFunc(folders, func(known string) bool { return known == name })
		}
	}
	for _, f := range p.Event.Added {
		if name, ok := pathOf(f.URI); ok && !slices.Contains(folders, name) {
			folders = append(folders, name)
		}
	}
	s.workspace.folders = folders
	s.workspace.index = newIndex(s.workspace)
	open := make([]string, 0, len(s.workspace.open))
	for name := range s.workspace.open {
		open = append(open, name)
	}
	s.mu.Unlock()
	s.changed(open...)
	return nil, nil
}
