package engine

// BuyGet is buy x, get y: for every Quantity units bought of one selection, or
// every Spend of money spent on it, so many units of another, or of the same,
// are free or cheaper. A unit is either bought or rewarded, never both. Pick
// says which units are rewarded: of all that could be and that no other deal
// uses, the cheapest or the dearest. Bought and rewarded units are claimed. An
// application has all its units or does not happen.
type BuyGet struct {
	Buy      Selection
	Quantity Number // units to buy, or nil when Spend is set
	Spend    Number // money to spend
	Get      Selection
	Reward   Reward // of a unit; PayFor has no meaning here
	Units    Number // how many units an application rewards
	Pick     Pick
	Repeat   Number // nil: as often as the units allow
}

// Level implements Deal.
func (d *BuyGet) Level() Level { return ItemLevel }

func (d *BuyGet) sets() []int { return append(d.Buy.sets(), d.Get.sets()...) }

func (d *BuyGet) needs() int { return d.Buy.set() }

func (d *BuyGet) terms(p *pricing) (terms, bool) {
	reward, ok := d.Reward.terms(p)
	reward.each = true
	buy, get := part{of: d.Buy}, part{of: d.Get, quantity: p.count(d.Units), rewarded: true}
	if d.Spend != nil {
		buy.spend = p.amount(d.Spend)
	} else {
		buy.quantity = p.count(d.Quantity)
	}
	return terms{
		parts: []part{buy, get}, reward: reward, times: p.repeat(d.Repeat), ranked: true, pick: d.Pick,
	}, ok && get.quantity > 0 && (buy.quantity > 0 || buy.spend > 0)
}
