package api

import (
	"errors"
	"net/http"
	"strings"
	"sync"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/prometheus/client_golang/prometheus"
)

const itemPricePath = "/v0/inventory/item/price"

// Server answers the requests of the API. It is an http.Handler and safe for
// concurrent use.
type Server struct {
	options Options
	router  chi.Router
	errors  errorTable
	guard   *guard
	// How often each key and each address may send requests; nil has no limit.
	keyRate, addressRate *rateLimit
	guesses              *codeGuesses
	metrics              *metrics
	keyring              *keyring
	bodies               bodies
	routeContexts        sync.Pool // of *chi.Context
	clientIP             func(*http.Request) string
	administrator        *caller
	quotes               quoteMemories
	secure               []header
}

// header is one of every answer. Handlers set other values, and never add any.
type header struct {
	name  string // as net/http writes it
	value []string
}

// secureHeaders tell browsers to keep no answer, to run nothing that is in one, to show
// none in a frame and to tell nobody where a link came from. Pages say what they need
// besides.
func secureHeaders() []header {
	return []header{
		{"Cache-Control", []string{"no-store"}},
		{"Content-Security-Policy", []string{"default-src 'none'; frame-ancestors 'none'"}},
		{"Referrer-Policy", []string{"no-referrer"}},
		{"X-Content-Type-Options", []string{"nosniff"}},
	}
}

// New returns a server. It is an error to leave a required option out, or to
// pass a registry in which another server's metrics are.
func New(o Options) (*Server, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	o.setDefaults()
	m, err := newMetrics(o.Registry)
	if err != nil {
		return nil, err
	}
	s := &Server{
		options: o,
		errors:  newErrorTable(o.IsUnavailable),
		guard:   newGuard(o.Password, o.PasswordFailures),
		metrics: m,
		secure:  secureHeaders(),

		administrator: newAdministrator(),
		clientIP:      clientIPFinder(o.ClientIP),
		routeContexts: sync.Pool{New: func() any { return chi.NewRouteContext() }},
	}
	s.keyRate = newRateLimit("key", perSecond(o.KeyRate), rateWindow, errKeyRate)
	s.addressRate = newRateLimit("address", perSecond(o.AddressRate), rateWindow, errAddressRate)
	s.guesses = newCodeGuesses(&s.options, m.guessed)
	s.keyring = newKeyring(&s.options, s.guard)
	if s.router, err = s.routes(); err != nil {
		return nil, err
	}
	return s, nil
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.observe(w, r) }

// Registry is what /metrics shows; others may register their metrics there.
func (s *Server) Registry() *prometheus.Registry { return s.options.Registry }

func (s *Server) routes() (chi.Router, error) {
	r := chi.NewRouter()
	r.Use(s.crossOrigin, middleware.GetHead)
	r.NotFound(s.handle(s.notFound))
	r.MethodNotAllowed(s.handle(s.methodNotAllowed))

	r.Get("/status", s.handle(s.status))
	r.Get("/health", s.handle(s.health))
	r.Get("/livez", s.handle(s.status)) // says nothing of what the server depends on
	r.Get("/readyz", s.handle(s.health))
	r.Method(http.MethodGet, "/metrics", s.metrics.handler)

	rated := r.With(s.perAddress)
	rated.Get(itemPricePath+"/*", s.handle(s.priceItem))
	rated.Post(itemPricePath, s.handle(s.priceItems))
	rated.Post("/v0/inventory/items/price", s.handle(s.priceItems))
	rated.Group(func(r chi.Router) {
		r.Use(s.once)
		r.Post("/v0/inventory/items/purchase", s.handle(s.purchase))
	})
	rated.Group(func(r chi.Router) {
		r.Use(s.authenticate)
		r.Get("/v0/orders", s.handle(s.listOrders))
		r.Group(func(r chi.Router) {
			r.Use(s.once)
			r.Post("/v0/inventory/items", auditedAs("putItems", s.handle(s.putItems)))
		})
	})
	return r, errors.Join(s.routeV1(rated), s.routeDocs(rated))
}

// handle makes a handler out of one that returns its error.
func (s *Server) handle(h func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			s.refuse(w, err)
		}
	}
}

func (s *Server) notFound(http.ResponseWriter, *http.Request) error { return errNoPath }

// methodNotAllowed is also what chi calls for a method it does not know,
// whatever the path.
func (s *Server) methodNotAllowed(w http.ResponseWriter, r *http.Request) error {
	allowed := s.allowedMethods(r)
	if len(allowed) == 0 {
		return errNoPath
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	return errMethod
}

func (s *Server) allowedMethods(r *http.Request) []string {
	path := r.URL.RawPath
	if path == "" {
		path = r.URL.Path
	}
	var allowed []string
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
		if s.router.Match(chi.NewRouteContext(), method, path) {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) > 0 && allowed[0] == http.MethodGet {
		allowed = append(allowed, http.MethodHead) // GetHead serves it
	}
	return allowed
}
