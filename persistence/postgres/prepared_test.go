package postgres_test

import "testing"

// A session that has forgotten the prepared call, as one behind a pooler may, sells all
// the same.
func TestASessionThatForgetsWhatIsPreparedSells(t *testing.T) {
	s := newSellShop(t)
	s.db.Writer.SetMaxOpenConns(1)
	for range 3 {
		if _, err := s.Purchase(t.Context(), s.sale("A", "B")); err != nil {
			t.Fatal(err)
		}
		if _, err := s.db.Writer.ExecContext(t.Context(), "DEALLOCATE ALL"); err != nil {
			t.Fatal(err)
		}
	}
	for i, sold := range s.sold {
		if !sold {
			t.Errorf("sale %d: got one that was left to the statements, want the function", i)
		}
	}
}
