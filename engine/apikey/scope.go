package apikey

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Scope is something that a key may do.
type Scope string

// The scopes.
const (
	QuotesRead     Scope = "quotes:read"     // price carts as of now
	QuotesPreview  Scope = "quotes:preview"  // price carts as of another time
	OrdersRead     Scope = "orders:read"     // orders, returns, holds
	OrdersWrite    Scope = "orders:write"    // place, cancel and return orders, hold units
	InventoryRead  Scope = "inventory:read"  // items with their stock, movements
	InventoryWrite Scope = "inventory:write" // change items and stock
	RulesRead      Scope = "rules:read"      // rulesets, promotions and their source, plugins
	RulesPublish   Scope = "rules:publish"   // put rules in force, pause promotions
	CouponsRead    Scope = "coupons:read"    // pools and codes
	CouponsWrite   Scope = "coupons:write"   // make, import and revoke codes
	WebhooksWrite  Scope = "webhooks:write"  // look after the delivery of events
	Admin          Scope = "admin"           // everything, the audit log and keys included
)

// AllScopes returns every scope there is, in the order in which they are shown.
func AllScopes() Scopes {
	return Scopes{
		QuotesRead, QuotesPreview, OrdersRead, OrdersWrite, InventoryRead, InventoryWrite,
		RulesRead, RulesPublish, CouponsRead, CouponsWrite, WebhooksWrite, Admin,
	}
}

// Scopes is what a key may do. Those of a Key are sorted, each there once.
type Scopes []Scope

// Allow tells whether the scopes have this one. Admin has all.
func (s Scopes) Allow(scope Scope) bool {
	return slices.Contains(s, scope) || slices.Contains(s, Admin)
}

// Strings returns the scopes as words.
func (s Scopes) Strings() []string {
	words := make([]string, len(s))
	for i, scope := range s {
		words[i] = string(scope)
	}
	return words
}

// String returns the scopes with commas.
func (s Scopes) String() string { return strings.Join(s.Strings(), ", ") }

// sorted returns the scopes in the order of AllScopes, each once; those that are
// unknown, from a newer version, come last.
func (s Scopes) sorted() Scopes {
	all := AllScopes()
	rank := func(scope Scope) int {
		if i := slices.Index(all, scope); i >= 0 {
			return i
		}
		return len(all)
	}
	sorted := slices.Clone(s)
	slices.SortFunc(sorted, func(a, b Scope) int {
		if d := rank(a) - rank(b); d != 0 {
			return d
		}
		return strings.Compare(string(a), string(b))
	})
	return slices.Compact(sorted)
}

// UnknownScopeError says that there is no such scope.
type UnknownScopeError struct{ Scope string }

// Error implements error. It names the scopes that may be meant, else all.
func (e *UnknownScopeError) Error() string {
	meant := near(e.Scope)
	if len(meant) == 0 {
		return fmt.Sprintf("there is no scope %.40q: want %s", e.Scope, AllScopes())
	}
	return fmt.Sprintf("there is no scope %.40q: did you mean %s?", e.Scope, strings.Join(meant, " or "))
}

// ParseScopes reads the words of scopes and returns them sorted, each once. Every
// word that is no scope is an *UnknownScopeError; all of them are joined. No word
// at all is an *InvalidError.
func ParseScopes(words []string) (Scopes, error) {
	all := AllScopes()
	var scopes Scopes
	var faults []error
	for _, word := range words {
		if !slices.Contains(all, Scope(word)) {
			faults = append(faults, &UnknownScopeError{word})
			continue
		}
		scopes = append(scopes, Scope(word))
	}
	switch {
	case len(faults) > 0:
		return nil, errors.Join(faults...)
	case len(scopes) == 0:
		return nil, &InvalidError{"scopes", "there are none; want some of " + all.String()}
	}
	return scopes.sorted(), nil
}

// near returns the scopes that a word may mean: those of a matter that is named
// alone, such as orders, else the one with the fewest other letters.
func near(word string) []string {
	word = strings.ToLower(strings.TrimSpace(word))
	if word == "" || len(word) > 40 {
		return nil
	}
	var meant []string
	least := len(word)/3 + 1
	for _, scope := range AllScopes().Strings() {
		if matter, _, _ := strings.Cut(scope, ":"); matter == word {
			meant = append(meant, scope)
			least = -1
		} else if d := distance(word, scope); d < least {
			meant, least = []string{scope}, d
		}
	}
	return meant
}

// distance is how many letters have to be added, removed or changed (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
