package persistence

import "context"

// PoolsOf is what a purchase asks about its codes.
func (s *Store) PoolsOf(ctx context.Context, codes []string) (map[string]string, error) {
	return s.poolsOf(ctx, s.db.Reader, codes)
}

// Waiting is how many plans wait for a transaction.
func (s *Store) Waiting() int { return s.committer.waiting() }
