package engine

import (
	"cmp"
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"time"
)

// OrderState is how far the life of an order is.
type OrderState string

// The states of an order. Cancelled and returned orders stay what they are.
const (
	OrderPlaced    OrderState = "placed"    // sold; some of its units may have come back
	OrderCancelled OrderState = "cancelled" // undone as a whole
	OrderReturned  OrderState = "returned"  // every unit has come back, gifts included
)

// ReturnPolicy says what the customer gets back for returned units.
type ReturnPolicy string

const (
	// ProRata refunds the share that the units have in what their line cost, so
	// that all returns of a line together refund exactly that, however they are
	// split.
	ProRata ReturnPolicy = "pro_rata"
	// RepriceKept refunds what the order cost, less what was refunded and less
	// what the kept units cost by themselves, priced as the order was. Who gives
	// back a unit of a three-for-two so pays for the two that are kept.
	RepriceKept ReturnPolicy = "reprice_kept"
)

// Return is units of an order that came back.
type Return struct {
	Reference string // a UUID
	Policy    ReturnPolicy
	// Refund is what the customer gets for them.
	Refund Amount
	// Units are by SKU, bought units before gifts.
	Units []ReturnedUnits
	// At is in UTC and whole microseconds.
	At time.Time
}

// ReturnedUnits are units of one SKU.
type ReturnedUnits struct {
	SKU      string
	Quantity int64
	Gift     bool
	// Refund is the part of the whole refund that is for them.
	Refund Amount
}

// OrderStateError says that an order is not in a state in which it can be
// cancelled, or units of it be returned.
type OrderStateError struct {
	Reference string
	State     OrderState
	// Returns is how many returns of it there are.
	Returns int
}

// Error implements error.
func (e *OrderStateError) Error() string {
	if e.State == OrderPlaced {
		return fmt.Sprintf("order %s cannot be cancelled: units of it were returned (returns: %d); return the rest instead", e.Reference, e.Returns)
	}
	return fmt.Sprintf("order %s is %s", e.Reference, e.State)
}

// ReturnError says that an order does not have the units that are to be
// returned, or no longer.
type ReturnError struct {
	Reference string
	SKU       string
	Requested int64
	// Left is how many units, gifts included, the customer still has.
	Left int64
}

// Error implements error.
func (e *ReturnError) Error() string {
	if e.Requested < 1 {
		return fmt.Sprintf("return of order %s: %d units of %s; want 1 or more", e.Reference, e.Requested, e.SKU)
	}
	return fmt.Sprintf("return of order %s: %d units of %s, and the customer has %d", e.Reference, e.Requested, e.SKU, e.Left)
}

// ReturnRequest is what a customer brings back.
type ReturnRequest struct {
	// Units says how many of each SKU. Where an order has bought units and gifts
	// of one SKU, the bought ones come first. A gift is returned like any unit,
	// when the customer brings it, and refunds nothing.
	Units  map[string]int64
	Policy ReturnPolicy
	// KeptPrice prices the bought units that the customer keeps as the order was
	// priced. It is a pure function, asked only for RepriceKept and when units
	// are kept.
	KeptPrice func(kept map[string]int64) (Amount, error)
}

// ReturnOptions say what a return does besides.
type ReturnOptions struct {
	// NoRestock leaves the units out of the stock, because they cannot be sold
	// again.
	NoRestock bool
}

// Return returns what a return of the request is, without reference and instant,
// and the state that the order has after it. It changes nothing. Whatever the
// sequence of returns and policies, their refunds never add up to more than the
// order's Total; by ProRata alone, and also by RepriceKept alone, they add up to
// exactly that when every bought unit has come back. Shipping is not refunded.
//
// An order that is not placed is an *OrderStateError, units that it does not have
// are a *ReturnError, and a request without units or of no policy is a *CartError.
func (o *Order) Return(request ReturnRequest) (Return, OrderState, error) {
	switch {
	case o.State != OrderPlaced:
		return Return{}, o.State, &OrderStateError{Reference: o.Reference, State: o.State, Returns: len(o.Returns)}
	case len(request.Units) == 0:
		return Return{}, o.State, &CartError{Field: "units", Problem: "a return is of one unit or more"}
	}
	has := o.left()
	r := Return{Policy: request.Policy}
	for _, sku := range slices.Sorted(maps.Keys(request.Units)) {
		n, bought, gifts := request.Units[sku], has.bought[sku], has.gifts[sku]
		if n < 1 || n > bought+gifts {
			return Return{}, o.State, &ReturnError{Reference: o.Reference, SKU: sku, Requested: n, Left: bought + gifts}
		}
		if of := min(n, bought); of > 0 {
			r.Units = append(r.Units, ReturnedUnits{SKU: sku, Quantity: of})
		}
		if of := n - min(n, bought); of > 0 {
			r.Units = append(r.Units, ReturnedUnits{SKU: sku, Quantity: of, Gift: true})
		}
	}
	refund, err := o.refund(has, r.Units, request)
	if err != nil {
		return Return{}, o.State, err
	}
	r.Refund = max(0, min(refund, o.Quote.Total-o.Refunded))
	o.spread(has, r.Units, r.Refund)
	has.take(r.Units)
	if has.none() {
		return r, OrderReturned, nil
	}
	return r, o.State, nil
}

