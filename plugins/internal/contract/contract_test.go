package contract_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/plugins/internal/contract"
	"github.com/checkout-promotions/checkout/plugins/internal/pluginpb"
	"github.com/checkout-promotions/checkout/plugins/sdk"
)

func TestAnswersFindTheirQuestions(t *testing.T) {
	questions := []engine.Question{{Promotion: "a"}, {Promotion: "b"}, {Promotion: "b", Deal: 1}}
	why := func(id, text string) *pluginpb.Answer {
		return &pluginpb.Answer{Id: id, Result: &pluginpb.Answer_Nothing{Nothing: &pluginpb.Nothing{Why: text}}}
	}
	long := &pluginpb.Answer{Id: "a", Result: &pluginpb.Answer_Units{Units: &pluginpb.Units{Lines: make([]*pluginpb.LineUnits, engine.MaxLines+1)}}}
	tests := []struct {
		name  string
		given []*pluginpb.Answer
		want  []engine.Answer
	}{
		{
			"in the order of the questions", []*pluginpb.Answer{why("a", "1"), why("b", "2"), why("b#1", "3")},
			[]engine.Answer{{Promotion: "a", Why: "1"}, {Promotion: "b", Why: "2"}, {Promotion: "b", Deal: 1, Why: "3"}},
		},
		{
			"in another order, one twice and one left out", []*pluginpb.Answer{why("b#1", "3"), why("a", "1"), why("a", "2")},
			[]engine.Answer{{Promotion: "b", Deal: 1, Why: "3"}, {Promotion: "a", Why: "1"}, {Promotion: "a", Why: "2"}},
		},
		{"to nothing that was asked", []*pluginpb.Answer{why("a#1", "1")}, []engine.Answer{{Promotion: "a#1", Deal: contract.NotAsked, Why: "1"}}},
		{
			"without a result", []*pluginpb.Answer{{Id: "a"}},
			[]engine.Answer{{Promotion: "a", Fault: engine.MissingAnswer, Detail: "an answer without a result, or of a kind that this version does not know"}},
		},
		{"with more lines than a cart has", []*pluginpb.Answer{long}, []engine.Answer{{Promotion: "a", Fault: engine.TooLarge, Detail: "an answer of 501 lines"}}},
		{"with a text of two lines", []*pluginpb.Answer{why("a", "not\nnow")}, []engine.Answer{{Promotion: "a", Why: "not now"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := contract.Answers(questions, &pluginpb.EvaluateResponse{Answers: tt.given}); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
		})
	}
}

func TestFactsAreOfTheTypesDescribed(t *testing.T) {
	types := map[string]sdk.FactType{"points": sdk.NumberFact, "tier": sdk.TextFact, "staff": sdk.BooleanFact}
	number := func(text string) *pluginpb.Value { return &pluginpb.Value{Kind: &pluginpb.Value_Number{Number: text}} }
	text := func(text string) *pluginpb.Value { return &pluginpb.Value{Kind: &pluginpb.Value_Text{Text: text}} }
	tests := []struct {
		name, fact string
		given      *pluginpb.Value
		want       engine.Value
		fault      string
	}{
		{"a number", "points", number("0.10"), engine.Value{}, ""},
		{"a text, of which one line is kept", "tier", text(" gold\n"), engine.TextValue("gold"), ""},
		{"a flag", "staff", &pluginpb.Value{Kind: &pluginpb.Value_Boolean{Boolean: true}}, engine.BoolValue(true), ""},
		{"no number", "points", number("NaN"), engine.Value{}, `fact points: number "NaN": not a decimal number`},
		{"a text for a number", "points", text("9"), engine.Value{}, `fact points: got text:"9", want a number`},
		{"a text that is too long", "tier", text(strings.Repeat("x", 201)), engine.Value{}, "fact tier: a text of 201 bytes, at most 200"},
	}
	tenth, err := engine.ParseDecimal("0.10")
	if err != nil {
		t.Fatal(err)
	}
	tests[0].want = engine.NumberValue(tenth)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			response := &pluginpb.FactsResponse{Values: map[string]*pluginpb.Value{tt.fact: tt.given, "unasked": number("1")}}
			values, faults := contract.Facts(types, []string{tt.fact, "untold"}, response)
			if tt.fault != "" {
				if len(values) != 0 || len(faults) != 1 || strings.Join(strings.Fields(faults[0].Error()), " ") != tt.fault {
					t.Errorf("got %v and the faults %v, want %s", values, faults, tt.fault)
				}
				return
			}
			if len(faults) != 0 || len(values) != 1 || !reflect.DeepEqual(values[tt.fact], tt.want) {
				t.Errorf("got %v and the faults %v, want %v", values, faults, tt.want)
			}
		})
	}
}
