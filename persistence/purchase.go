package persistence

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/engine/idempotency"
	"github.com/checkout-promotions/checkout/persistence/event"
)

// MaxUnits is the number of units, gifts included, that one order may hold.
const MaxUnits = engine.MaxOrderUnits

// errStale says that something that an order was priced on has changed since.
var errStale = errors.New("what the purchase was priced on has changed")

// Purchase makes the sale and returns the order. It asks the sale for a price and
// then commits the order in one transaction, which takes every unit from stock,
// counts the uses of limited promotions and of codes, and stores the order with its
// quote. That transaction holds only if the items are still in the state in which
// they were priced, the same promotions are paused, and no limit would be exceeded; otherwise the sale is priced
// anew, on what the database says. So nothing is sold that is not there, nor at a
// price that is not that of the moment, nor beyond a limit, by any number of
// purchases at once.
//
// The quote must be for exactly the units of the sale, in the shop's currency, as
// Price of an engine.Ruleset makes it. An error of the sale's Price ends the
// purchase and is returned as it is.
//
// A unit that no item has is an *engine.UnknownItemError, one of which fewer units
// are left than were bought an *engine.OutOfStockError, no units at all, or more
// than MaxUnits, an *engine.CartError, and a total that is not the expected one a
// *engine.PriceChangedError. After any error nothing has changed.
func (s *Store) Purchase(ctx context.Context, sale engine.Sale) (engine.Order, error) {
	p, err := s.sell(ctx, &sale, 0)
	if err != nil {
		return engine.Order{}, err
	}
	return p.order, nil
}

// sell makes a sale, or holds its units for so long, 0 for a sale. It returns the
// plan that was committed.
func (s *Store) sell(ctx context.Context, sale *engine.Sale, ttl time.Duration) (*plan, error) {
	if err := checkUnits(len(sale.Units)); err != nil {
		return nil, err
	}
	inquiry := sale.Inquiry
	inquiry.SKUs = slices.Concat(sale.Units, inquiry.SKUs)
	patience := time.Now().Add(s.options.LockWait)
	for from := s.current(ctx); ; from = nil {
		p, err := s.purchaseOnce(ctx, inquiry, sale, ttl, from)
		switch {
		case err != nil && from != nil && !errors.Is(err, ErrUnavailable) && !rejected(err) && ctx.Err() == nil:
			continue // memory may be behind: what a customer is refused, the database says
		case !errors.Is(err, errStale):
			return p, err
		case time.Now().After(patience):
			return nil, &Error{Op: effectOf(ttl), Err: err, Fault: Fault{
				Reason: "its items or promotions change all the time", Unavailable: true,
			}}
		}
		pause := time.Duration(rand.Int64N(int64(5 * time.Millisecond))) // lets those who compete pass one by one
		select {
		case <-ctx.Done():
			return nil, s.explain(ctx, failed(effectOf(ttl), ctx.Err()))
		case <-time.After(pause):
		}
	}
}

// rejected tells that a plugin has no answer, which the database cannot mend.
func rejected(err error) bool {
	_, ok := errors.AsType[*engine.PluginError](err)
	return ok
}

// purchaseOnce prices the sale and commits the plan; errStale when something has
// changed in between.
func (s *Store) purchaseOnce(ctx context.Context, inquiry engine.Inquiry, sale *engine.Sale, ttl time.Duration, from *generation) (*plan, error) {
	claim, keyed := idempotency.ClaimOf(ctx)
	if keyed { // what has been sold for the key may be out of stock by now
		p := &plan{ttl: ttl, claim: &claim}
		if done, err := s.recalled(ctx, p); done || err != nil {
			return p, err
		}
	}
	price := s.basisNow
	if from != nil {
		price = s.Basis
	}
	basis, err := price(ctx, inquiry)
	if err != nil {
		return nil, err
	}
	if err := allKnown(sale.Units, basis.Items); err != nil {
		return nil, err
	}
	request, quote, err := sale.Price(basis)
	if err != nil {
		return nil, err
	}
	if sale.Expected != nil && quote.Total != *sale.Expected {
		return nil, &engine.PriceChangedError{Expected: *sale.Expected, Quote: quote}
	}
	p, err := s.plan(sale, &basis, request, quote)
	if err != nil {
		return nil, err
	}
	p.ttl = ttl
	if keyed {
		p.claim = &claim
	}
	if err := p.encode(); err != nil {
		return nil, err
	}
	if err := s.commit(ctx, p); err != nil {
		return nil, err
	}
	return p, nil
}

// plan is an order that only has to be committed. All that needs no database is
// done when it is made, so that others wait for as little as can be.
type plan struct {
	order    engine.Order
	request  []byte // recorded
	customer string
	bought   int    // how many of the order's units are not gifts
	pauses   int64  // the revision of the pauses that it was priced on
	takes    []take // by SKU
	claim    *idempotency.Claim
	ttl      time.Duration // 0 makes an order, more holds the units for so long
	hold     Hold          // what is made instead of an order

	// What encode makes of it.
	quote   string    // JSON
	lines   []lineRow // of the order, whose id they lack
	placed  eventRow  // tells of the order
	outcome string    // for the key of claim
}

