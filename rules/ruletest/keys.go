package ruletest

import "slices"

// The mappings of test files whose keys are no names, as Keys knows them.
const (
	ofFile         = "file"
	ofTest         = "test"
	ofGiven        = "given"
	ofCustomer     = "customer"
	ofUnits        = "units" // of the cart, of gifts and of hints
	ofShipping     = "shipping"
	ofShipment     = "shipment"
	ofPayment      = "payment"
	ofUsage        = "usage"
	ofCode         = "code"
	ofFixtures     = "fixtures"
	ofStub         = "stub"
	ofAnswer       = "answer"
	ofAnswerUnits  = "answer units"
	ofExpect       = "expect"
	ofRow          = "row" // of a matrix, besides those of expect
	ofRefusal      = "refusal"
	ofRejection    = "rejection"
	ofLine         = "line"
	ofShipmentCost = "shipment cost"
	ofAward        = "award"
	ofHint         = "hint"
	ofIncludes     = "includes"
	ofStep         = "step"
	ofFaulty       = "faulty rules"
	ofFault        = "fault"
	ofCart         = "cart" // a file of its own, besides those of given
)

// keysIn returns the keys that a mapping can have: what it is read with, and what the
// JSON Schema of test files has.
func keysIn(mapping string) []string {
	switch mapping {
	case ofFile:
		return []string{"version", "rules", "catalogue", "defaults", "stubs", "fixtures", "always", "tests"}
	case ofTest:
		return []string{"name", "tags", "skip", "given", "stubs", "expect", "table", "matrix", "steps", "compile_error"}
	case ofGiven:
		return givenKeys()
	case ofCustomer:
		return customerKeys()
	case ofUnits:
		return []string{"sku", "quantity"}
	case ofShipping:
		return []string{"method", "price", "country", "region", "shipments"}
	case ofShipment:
		return []string{"method", "price"}
	case ofPayment:
		return []string{"method"}
	case ofUsage:
		return []string{"redemptions", "by_customer", "spent"}
	case ofCode:
		return []string{"pool", "redemptions"}
	case ofFixtures:
		return fixtureKinds()
	case ofStub:
		return []string{"facts", "deals"}
	case ofAnswer:
		return answerKeys()
	case ofAnswerUnits:
		return []string{"sku", "quantity", "each"}
	case ofExpect:
		return expectKeys()
	case ofRow:
		return []string{"when", "else"}
	case ofRefusal:
		return []string{"reason", "by", "fault"}
	case ofRejection:
		return []string{"promotion", "fault"}
	case ofLine:
		return []string{"quantity", "discount", "total", "unit_prices"}
	case ofShipmentCost:
		return []string{"discount", "total"}
	case ofAward:
		return []string{"kind", "amount"}
	case ofHint:
		return []string{"promotion", "add", "saves"}
	case ofIncludes:
		return []string{"applied", "gifts", "awards"}
	case ofStep:
		return []string{"do", "ref", "given", "expect"}
	case ofFaulty:
		return []string{"rules"}
	case ofFault:
		return []string{"code", "at", "text"}
	case ofCart:
		return []string{"rules", "catalogue", "stubs"}
	default:
		return nil
	}
}

// Keys returns the keys of the mappings of test files, by what they are of. A mapping
// whose keys are names, such as those of promotions, is not there.
func Keys() map[string][]string {
	all := make(map[string][]string)
	for _, mapping := range []string{
		ofFile, ofTest, ofGiven, ofCustomer, ofUnits, ofShipping, ofShipment, ofPayment, ofUsage, ofCode, ofFixtures,
		ofStub, ofAnswer, ofAnswerUnits, ofExpect, ofRow, ofRefusal, ofRejection, ofLine, ofShipmentCost, ofAward,
		ofHint, ofIncludes, ofStep, ofFaulty, ofFault, ofCart,
	} {
		all[mapping] = slices.Clone(keysIn(mapping))
	}
	return all
}

// StepsDo returns what a step of a test can do.
func StepsDo() []string { return []string{doPrice, doCommit, doHold, doRelease, doRefund} }
