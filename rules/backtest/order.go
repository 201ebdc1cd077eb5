package backtest

import (
	"time"

	"github.com/checkout-promotions/checkout/engine"
)

// Order is a recorded order.
type Order struct {
	// Reference names it, and Place says where the input has it, such as
	// "line 12".
	Reference string
	Place     string
	PlacedAt  time.Time
	// Request is everything that it was priced with.
	Request engine.Request
}

// Entry is an order in the form of its source.
type Entry struct {
	// Line is where the order begins, from 1, and Index counts orders, from 0.
	Line, Index int64
	// Text is valid until the block is read again.
	Text []byte
	// Reference and PlacedAt are for sources that know them without decoding.
	Reference string
	PlacedAt  time.Time
}

// Source reads orders one after the other. It is for one goroutine.
type Source interface {
	// Next appends the next order's text to buf and returns the order, with the
	// text at the end of the returned bytes. io.EOF ends the input; another
	// error means that the rest cannot be read.
	Next(buf []byte) (Entry, []byte, error)
	// Decoder returns a new decoder, for one goroutine.
	Decoder() Decoder
	// Progress tells how many of so many bytes or orders are read; total is
	// below 0 where it is not known.
	Progress() (done, total int64)
}

// Decoder reads the orders of a source.
type Decoder interface {
	// PlacedAt reads the instant of an order.
	PlacedAt(Entry) (time.Time, error)
	// Decode reads the whole order. An error is a *Problem. Nothing of the order
	// shares memory with the entry's text.
	Decode(Entry) (Order, error)
}

// Kind says why an order could not be priced.
type Kind string

// The kinds.
const (
	// Unreadable: the order is not in the form that the input has, or damaged.
	Unreadable Kind = "unreadable"
	// Unrecorded: the order has no request; it is from before there was an
	// archive.
	Unrecorded Kind = "unrecorded"
	// UnknownItem: a line has an item that the inventory does not have, and no
	// price.
	UnknownItem Kind = "unknown_item"
	// TwoPrices: the order has the same item at two prices.
	TwoPrices Kind = "two_prices"
	// BadCart: the rules refuse the cart as such.
	BadCart Kind = "cart"
	// PluginFailed: a promotion that must not fail needs a plugin that the
	// record has no answer of.
	PluginFailed Kind = "plugin"
)

// Problem says why an order could not be priced.
type Problem struct {
	Kind Kind
	Text string
}

// Error implements error.
func (p *Problem) Error() string { return p.Text }
