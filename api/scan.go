package api

import (
	"encoding/json"
	"iter"
	"strings"
)

// The functions below walk JSON text that json.Valid has accepted, without
// building anything. A value is a part of the text without blanks around it.

// members yields the keys of an object, quoted as they stand, and its values.
func members(object string) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for at := skipSpace(object, 1); object[at] != '}'; {
			end := valueEnd(object, at)
			key := object[at:end]
			at = skipSpace(object, skipSpace(object, end)+1) // over the colon
			end = valueEnd(object, at)
			if !yield(key, object[at:end]) {
				return
			}
			at = nextValue(object, end)
		}
	}
}

// elements yields the indexes and values of a list.
func elements(list string) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		at := skipSpace(list, 1)
		for i := 0; list[at] != ']'; i++ {
			end := valueEnd(list, at)
			if !yield(i, list[at:end]) {
				return
			}
			at = nextValue(list, end)
		}
	}
}

// nextValue goes over a comma, or stays before the closing bracket.
func nextValue(text string, at int) int {
	at = skipSpace(text, at)
	if text[at] == ',' {
		return skipSpace(text, at+1)
	}
	return at
}

func skipSpace(text string, at int) int {
	for text[at] == ' ' || text[at] == '\n' || text[at] == '\r' || text[at] == '\t' {
		at++
	}
	return at
}

// valueEnd returns where the value that begins at at ends.
func valueEnd(text string, at int) int {
	switch text[at] {
	case '"':
		return quoteEnd(text, at)
	case '{', '[':
		return nestEnd(text, at)
	default:
		if n := strings.IndexAny(text[at:], ",]} \n\r\t"); n >= 0 {
			return at + n
		}
		return len(text)
	}
}

func quoteEnd(text string, at int) int {
	for at++; text[at] != '"'; at++ {
		if text[at] == '\\' {
			at++
		}
	}
	return at + 1
}

func nestEnd(text string, at int) int {
	for depth := 0; ; {
		switch text[at] {
		case '"':
			at = quoteEnd(text, at)
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		at++
		if depth == 0 {
			return at
		}
	}
}

// kindOf names the type of a value for messages.
func kindOf(value string) string {
	switch value[0] {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		return "a text"
	case 't', 'f':
		return value
	case 'n':
		return "null"
	default:
		return "a number"
	}
}

// unquote returns the text that a quoted value stands for, and false when it
// names half of a character by \u, which encoding/json would replace.
func unquote(quoted string) (text string, ok bool) {
	if strings.IndexByte(quoted, '\\') < 0 {
		return quoted[1 : len(quoted)-1], true
	}
	return unescape(quoted)
}

func unescape(quoted string) (text string, ok bool) {
	if err := json.Unmarshal([]byte(quoted), &text); err != nil {
		return "", false
	}
	const replacement = "\uFFFD"
	written := strings.Count(quoted, replacement) + strings.Count(strings.ToLower(quoted), `\ufffd`)
	return text, strings.Count(text, replacement) <= written
}
