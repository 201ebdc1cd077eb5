package api

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/swaggest/swgui"
	"github.com/swaggest/swgui/v5emb"
)

//go:embed problems.html.tmpl
var problemsPage string

// docs are the pages about the API, which need no key.
type docs struct {
	ui       http.Handler
	policy   string // Content-Security-Policy of the pages of the UI
	problems *template.Template
}

// newDocs prepares the pages. The UI is Swagger UI, whose files are in the program. Its
// page has a script, which the policy allows by its hash.
func newDocs() (*docs, error) {
	problems, err := template.New("problems").Parse(problemsPage)
	if err != nil {
		return nil, err
	}
	d := &docs{problems: problems, ui: v5emb.NewHandlerWithConfig(swgui.Config{
		Title: "Checkout API", SwaggerJSON: "/openapi.json", BasePath: "/docs",
		SettingsUI: map[string]string{"tryItOutEnabled": "false", "persistAuthorization": "false"},
	})}
	page := httptest.NewRecorder()
	d.ui.ServeHTTP(page, httptest.NewRequest(http.MethodGet, "/docs/", http.NoBody))
	scripts := []string{"'self'"}
	for _, script := range regexp.MustCompile(`(?s)<script>(.*?)</script>`).FindAllSubmatch(page.Body.Bytes(), -1) {
		hash := sha256.Sum256(script[1])
		scripts = append(scripts, "'sha256-"+base64.StdEncoding.EncodeToString(hash[:])+"'")
	}
	d.policy = "default-src 'none'; script-src " + strings.Join(scripts, " ") +
		"; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	return d, nil
}

// routeDocs adds the pages.
func (s *Server) routeDocs(r chi.Router) error {
	d, err := newDocs()
	if err != nil {
		return err
	}
	r.Get("/openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(document)))
		_, _ = w.Write(document)
	})
	ui := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", d.policy)
		d.ui.ServeHTTP(w, r)
	}
	r.Get("/docs", ui)
	r.Get("/docs/*", ui)
	r.Get("/docs/problems", s.handle(func(w http.ResponseWriter, _ *http.Request) error { return d.show(w, problemKinds()) }))
	r.Get("/docs/problems/{code}", s.handle(func(w http.ResponseWriter, r *http.Request) error {
		kinds := problemKinds()
		i := slices.IndexFunc(kinds, func(k problemKind) bool { return k.code == chi.URLParam(r, "code") })
		if i < 0 {
			return errNoPath
		}
		return d.show(w, kinds[i:i+1])
	}))
	return nil
}

// shownProblem is a problemKind for the template.
type shownProblem struct {
	Code, Title, Text string
	Status            int
}

// show writes the page of problems.
func (d *docs) show(w http.ResponseWriter, kinds []problemKind) error {
	shown := make([]shownProblem, len(kinds))
	for i, k := range kinds {
		shown[i] = shownProblem{Code: k.code, Title: k.title, Text: k.page, Status: k.status}
	}
	var page bytes.Buffer
	if err := d.problems.Execute(&page, shown); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	_, _ = w.Write(page.Bytes()) // a client that went away does not care
	return nil
}
