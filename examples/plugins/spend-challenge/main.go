// Command spend-challenge is a plugin of Checkout with state of its own: who has spent enough in some orders gets money off the next.
//
// What customers have spent is in the file orders.json of the folder that the program runs in:
//
//	{"c-42": [2500, 4000, 3100]}
//
// The plugin only ever reads it. A cart is priced again and again before it is bought, if it ever is, so that counting in Evaluate
// would count what nobody has bought; the shop appends to the file when an order is placed, such as from the webhook order.placed, and
// replaces it whole. Each call reads the file once, so that all deals of a price see the same state. Orders that come later change later
// answers, which the description says with Stateful; what was answered is kept with the order, and it is priced again without the plugin.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/checkout-promotions/checkout/plugins/sdk"
)

// ordersFile is where the spending of customers is kept, in smallest units and by order.
const ordersFile = "orders.json"

func main() { os.Exit(sdk.Serve(challenge{dir: "."})) }

// challenge reads its state from a folder.
type challenge struct{ dir string }

// Describe implements sdk.Plugin.
func (challenge) Describe() sdk.Description {
	return sdk.Description{
		Name: "spend-challenge", Version: "1.0.0", Author: "Checkout examples", Stateful: true,
		Deals: []sdk.DealKind{{
			Name: "reward", Effect: sdk.OffOrderEffect, Fields: []sdk.Field{sdk.CustomerField},
			Doc: "Takes off an amount when the last orders of the customer, as many as orders says, were worth spend together.",
			ConfigSchema: `{"type": "object", "additionalProperties": false, "required": ["spend", "off"], "properties": {
				"orders": {"type": "integer", "minimum": 1, "maximum": 100, "default": 3},
				"spend": {"type": "number", "exclusiveMinimum": 0}, "off": {"type": "number", "exclusiveMinimum": 0}}}`,
			Examples: []json.RawMessage{json.RawMessage(`{"spend": 90, "off": 10}`), json.RawMessage(`{"orders": 5, "spend": 200, "off": 30}`)},
		}},
	}
}

// Evaluate implements sdk.Plugin.
func (c challenge) Evaluate(_ context.Context, req sdk.Request) ([]sdk.Answer, error) {
	spent, err := c.read()
	if err != nil {
		return nil, err
	}
	return sdk.Each(req, func(d sdk.Deal) (sdk.Answer, error) {
		config := struct {
			Orders     int
			Spend, Off json.Number
		}{Orders: 3}
		if err := d.Decode(&config); err != nil {
			return sdk.Answer{}, err
		}
		if d.Kind != "reward" {
			return sdk.Answer{}, fmt.Errorf("there is no kind of deal %q", d.Kind)
		}
		return reward(&req.Cart, spent, config.Orders, config.Spend.String(), config.Off.String())
	}), nil
}

// read returns what customers have spent; nothing as long as there is no file.
func (c challenge) read() (map[string][]int64, error) {
	data, err := os.ReadFile(filepath.Join(c.dir, ordersFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var spent map[string][]int64
	if err := json.Unmarshal(data, &spent); err != nil {
		return nil, fmt.Errorf("read %s: %w", ordersFile, err)
	}
	return spent, nil
}

func reward(cart *sdk.Cart, spent map[string][]int64, orders int, spend, off string) (sdk.Answer, error) {
	goal, err := cart.Currency.Units(spend)
	if err != nil {
		return sdk.Answer{}, err
	}
	amount, err := cart.Currency.Units(off)
	if err != nil {
		return sdk.Answer{}, err
	}
	if cart.Customer == nil {
		return sdk.Nothing("a guest takes no part in the challenge"), nil
	}
	last := spent[cart.Customer.ID]
	last = last[max(0, len(last)-orders):]
	var sum int64
	for _, one := range last {
		sum += one
	}
	switch {
	case len(last) < orders:
		return sdk.Nothing(fmt.Sprintf("%d of %d orders are placed", len(last), orders)), nil
	case sum < goal:
		return sdk.Nothing(fmt.Sprintf("the last %d orders were worth %s, and %s is wanted", orders, cart.Currency.Format(sum), cart.Currency.Format(goal))), nil
	default:
		return sdk.OffOrder(min(amount, cart.Subtotal())), nil
	}
}
