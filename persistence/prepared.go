package persistence

import (
	"context"
	"database/sql"
	"time"

	"github.com/uptrace/bun"
)

// The statements that every sale runs, most of them once for each row: that is
// faster than many rows in one statement, which has to be read anew each time.
const (
	takeStatement = "UPDATE items SET stock = stock - ? WHERE sku = ? AND stock >= ? AND revision = ? AND " + live + " RETURNING stock"

	movementStatement = "INSERT INTO stock_movements (sku, delta, stock_after, reason, note, order_reference, moved_at) " +
		"VALUES (?, ?, ?, ?, ?, ?, ?)"

	orderStatement = "INSERT INTO orders (reference, currency, cost, ruleset, customer, quote, request, placed_at, state) " +
		"VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id"

	lineStatement = "INSERT INTO order_lines (order_id, position, sku, quantity, gift) VALUES (?, ?, ?, ?, ?)"

	pausesStatement = "SELECT COALESCE(max(revision), 0) FROM promotion_pauses"

	eventStatement = "INSERT INTO events (uid, once, type, aggregate_type, aggregate_key, payload, created_at) VALUES (?, ?, ?, ?, ?, ?, ?) " +
		"ON CONFLICT (once) WHERE once IS NOT NULL DO NOTHING RETURNING id"
)

// The names are always the same, other than those that bun makes, so that the
// statements can be prepared.
const (
	savepoint           = "SAVEPOINT purchase"
	rollbackToSavepoint = "ROLLBACK TO SAVEPOINT purchase"
	releaseSavepoint    = "RELEASE SAVEPOINT purchase"
)

// prepare prepares the statements of sales, where the database wants that. It must
// not be called in a transaction, which may have the only connection.
func (s *Store) prepare(ctx context.Context) error {
	if !s.db.Prepare || s.prepared != nil {
		return nil
	}
	prepared := make(map[string]*sql.Stmt)
	for _, query := range []string{takeStatement, movementStatement, orderStatement, lineStatement, eventStatement, pausesStatement, savepoint, releaseSavepoint} {
		statement, err := s.db.Writer.DB.PrepareContext(ctx, query)
		if err != nil {
			return failed("prepare sales", err)
		}
		prepared[query] = statement
	}
	s.prepared = prepared
	return nil
}

// preparedKey is that of the statements in the context of a transaction of sales.
type preparedKey struct{}

// scan runs one of the statements of sales, which returns one number. It is
// sql.ErrNoRows when there is none.
func scan(ctx context.Context, tx bun.Tx, into *int64, query string, args ...any) error {
	prepared, _ := ctx.Value(preparedKey{}).(map[string]*sql.Stmt)
	statement := prepared[query]
	if statement == nil {
		return tx.NewRaw(query, args...).Scan(ctx, into)
	}
	return tx.Tx.StmtContext(ctx, statement).QueryRowContext(ctx, asText(args)...).Scan(into)
}

// asText writes instants as bun does.
func asText(args []any) []any {
	for i, arg := range args {
		if at, ok := arg.(time.Time); ok {
			args[i] = at.UTC().Format("2006-01-02 15:04:05.999999-07:00")
		}
	}
	return args
}

// execute runs a statement that returns nothing.
func execute(ctx context.Context, tx bun.Tx, query string, args ...any) error {
	prepared, _ := ctx.Value(preparedKey{}).(map[string]*sql.Stmt)
	if statement := prepared[query]; statement != nil {
		_, err := tx.Tx.StmtContext(ctx, statement).ExecContext(ctx, asText(args)...)
		return err
	}
	_, err := tx.ExecContext(ctx, query, args...)
	return err
}

// prepared tells whether the transaction has the statements of sales prepared.
func prepared(ctx context.Context) bool { return ctx.Value(preparedKey{}) != nil }

// orNull is NULL for an empty text.
func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}
