// Package contract translates between the engine and the contract of plugins, for those who ask plugins: the host, and package
// plugintest, so that tests of authors send and read what the shop does. Nothing that a plugin says is trusted here; what an answer may
// give is checked by the engine.
package contract

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/plugins/internal/pluginpb"
	"github.com/checkout-promotions/checkout/plugins/internal/wire"
	"github.com/checkout-promotions/checkout/plugins/sdk"
)

// Fields are the parts of a cart that are sent. The zero value is none.
type Fields uint64

// With returns the fields together with others.
func (f Fields) With(declared ...sdk.Field) Fields {
	for _, field := range declared {
		f |= Sent([]pluginpb.Field{wire.Number[pluginpb.Field](string(field))})
	}
	return f
}

// Sent returns fields as they were declared in a message, without those that this version does not know.
func Sent(declared []pluginpb.Field) Fields {
	var f Fields
	for _, field := range declared {
		if field > 0 && field < 64 {
			f |= 1 << field
		}
	}
	return f
}

func (f Fields) has(field pluginpb.Field) bool { return f&(1<<field) != 0 }

// KindFields returns the fields that the kinds of the questions declare, for one call.
func KindFields(d *sdk.Description, questions []engine.Question) Fields {
	asked := make(map[string]bool, len(questions))
	for _, q := range questions {
		asked[q.Kind] = true
	}
	var fields Fields
	for _, k := range d.Deals {
		if asked[k.Name] {
			fields = fields.With(k.Fields...)
		}
	}
	return fields
}

// FactFields returns the fields that the facts declare, for one call.
func FactFields(d *sdk.Description, names []string) Fields {
	asked := make(map[string]bool, len(names))
	for _, name := range names {
		asked[name] = true
	}
	var fields Fields
	for _, f := range d.Facts {
		if asked[f.Name] {
			fields = fields.With(f.Fields...)
		}
	}
	return fields
}

// DealID returns what stands for the deal of a question: its promotion, with its place unless it is the first.
func DealID(q *engine.Question) string {
	if q.Deal == 0 {
		return q.Promotion
	}
	return fmt.Sprintf("%s#%d", q.Promotion, q.Deal)
}

// EvaluateRequest asks questions of one plugin about a cart.
func EvaluateRequest(cart *engine.Cart, at time.Time, questions []engine.Question, fields Fields) *pluginpb.EvaluateRequest {
	deals := make([]*pluginpb.Deal, len(questions))
	for i := range questions {
		q := &questions[i]
		deals[i] = &pluginpb.Deal{Id: DealID(q), Kind: q.Kind, Config: q.Config, Gifts: q.Gifts}
	}
	return &pluginpb.EvaluateRequest{At: timestamppb.New(at), Cart: Cart(cart, fields), Deals: deals}
}

// FactsRequest asks for facts of one plugin about a cart.
func FactsRequest(cart *engine.Cart, at time.Time, names []string, fields Fields) *pluginpb.FactsRequest {
	return &pluginpb.FactsRequest{At: timestamppb.New(at), Cart: Cart(cart, fields), Names: names}
}

// Answers returns the answers to the questions, in the order of the plugin; the engine finds what is missing or too much. An answer to no
// question keeps the plugin's name for it as its promotion, and no deal has its number.
func Answers(questions []engine.Question, response *pluginpb.EvaluateResponse) []engine.Answer {
	answers := make([]engine.Answer, len(response.GetAnswers()))
	for i, given := range response.GetAnswers() {
		a := &answers[i]
		*a = answer(given)
		if q := asked(questions, i, given.GetId()); q != nil {
			a.Promotion, a.Deal = q.Promotion, q.Deal
		} else {
			a.Promotion, a.Deal = engine.CleanPluginText(given.GetId()), NotAsked
		}
	}
	return answers
}

// NotAsked is the number of the deal of an answer to no question.
const NotAsked = -1

// asked returns the question with the ID, nil for none. Most plugins answer in the order of the questions, so that it is looked for at
// the place of the answer first.
func asked(questions []engine.Question, place int, id string) *engine.Question {
	if place < len(questions) && DealID(&questions[place]) == id {
		return &questions[place]
	}
	for i := range questions {
		if DealID(&questions[i]) == id {
			return &questions[i]
		}
	}
	return nil
}

