package sqlite_test

import (
	"strings"
	"testing"

	"github.com/checkout-promotions/checkout/persistence"
)

// TestQuestionsUseTheIndexes holds that looking for work does not read deliveries that were
// made long ago, nor for the orders of a promotion those of others.
func TestQuestionsUseTheIndexes(t *testing.T) {
	db := openFile(t)
	newStore(t, db, persistence.Options{})
	const open = "state IN ('pending', 'claimed')"
	for _, c := range []struct{ name, query, want string }{
		{
			"what is due", "SELECT d.event_id FROM deliveries AS d WHERE d.endpoint = 'a' AND d." + open + " AND d.next_attempt_at <= '2026' " +
				"AND NOT EXISTS (SELECT 1 FROM deliveries AS e WHERE e.endpoint = d.endpoint AND e.aggregate = d.aggregate " +
				"AND e.event_id < d.event_id AND e." + open + ") ORDER BY d.next_attempt_at, d.event_id LIMIT 5",
			"SEARCH d USING INDEX deliveries_due (endpoint=? AND next_attempt_at<?)\n" +
				"CORRELATED SCALAR SUBQUERY 1\n" +
				"SEARCH e USING INDEX deliveries_open (endpoint=? AND aggregate=? AND event_id<?)",
		},
		{
			"what is open", "SELECT endpoint, count(*), min(event_id) FROM deliveries WHERE " + open + " GROUP BY endpoint",
			"SCAN deliveries USING INDEX deliveries_open",
		},
		{
			"what is dead", "SELECT endpoint, count(*) FROM deliveries WHERE state = 'dead' GROUP BY endpoint",
			"SCAN deliveries USING COVERING INDEX deliveries_dead",
		},
		{
			"orders of a promotion", "SELECT o.id FROM orders AS o JOIN order_marks AS m ON m.order_id = o.id " +
				"WHERE (m.kind = 'promotion' AND m.key = 'a') AND m.placed_at >= '2026' AND (m.placed_at, m.order_id) < ('2027', 9) " +
				"ORDER BY m.placed_at DESC, m.order_id DESC LIMIT 51",
			"SEARCH m USING PRIMARY KEY (kind=? AND key=? AND placed_at>? AND (placed_at,order_id)<(?,?))\n" +
				"SEARCH o USING INTEGER PRIMARY KEY (rowid=?)",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			rows, err := db.Writer.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+c.query)
			check(t, err)
			defer func() { check(t, rows.Close()) }()
			var steps []string
			for rows.Next() {
				var id, parent, unused int
				var step string
				check(t, rows.Scan(&id, &parent, &unused, &step))
				steps = append(steps, step)
			}
			check(t, rows.Err())
			if got := strings.Join(steps, "\n"); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}
