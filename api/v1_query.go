package api

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// parameterError says what is wrong with a parameter of a query.
type parameterError struct{ name, problem string }

// Error implements error.
func (e *parameterError) Error() string { return e.name + ": " + e.problem }

const (
	defaultPage = 50
	maxPage     = 200
)

// query is the query of a request, of which each parameter is read once. The first
// fault is kept.
type query struct {
	values url.Values
	fault  error
}

// readQuery reads the query, which has no other parameters than the known ones, and
// each at most once.
func readQuery(r *http.Request, known ...string) *query {
	values, err := url.ParseQuery(r.URL.RawQuery)
	q := &query{values: values}
	if err != nil {
		q.refuse("query", "not well encoded")
	}
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names) // so that the same request has the same answer
	for _, name := range names {
		switch {
		case !slices.Contains(known, name):
			q.refuse(fmt.Sprintf("%.100q", name), "not known")
		case len(values[name]) > 1:
			q.refuse(name, "given twice")
		}
	}
	return q
}

func (q *query) refuse(name, problem string) {
	if q.fault == nil {
		q.fault = &parameterError{name, problem}
	}
}

// text reads a text, "" where there is none.
func (q *query) text(name string) string {
	text := q.values.Get(name)
	if q.values.Has(name) && (text == "" || tooLong(text, maxText)) {
		q.refuse(name, fmt.Sprintf("want 1 to %d characters", maxText))
	}
	return text
}

// oneOf reads one of the texts, "" where there is none.
func (q *query) oneOf(name string, allowed ...string) string {
	text := q.values.Get(name)
	if q.values.Has(name) && !slices.Contains(allowed, text) {
		q.refuse(name, "want one of "+strings.Join(allowed, ", "))
	}
	return text
}

// instant reads an instant, the zero one where there is none.
func (q *query) instant(name string) time.Time {
	if !q.values.Has(name) {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339, q.values.Get(name))
	if err != nil || !inRange(at) {
		q.refuse(name, "want "+anInstant)
	}
	return at
}

// anInstant says what instants of callers look like.
const anInstant = "an instant of the years 1 to 9999, such as 2026-11-27T10:00:00Z"

// inRange reports whether the instant is in a year that answers can tell and databases
// keep, wherever the caller's clock is.
func inRange(at time.Time) bool {
	year := at.UTC().Year()
	return year >= 1 && year <= 9999 && !at.IsZero()
}

// count reads a number of units, nil where there is none.
func (q *query) count(name string) *int64 {
	if !q.values.Has(name) {
		return nil
	}
	n, err := strconv.ParseInt(q.values.Get(name), 10, 64)
	if err != nil || n < 0 {
		q.refuse(name, "want a whole number, 0 or more")
	}
	return &n
}

// limit reads how many a page has at most.
func (q *query) limit() int {
	if !q.values.Has("limit") {
		return defaultPage
	}
	n, err := strconv.Atoi(q.values.Get("limit"))
	if err != nil || n < 1 || n > maxPage {
		q.refuse("limit", fmt.Sprintf("want 1 to %d", maxPage))
	}
	return n
}

// page cuts a list that was read with one more than the limit, and returns the
// cursor of the next page, "" where there is none.
func page[T any](list []T, limit int, cursor func(*T) string) ([]T, string) {
	if len(list) <= limit {
		return list, ""
	}
	return list[:limit], cursor(&list[limit-1])
}

// linkNext tells where the next page is.
func linkNext(w http.ResponseWriter, r *http.Request, next string) {
	if next == "" {
		return
	}
	values := r.URL.Query()
	values.Set("after", next)
	w.Header().Set("Link", fmt.Sprintf(`<%s?%s>; rel="next"`, r.URL.EscapedPath(), values.Encode()))
}
