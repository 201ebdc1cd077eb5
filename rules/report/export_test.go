package report

import (
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/reference"
)

// Written returns, by the names of schemas, what is written as JSON.
func Written() map[string]any {
	return map[string]any{
		"check-report":    checkJSON{},
		"coverage-report": coverageJSON{},
		"diff-report":     differencesJSON{},
		"doc-report":      reference.Reference{},
		"explain-report":  explanationJSON{},
		"fmt-report":      formattingJSON{},
		"mutate-report":   mutantsJSON{},
		"quote":           engine.Quote{},
		"test-report":     testsJSON{},
	}
}
