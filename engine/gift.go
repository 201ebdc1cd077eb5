package engine

import (
	"fmt"
	"strings"
)

// Giveaway adds units of an item at no charge: once, or once for every
// ForEachQuantity units the cart holds of a selection. The units come from
// stock besides those in the cart. When they are not all there none is given,
// because half of an offer is not the offer.
type Giveaway struct {
	// Items are the SKUs to choose from; the first that stock allows is given.
	Items []string
	// Quantity is how many units one application gives.
	Quantity Number
	// ForEach counts applications, nil for once.
	ForEach *ForEach
}

// ForEach counts how often the cart holds Quantity units of Of.
type ForEach struct {
	Of       Selection
	Quantity Number
}

// Level implements Deal. Gifts are decided after the item level, so that a
// condition on the cart's total sees the prices that items really have.
func (d *Giveaway) Level() Level { return OrderLevel }

func (d *Giveaway) sets() []int {
	if d.ForEach == nil {
		return nil
	}
	return d.ForEach.Of.sets()
}

func (d *Giveaway) needs() int {
	if d.ForEach == nil {
		return -1
	}
	return d.ForEach.Of.set()
}

func (d *Giveaway) most(p *pricing) Amount {
	times := p.repeat(nil)
	if d.ForEach == nil {
		times = 1
	} else if constant(d.ForEach.Quantity) {
		times, _ = d.times(p)
	}
	each := MaxQuantity
	if constant(d.Quantity) {
		each = p.count(d.Quantity)
	}
	var worth Amount
	for _, sku := range d.Items {
		if item, _ := p.giftStock(sku); item != nil {
			worth = max(worth, item.Price)
		}
	}
	return mostTimes(mostTimes(worth, times), each)
}

// mostTimes is a product that stops at MaxAmount.
func mostTimes(a Amount, n int64) Amount {
	if product, ok := mulAmount(a, n); ok {
		return product
	}
	return MaxAmount
}

func (d *Giveaway) propose(p *pricing) proposal {
	times, reason := d.times(p)
	if reason != Applied {
		return refused(reason)
	}
	times = min(times, p.repeat(nil))
	each := p.count(d.Quantity)
	if times < 1 || each < 1 || times > MaxQuantity/each {
		return refused(NoEffect)
	}
	var shortages []string
	for _, sku := range d.Items {
		item, left := p.giftStock(sku)
		if item != nil && left >= times*each {
			gift := &Gift{SKU: sku, Name: item.Name, Quantity: times * each, Worth: item.Price}
			return proposal{given: &given{gift: gift}, applications: times, reason: Applied}
		}
		if p.telling {
			shortages = append(shortages, giftShortage(sku, item, times*each, left))
		}
	}
	if shortages == nil {
		return refused(OutOfStock)
	}
	return proposal{reason: OutOfStock, obstacle: &obstacle{detail: strings.Join(shortages, "; ")}}
}

func (d *Giveaway) times(p *pricing) (int64, Reason) {
	if d.ForEach == nil {
		return 1, Applied
	}
	matching := p.slots(d.ForEach.Of)
	if len(matching) == 0 {
		return 0, NoMatchingItems
	}
	switch quantity := p.count(d.ForEach.Quantity); {
	case quantity < 1:
		return 0, NoEffect
	case units(matching) < quantity:
		return 0, BelowQuantity
	default:
		return units(matching) / quantity, Applied
	}
}

// giftStock returns the item and how many units of it are left once the cart
// and the gifts so far are served.
func (p *pricing) giftStock(sku string) (*Item, int64) {
	if p.req.Catalog == nil {
		return nil, 0
	}
	item, ok := p.req.Catalog.Item(sku)
	if !ok {
		return nil, 0
	}
	item, ok = item.in(p.cart.Currency)
	if !ok {
		return nil, 0
	}
	left := item.Stock
	for i := range p.goods {
		if p.lines[i].item.SKU == sku {
			left -= p.lines[i].n
		}
	}
	for _, g := range p.gifts {
		if g.SKU == sku {
			left -= g.Quantity
		}
	}
	return item, left
}

func giftShortage(sku string, item *Item, wanted, left int64) string {
	if item == nil {
		return fmt.Sprintf("%s is not in the catalogue", sku)
	}
	return fmt.Sprintf("%s: %d wanted, %d left", sku, wanted, max(0, left))
}
