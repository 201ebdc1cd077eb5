package compile

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser/lexer"

	"github.com/checkout-promotions/checkout/rules/diag"
)

// parseFault is what the parser says, in an author's words.
type parseFault struct {
	from, to      int
	code          diag.Code
	message, hint string
}

// reportSyntax reports what the parser says.
func (c *checker) reportSyntax(err error) {
	var at *file.Error
	if !errors.As(err, &at) {
		c.value.Report(diag.BadExpression, "", "%v", err)
		return
	}
	if strings.Contains(at.Message, "maximum allowed nodes") {
		c.value.Report(diag.TooCostly, "split it into named conditions or sets",
			"the expression has more than %d parts", maxNodes)
		return
	}
	f := c.parseFault(parseFault{from: at.From, to: at.To, code: diag.BadExpression, message: at.Message})
	c.value.ReportAt(f.from, max(f.to, f.from+1), f.code, f.hint, "%s", f.message)
}

// parseFault says in other words what the parser says.
func (c *checker) parseFault(f parseFault) parseFault {
	is := func(part string) bool { return strings.Contains(f.message, part) }
	switch {
	case strings.TrimSpace(string(c.source)) == "":
		f.message = "the expression is empty"
	case is("token EOF"), is("end of expression"):
		return c.endsEarly(f)
	case is("unexpected token"):
		return c.unexpected(f)
	case is("not terminated"):
		return c.notClosed(f)
	case is("unrecognized character"):
		f.message, f.hint = unknownCharacter(c.source[f.from])
	case is("bad number syntax"):
		return c.badNumber(f)
	case is("invalid char escape"), is("unable to unescape"):
		f.message, f.hint = `an unknown character after \`, `write \\ for a backslash`
	case is("literal"):
		return c.longNumber(f)
	case is("expected at least"):
		f.message, f.hint = "the predicate is missing", "such as any(cart.lines, .quantity > 1)"
	case is("cannot be mixed"):
		f.message, f.hint = "?? needs brackets beside other operators", "such as (customer.attributes.points ?? 0) > 100"
	case is("expected name"):
		f.message = "a name is missing after the point"
	case is("unclosed comment"):
		f.message = "the comment that begins with /* has no */"
	}
	return f
}

// endsEarly is an expression of which the end is missing.
func (c *checker) endsEarly(f parseFault) parseFault {
	end := len([]rune(strings.TrimRight(string(c.source), " \t\r\n")))
	f.from, f.to, f.message = end, end, "the expression ends too early"
	open := c.openBracket()
	switch next := c.value.Next(); {
	case next == '#':
		f.hint = "quote the whole expression, because a # begins a comment"
	case next == ',':
		f.hint = "quote the whole expression, because a comma ends it inside { } and [ ]"
	case open != "":
		f.hint = fmt.Sprintf("the %s is never closed", open)
	case c.source[end-1] == '%':
		f.hint = "write a percentage as a number, such as 10"
	case c.has("?") && !c.has(":"):
		f.hint = "a choice has two outcomes: a ? b : c"
	}
	return f
}

// has reports whether the operator is in the expression.
func (c *checker) has(operator string) bool {
	return slices.ContainsFunc(tokensOf(string(c.source)), func(t lexer.Token) bool { return t.Is(lexer.Operator, operator) })
}

// openBracket is the last bracket of the expression that is not closed.
func (c *checker) openBracket() string {
	var open []string
	for _, t := range tokensOf(string(c.source)) {
		switch {
		case t.Is(lexer.Bracket, "(", "[", "{"):
			open = append(open, t.Value)
		case t.Is(lexer.Bracket) && len(open) > 0:
			open = open[:len(open)-1]
		}
	}
	if len(open) == 0 {
		return ""
	}
	return open[len(open)-1]
}

// notClosed is a text without its closing quote.
func (c *checker) notClosed(f parseFault) parseFault {
	f.from = c.openQuote()
	f.to, f.message = f.from+1, "the quotes are not closed"
	if slices.Contains(c.source[f.from:], '\n') {
		f.hint = "a text ends on the line on which it begins"
	}
	return f
}

// openQuote is the place of the quote that is not closed.
func (c *checker) openQuote() int {
	start, quote := 0, rune(0)
	for i := 0; i < len(c.source); i++ {
		switch r := c.source[i]; {
		case quote != 0 && quote != '`' && r == '\\':
			i++
		case quote != 0 && (r == quote || r == '\n' && quote != '`'):
			if r == '\n' {
				return start
			}
			quote = 0
		case quote == 0 && (r == '"' || r == '\'' || r == '`'):
			start, quote = i, r
		}
	}
	return start
}

