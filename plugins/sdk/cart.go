package sdk

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// Request asks what deals give to a cart.
type Request struct {
	// At is when the price is for; take it for the present.
	At    time.Time
	Cart  Cart
	Deals []Deal
}

// FactsRequest asks for facts about a cart.
type FactsRequest struct {
	// At is when the price is for; take it for the present.
	At   time.Time
	Cart Cart
	// Names are those of the facts that are wanted.
	Names []string
}

// Deal is a deal of a promotion, as a rule has it.
type Deal struct {
	// ID stands for the deal in the answer. It is the same in every call.
	ID string
	// Kind is the name of a DealKind.
	Kind string
	// Config is a JSON object that the schema of the kind allows.
	Config json.RawMessage
	// Gifts are the SKUs that the rule lets it give away.
	Gifts []string
}

// Decode reads the config into a struct. A property that the struct does not have is an error.
func (d Deal) Decode(into any) error { return decodeObject("config of "+d.Kind, d.Config, into) }

// decodeObject reads one JSON object; numbers of untyped fields keep their digits.
func decodeObject(what string, data json.RawMessage, into any) error {
	data = bytes.TrimSpace(data)
	if len(data) == 0 || data[0] != '{' {
		return fmt.Errorf("read the %s: want a JSON object, got %.40q", what, data)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("read the %s: %w", what, err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return fmt.Errorf("read the %s: there is more after the JSON object", what)
	}
	return nil
}

// Cart is what a customer wants to buy, at list prices. What is not declared in Fields is empty.
type Cart struct {
	Currency Currency
	// Lines are at most 500, each of another SKU.
	Lines []Line
	// Customer is nil for a guest.
	Customer   *Customer
	Coupons    []string
	Shipping   Shipping
	Channel    string
	Payment    string
	Attributes map[string]Value
}

// Subtotal returns what the lines cost together.
func (c *Cart) Subtotal() int64 {
	var sum int64
	for _, l := range c.Lines {
		sum += l.Price * l.Quantity
	}
	return sum
}

// Line is a number of units of one item.
type Line struct {
	SKU string
	// Quantity is 1 to 1,000,000,000.
	Quantity int64
	// Price is the list price of one unit.
	Price      int64
	Name       string
	Brand      string
	Categories []string // paths such as tv/oled, the main one first
	Tags       []string
	Attributes map[string]Value
}

// Customer is what the shop knows about who buys.
type Customer struct {
	ID            string
	Groups        []string
	Tags          []string
	Orders        int64 // placed so far
	LifetimeSpend int64
	Attributes    map[string]Value
}

// Shipping is the chosen way of delivery.
type Shipping struct {
	Shipments []Shipment
	Country   string
	Region    string
}

// Price returns what the shipments cost together.
func (s *Shipping) Price() int64 {
	var sum int64
	for _, shipment := range s.Shipments {
		sum += shipment.Price
	}
	return sum
}

// Shipment is a delivery.
type Shipment struct {
	Method string
	Price  int64
}