// The effects of plans, for the keys of requests.
const (
	effectPurchase = "purchase"
	effectHold     = "hold"
)

// effectOf names the effect of a plan that holds units for so long, 0 for a sale.
func effectOf(ttl time.Duration) string {
	if ttl > 0 {
		return effectHold
	}
	return effectPurchase
}

// take is units that leave the stock, of an item in a certain state.
type take struct {
	sku      string
	n        int64
	gifts    int64 // of n
	revision int64
	name     string // of that revision
	left     int64  // in stock, once they are taken
}

// plan makes a plan of what a sale was quoted. It refuses a quote that tells
// another story than the sale: order, cost and stock must agree.
func (s *Store) plan(sale *engine.Sale, basis *engine.Basis, request engine.Request, quote engine.Quote) (*plan, error) {
	units, err := s.checkQuote(sale.Units, &quote)
	if err != nil {
		return nil, err
	}
	gifts, given, err := giftsOf(len(sale.Units), &quote)
	if err != nil {
		return nil, err
	}
	recorded, err := engine.EncodeRequest(request)
	if err != nil {
		return nil, err
	}
	p := &plan{request: recorded, customer: sale.Inquiry.Customer, bought: len(sale.Units), pauses: basis.PausedRevision}
	for sku, n := range given {
		units[sku] += n
	}
	for _, sku := range slices.Sorted(maps.Keys(units)) {
		switch item := basis.Items[sku]; {
		case item == nil:
			return nil, &engine.UnknownItemError{Key: sku}
		case given[sku] > 0 && item.Stock < units[sku] && item.Stock >= units[sku]-given[sku]:
			return nil, &engine.OutOfStockError{SKU: sku, Requested: units[sku], Available: item.Stock} // a gift that never was there
		}
		p.takes = append(p.takes, take{sku: sku, n: units[sku], gifts: given[sku], revision: basis.Revision(sku), name: basis.Items[sku].Name})
	}
	p.order = engine.Order{Reference: s.options.NewReference(), Customer: p.customer, SKUs: slices.Concat(sale.Units, gifts), Quote: quote, State: engine.OrderPlaced, PlacedAt: s.now()}
	return p, nil
}

// encode makes what is stored of a plan.
func (p *plan) encode() error {
	quote, err := json.Marshal(p.order.Quote)
	if err != nil {
		return fmt.Errorf("encode quote: %w", err)
	}
	p.quote, p.lines = string(quote), orderLines(p.order.SKUs, p.bought)
	effect, result := effectPurchase, any(&p.order)
	if p.ttl > 0 {
		p.hold = holdOf(p)
		effect, result = effectHold, &p.hold
	} else if p.placed, err = newEventRow(event.OrderPlaced(p.order), p.order.PlacedAt); err != nil {
		return err
	}
	if p.claim != nil {
		p.outcome, err = encodeOutcome(effect, result)
	}
	return err
}

// carryOut commits a plan in a transaction, unless its key has its effect already.
func (s *Store) carryOut(ctx context.Context, tx bun.Tx, p *plan) error {
	if p.claim != nil {
		err := complete(ctx, tx, *p.claim, p.outcome)
		if errors.Is(err, idempotency.ErrBusy) {
			_, err = recallPlan(ctx, tx, p)
			return err
		}
		if err != nil {
			return err
		}
	}
	if err := s.takeStock(ctx, tx, p); err != nil {
		return err
	}
	counted, err := redeem(ctx, tx, p.order.Quote.Redemptions, p.customer)
	if err != nil {
		return err
	}
	told := s.fallen(p)
	if p.ttl == 0 { // a hold may not become an order: its commit tells what it used up
		told = append(usedUp(counted, p), told...)
	}
	events, err := eventRows(told, s.now())
	if err != nil {
		return err
	}
	if p.ttl > 0 {
		err = insertHold(ctx, tx, p)
	} else {
		err = insertOrder(ctx, tx, p)
		events = append([]eventRow{p.placed}, events...)
	}
	if err != nil {
		return err
	}
	return s.tell(ctx, tx, events...)
}

func checkUnits(n int) error {
	switch {
	case n == 0:
		return &engine.CartError{Field: "skus", Problem: "a purchase is of one unit or more"}
	case n > MaxUnits:
		return &engine.CartError{Field: "skus", Problem: fmt.Sprintf("too many units: an order holds at most %d, gifts included", MaxUnits)}
	default:
		return nil
	}
}

func allKnown(skus []string, items map[string]*engine.Item) error {
	for _, sku := range skus {
		if items[sku] == nil {
			return &engine.UnknownItemError{Key: sku}
		}
	}
	return nil
}

