package postgres

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/checkout-promotions/checkout/persistence"
)

// locks implements persistence.Locks by the server's own lists. A key of 64 bits
// is in pg_locks as two halves, with objsubid 1.
type locks struct{ db *bun.DB }

const holders = `
	SELECT a.pid, a.backend_start,
		CASE WHEN a.application_name = '' THEN 'a program' ELSE a.application_name END
			|| ' of user ' || a.usename || coalesce(' at ' || host(a.client_addr), ' on the same machine')
	FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
	WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
		AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
		AND (l.classid::bigint << 32) + l.objid::bigint = ?`

// Holders implements persistence.Locks.
func (l locks) Holders(ctx context.Context) ([]persistence.Holder, error) {
	rows, err := l.db.QueryContext(ctx, holders+" ORDER BY a.pid", guardKey)
	if err != nil {
		return nil, explained("list the holders of the migration lock", err)
	}
	defer func() { _ = rows.Close() }()
	var all []persistence.Holder
	for rows.Next() {
		var h persistence.Holder
		if err := rows.Scan(&h.ID, &h.Since, &h.Client); err != nil {
			return nil, explained("list the holders of the migration lock", err)
		}
		h.Since = h.Since.UTC().Truncate(time.Microsecond)
		all = append(all, h)
	}
	if err := rows.Err(); err != nil {
		return nil, explained("list the holders of the migration lock", err)
	}
	return all, nil
}

// End implements persistence.Locks. It looks again whether the session holds
// the lock, because the id of one that has ended may be another's by now.
func (l locks) End(ctx context.Context, id int64) (bool, error) {
	var ended bool
	err := l.db.QueryRowContext(ctx, "SELECT coalesce(bool_or(pg_terminate_backend(h.pid, 5000)), false) FROM ("+holders+") h WHERE h.pid = ?",
		guardKey, id).Scan(&ended)
	if err != nil {
		return false, explained("end the holder of the migration lock", err)
	}
	return ended, nil
}

func explained(op string, err error) error {
	return &persistence.Error{Op: op, Fault: diagnose(err), Err: err}
}
