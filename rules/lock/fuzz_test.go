package lock_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/checkout-promotions/checkout/rules/lock"
)

// FuzzParse reads any bytes. What is accepted is written so that it reads the same.
func FuzzParse(f *testing.F) {
	f.Add([]byte(formatted))
	f.Add([]byte("version: 1\nplugins: {a: {version: '1', api: 1, deals: {d: {effect: gift, schema: {enum: [0x1, .5, 1e5, ~]}}}}}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		read, err := lock.Parse(lock.File, data)
		if err != nil {
			return
		}
		text, err := lock.Format(read)
		if err != nil {
			t.Fatalf("%v\nof %+v", err, read)
		}
		again, err := lock.Parse(lock.File, text)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(read, again); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
}