func answer(given *pluginpb.Answer) engine.Answer {
	switch result := given.GetResult().(type) {
	case *pluginpb.Answer_Units:
		return answerUnits(result.Units.GetLines())
	case *pluginpb.Answer_Off:
		return engine.Answer{Off: engine.Amount(result.Off.GetAmount())}
	case *pluginpb.Answer_Gift:
		return engine.Answer{Gift: engine.AnswerGift{SKU: result.Gift.GetSku(), Quantity: result.Gift.GetQuantity()}}
	case *pluginpb.Answer_Award:
		return engine.Answer{Award: engine.AnswerAward{Kind: result.Award.GetKind(), Amount: result.Award.GetAmount()}}
	case *pluginpb.Answer_Nothing:
		return engine.Answer{Why: engine.CleanPluginText(result.Nothing.GetWhy())}
	case *pluginpb.Answer_Failed:
		return engine.Answer{Fault: engine.CallFailed, Detail: engine.CleanPluginText(result.Failed.GetWhy())}
	default:
		return engine.Answer{Fault: engine.MissingAnswer, Detail: "an answer without a result, or of a kind that this version does not know"}
	}
}

// answerUnits copies no more lines than a cart may have.
func answerUnits(lines []*pluginpb.LineUnits) engine.Answer {
	if len(lines) > engine.MaxLines {
		return engine.Answer{Fault: engine.TooLarge, Detail: fmt.Sprintf("an answer of %d lines", len(lines))}
	}
	units := make([]engine.AnswerUnits, len(lines))
	for i, u := range lines {
		units[i] = engine.AnswerUnits{SKU: u.GetSku(), Quantity: u.GetQuantity(), Each: engine.Amount(u.GetEach())}
	}
	return engine.Answer{Units: units}
}

// FactTypes returns the types of the facts that are described, by their names.
func FactTypes(d *sdk.Description) map[string]sdk.FactType {
	types := make(map[string]sdk.FactType, len(d.Facts))
	for _, f := range d.Facts {
		types[f.Name] = f.Type
	}
	return types
}

// Facts returns the values of the facts that were asked for, of the types described. What is of another type is left out and an error for
// each.
func Facts(types map[string]sdk.FactType, names []string, response *pluginpb.FactsResponse) (values map[string]engine.Value, faults []error) {
	values = make(map[string]engine.Value, len(names))
	for _, name := range names {
		given, ok := response.GetValues()[name]
		if !ok {
			continue
		}
		v, err := fact(types[name], given)
		if err != nil {
			faults = append(faults, fmt.Errorf("fact %s: %w", name, err))
			continue
		}
		values[name] = v
	}
	return values, faults
}

// TooLongError says that a fact is a text of more than engine.MaxPluginText bytes.
type TooLongError struct{ Bytes int }

// Error implements error.
func (e *TooLongError) Error() string {
	return fmt.Sprintf("a text of %d bytes, at most %d", e.Bytes, engine.MaxPluginText)
}

func fact(want sdk.FactType, given *pluginpb.Value) (engine.Value, error) {
	switch kind := given.GetKind().(type) {
	case *pluginpb.Value_Number:
		if want == sdk.NumberFact {
			number, err := engine.ParseDecimal(kind.Number)
			return engine.NumberValue(number), err
		}
	case *pluginpb.Value_Text:
		if want == sdk.TextFact {
			if len(kind.Text) > engine.MaxPluginText {
				return engine.Value{}, &TooLongError{Bytes: len(kind.Text)}
			}
			return engine.TextValue(engine.CleanPluginText(kind.Text)), nil
		}
	case *pluginpb.Value_Boolean:
		if want == sdk.BooleanFact {
			return engine.BoolValue(kind.Boolean), nil
		}
	}
	return engine.Value{}, fmt.Errorf("got %.60v, want a %s", given, want)
}

