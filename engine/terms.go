package engine

// claimer is a deal whose applications claim units, so that deals of the same
// group compete for them: Multibuy, BuyGet and Bundle.
type claimer interface {
	Deal
	// terms evaluates the deal's numbers for the cart at hand; false when one
	// is missing or leaves nothing to do.
	terms(p *pricing) (terms, bool)
}

// terms say what one application of a deal takes, and what for.
type terms struct {
	parts  []part
	reward rewardTerms
	times  int64 // at most so many applications
	// ranked says that rewarded units are picked, in this order, from all that
	// no deal has used.
	ranked bool
	pick   Pick
}

// part is so many units of a selection, or units worth so much.
type part struct {
	of       Selection
	quantity int64
	spend    Amount
	rewarded bool // the reward is of these units
}

// rewardTerms is an evaluated Reward.
type rewardTerms struct {
	kind    rewardKind
	paid    int64
	amount  Amount
	percent Percent
	each    bool // of each unit, not of an application's units together
}

type rewardKind uint8

const (
	free rewardKind = iota // all but so many paid units
	atPrice
	amountOff
	percentOff
)
