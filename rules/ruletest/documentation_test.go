package ruletest

import (
	"slices"
	"testing"

	"github.com/checkout-promotions/checkout/rules/reference"
)

func TestTheDocumentationHasEveryKeyOfGivenAndExpect(t *testing.T) {
	manual := reference.Comment(Documentation)
	for section, keys := range map[string][]string{"given": givenKeys(), "expect": expectKeys()} {
		var described []string
		for _, e := range manual.Section(section, "") {
			described = append(described, e.Name)
		}
		slices.Sort(described)
		slices.Sort(keys)
		if !slices.Equal(described, keys) {
			t.Errorf("%s: the documentation describes %q, and the keys are %q", section, described, keys)
		}
	}
}
