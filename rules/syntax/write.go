package syntax

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// Word writes a text as YAML reads it, on one line: in quotes where YAML might read
// something else, also between brackets.
func Word(text string) string {
	reserved := []string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
	if word.MatchString(text) && !slices.Contains(reserved, strings.ToLower(text)) {
		return text
	}
	return Quoted(text)
}

// word is a text that needs no quotes.
var word = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_./-]*( x[0-9]+)?$`)

// Quoted writes a text as JSON does, which is YAML as well.
func Quoted(text string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // a > is a >
	if e.Encode(text) != nil {
		return `""` // a text has nothing that JSON cannot say
	}
	return strings.TrimSuffix(b.String(), "\n")
}
