package audit_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/checkout-promotions/checkout/engine/audit"
)

func TestContextsCarryEntries(t *testing.T) {
	a, b, c := audit.Entry{Action: "a"}, audit.Entry{Action: "b"}, audit.Entry{Action: "c"}
	first := audit.With(t.Context(), a)
	ofB, ofC := audit.With(first, b), audit.With(first, c)
	audit.Of(first)[0].Action = "changed by a caller"
	for _, want := range []struct {
		name string
		got  []audit.Entry
		want []audit.Entry
	}{
		{"none", audit.Of(t.Context()), nil},
		{"one", audit.Of(first), []audit.Entry{a}},
		{"one more", audit.Of(ofB), []audit.Entry{a, b}},
		{"another one more", audit.Of(ofC), []audit.Entry{a, c}},
	} {
		if diff := cmp.Diff(want.want, want.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", want.name, diff)
		}
	}
}
