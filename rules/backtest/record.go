package backtest

import (
	"time"

	"github.com/checkout-promotions/checkout/engine"
)

// recordDecoder reads recorded requests alone.
type recordDecoder struct{ requests *engine.RequestDecoder }

// NewRecordDecoder returns a decoder for a Source whose entries have references
// and instants of their own, and as text a recorded request, empty for an order
// from before requests were kept.
func NewRecordDecoder() Decoder { return recordDecoder{engine.NewRequestDecoder()} }

// PlacedAt implements Decoder.
func (d recordDecoder) PlacedAt(e Entry) (time.Time, error) { return e.PlacedAt, nil }

// Decode implements Decoder.
func (d recordDecoder) Decode(e Entry) (Order, error) {
	o := Order{Reference: e.Reference, PlacedAt: e.PlacedAt, Place: place("order ", e.Line)}
	if len(e.Text) == 0 {
		return o, &Problem{Unrecorded, "the order is from before requests were kept"}
	}
	var err error
	if o.Request, err = d.requests.Decode(e.Text); err != nil {
		return o, &Problem{Unreadable, err.Error()}
	}
	return o, nil
}
