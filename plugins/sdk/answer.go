package sdk

import (
	"fmt"
	"os"
	"runtime/debug"
)

// Answer is what a deal gives: what OffUnits, OffOrder, OffShipping, Gift, Award, Nothing and Failed return. At most one of Units, Off,
// Gift and Award is there; none gives nothing.
type Answer struct {
	// ID is that of the deal. Each sets it.
	ID string
	// Units are what is taken off units of lines, each of another line.
	Units []Units
	// Off is what is taken off the order or the shipments.
	Off   int64
	Gift  GiftUnits
	Award AwardAmount
	// Why says why it gives nothing, in one line of at most 200 bytes.
	Why string
	// Failure says why the deal cannot be decided; the rest does not count then.
	Failure string
}

// Units takes Each off so many units of the line with the SKU.
type Units struct {
	SKU      string
	Quantity int64 // at most that of the line
	Each     int64 // at most the price of a unit
}

// GiftUnits is units of an item at no charge.
type GiftUnits struct {
	SKU      string
	Quantity int64
}

// AwardAmount is so much, a decimal number, of what Kind names.
type AwardAmount struct {
	Kind   string
	Amount string
}

// OffUnits takes money off units of lines, each of another line.
func OffUnits(units ...Units) Answer { return Answer{Units: units} }

// OffOrder takes money off the order: at most its subtotal.
func OffOrder(amount int64) Answer { return Answer{Off: amount} }

// OffShipping takes money off the shipments: at most what they cost together.
func OffShipping(amount int64) Answer { return Answer{Off: amount} }

// Gift gives units of an item, one of the Gifts of the deal.
func Gift(sku string, quantity int64) Answer {
	return Answer{Gift: GiftUnits{SKU: sku, Quantity: quantity}}
}

// Award gives what is no price: so much, a decimal number above zero such as 12.5, of what kind names, such as points.
func Award(kind, amount string) Answer {
	return Answer{Award: AwardAmount{Kind: kind, Amount: amount}}
}

// Nothing gives nothing and says why.
func Nothing(why string) Answer { return Answer{Why: why} }

// Failed says that a deal cannot be decided, and why.
func Failed(err error) Answer { return Answer{Failure: err.Error()} }

// Each answers the deals of a request one by one. An error or a panic fails the deal alone.
func Each(req Request, answer func(Deal) (Answer, error)) []Answer {
	answers := make([]Answer, len(req.Deals))
	for i, d := range req.Deals {
		answers[i] = answerOne(d, answer)
		answers[i].ID = d.ID
	}
	return answers
}

func answerOne(d Deal, answer func(Deal) (Answer, error)) (a Answer) {
	defer func() {
		if cause := recover(); cause != nil {
			a = Failed(panicked(cause))
		}
	}()
	a, err := answer(d)
	if err != nil {
		return Failed(err)
	}
	return a
}

// panicked logs a panic with its stack and returns it as an error.
func panicked(cause any) error {
	fmt.Fprintf(os.Stderr, "panic: %v\n\n%s", cause, debug.Stack())
	return fmt.Errorf("the plugin panicked: %v", cause)
}
