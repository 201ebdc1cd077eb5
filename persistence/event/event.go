package event

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// Type names a kind of event.
type Type string

// The types. The list is closed; Types returns all of them.
const (
	TypeOrderPlaced        Type = "order.placed"
	TypeOrderCancelled     Type = "order.cancelled"
	TypeOrderReturned      Type = "order.returned"
	TypeStockLow           Type = "stock.low"
	TypePromotionExhausted Type = "promotion.exhausted"
	TypePromotionPaused    Type = "promotion.paused"
	TypePromotionResumed   Type = "promotion.resumed"
	TypeRulesetChanged     Type = "ruleset.changed"
)

// Types returns every type there is.
func Types() []Type {
	return []Type{
		TypeOrderPlaced, TypeOrderCancelled, TypeOrderReturned,
		TypeStockLow, TypePromotionExhausted, TypePromotionPaused, TypePromotionResumed, TypeRulesetChanged,
	}
}

// Aggregate is the thing that an event is about. The events of one aggregate
// reach each receiver in the order in which they happened; there is no order
// between those of different ones.
type Aggregate struct {
	Type string // "order", "item", "promotion" or "ruleset"
	Key  string // the reference, SKU or id; "" where there is only one
}

// Event is something that happened. The constructors of this package make them.
type Event struct {
	Type      Type
	Aggregate Aggregate
	// Once, where it is not empty, is a text that no other event has: a second
	// one with it is not stored.
	Once string

	version int
	data    any
}

// Body returns the JSON that receivers get, of an event that has the id and
// happened at the instant. The same arguments give the same bytes.
func (e Event) Body(id string, at time.Time) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(struct {
		ID        string    `json:"id"`
		Type      Type      `json:"type"`
		Version   int       `json:"version"`
		Timestamp time.Time `json:"timestamp"`
		Data      any       `json:"data"`
	}{id, e.Type, e.version, at.UTC(), e.data})
	if err != nil {
		return nil, fmt.Errorf("encode event %s: %w", e.Type, err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