// unexpected is a token that cannot stand where it stands.
func (c *checker) unexpected(f parseFault) parseFault {
	tokens := tokensOf(string(c.source))
	at := slices.IndexFunc(tokens, func(t lexer.Token) bool { return t.From == f.from })
	if at < 0 {
		return f
	}
	if pipe := slices.IndexFunc(tokens[:at+1], func(t lexer.Token) bool { return t.Is(lexer.Operator, "|") }); pipe >= 0 {
		at = pipe
	}
	token, near := tokens[at], neighbours{}
	if at > 0 {
		near.before = tokens[at-1]
	}
	if at+1 < len(tokens) {
		near.after = tokens[at+1]
	}
	if token.Is(lexer.Operator, ".", "#") {
		return c.outsidePredicate(f, tokens[:at])
	}
	f.from, f.to = token.From, token.To
	f.message = fmt.Sprintf("unexpected %q", string(c.source[token.From:token.To]))
	f.hint = unexpectedHint(token.Value, near)
	return f
}

type neighbours struct{ before, after lexer.Token }

// unexpectedHint is the advice for habits from other languages.
func unexpectedHint(token string, near neighbours) string {
	word := func(token string) bool {
		return slices.Contains([]string{"AND", "OR", "NOT", "IN"}, strings.ToUpper(token))
	}
	switch {
	case word(token) && strings.ToLower(token) != token:
		return fmt.Sprintf("write %s in small letters", strings.ToLower(token))
	case word(near.before.Value) && near.before.Kind == lexer.Identifier:
		return fmt.Sprintf("write %s in small letters", strings.ToLower(near.before.Value))
	case token == "=" && (near.after.Value == ">" || near.after.Value == "<"):
		return fmt.Sprintf("write %s=", near.after.Value)
	case token == "=", token == "is" && near.after.Value != "not", token == "equals":
		return "write == to compare"
	case token == "is", token == ">" && near.before.Value == "<":
		return "write != for what is not equal"
	case slices.Contains([]string{"contains", "matches", "startsWith", "endsWith"}, token):
		return fmt.Sprintf(`write it between the two: sku %s "A"`, token)
	case token == "in":
		return `write it between the two: sku in ["A", "B"]`
	case token == "&":
		return "write and"
	case token == "|":
		return "write or"
	case token == "," && near.before.Kind == lexer.Number:
		return "write a decimal point: 10.50"
	case token == "%", near.before.Value == "%":
		return "% is the remainder of a division; write 10 / 100 for 10 %"
	default:
		return ""
	}
}

// outsidePredicate is a . or # where no function takes a predicate: in a
// misspelt function, or in none.
func (c *checker) outsidePredicate(f parseFault, before []lexer.Token) parseFault {
	depth := 0
	for i := len(before) - 1; i > 0; i-- {
		switch t := before[i]; {
		case t.Is(lexer.Bracket, ")"):
			depth++
		case t.Is(lexer.Bracket, "(") && depth > 0:
			depth--
		case t.Is(lexer.Bracket, "(") && before[i-1].Kind == lexer.Identifier && !slices.Contains(functionNames(), before[i-1].Value):
			name := before[i-1]
			return parseFault{from: name.From, to: name.To, code: diag.UnknownName, hint: functionHint(name.Value),
				message: fmt.Sprintf("unknown function %q", name.Value)}
		}
	}
	f.message = fmt.Sprintf("unexpected %q", string(c.source[f.from:f.to]))
	f.hint = "only any, all, none, one, count, filter and sum have an element that . and # stand for"
	return f
}

// unknownCharacter explains a character that expressions do not have.
func unknownCharacter(r rune) (message, hint string) {
	message = fmt.Sprintf("%c means nothing here", r)
	switch r {
	case '“', '”', '„', '‘', '’', '«', '»':
		hint = `write straight quotes: "tv"`
	case '€', '£', '¥':
		hint = "write an amount without its currency"
	case '≥', '≤', '≠':
		hint = "write " + map[rune]string{'≥': ">=", '≤': "<=", '≠': "!="}[r]
	case '–', '—', '−':
		hint = "write -"
	case '×', '·':
		hint = "write *"
	case '÷':
		hint = "write /"
	}
	return message, hint
}

// badNumber is a number that runs into letters, such as 10EUR.
func (c *checker) badNumber(f parseFault) parseFault {
	f.to = min(f.to, len(c.source))
	for f.from > 0 && (isWordRune(c.source[f.from-1]) || c.source[f.from-1] == '.') {
		f.from--
	}
	for f.to < len(c.source) && isWordRune(c.source[f.to]) {
		f.to++
	}
	f.message = fmt.Sprintf("%s is not a number", string(c.source[f.from:f.to]))
	f.hint = "write an amount without its currency, and a text in quotes"
	return f
}

// longNumber is a number beyond what the parser can hold; the parser is one
// token ahead when it says so.
func (c *checker) longNumber(f parseFault) parseFault {
	for _, t := range tokensOf(string(c.source)) {
		if t.Kind == lexer.Number && len(t.Value) > 18 && t.From <= f.from {
			f.from, f.to = t.From, t.To
		}
	}
	if f.to-f.from > 18 {
		f.message, f.hint = "a number has at most 18 digits", ""
	}
	return f
}

func isWordRune(r rune) bool {
	return r == '_' || r == '$' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}
