package api

import (
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	v1 "github.com/checkout-promotions/checkout/api/v1"
	"github.com/checkout-promotions/checkout/engine"
)

// appender writes JSON without asking what types there are: the answers that most
// requests get. Its text is, to the byte, the one of the JSON library with
// answerOptions, to which it leaves what is rare.
type appender struct {
	text []byte
	err  error
}

// appendQuote appends a quote, its members in the order of the generated type.
func appendQuote(text []byte, q *v1.Quote) ([]byte, error) {
	a := appender{text: append(text, `{"at":`...)}
	a.instant(q.At)
	optional(&a, `,"awards":`, q.Awards)
	if q.Bound != (v1.Amount{}) {
		a.amount(`,"bound":`, q.Bound)
	}
	optional(&a, `,"coupons":`, q.Coupons)
	a.string(`,"currency":`, q.Currency)
	a.amount(`,"discount":`, q.Discount)
	optional(&a, `,"gifts":`, q.Gifts)
	elements(&a, `,"lines":`, q.Lines, (*appender).line)
	a.text = strconv.AppendBool(append(a.text, `,"optimal":`...), q.Optimal)
	optional(&a, `,"others":`, q.Others)
	a.amount(`,"payable":`, q.Payable)
	elements(&a, `,"promotions":`, q.Promotions, (*appender).promotion)
	a.string(`,"ruleset":`, q.Ruleset)
	optional(&a, `,"shipments":`, q.Shipments)
	a.amount(`,"shipping_discount":`, q.ShippingDiscount)
	a.amount(`,"shipping_total":`, q.ShippingTotal)
	a.amount(`,"subtotal":`, q.Subtotal)
	a.amount(`,"total":`, q.Total)
	optional(&a, `,"unknown":`, q.Unknown)
	return append(a.text, '}'), a.err
}

func (a *appender) line(l *v1.QuoteLine) {
	a.amount(`{"discount":`, l.Discount)
	a.string(`,"name":`, l.Name)
	a.number(`,"quantity":`, l.Quantity)
	a.string(`,"sku":`, l.Sku)
	a.amount(`,"subtotal":`, l.Subtotal)
	a.amount(`,"total":`, l.Total)
	a.amount(`,"unit_price":`, l.UnitPrice)
	elements(a, `,"units":`, l.Units, (*appender).units)
	a.text = append(a.text, '}')
}

func (a *appender) units(u *v1.UnitPrices) {
	a.amount(`{"price":`, u.Price)
	a.number(`,"quantity":`, u.Quantity)
	a.text = append(a.text, '}')
}

func (a *appender) promotion(p *v1.AppliedPromotion) {
	a.number(`{"applications":`, p.Applications)
	if p.Coupon != "" {
		a.string(`,"coupon":`, p.Coupon)
	}
	a.amount(`,"discount":`, p.Discount)
	a.string(`,"id":`, p.ID)
	elements(a, `,"lines":`, p.Lines, (*appender).appliedLine)
	a.string(`,"name":`, p.Name)
	a.text = append(a.text, '}')
}

func (a *appender) appliedLine(l *v1.AppliedLine) {
	if l.After != (v1.Amount{}) || l.Before != (v1.Amount{}) || l.Shipment != "" || l.Units != nil {
		a.rare(l)
		return
	}
	a.amount(`{"discount":`, l.Discount)
	a.number(`,"quantity":`, l.Quantity)
	if l.Sku != "" {
		a.string(`,"sku":`, l.Sku)
	}
	a.text = append(a.text, '}')
}

func (a *appender) amount(name string, d engine.Decimal) {
	text, err := d.AppendText(append(append(a.text, name...), '"'))
	a.note(err)
	a.text = append(text, '"')
}

func (a *appender) number(name string, n int64) {
	a.text = strconv.AppendInt(append(a.text, name...), n, 10)
}

// string appends a text. Where it is no UTF-8, U+FFFD stands for what is not.
func (a *appender) string(name, value string) {
	a.text = append(a.text, name...)
	for i := range len(value) {
		if c := value[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			a.text, _ = jsontext.AppendQuote(a.text, value) // its error is that of UTF-8
			return
		}
	}
	a.text = append(append(append(a.text, '"'), value...), '"')
}

// instant appends a time, as RFC 3339 has it; the library refuses those it has not.
func (a *appender) instant(at time.Time) {
	if at.Location() != time.UTC {
		a.rare(at)
		return
	}
	text, err := at.AppendText(append(a.text, '"'))
	a.note(err)
	a.text = append(text, '"')
}

// rare leaves a value to the library.
func (a *appender) rare(value any) {
	text, err := json.Marshal(value, answerOptions())
	a.note(err)
	a.text = append(a.text, text...)
}

func (a *appender) note(err error) {
	if a.err == nil {
		a.err = err
	}
}

// optional appends a list that is left out when there is nothing in it.
func optional[T any](a *appender, name string, values []T) {
	if len(values) > 0 {
		a.text = append(a.text, name...)
		a.rare(values)
	}
}

func elements[T any](a *appender, name string, values []T, each func(*appender, *T)) {
	a.text = append(append(a.text, name...), '[')
	for i := range values {
		if i > 0 {
			a.text = append(a.text, ',')
		}
		each(a, &values[i])
	}
	a.text = append(a.text, ']')
}
