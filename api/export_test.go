package api

import (
	"iter"

	"github.com/checkout-promotions/checkout/engine"
)

// What the tests look at from inside.

// Quoted is what an answer has for the text s.
func Quoted(s string) string { return string(appendQuoted(nil, s)) }

// Unquoted is what the decoder reads for a quoted text.
func Unquoted(quoted string) (string, bool) { return unquote(quoted) }

// Money is what an answer has for the amount.
func Money(c engine.Currency, a engine.Amount) string {
	return string(appendMoney(nil, c, a))
}

// Members walks a valid JSON object.
func Members(object string) iter.Seq2[string, string] { return members(object) }

// Elements walks a valid JSON list.
func Elements(list string) iter.Seq2[int, string] { return elements(list) }
