package config

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// kind is what a setting takes.
type kind interface {
	// want completes a sentence that begins with "want".
	want() string
	// parse returns the typed value that the text stands for; false when it stands for none.
	parse(text string) (any, bool)
}

// number takes the whole numbers from min to max.
type number struct{ min, max int }

func (n number) want() string { return fmt.Sprintf("a whole number from %d to %d", n.min, n.max) }

func (n number) parse(text string) (any, bool) {
	v, err := strconv.Atoi(text)
	return v, err == nil && n.min <= v && v <= n.max
}

// boolean takes true and false.
type boolean struct{}

func (boolean) want() string { return "true or false" }

func (boolean) parse(text string) (any, bool) {
	v, err := strconv.ParseBool(text)
	return v, err == nil
}

// duration takes durations above zero, and zero too where it says what that does.
type duration struct{ zero string }

func (d duration) want() string {
	if d.zero != "" {
		return "a duration such as 720h, or 0, which " + d.zero
	}
	return "a duration above zero, such as 15s or 1m30s"
}

func (d duration) parse(text string) (any, bool) {
	v, err := time.ParseDuration(text)
	return v, err == nil && (v > 0 || v == 0 && d.zero != "")
}

// choice takes one of a few words.
type choice []string

func (c choice) want() string {
	last := len(c) - 1
	return strings.Join(c[:last], ", ") + " or " + c[last]
}

func (c choice) parse(text string) (any, bool) {
	for _, word := range c {
		if text == word {
			return text, true
		}
	}
	return nil, false
}

// text takes any text that passes its test.
type text struct {
	wanted string
	ok     func(string) bool
}

func (t text) want() string { return t.wanted }

func (t text) parse(s string) (any, bool) { return s, t.ok(s) }

// secret takes any text that passes its test, if it has one, and keeps it out of messages.
type secret struct {
	wanted string
	ok     func(string) bool
}

func (s secret) want() string { return cmp.Or(s.wanted, "text") }

func (s secret) parse(text string) (any, bool) { return Secret(text), s.ok == nil || s.ok(text) }
