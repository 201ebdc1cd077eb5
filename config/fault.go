package config

import (
	"fmt"
	"strings"

	"github.com/agnivade/levenshtein"
)

// Error is the error of [Load]: everything that is wrong with the configuration, in the order file, environment, flags. It has
// at least one fault.
type Error struct {
	Faults []Fault
}

// Error returns one line a fault, under a heading when there are several.
func (e *Error) Error() string {
	if len(e.Faults) == 1 {
		return "configuration: " + e.Faults[0].String()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "configuration: %d faults", len(e.Faults))
	for _, f := range e.Faults {
		fmt.Fprintf(&b, "\n  %s", f)
	}
	return b.String()
}

// Fault is one thing wrong with the configuration. None of its texts holds a secret.
type Fault struct {
	// Source is where it was read: "checkout.yaml:3: port", "CHECKOUT_PORT" or "--port".
	Source string
	// Problem says what is wrong.
	Problem string
	// Hint says what to do, where the problem does not say so already.
	Hint string
}

// String returns the fault on one line.
func (f Fault) String() string {
	if f.Hint == "" {
		return f.Source + ": " + f.Problem
	}
	return f.Source + ": " + f.Problem + "; " + f.Hint
}

// unknown is the fault of a name that no setting has. Names are those the source would know.
func unknown(source, name string, names []string) Fault {
	f := Fault{Source: source, Problem: "no such setting", Hint: "checkout run --help lists them"}
	if near := nearest(name, names); near != "" {
		f.Hint = "did you mean " + near + "?"
	}
	return f
}

// nearest returns the name that is most like the given one, or "" when none is like it. Case and punctuation do not count.
func nearest(name string, names []string) string {
	wrong := plain(name)
	best, least := "", min(len(wrong), max(3, 1+len(wrong)/3))
	for _, n := range names {
		if d := levenshtein.ComputeDistance(wrong, plain(n)); d < least {
			best, least = n, d
		}
	}
	return best
}

// plain strips a name of what only its source gives it.
func plain(name string) string {
	name = strings.TrimPrefix(strings.ToLower(name), strings.ToLower(prefix))
	return strings.NewReplacer("-", "_", ".", "_").Replace(name)
}
