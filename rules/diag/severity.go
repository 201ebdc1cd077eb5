package diag

import "fmt"

// Severity says how much a finding matters. The zero value is SeverityError.
type Severity uint8

// The severities. An error keeps rules from loading; a warning is in all
// likelihood a mistake; a note is worth knowing.
const (
	SeverityError Severity = iota
	SeverityWarning
	SeverityNote
)

// String is the word for the severity.
func (s Severity) String() string {
	switch s {
	case SeverityWarning:
		return "warning"
	case SeverityNote:
		return "note"
	default:
		return "error"
	}
}

// ParseSeverity reads the word for a severity.
func ParseSeverity(word string) (Severity, error) {
	for _, s := range []Severity{SeverityError, SeverityWarning, SeverityNote} {
		if s.String() == word {
			return s, nil
		}
	}
	return SeverityError, fmt.Errorf("severity %q: want error, warning or note", word)
}

// MarshalText implements encoding.TextMarshaler.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *Severity) UnmarshalText(text []byte) (err error) {
	*s, err = ParseSeverity(string(text))
	return err
}

// AtLeast reports whether the severity is the other one or graver.
func (s Severity) AtLeast(other Severity) bool { return s <= other }
