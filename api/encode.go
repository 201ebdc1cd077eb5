package api

import (
	"net/http"
	"strconv"
	"sync"
	"unicode/utf8"

	"github.com/checkout-promotions/checkout/engine"
)

// answer sends the JSON text that build appends.
func (s *Server) answer(w http.ResponseWriter, status int, build func(b []byte) []byte) {
	buffer := s.buffers.get()
	defer s.buffers.put(buffer)
	*buffer = append(build((*buffer)[:0]), '\n')
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Content-Length", strconv.Itoa(len(*buffer)))
	w.WriteHeader(status)
	_, _ = w.Write(*buffer) // a client that went away does not care
}

// bufferPool keeps the buffers of bodies and answers.
type bufferPool struct{ pool sync.Pool }

// maxPooled keeps the buffer of one huge request from staying for ever.
const maxPooled = 64 << 10

func (p *bufferPool) get() *[]byte {
	if buffer, ok := p.pool.Get().(*[]byte); ok {
		return buffer
	}
	buffer := make([]byte, 0, 4<<10)
	return &buffer
}

func (p *bufferPool) put(buffer *[]byte) {
	if cap(*buffer) <= maxPooled {
		p.pool.Put(buffer)
	}
}

// The functions below append a value to JSON text. Names of members stand in the
// code of the answers as they go out.

func appendTexts(b []byte, list []string) []byte {
	b = append(b, '[')
	for i, s := range list {
		b = appendComma(b, i)
		b = appendQuoted(b, s)
	}
	return append(b, ']')
}

// appendComma separates the element i from the one before.
func appendComma(b []byte, i int) []byte {
	if i == 0 {
		return b
	}
	return append(b, ',')
}

// appendMoney writes a as Currency.Format does.
func appendMoney(b []byte, c engine.Currency, a engine.Amount) []byte {
	magnitude := uint64(a)
	if a < 0 {
		b = append(b, '-')
		magnitude = -magnitude
	}
	var scratch [20]byte
	digits := strconv.AppendUint(scratch[:0], magnitude, 10)
	whole := len(digits) - c.Digits()
	if whole > 0 {
		b = append(b, digits[:whole]...)
		digits = digits[whole:]
	} else {
		b = append(b, '0')
	}
	if c.Digits() == 0 {
		return b
	}
	b = append(b, '.')
	for ; whole < 0; whole++ {
		b = append(b, '0')
	}
	return append(b, digits...)
}

// appendQuoted appends s as a JSON text. Only what JSON demands is escaped:
// names with < and & come back as they were sent. Bytes that are no UTF-8 become
// U+FFFD, as with encoding/json.
func appendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		if c := s[i]; c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r >= utf8.RuneSelf && (r != utf8.RuneError || size > 1) {
			i += size
			continue
		}
		b = appendEscaped(append(b, s[start:i]...), r)
		i += size
		start = i
	}
	return append(append(b, s[start:]...), '"')
}

func appendEscaped(b []byte, r rune) []byte {
	const hex = "0123456789abcdef"
	switch r {
	case '"', '\\':
		return append(b, '\\', byte(r))
	case '\n':
		return append(b, `\n`...)
	case '\r':
		return append(b, `\r`...)
	case '\t':
		return append(b, `\t`...)
	case utf8.RuneError:
		return append(b, `\ufffd`...)
	default:
		return append(b, '\\', 'u', '0', '0', hex[r>>4], hex[r&0xf])
	}
}
