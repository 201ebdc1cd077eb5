package api

import (
	"strings"

	v1 "github.com/checkout-promotions/checkout/api/v1"
)

// readPlainQuote reads the body of a quote when it is plain: texts of ASCII without
// escapes, whole numbers, members that most carts have, each once. It reports false for
// all else, and then the JSON library reads the body and says what is wrong. What it
// takes, the library takes too, with the same result. Its texts are parts of one copy of
// the body, so it leaves long bodies to the library.
func readPlainQuote(body []byte, q *v1.QuoteRequest) bool {
	if len(body) > maxPlain {
		return false
	}
	text := string(body)
	p := plain{rest: text}
	var had members
	p.object(func(name string) {
		switch name {
		case "lines":
			p.once(&had, 0)
			q.Lines = make([]v1.CartLine, 0, strings.Count(text, `"sku"`))
			p.array(func() { q.Lines = append(q.Lines, p.line()) })
		case "customer":
			p.once(&had, 1)
			p.customer(&q.Customer)
		case "coupons":
			p.once(&had, 2)
			q.Coupons = p.texts()
		case "channel":
			p.once(&had, 3)
			q.Channel = p.text()
		case "payment":
			p.once(&had, 4)
			q.Payment = p.text()
		case "currency":
			p.once(&had, 5)
			currency := p.text()
			q.Currency = &currency
		case "explain":
			p.once(&had, 6)
			explain := v1.QuoteRequestExplain(p.text())
			q.Explain = &explain
		case "unknown":
			p.once(&had, 7)
			unknown := v1.QuoteRequestUnknown(p.text())
			q.Unknown = &unknown
		default:
			p.other = true
		}
	})
	p.space()
	return !p.other && len(p.rest) == 0
}

func (p *plain) line() (line v1.CartLine) {
	var had members
	p.object(func(name string) {
		switch name {
		case "sku":
			p.once(&had, 0)
			line.Sku = p.text()
		case "quantity":
			p.once(&had, 1)
			line.Quantity = p.number()
		default:
			p.other = true
		}
	})
	return line
}

func (p *plain) customer(c *v1.Customer) {
	var had members
	p.object(func(name string) {
		switch name {
		case "id":
			p.once(&had, 0)
			c.ID = p.text()
		case "groups":
			p.once(&had, 1)
			c.Groups = p.texts()
		case "tags":
			p.once(&had, 2)
			c.Tags = p.texts()
		case "orders":
			p.once(&had, 3)
			c.Orders = p.number()
		default:
			p.other = true
		}
	})
}

// maxPlain is how long a body may be to be read as plain.
const maxPlain = 16 << 10

// members are those that an object has had, a bit for each.
type members uint

// plain reads JSON that has nothing unusual in it.
type plain struct {
	rest  string
	other bool // something unusual came; what was read is void
}

func (p *plain) once(had *members, member uint) {
	p.other = p.other || *had&(1<<member) != 0
	*had |= 1 << member
}

func (p *plain) space() {
	for len(p.rest) > 0 && (p.rest[0] == ' ' || p.rest[0] == '\n' || p.rest[0] == '\t' || p.rest[0] == '\r') {
		p.rest = p.rest[1:]
	}
}

// next takes the character if it comes next.
func (p *plain) next(c byte) bool {
	p.space()
	if len(p.rest) == 0 || p.rest[0] != c {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

func (p *plain) want(c byte) {
	if !p.next(c) {
		p.other = true
	}
}

// object reads an object; member is called before the value of each member.
func (p *plain) object(member func(name string)) {
	p.want('{')
	if p.next('}') {
		return
	}
	for !p.other {
		name := p.text()
		p.want(':')
		if p.other {
			return
		}
		member(name)
		if !p.next(',') {
			p.want('}')
			return
		}
	}
}

func (p *plain) array(element func()) {
	p.want('[')
	if p.next(']') {
		return
	}
	for !p.other {
		element()
		if !p.next(',') {
			p.want(']')
			return
		}
	}
}

func (p *plain) texts() []string {
	list := make([]string, 0, 1)
	p.array(func() { list = append(list, p.text()) })
	return list
}

// text reads a text of visible ASCII and spaces.
func (p *plain) text() string {
	p.want('"')
	for i := range len(p.rest) {
		switch c := p.rest[i]; {
		case c == '"':
			text := p.rest[:i]
			p.rest = p.rest[i+1:]
			return text
		case c < ' ' || c >= 0x7f || c == '\\':
			p.other = true
			return ""
		}
	}
	p.other = true
	return ""
}

// number reads a whole number of up to 15 digits.
func (p *plain) number() (n int64) {
	p.space()
	i := 0
	for ; i < len(p.rest) && '0' <= p.rest[i] && p.rest[i] <= '9'; i++ {
		n = 10*n + int64(p.rest[i]-'0')
		p.other = p.other || i >= 15
	}
	if i == 0 || i > 1 && p.rest[0] == '0' || i < len(p.rest) && strings.IndexByte(".eE", p.rest[i]) >= 0 {
		p.other = true
	}
	p.rest = p.rest[i:]
	return n
}
