package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
)

// service is the name the platform has always had in answers.
const service = "checkout-svc"

type statusAnswer struct {
	Message string `json:"message"`
	Version string `json:"version"`
	Service string `json:"service"`
}

func (s *Server) status(w http.ResponseWriter, _ *http.Request) error {
	return s.answer(w, http.StatusOK, &statusAnswer{"OK", s.options.Version, service})
}

type healthAnswer struct {
	Version  string   `json:"version"`
	Service  string   `json:"service"`
	Failures []string `json:"failures"`
}

func (s *Server) health(w http.ResponseWriter, r *http.Request) error {
	failures, status := s.runChecks(r.Context()), http.StatusOK
	if len(failures) > 0 {
		status = http.StatusServiceUnavailable
	}
	return s.answer(w, status, &healthAnswer{s.options.Version, service, failures})
}

// runChecks runs the checks together and returns the failures in their order.
// A check that does not answer in time has failed; its goroutine ends with it.
func (s *Server) runChecks(ctx context.Context) []string {
	ctx, cancel := context.WithTimeout(ctx, s.options.CheckTimeout)
	defer cancel()
	results := make([]chan error, len(s.options.Checks))
	for i, check := range s.options.Checks {
		results[i] = make(chan error, 1)
		go func() { results[i] <- runCheck(ctx, check) }()
	}
	var failures []string
	for i, check := range s.options.Checks {
		if err := resultOf(ctx, results[i]); err != nil {
			s.options.Log.LogAttrs(ctx, slog.LevelError, "health check",
				append(causeAttrs(err), slog.String("check", check.Name))...)
			failures = append(failures, check.Name+": "+reasonOf(err))
		}
	}
	return failures
}

// reasonOf is what callers are told of a check that has failed. A text that is fit
// for them is that of an error which keeps more for the log.
func reasonOf(err error) string {
	var fit slog.LogValuer
	if errors.As(err, &fit) {
		return err.Error()
	}
	return "unavailable"
}

// resultOf waits for a check's result. One that is there counts even when the
// time is over, because an earlier check may have used it up.
func resultOf(ctx context.Context, result <-chan error) error {
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-result:
		return err
	default:
		return ctx.Err()
	}
}

// runCheck turns a panic into an error: in a goroutine it would end the process.
func runCheck(ctx context.Context, check Check) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = fmt.Errorf("panic: %v", value)
		}
	}()
	return check.Run(ctx)
}
