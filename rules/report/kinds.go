package report

import "github.com/checkout-promotions/checkout/rules/diag"

// The kinds of findings that are no faults of rules, which have pages of their own.
const (
	testFailed      diag.Code = "test-failed"
	notReached      diag.Code = "not-reached"
	mutantSurvived  diag.Code = "mutant-survived"
	notFormatted    diag.Code = "not-formatted"
	meansOtherwise  diag.Code = "means-otherwise"
	costsOtherwise  diag.Code = "costs-otherwise"
	failIfHolds     diag.Code = "fail-if"
	invariantBroken diag.Code = "invariant-broken"
	notPriced       diag.Code = "not-priced"
	contractBroken  diag.Code = "contract-broken"
)

// kinds says what each of them means.
func kinds() map[diag.Code]string {
	return map[diag.Code]string{
		testFailed:      "A test failed",
		notReached:      "No test reaches a part of a rule",
		mutantSurvived:  "No test notices that a rule was changed",
		notFormatted:    "A file is formatted otherwise",
		meansOtherwise:  "A promotion means something else than before",
		costsOtherwise:  "The cart of a test comes out otherwise",
		failIfHolds:     "What must not happen to recorded orders would",
		invariantBroken: "Recorded orders would break an invariant",
		notPriced:       "Recorded orders cannot be priced",
		contractBroken:  "A plugin does not keep the contract",
	}
}