// giftsOf returns the gifts of a quote for so many units, unit by unit and by SKU.
func giftsOf(bought int, quote *engine.Quote) (units []string, bySKU map[string]int64, err error) {
	bySKU = make(map[string]int64, len(quote.Gifts))
	total := int64(bought)
	for _, gift := range quote.Gifts {
		if gift.Quantity < 1 {
			return nil, nil, fmt.Errorf("check quote: %d units of gift %s", gift.Quantity, gift.SKU)
		}
		if gift.Quantity > MaxUnits-total {
			return nil, nil, checkUnits(MaxUnits + 1)
		}
		total += gift.Quantity
		bySKU[gift.SKU] += gift.Quantity
		units = append(units, slices.Repeat([]string{gift.SKU}, int(gift.Quantity))...)
	}
	return units, bySKU, nil
}

// checkQuote returns how many units of each SKU were bought, and refuses a quote
// that is not for them.
func (s *Store) checkQuote(skus []string, quote *engine.Quote) (map[string]int64, error) {
	units := make(map[string]int64, len(quote.Lines))
	for _, sku := range skus {
		units[sku]++
	}
	quoted := make(map[string]int64, len(quote.Lines))
	for _, line := range quote.Lines {
		quoted[line.SKU] += line.Quantity
	}
	switch shop := s.options.Currency; {
	case quote.Currency != shop:
		return nil, fmt.Errorf("check quote: it is in %s, the shop's is %s", cmp.Or(quote.Currency.Code(), "no currency"), shop)
	case quote.Total < 0:
		return nil, fmt.Errorf("check quote: its total is %d smallest units", quote.Total)
	case !maps.Equal(units, quoted):
		return nil, errors.New("check quote: its lines are not the units of the purchase")
	default:
		return units, nil
	}
}

// takeStock takes the units of a plan from the stock of items that are still in the
// state in which they were priced, and records that. Rows are always changed in the
// order of their SKUs, so that two purchases cannot wait for each other.
func (s *Store) takeStock(ctx context.Context, tx bun.Tx, p *plan) error {
	moved := make([]movement, 0, 2*len(p.takes))
	for i := range p.takes {
		t := &p.takes[i]
		err := scan(ctx, tx, &t.left, takeStatement, t.n, t.sku, t.n, t.revision)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return shortage(ctx, tx, *t)
		case err != nil:
			return failed("take stock", err)
		}
		if p.ttl > 0 {
			moved = append(moved, movement{SKU: t.sku, Delta: -t.n, StockAfter: t.left, Reason: ReasonHold, Order: p.order.Reference})
			continue
		}
		moved = append(moved,
			movement{SKU: t.sku, Delta: t.gifts - t.n, StockAfter: t.left + t.gifts, Reason: ReasonSale, Order: p.order.Reference},
			movement{SKU: t.sku, Delta: -t.gifts, StockAfter: t.left, Reason: ReasonGift, Order: p.order.Reference})
	}
	return s.recordMovements(ctx, tx, moved...)
}

// shortage says why the units could not be taken. Gifts that are no longer there
// only change the price.
func shortage(ctx context.Context, tx bun.Tx, t take) error {
	var left []struct{ Stock, Revision int64 }
	err := tx.NewSelect().Model((*itemRow)(nil)).Column("stock", "revision").Where("sku = ? AND "+live, t.sku).Scan(ctx, &left)
	switch {
	case err != nil:
		return failed("read stock", err)
	case len(left) == 0 || left[0].Revision != t.revision || left[0].Stock >= t.n-t.gifts:
		return errStale
	default:
		return &engine.OutOfStockError{SKU: t.sku, Requested: t.n - t.gifts, Available: left[0].Stock}
	}
}

// insertOrder stores the order of a plan.
func insertOrder(ctx context.Context, tx bun.Tx, p *plan) error {
	order := &p.order
	var id int64
	err := scan(ctx, tx, &id, orderStatement, order.Reference, order.Quote.Currency.Code(), int64(order.Quote.Total),
		order.Quote.Ruleset, p.customer, p.quote, string(p.request), order.PlacedAt, order.State)
	if err != nil {
		return failed("insert order", err)
	}
	for i := range p.lines {
		p.lines[i].OrderID = id
	}
	if err := insertLines(ctx, tx, p.lines); err != nil {
		return failed("insert order lines", err)
	}
	return insertRedemptions(ctx, tx, id, order.Quote.Redemptions)
}

func insertLines(ctx context.Context, tx bun.Tx, lines []lineRow) error {
	if prepared(ctx) {
		for _, l := range lines {
			if err := execute(ctx, tx, lineStatement, l.OrderID, l.Position, l.SKU, l.Quantity, l.Gift); err != nil {
				return err
			}
		}
		return nil
	}
	for part := range slices.Chunk(lines, batch) {
		if _, err := tx.NewInsert().Model(&part).Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}
