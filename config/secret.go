package config

import (
	"fmt"
	"io"
	"log/slog"
)

// Secret is text that must not be seen. However it is printed, logged or encoded, [Secret.Reveal] apart, it shows as
// "[redacted]", or as nothing when it is empty: whether a password is set is no secret.
type Secret string

var (
	_ fmt.Formatter  = Secret("")
	_ slog.LogValuer = Secret("")
)

// Reveal returns the text itself.
func (s Secret) Reveal() string { return string(s) }

// String returns the redacted form.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "[redacted]"
}

// Format writes the redacted form for every verb and flag.
func (s Secret) Format(w fmt.State, _ rune) { _, _ = io.WriteString(w, s.String()) }

// LogValue returns the redacted form for slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText returns the redacted form for encoders such as JSON and YAML. It never fails.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
