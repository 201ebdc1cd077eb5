package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/engine/idempotency"
)

// problem is an error whose text is all there is to say to the caller.
type problem string

// Error implements error.
func (p problem) Error() string { return string(p) }

const (
	errNoPath       problem = "no such path"
	errMethod       problem = "this path does not have the method"
	errUnauthorized problem = "X-Auth-Password is missing or wrong"
	errThrottled    problem = "too many wrong passwords from this address: wait a minute"
	errBodyLate     problem = "body: not received in time"
	errNoKeys       problem = "this server does not support Idempotency-Key: send the request without it"
)

// statusCanceled says that the client went away before the answer, as nginx
// does. Nobody reads the answer, but the log and the metrics tell it from a
// fault.
const statusCanceled = 499

// soldOutError says that an item to be priced has no stock.
type soldOutError struct{ sku string }

// Error implements error.
func (e *soldOutError) Error() string { return fmt.Sprintf("item %s: out of stock", e.sku) }

// errorTable says what a caller is told about an error: the first row that
// knows the error decides. An error that no row knows is a fault of ours.
type errorTable []errorRow

type errorRow struct {
	status int
	// message returns the text for err, and whether the row knows err.
	message func(err error) (string, bool)
}

func newErrorTable(isUnavailable func(error) bool) errorTable {
	return errorTable{
		{http.StatusBadRequest, ownText[*invalidError]()},
		{http.StatusBadRequest, kind(func(e *engine.CartError) string { return "skus: " + e.Problem })},
		{http.StatusBadRequest, ownText[idempotency.Error]()},
		{http.StatusUnauthorized, the(errUnauthorized)},
		{http.StatusNotFound, the(errNoPath)},
		{http.StatusNotFound, kind(unknownItem)},
		{http.StatusNotFound, ownText[*soldOutError]()},
		{http.StatusMethodNotAllowed, the(errMethod)},
		{http.StatusRequestTimeout, the(errBodyLate)},
		{http.StatusConflict, ownText[*engine.OutOfStockError]()},
		{http.StatusConflict, ownText[*engine.NameTakenError]()},
		{http.StatusConflict, told(idempotency.ErrBusy, idempotency.ErrBusy.Error())},
		{http.StatusRequestEntityTooLarge, kind(bodyTooLong)},
		{http.StatusUnprocessableEntity, ownText[*idempotency.ReusedError]()},
		{http.StatusTooManyRequests, the(errThrottled)},
		{http.StatusNotImplemented, the(errNoKeys)},
		{statusCanceled, told(context.Canceled, "the request was canceled")},
		{http.StatusServiceUnavailable, told(context.DeadlineExceeded, "the request took too long")},
		{http.StatusServiceUnavailable, kind(pluginFailed)},
		{http.StatusServiceUnavailable, func(err error) (string, bool) {
			return "the store is unavailable: try again later", isUnavailable(err)
		}},
	}
}

// lookUp returns the status and the message for err.
func (t errorTable) lookUp(err error) (status int, message string) {
	for _, row := range t {
		if message, ok := row.message(err); ok {
			return row.status, message
		}
	}
	return http.StatusInternalServerError, "internal error"
}

// kind knows errors of a type, wherever they are in the chain. Only they make
// the text, so that nothing wrapped around them gets out.
func kind[E error](text func(E) string) func(error) (string, bool) {
	return func(err error) (string, bool) {
		if e, ok := errors.AsType[E](err); ok {
			return text(e), true
		}
		return "", false
	}
}

func ownText[E error]() func(error) (string, bool) { return kind(E.Error) }

func told(target error, text string) func(error) (string, bool) {
	return func(err error) (string, bool) { return text, errors.Is(err, target) }
}

func the(p problem) func(error) (string, bool) { return told(p, string(p)) }

func unknownItem(e *engine.UnknownItemError) string {
	return fmt.Sprintf("item %.200q not found", e.Key)
}

// pluginFailed leaves what the plugin said to the log.
func pluginFailed(e *engine.PluginError) string {
	return fmt.Sprintf("the cart cannot be priced: plugin %s of promotion %s failed (%s): try again later", e.Plugin, e.Promotion, e.Fault)
}

func bodyTooLong(e *http.MaxBytesError) string {
	return fmt.Sprintf("body: more than %d bytes", e.Limit)
}

type errorAnswer struct {
	Error string `json:"error"`
}

// refuse answers err. What caused a fault of ours is left to the access log.
func (s *Server) refuse(w http.ResponseWriter, err error) {
	status, message := s.errors.lookUp(err)
	if rec, ok := w.(*record); ok && status >= http.StatusInternalServerError {
		rec.cause = err
	}
	_ = s.answer(w, status, &errorAnswer{message}) // a text can always be answered
}
