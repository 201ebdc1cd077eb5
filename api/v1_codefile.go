package api

import (
	"errors"
	"fmt"
	"mime"
	"net/http"

	v1 "github.com/checkout-promotions/checkout/api/v1"
	"github.com/checkout-promotions/checkout/engine/couponfile"
)

// maxImported is how many codes a request adds, which takes about a second; on SQLite
// nothing is sold meanwhile.
const maxImported = 100_000

// codeFile are the codes of a body of CSV, with the lines on which they stand.
type codeFile struct {
	codes []string
	lines []int
}

func saysCSV(mediaType string) bool {
	kind, _, err := mime.ParseMediaType(mediaType)
	return err == nil && kind == "text/csv"
}

// readCodeFile reads and checks a body of CSV.
func (s *Server) readCodeFile(w http.ResponseWriter, r *http.Request) (*codeFile, error) {
	if r.ContentLength > s.options.MaxBody {
		return nil, &http.MaxBytesError{Limit: s.options.MaxBody}
	}
	var file codeFile
	var f faults
	err := couponfile.Read(http.MaxBytesReader(unwrap(w), r.Body, s.options.MaxBody), func(code string, line int) error {
		switch {
		case code == "":
			f.line(line, "the code is empty")
		case tooLong(code, maxText):
			f.line(line, fmt.Sprintf("the code has more than %d characters", maxText))
		}
		file.codes, file.lines = append(file.codes, code), append(file.lines, line)
		return nil
	}, f.line)
	if err != nil {
		return nil, bodyError(err, 0)
	}
	if n := len(file.codes); n > maxImported || n == 0 && f.err() == nil {
		f.note(fault{at: "body", problem: fmt.Sprintf("want 1 to %d codes, got %d", maxImported, n)})
	}
	return &file, f.err()
}

// line notes a fault of a body that has lines.
func (f *faults) line(line int, problem string) {
	f.note(fault{at: "body", problem: fmt.Sprintf("line %d: %s", line, problem)})
}

// refusal is an error about the codes of the file, by line.
func (c *codeFile) refusal(err error) error {
	if refused, ok := errors.AsType[*CodesRefusedError](err); ok {
		return &linesRefusedError{refused, c.lines}
	}
	return err
}

// linesRefusedError is a CodesRefusedError of codes that came in lines.
type linesRefusedError struct {
	*CodesRefusedError
	lines []int
}

// Unwrap returns the error of the store.
func (e *linesRefusedError) Unwrap() error { return e.CodesRefusedError }

func (e *linesRefusedError) places() []v1.ProblemError {
	var places []v1.ProblemError
	for _, f := range e.Faults[:min(len(e.Faults), maxFaults)] {
		places = append(places, v1.ProblemError{Detail: fmt.Sprintf("line %d: %s", e.lines[f.Index], f.Problem)})
	}
	return places
}
