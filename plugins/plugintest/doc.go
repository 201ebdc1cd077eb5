// Package plugintest tests plugins.
//
// A Harness is for the unit tests of an author in Go: it serves a plugin within the test, over a real gRPC connection, sends it what the
// shop sends, the declared fields of the cart and no more, and fails the test when an answer breaks a promise of the engine.
//
//	func TestWelcome(t *testing.T) {
//		h := plugintest.New(t, welcome{})
//		cart := sdk.Cart{Currency: sdk.Currency{Code: "USD", Digits: 2}, Customer: &sdk.Customer{ID: "c-1"}, Lines: []sdk.Line{{SKU: "A", Quantity: 2, Price: 1999}}}
//		if got, want := h.Answer(cart, "first_order", `{"off": 5}`), sdk.OffOrder(500); !reflect.DeepEqual(got, want) {
//			t.Errorf("got %+v, want %+v", got, want)
//		}
//	}
//
// A finished program, in any language, is tested by package conformance, which "checkout plugins check" runs.
package plugintest
