package engine

// ShippingOff makes shipments cheaper: by a percentage or an amount of all that
// it is about together, or each to a price.
type ShippingOff struct {
	// Methods are those it is about, none for all.
	Methods []string
	Reward  Reward // PayFor has no meaning here
}

// Level implements Deal.
func (d ShippingOff) Level() Level { return ShippingLevel }

func (d ShippingOff) sets() []int { return nil }

func (d ShippingOff) propose(p *pricing) proposal { return refused(NoEffect) }
