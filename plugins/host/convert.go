package host

import (
	"errors"
	"fmt"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/plugins/internal/contract"
	"github.com/checkout-promotions/checkout/plugins/internal/pluginpb"
	"github.com/checkout-promotions/checkout/plugins/sdk"
)

// answerError says what is wrong with a whole response.
type answerError struct {
	fault  engine.PluginFault
	detail string
}

func (e *answerError) Error() string { return e.detail }

// answersOf reads the plugin's answers. What answers no question is an error: the
// plugin has misunderstood, so none is used.
func answersOf(response *pluginpb.EvaluateResponse, questions []engine.Question) ([]engine.Answer, error) {
	if given, asked := len(response.GetAnswers()), len(questions); given > 2*asked { // read no more of them
		return nil, &answerError{engine.ExtraAnswer, fmt.Sprintf("%d answers to %d questions", given, asked)}
	}
	answers := contract.Answers(questions, response)
	for i := range answers {
		if answers[i].Deal == contract.NotAsked {
			return nil, &answerError{engine.ExtraAnswer, fmt.Sprintf("an answer to %.80q, which was not asked", answers[i].Promotion)}
		}
	}
	return answers, nil
}

// factsOf reads the facts that were asked for. One that is not as it was described
// is an error: none is used.
func factsOf(response *pluginpb.FactsResponse, names []string, types map[string]sdk.FactType) (map[string]engine.Value, error) {
	values, faults := contract.Facts(types, names, response)
	if err := errors.Join(faults...); err != nil {
		fault := engine.BadNumber
		if _, long := errors.AsType[*contract.TooLongError](err); long {
			fault = engine.TooLarge
		}
		return nil, &answerError{fault, err.Error()}
	}
	return values, nil
}
