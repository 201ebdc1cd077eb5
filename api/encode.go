package api

import (
	"net/http"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	v1 "github.com/checkout-promotions/checkout/api/v1"
	"github.com/checkout-promotions/checkout/engine"
)

// answer sends the JSON text of value. An error means that nothing was sent.
// Bytes of a stored text that are no UTF-8 go out as U+FFFD.
func (s *Server) answer(w http.ResponseWriter, status int, value any) error {
	text, err := json.Marshal(value, answerOptions())
	if err != nil {
		return err
	}
	sendJSON(w, status, append(text, '\n'))
	return nil
}

// answerQuote is answer for a quote, which it writes faster.
func (s *Server) answerQuote(w http.ResponseWriter, quote *v1.Quote) error {
	buffer := s.bodies.take()
	defer s.bodies.put(buffer)
	buffer.Grow(4 << 10)
	text, err := appendQuote(buffer.AvailableBuffer(), quote)
	if err != nil {
		return err
	}
	sendJSON(w, http.StatusOK, append(text, '\n'))
	return nil
}

func sendJSON(w http.ResponseWriter, status int, text []byte) {
	header := w.Header()
	header["Content-Type"] = []string{"application/json"}
	header["Content-Length"] = []string{strconv.Itoa(len(text))}
	w.WriteHeader(status)
	_, _ = w.Write(text) // a client that went away does not care
}

// answerOptions are how everything is written.
func answerOptions() json.Options {
	return json.JoinOptions(jsontext.AllowInvalidUTF8(true), json.Deterministic(true))
}

// money goes out as a JSON number with exactly the digits of its currency.
type money struct {
	amount   engine.Amount
	currency engine.Currency
}

// MarshalJSONTo implements json.MarshalerTo.
func (m *money) MarshalJSONTo(e *jsontext.Encoder) error {
	return e.WriteValue(m.currency.Append(e.AvailableBuffer(), m.amount))
}

// listText goes out as JSON text inside of a text.
type listText []string

// MarshalJSONTo implements json.MarshalerTo.
func (l listText) MarshalJSONTo(e *jsontext.Encoder) error {
	text, err := json.Marshal([]string(l), e.Options())
	if err != nil {
		return err
	}
	return e.WriteToken(jsontext.String(string(text)))
}
