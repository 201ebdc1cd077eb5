package persistence

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/uptrace/bun"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/engine/couponfile"
)

// MaxCodeLength is how many bytes a coupon code may have, in rule files too.
const MaxCodeLength = 64

// MaxImportFaults is how many faults an ImportError lists.
const MaxImportFaults = 1000

// ImportFault is what is wrong with one line of a file of codes.
type ImportFault struct {
	Line    int // 1 is the line of headings
	Problem string
}

// ImportError lists what is wrong with a file of codes, by line.
type ImportError struct {
	Faults []ImportFault
	// More counts the faults after the first MaxImportFaults.
	More int64
}

// Error implements error, with a fault a line.
func (e *ImportError) Error() string {
	var text strings.Builder
	for i, fault := range e.Faults {
		if i > 0 {
			text.WriteByte('\n')
		}
		fmt.Fprintf(&text, "line %d: %s", fault.Line, fault.Problem)
	}
	if e.More > 0 {
		fmt.Fprintf(&text, "\nand %d more", e.More)
	}
	return text.String()
}

func (e *ImportError) add(line int, format string, args ...any) {
	if len(e.Faults) == MaxImportFaults {
		e.More++
		return
	}
	e.Faults = append(e.Faults, ImportFault{line, fmt.Sprintf(format, args...)})
}

// ImportCodes adds the codes of a CSV file to the pool and returns how many they
// are; package couponfile says what it has to look like. Progress, which may be nil, is told how many lines have been read.
//
// All codes are added or none: *ImportError lists every line that is no code of 1
// to MaxCodeLength bytes as engine.NormalizeCoupon makes them, or is one that
// stands on an earlier line or belongs to a pool already, this one included.
// *UnknownPoolError when there is no such pool. An error of reading comes back
// wrapped.
//
// The file is read once, from its start, and again when another process was in
// the way; memory does not grow with it. It is one transaction, so that on SQLite
// nothing is sold meanwhile: import more than some 100,000 codes when the shop is
// quiet, or in several files.
func (s *Store) ImportCodes(
	ctx context.Context, pool string, file io.ReadSeeker, progress func(lines int64),
) (int64, error) {
	in := importing{pool: pool, progress: progress, twice: "stands on an earlier line too"}
	return s.importAll(ctx, in, func(in *importing) error {
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return fmt.Errorf("read the codes: %w", err)
		}
		return in.file(ctx, file)
	})
}

// AddCodes is ImportCodes of a list, whose codes are numbered from 1 as the lines of a
// file are, but passes over those that the pool has already: to add them again does
// nothing. It returns how many it has added.
func (s *Store) AddCodes(ctx context.Context, pool string, codes []string) (int64, error) {
	in := importing{pool: pool, again: true, twice: "is in the list before"}
	return s.importAll(ctx, in, func(in *importing) error {
		for i, code := range codes {
			if err := in.code(ctx, code, i+1); err != nil {
				return err
			}
		}
		return in.flush(ctx)
	})
}

// importAll adds the codes that read gives to the import, all or none.
func (s *Store) importAll(ctx context.Context, of importing, read func(*importing) error) (added int64, err error) {
	err = s.write(ctx, "import coupon codes", func(ctx context.Context, tx bun.Tx) error {
		if _, err := lockPool(ctx, tx, of.pool); err != nil {
			return err
		}
		at, err := s.afterAll(ctx, tx, of.pool)
		if err != nil {
			return err
		}
		in := of
		in.tx, in.at, in.lines = tx, at, make(map[string]int, batch)
		if err := read(&in); err != nil {
			return err
		}
		switch added = in.added; {
		case len(in.faults.Faults) > 0:
			slices.SortStableFunc(in.faults.Faults, func(a, b ImportFault) int { return a.Line - b.Line })
			return &in.faults
		case in.again && added == 0:
			return nil // nothing to tell of
		}
		return s.recordAudit(ctx, tx)
	})
	if err != nil {
		return 0, err
	}
	return added, nil
}

