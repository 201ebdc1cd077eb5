package engine

import (
	"fmt"
	"strings"
)

// UnknownPoolError says that there is no coupon pool of the name.
type UnknownPoolError struct{ Name string }

// Error implements error.
func (e *UnknownPoolError) Error() string { return fmt.Sprintf("coupon pool %q not found", e.Name) }

// PoolChangedError says that a coupon pool is not as it must be for a change; nothing was
// changed.
type PoolChangedError struct {
	Name string
	// Revision is that of the pool, 0 where there is none.
	Revision int64
}

// Error implements error.
func (e *PoolChangedError) Error() string {
	if e.Revision == 0 {
		return fmt.Sprintf("there is no coupon pool %s: nothing was changed", e.Name)
	}
	return fmt.Sprintf("coupon pool %s is at revision %d: nothing was changed", e.Name, e.Revision)
}

// UnknownCodesError lists coupon codes that no pool has, as they were given.
type UnknownCodesError struct{ Codes []string }

// Error implements error. It names the first ten.
func (e *UnknownCodesError) Error() string {
	const most = 10
	text := "no pool has the coupon code " + strings.Join(e.Codes[:min(most, len(e.Codes))], ", ")
	if more := len(e.Codes) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
