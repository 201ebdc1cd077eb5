package backtest

import "io"

// Rows returns the rows of a table with the lines that they begin at, and the error
// that ends them.
func Rows(in io.Reader) (all [][]string, lines []int64, err error) {
	r := newRows(in)
	for {
		fields, line, err := r.next()
		if err != nil {
			return all, lines, err
		}
		row := make([]string, len(fields))
		for i, field := range fields {
			row[i] = string(field)
		}
		all, lines = append(all, row), append(lines, line)
	}
}
