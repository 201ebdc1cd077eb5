// Package couponfile reads files of coupon codes: CSV (RFC 4180) whose first line names the
// columns. The column called code counts, in whatever case; others are passed over.
package couponfile

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Read hands each code of the file to take, as it stands there, with its line, where 1 is
// the line of headings. What is no code goes to fault; a line that is no CSV is the last
// one. The error is that of take, or of the file, wrapped. Memory does not grow with the
// file.
func Read(file io.Reader, take func(code string, line int) error, fault func(line int, problem string)) error {
	rows := csv.NewReader(file)
	rows.FieldsPerRecord, rows.ReuseRecord = -1, true
	column := -1
	for first := true; ; first = false {
		row, err := rows.Read()
		var syntax *csv.ParseError
		switch {
		case errors.Is(err, io.EOF):
			if first {
				fault(1, "the file is empty; its first line has to name the columns, one of them code")
			}
			return nil
		case errors.As(err, &syntax):
			fault(syntax.Line, fmt.Sprintf("is no CSV: %v; nothing after it was read", syntax.Err))
			return nil
		case err != nil:
			return fmt.Errorf("read the codes: %w", err)
		}
		line, _ := rows.FieldPos(0)
		switch {
		case first:
			if column = codeColumn(row); column < 0 {
				fault(line, "no column is called code; the first line has to name the columns")
				return nil
			}
		case column >= len(row):
			fault(line, "has no column code")
		default:
			if err := take(strings.Clone(row[column]), line); err != nil {
				return err
			}
		}
	}
}

// codeColumn returns which column has the codes, -1 when none has. Spreadsheets
// begin a file with a byte order mark.
func codeColumn(headings []string) int {
	return slices.IndexFunc(headings, func(heading string) bool {
		return strings.EqualFold(strings.TrimSpace(strings.TrimPrefix(heading, "\ufeff")), "code")
	})
}
