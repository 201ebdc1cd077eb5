package api

import (
	"net/http"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/checkout-promotions/checkout/engine"
)

// answer sends the JSON text of value. An error means that nothing was sent.
// Bytes of a stored text that are no UTF-8 go out as U+FFFD.
func (s *Server) answer(w http.ResponseWriter, status int, value any) error {
	text, err := json.Marshal(value, answerOptions())
	if err != nil {
		return err
	}
	text = append(text, '\n')
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	_, _ = w.Write(text) // a client that went away does not care
	return nil
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
