package api

import "github.com/go-chi/chi/v5"

// Routes shows tests every route.
func (s *Server) Routes() chi.Routes { return s.router }
