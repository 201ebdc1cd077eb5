package audit_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/checkout-promotions/checkout/engine/audit"
)

func TestContextsCarryEntries(t *testing.T) {
	a, b, c := audit.Entry{Action: "a"}, audit.Entry{Action: "b"}, audit.Entry{Action: "c"}
	first := audit.With(t.Context(), a)
	ofB, ofC := audit.With(first, b), audit.With(first, c)
	audit.Of(first)[0].Action = "changed by a caller"
	more := b
	more.Detail = json.RawMessage(`{"x":1}`)
	named := b
	named.Subject = "s"
	for _, want := range []struct {
		name string
		got  []audit.Entry
		want []audit.Entry
	}{
		{"none", audit.Of(t.Context()), nil},
		{"one", audit.Of(first), []audit.Entry{a}},
		{"one with more to say", audit.Of(audit.Detailed(ofB, more.Detail)), []audit.Entry{a, more}},
		{"none with more to say", audit.Of(audit.Detailed(t.Context(), more.Detail)), nil},
		{"one whose subject is known later", audit.Of(audit.About(ofB, "s")), []audit.Entry{a, named}},
		{"none whose subject is known later", audit.Of(audit.About(t.Context(), "s")), nil},
		{"one more", audit.Of(ofB), []audit.Entry{a, b}},
		{"another one more", audit.Of(ofC), []audit.Entry{a, c}},
	} {
		if diff := cmp.Diff(want.want, want.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", want.name, diff)
		}
	}
}