// refund is what the policy gives for the units, before it is bounded by what is
// left of what was paid.
func (o *Order) refund(has kept, units []ReturnedUnits, request ReturnRequest) (Amount, error) {
	switch request.Policy {
	case ProRata:
		var sum Amount
		for _, u := range units {
			sum += o.share(has, u)
		}
		return sum, nil
	case RepriceKept:
		after := kept{bought: maps.Clone(has.bought), gifts: maps.Clone(has.gifts)}
		after.take(units)
		maps.DeleteFunc(after.bought, func(_ string, n int64) bool { return n == 0 })
		price := Amount(0)
		if maps.Equal(after.bought, has.bought) {
			return 0, nil // gifts alone
		}
		if len(after.bought) > 0 {
			var err error
			if price, err = request.KeptPrice(after.bought); err != nil {
				return 0, err
			}
		}
		return o.Quote.Total - o.Refunded - price, nil
	default:
		return 0, &CartError{Field: "policy", Problem: fmt.Sprintf("is %.40q; want %s or %s", string(request.Policy), ProRata, RepriceKept)}
	}
}

// share is what the units have cost. Of a line of n units, the first k that come
// back are worth its total times k/n, rounded half up, so a return is worth the
// difference of two such sums, and all differences add up to the total: what
// rounding leaves over is carried on to the next unit, as in Bresenham's line
// (IBM Systems Journal 4, 1965), and never lost.
func (o *Order) share(has kept, u ReturnedUnits) Amount {
	if u.Gift {
		return 0
	}
	total, n := o.cost(u.SKU)
	before := n - has.bought[u.SKU]
	return portion(total, before+u.Quantity, n) - portion(total, before, n)
}

// spread writes to the units which parts of the refund are theirs, in the
// proportion of their shares. Without any, the first has it all.
func (o *Order) spread(has kept, units []ReturnedUnits, refund Amount) {
	var all, sum, given Amount
	for _, u := range units {
		all += o.share(has, u)
	}
	for i, u := range units {
		sum += o.share(has, u)
		part := refund
		if all > 0 {
			part = portion(refund, int64(sum), int64(all))
		}
		units[i].Refund = part - given
		given = part
	}
}

// Cancellation returns what comes back of an order when it is cancelled, all of
// its Total with it. An order that is not placed, or of which something has come
// back, is an *OrderStateError.
func (o *Order) Cancellation() ([]ReturnedUnits, error) {
	if o.State != OrderPlaced || len(o.Returns) > 0 {
		return nil, &OrderStateError{Reference: o.Reference, State: o.State, Returns: len(o.Returns)}
	}
	units := o.Units()
	o.spread(o.left(), units, o.Quote.Total)
	return units, nil
}

// cost returns what the bought units of the SKU cost, and how many there were.
func (o *Order) cost(sku string) (total Amount, n int64) {
	for _, line := range o.Quote.Lines {
		if line.SKU == sku {
			total += line.Total
			n += line.Quantity
		}
	}
	return max(0, total), n
}

// portion returns total times k/n, rounded half up; 0 <= k <= n.
func portion(total Amount, k, n int64) Amount {
	high, low := bits.Mul64(uint64(total), uint64(k))
	low, carry := bits.Add64(low, uint64(n/2), 0)
	quotient, _ := bits.Div64(high+carry, low, uint64(n))
	return Amount(quotient)
}

// kept are the units that a customer has, by SKU.
type kept struct{ bought, gifts map[string]int64 }

// left returns the units of the order that have not come back.
func (o *Order) left() kept {
	has := kept{bought: make(map[string]int64, len(o.Quote.Lines)), gifts: make(map[string]int64, len(o.Quote.Gifts))}
	for _, line := range o.Quote.Lines {
		has.bought[line.SKU] += line.Quantity
	}
	for _, gift := range o.Quote.Gifts {
		has.gifts[gift.SKU] += gift.Quantity
	}
	for _, r := range o.Returns {
		has.take(r.Units)
	}
	return has
}

// Units returns the units that the customer has not returned, by SKU, those
// bought before gifts.
func (o *Order) Units() []ReturnedUnits {
	has := o.left()
	var all []ReturnedUnits
	add := func(units map[string]int64, gift bool) {
		for _, sku := range slices.Sorted(maps.Keys(units)) {
			if n := units[sku]; n > 0 {
				all = append(all, ReturnedUnits{SKU: sku, Quantity: n, Gift: gift})
			}
		}
	}
	add(has.bought, false)
	add(has.gifts, true)
	slices.SortStableFunc(all, func(a, b ReturnedUnits) int { return cmp.Compare(a.SKU, b.SKU) })
	return all
}

func (k kept) take(units []ReturnedUnits) {
	for _, u := range units {
		if u.Gift {
			k.gifts[u.SKU] -= u.Quantity
		} else {
			k.bought[u.SKU] -= u.Quantity
		}
	}
}

func (k kept) none() bool {
	for _, units := range []map[string]int64{k.bought, k.gifts} {
		for _, n := range units {
			if n > 0 {
				return false
			}
		}
	}
	return true
}