// afterAll returns an instant at which the pool has no code yet: now, or just
// after its last one. So an import knows its own codes by it.
func (s *Store) afterAll(ctx context.Context, tx bun.Tx, pool string) (time.Time, error) {
	var last []codeRow
	err := tx.NewSelect().Model(&last).Column("issued_at").Where("pool = ?", pool).
		OrderExpr("issued_at DESC").Limit(1).Scan(ctx)
	if err != nil {
		return time.Time{}, failed("read coupon codes", err)
	}
	at := s.now()
	if len(last) > 0 && !at.After(last[0].IssuedAt) {
		at = last[0].IssuedAt.UTC().Add(time.Microsecond)
	}
	return at, nil
}

// importing is an import under way.
type importing struct {
	tx       bun.Tx
	pool     string
	at       time.Time
	progress func(int64)
	twice    string // what is said of a code that came before
	again    bool   // codes that the pool has are passed over, and no fault

	lines  map[string]int // the batch that is collected: code to line
	added  int64
	faults ImportError
}

// file reads all of the file. What is wrong with it is in faults then; the error
// is about reading and the database.
func (in *importing) file(ctx context.Context, file io.Reader) error {
	err := couponfile.Read(file,
		func(code string, line int) error { return in.code(ctx, code, line) },
		func(line int, problem string) { in.faults.add(line, "%s", problem) })
	if err != nil {
		return err
	}
	return in.flush(ctx)
}

// code takes in one code.
func (in *importing) code(ctx context.Context, code string, line int) error {
	if problem := codeProblem(code); problem != "" {
		in.faults.add(line, "%s", problem)
		return nil
	}
	if _, twice := in.lines[code]; twice {
		in.faults.add(line, "%s %s", code, in.twice)
		return nil
	}
	in.lines[code] = line
	if len(in.lines) < batch {
		return nil
	}
	return in.flush(ctx)
}

// codeProblem says why a text is no coupon code, "" when it is one.
func codeProblem(code string) string {
	switch normal := engine.NormalizeCoupon(code); {
	case normal == "":
		return "the code is empty"
	case textProblem(code) != "":
		return "the code " + textProblem(code)
	case len(code) > MaxCodeLength:
		return fmt.Sprintf("%.20q… has %d bytes; a code has at most %d", code, len(code), MaxCodeLength)
	case strings.ContainsFunc(code, unicode.IsControl):
		return fmt.Sprintf("%q contains a control character", code)
	case normal != code:
		return fmt.Sprintf("%q is not how codes are compared; write %q", code, normal)
	default:
		return ""
	}
}

// flush adds the batch that is collected, but for the codes that some pool has.
func (in *importing) flush(ctx context.Context) error {
	if len(in.lines) == 0 {
		return nil
	}
	if err := in.dropTaken(ctx); err != nil {
		return err
	}
	rows := make([]codeRow, 0, len(in.lines))
	highest := 0
	for code, line := range in.lines {
		rows = append(rows, codeRow{Code: code, Pool: in.pool, Source: CodeImported, IssuedAt: in.at})
		highest = max(highest, line)
	}
	if len(rows) > 0 {
		if _, err := in.tx.NewInsert().Model(&rows).Returning("NULL").Exec(ctx); err != nil {
			return failed("import coupon codes", err)
		}
	}
	in.added += int64(len(rows))
	clear(in.lines)
	if in.progress != nil {
		in.progress(int64(highest))
	}
	return nil
}

// dropTaken takes out of the batch, as faults, the codes that are stored.
func (in *importing) dropTaken(ctx context.Context) error {
	codes := make([]string, 0, len(in.lines))
	for code := range in.lines {
		codes = append(codes, code)
	}
	var stored []codeRow
	err := in.tx.NewSelect().Model(&stored).Column("code", "pool", "issued_at").
		Where("code IN (?)", bun.List(codes)).Scan(ctx)
	if err != nil {
		return failed("look up coupon codes", err)
	}
	for _, other := range stored {
		line := in.lines[other.Code]
		delete(in.lines, other.Code)
		switch {
		case other.Pool != in.pool:
			in.faults.add(line, "%s belongs to pool %s", other.Code, other.Pool)
		case other.IssuedAt.Equal(in.at):
			in.faults.add(line, "%s %s", other.Code, in.twice)
		case in.again:
		default:
			in.faults.add(line, "%s is in the pool already", other.Code)
		}
	}
	return nil
}
