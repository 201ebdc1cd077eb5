package postgres

import (
	"context"
	"encoding/binary"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// arguments are those of a call, in the binary format: texts of JSON have a quotation
// mark every few characters, which the text of an array would have to escape. They are
// encoded here, one after the other into one buffer, because the driver takes an array
// as a slice of its own and asks about each element what it is.
type arguments struct {
	buffer []byte
	ends   []int // of the arguments in the buffer
	types  []uint32
}

// values returns the encoded arguments.
func (a *arguments) values() [][]byte {
	values := make([][]byte, len(a.ends))
	start := 0
	for i, end := range a.ends {
		values[i], start = a.buffer[start:end], end
	}
	return values
}

// statement is the name of the prepared call. It has the number of the migration that
// makes the function, as others may share the session.
const statement = "checkout_sell_0018"

// call calls the function. That is prepared once for each connection, which saves a
// tenth of a sale. A pooler may hand the connection to a session that does not know of
// it; from then on it is not prepared.
func (a *arguments) call(ctx context.Context, conn *pgconn.PgConn, function string) *pgconn.Result {
	binary, kept := []int16{pgtype.BinaryFormatCode}, conn.CustomData()
	if kept[statement] == nil {
		_, err := conn.Prepare(ctx, statement, a.text(function), a.types)
		kept[statement] = err == nil
	}
	if kept[statement] == true {
		result := conn.ExecPrepared(ctx, statement, a.values(), binary, binary).Read()
		if failure := (*pgconn.PgError)(nil); !errors.As(result.Err, &failure) || failure.Code != "26000" { // invalid_sql_statement_name
			return result
		}
		kept[statement] = false
	}
	return conn.ExecParams(ctx, a.text(function), a.values(), a.types, binary, binary).Read()
}

// text is that of a call of the function with the arguments.
func (a *arguments) text(function string) string {
	var text strings.Builder
	text.WriteString(function)
	between := byte('(')
	for i := range a.ends {
		text.WriteByte(between)
		text.WriteByte('$')
		text.WriteString(strconv.Itoa(i + 1))
		between = ','
	}
	text.WriteByte(')')
	return text.String()
}

func (a *arguments) end(oid uint32) {
	a.ends, a.types = append(a.ends, len(a.buffer)), append(a.types, oid)
}

func (a *arguments) size(n int) { a.buffer = binary.BigEndian.AppendUint32(a.buffer, uint32(n)) }

func (a *arguments) number(n int64) {
	a.buffer = binary.BigEndian.AppendUint64(a.buffer, uint64(n))
	a.end(pgtype.Int8OID)
}

// array adds an array of one dimension, whose elements are what appends for each.
func array[T any](a *arguments, of, element uint32, all []T, appends func(*T)) {
	if len(all) == 0 {
		a.size(0) // dimensions
	} else {
		a.size(1)
	}
	a.size(0) // no element is NULL
	a.size(int(element))
	if len(all) > 0 {
		a.size(len(all))
		a.size(1) // the first index
	}
	for i := range all {
		appends(&all[i])
	}
	a.end(of)
}

func texts[T any](a *arguments, all []T, text func(*T) string) {
	array(a, pgtype.TextArrayOID, pgtype.TextOID, all, func(one *T) {
		t := text(one)
		a.size(len(t))
		a.buffer = append(a.buffer, t...)
	})
}

func numbers[T any](a *arguments, all []T, number func(*T) int64) {
	array(a, pgtype.Int8ArrayOID, pgtype.Int8OID, all, func(one *T) {
		a.size(8)
		a.buffer = binary.BigEndian.AppendUint64(a.buffer, uint64(number(one)))
	})
}

func truths[T any](a *arguments, all []T, truth func(*T) bool) {
	array(a, pgtype.BoolArrayOID, pgtype.BoolOID, all, func(one *T) {
		a.size(1)
		if truth(one) {
			a.buffer = append(a.buffer, 1)
		} else {
			a.buffer = append(a.buffer, 0)
		}
	})
}

// instants are microseconds since the beginning of 2000 to Postgres.
func instants[T any](a *arguments, all []T, instant func(*T) time.Time) {
	epoch := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	array(a, pgtype.TimestamptzArrayOID, pgtype.TimestamptzOID, all, func(one *T) {
		a.size(8)
		a.buffer = binary.BigEndian.AppendUint64(a.buffer, uint64(instant(one).UnixMicro()-epoch))
	})
}

func itself(n *int64) int64 { return *n }
