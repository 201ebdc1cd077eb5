// Package sdk is what plugins in Go are made with: programs of their own that decide deals of Checkout and tell it facts.
//
// A plugin is a value with two methods: Describe says what it offers, Evaluate answers deals about a cart.
//
//	type welcome struct{}
//
//	func (welcome) Describe() sdk.Description {
//		return sdk.Description{
//			Name: "welcome", Version: "1.0.0",
//			Deals: []sdk.DealKind{{
//				Name: "first_order", Doc: "Takes an amount off the first order.", Effect: sdk.OffOrderEffect,
//				ConfigSchema: `{"type": "object", "properties": {"off": {"type": "number", "minimum": 0}}, "required": ["off"], "additionalProperties": false}`,
//				Examples:     []json.RawMessage{json.RawMessage(`{"off": 5}`)},
//				Fields:       []sdk.Field{sdk.CustomerField},
//			}},
//		}
//	}
//
//	func (welcome) Evaluate(_ context.Context, req sdk.Request) ([]sdk.Answer, error) {
//		return sdk.Each(req, func(d sdk.Deal) (sdk.Answer, error) {
//			var config struct{ Off json.Number }
//			if err := d.Decode(&config); err != nil {
//				return sdk.Answer{}, err
//			}
//			if c := req.Cart.Customer; c == nil || c.Orders > 0 {
//				return sdk.Nothing("not the first order"), nil
//			}
//			off, err := req.Cart.Currency.Units(config.Off.String())
//			return sdk.OffOrder(min(off, req.Cart.Subtotal())), err
//		}), nil
//	}
//
//	func main() { os.Exit(sdk.Serve(welcome{})) }
//
// Money is int64 in the smallest unit of the currency of the cart: 1999 is 19.99 USD. A plugin sees the cart at its list prices. What it
// answers is checked: more than there is, or than its effect allows, is a fault of the plugin, and the promotion gives nothing.
//
// Evaluate is called for every price that is shown and not only for purchases: it must not count or book anything. It is called from
// many goroutines at once, so that a plugin guards what it changes. A panic in a method is an error of that call; a panic in a
// goroutine that a plugin has started ends the program, which Checkout then starts again.
//
// The methods may write to stderr, which Checkout logs, and not to stdout, which belongs to the handshake. What they write to os.Stderr
// in the moments before the program ends can be lost, but for the text of a panic. Package plugintest tests plugins.
//
// # Design
//
// Plain structs, as in Vault (2026-11): authors see neither protobuf nor the engine, so that the contract may grow, and a plugin links
// no more than gRPC. Serve returns an exit code rather than exiting, so that a plugin can be tested and os.Exit stands in its main.
package sdk
