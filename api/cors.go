package api

import (
	"net/http"
	"strings"

	"github.com/rs/cors"
)

// corsAge is how many seconds browsers may remember a preflight.
const corsAge = 600

// crossOrigin lets pages of the configured origins call versions 0 and 1 from browsers
// (the Fetch standard's CORS protocol). It allows no credentials of the browser, since
// there are none: a page sends a key. The password, which may do everything, is no header
// that a page may send. Preflights need no key and count for no rate.
func (s *Server) crossOrigin(next http.Handler) http.Handler {
	if len(s.options.Origins) == 0 {
		return next
	}
	shared := cors.New(cors.Options{
		AllowedOrigins:       s.options.Origins,
		AllowedMethods:       []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete},
		AllowedHeaders:       []string{"Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "X-Request-Id"},
		ExposedHeaders:       []string{"ETag", "Idempotency-Replayed", "Link", "Location", "RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-Id"},
		MaxAge:               corsAge,
		OptionsSuccessStatus: http.StatusNoContent,
	}).Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/v0/") || strings.HasPrefix(r.URL.Path, "/v1/") {
			shared.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}
