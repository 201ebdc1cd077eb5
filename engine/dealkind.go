package engine

// KindOf names the kind of a deal as rule files do, such as "multibuy"; "" for one that
// no rule file can name.
func KindOf(d Deal) string {
	switch d.(type) {
	case *PercentOff:
		return "percent_off"
	case *AmountOff:
		return "amount_off"
	case *FixedPrice:
		return "fixed_price"
	case *Multibuy:
		return "multibuy"
	case *BuyGet:
		return "buy_get"
	case *Giveaway:
		return "gift"
	case *Bundle:
		return "bundle"
	case *Tiers:
		return "tiers"
	case *ShippingOff:
		return "shipping"
	case *Award:
		return "award"
	case *PluginDeal:
		return "plugin"
	default:
		return ""
	}
}