// Cart returns the fields of a cart as the contract has it.
func Cart(cart *engine.Cart, fields Fields) *pluginpb.Cart {
	c := &pluginpb.Cart{Currency: Currency(cart.Currency), Lines: make([]*pluginpb.Line, len(cart.Lines))}
	lines := make([]pluginpb.Line, len(cart.Lines)) // one piece of memory for all
	for i := range lines {
		c.Lines[i] = &lines[i]
		line(c.Lines[i], &cart.Lines[i], fields)
	}
	if who := &cart.Customer; who.ID != "" || len(who.Groups)+len(who.Tags)+len(who.Attributes) > 0 || who.Orders > 0 {
		c.Customer = customer(who, fields)
	}
	if fields.has(pluginpb.Field_FIELD_COUPONS) {
		c.Coupons = cart.Coupons
	}
	if fields.has(pluginpb.Field_FIELD_SHIPPING) {
		c.Shipping = shipping(&cart.Shipping)
	}
	if fields.has(pluginpb.Field_FIELD_CHANNEL) {
		c.Channel = cart.Channel
	}
	if fields.has(pluginpb.Field_FIELD_PAYMENT) {
		c.Payment = cart.Payment
	}
	if fields.has(pluginpb.Field_FIELD_ATTRIBUTES) {
		c.Attributes = attributes(cart.Attributes)
	}
	return c
}

// Currency returns a currency as the contract has it, nil for none.
func Currency(c engine.Currency) *pluginpb.Currency {
	if c.Code() == "" {
		return nil
	}
	return &pluginpb.Currency{Code: c.Code(), Digits: uint32(c.Digits())}
}

func line(to *pluginpb.Line, l *engine.Line, fields Fields) {
	to.Sku, to.Quantity, to.Price = l.Item.SKU, l.Quantity, int64(l.Item.Price)
	if fields.has(pluginpb.Field_FIELD_LINE_NAME) {
		to.Name = l.Item.Name
	}
	if fields.has(pluginpb.Field_FIELD_LINE_BRAND) {
		to.Brand = l.Item.Brand
	}
	if fields.has(pluginpb.Field_FIELD_LINE_CATEGORIES) {
		to.Categories = l.Item.Categories
	}
	if fields.has(pluginpb.Field_FIELD_LINE_TAGS) {
		to.Tags = l.Item.Tags
	}
	if fields.has(pluginpb.Field_FIELD_LINE_ATTRIBUTES) {
		to.Attributes = attributes(l.Item.Attributes)
	}
}

// customer returns nil for a guest, and where no field of the customer was declared.
func customer(c *engine.Customer, fields Fields) *pluginpb.Customer {
	if c.ID == "" && len(c.Groups)+len(c.Tags)+len(c.Attributes) == 0 && c.Orders == 0 && c.LifetimeSpend == 0 {
		return nil
	}
	var to *pluginpb.Customer
	if fields.has(pluginpb.Field_FIELD_CUSTOMER) {
		to = &pluginpb.Customer{Id: c.ID, Groups: c.Groups, Tags: c.Tags, Orders: c.Orders, LifetimeSpend: int64(c.LifetimeSpend)}
	}
	if fields.has(pluginpb.Field_FIELD_CUSTOMER_ATTRIBUTES) {
		if to == nil {
			to = &pluginpb.Customer{}
		}
		to.Attributes = attributes(c.Attributes)
	}
	return to
}

func shipping(s *engine.Shipping) *pluginpb.Shipping {
	to := &pluginpb.Shipping{Country: s.Country, Region: s.Region}
	for _, shipment := range s.Shipments {
		to.Shipments = append(to.Shipments, &pluginpb.Shipment{Method: shipment.Method, Price: int64(shipment.Price)})
	}
	return to
}

func attributes(a engine.Attributes) map[string]*pluginpb.Value {
	if len(a) == 0 {
		return nil
	}
	to := make(map[string]*pluginpb.Value, len(a))
	for name, v := range a {
		to[name] = value(v)
	}
	return to
}

func value(v engine.Value) *pluginpb.Value {
	if number, ok := v.Number(); ok {
		return &pluginpb.Value{Kind: &pluginpb.Value_Number{Number: number.String()}}
	}
	if text, ok := v.Text(); ok {
		return &pluginpb.Value{Kind: &pluginpb.Value_Text{Text: text}}
	}
	if flag, ok := v.Bool(); ok {
		return &pluginpb.Value{Kind: &pluginpb.Value_Boolean{Boolean: flag}}
	}
	texts, _ := v.Texts()
	return &pluginpb.Value{Kind: &pluginpb.Value_Texts{Texts: &pluginpb.Texts{Texts: texts}}}
}
