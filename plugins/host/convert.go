package host

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/plugins/internal/contract"
	"github.com/checkout-promotions/checkout/plugins/internal/pluginpb"
)

// fields are contract.Fields while they are collected.
type fields contract.Fields

func fieldsOf(all []pluginpb.Field) fields {
	var set fields
	for _, f := range all {
		set |= bit(f)
	}
	return set
}

// bit is 0 for a field that this version cannot know.
func bit(f pluginpb.Field) fields { return 1 << uint(f) }

// evaluateRequest asks questions about a cart.
func evaluateRequest(cart *engine.Cart, at time.Time, questions []engine.Question, want fields) *pluginpb.EvaluateRequest {
	r := &pluginpb.EvaluateRequest{At: timestamppb.New(at), Cart: contract.Cart(cart, contract.Fields(want)), Deals: make([]*pluginpb.Deal, len(questions))}
	for i, q := range questions {
		r.Deals[i] = &pluginpb.Deal{Id: idOf(&q), Kind: q.Kind, Config: q.Config, Gifts: q.Gifts}
	}
	return r
}

// idOf names a question to the plugin.
func idOf(q *engine.Question) string { return strconv.Itoa(q.Deal) + ":" + q.Promotion }

// answersOf reads the plugin's answers. What answers no question is an error: the
// plugin has misunderstood, so none is used.
func answersOf(response *pluginpb.EvaluateResponse, questions []engine.Question) ([]engine.Answer, error) {
	answers := make([]engine.Answer, 0, len(response.GetAnswers()))
	for i, said := range response.GetAnswers() {
		q := asked(questions, i, said.GetId())
		if q == nil {
			return nil, &answerError{engine.ExtraAnswer, fmt.Sprintf("an answer to %.80q, which was not asked", said.GetId())}
		}
		if i >= 2*len(questions) {
			return nil, &answerError{engine.ExtraAnswer, fmt.Sprintf("%d answers to %d questions", len(response.GetAnswers()), len(questions))}
		}
		a := engine.Answer{Promotion: q.Promotion, Deal: q.Deal}
		if err := readResult(&a, said); err != nil {
			return nil, err
		}
		answers = append(answers, a)
	}
	return answers, nil
}

// asked returns the question with the ID, nil for none. Most plugins answer in the
// order of the questions, so that it is looked for at place first.
func asked(questions []engine.Question, place int, id string) *engine.Question {
	number, promotion, found := strings.Cut(id, ":")
	deal, err := strconv.Atoi(number)
	if !found || err != nil {
		return nil
	}
	is := func(q *engine.Question) bool { return q.Deal == deal && q.Promotion == promotion }
	if place < len(questions) && is(&questions[place]) {
		return &questions[place]
	}
	for i := range questions {
		if is(&questions[i]) {
			return &questions[i]
		}
	}
	return nil
}

// answerError says what is wrong with a whole response.
type answerError struct {
	fault  engine.PluginFault
	detail string
}

func (e *answerError) Error() string { return e.detail }

func readResult(a *engine.Answer, said *pluginpb.Answer) error {
	switch result := said.GetResult().(type) {
	case *pluginpb.Answer_Units:
		if n := len(result.Units.GetLines()); n > engine.MaxLines {
			return &answerError{engine.TooLarge, fmt.Sprintf("an answer of %d lines", n)}
		}
		for _, l := range result.Units.GetLines() {
			a.Units = append(a.Units, engine.AnswerUnits{SKU: l.GetSku(), Quantity: l.GetQuantity(), Each: engine.Amount(l.GetEach())})
		}
	case *pluginpb.Answer_Off:
		a.Off = engine.Amount(result.Off.GetAmount())
	case *pluginpb.Answer_Gift:
		a.Gift = engine.AnswerGift{SKU: result.Gift.GetSku(), Quantity: result.Gift.GetQuantity()}
	case *pluginpb.Answer_Award:
		a.Award = engine.AnswerAward{Kind: result.Award.GetKind(), Amount: result.Award.GetAmount()}
	case *pluginpb.Answer_Nothing:
		a.Why = result.Nothing.GetWhy()
	case *pluginpb.Answer_Failed:
		a.Fault, a.Detail = engine.CallFailed, result.Failed.GetWhy()
	default:
		a.Fault, a.Detail = engine.MissingAnswer, "an answer without a result, or of a kind that this version does not know"
	}
	return nil
}

// factsOf reads the facts that were asked for and are of the type described.
func factsOf(response *pluginpb.FactsResponse, names []string, types map[string]pluginpb.FactType) (map[string]engine.Value, error) {
	facts := make(map[string]engine.Value, len(names))
	for _, name := range names {
		said := response.GetValues()[name]
		if said == nil {
			continue
		}
		value, ok := factOf(said, types[name])
		if !ok {
			return nil, &answerError{engine.BadNumber, fmt.Sprintf("fact %s is no %s", name, factTypeText(types[name]))}
		}
		facts[name] = value
	}
	return facts, nil
}

func factOf(said *pluginpb.Value, want pluginpb.FactType) (engine.Value, bool) {
	switch kind := said.GetKind().(type) {
	case *pluginpb.Value_Number:
		number, err := engine.ParseDecimal(kind.Number)
		return engine.NumberValue(number), err == nil && want == pluginpb.FactType_FACT_TYPE_NUMBER
	case *pluginpb.Value_Text:
		return engine.TextValue(engine.CleanPluginText(kind.Text)), want == pluginpb.FactType_FACT_TYPE_TEXT
	case *pluginpb.Value_Boolean:
		return engine.BoolValue(kind.Boolean), want == pluginpb.FactType_FACT_TYPE_BOOLEAN
	default:
		return engine.Value{}, false
	}
}

func factTypeText(t pluginpb.FactType) string {
	switch t {
	case pluginpb.FactType_FACT_TYPE_NUMBER:
		return "number"
	case pluginpb.FactType_FACT_TYPE_TEXT:
		return "text"
	case pluginpb.FactType_FACT_TYPE_BOOLEAN:
		return "boolean"
	default:
		return "fact that it has described"
	}
}

// factsRequest asks for facts about a cart.
func factsRequest(cart *engine.Cart, at time.Time, names []string, want fields) *pluginpb.FactsRequest {
	return &pluginpb.FactsRequest{At: timestamppb.New(at), Cart: contract.Cart(cart, contract.Fields(want)), Names: names}
}
