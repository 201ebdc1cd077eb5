package optimum

// DefaultNodes is the search budget of a Problem that names none: one or two
// milliseconds of one core where all of it is spent.
const DefaultNodes = 4000

// MaxGain is the most that all owners together can be worth. An owner's share of
// it, MaxGain / number of owners, acts as its Cap where that is lower.
const MaxGain int64 = 1 << 60

// Problem is a cart's units and the promotions that compete for them. Units[t]
// is how many units there are of type t, at most 2^32.
type Problem struct {
	Units  []int64
	Owners []Owner // promotions, higher priority first: ties go to the earlier owner
	Nodes  int     // search budget in nodes, not in time; 0 or less is DefaultNodes
}

// nodes is the search budget.
func (p *Problem) nodes() int {
	if p.Nodes < 1 {
		return DefaultNodes
	}
	return p.Nodes
}

// Owner is a promotion: its offers share its limits. An owner whose Times, Cap or
// Budget is below 1 is not applied at all.
type Owner struct {
	Offers []Offer
	Times  int64 // at most so many applications together; math.MaxInt64 is no limit
	Cap    int64 // gains beyond it are cut off: the owner is worth min(Cap, sum of gains); math.MaxInt64 is none
	Budget int64 // the sum of gains, before Cap, may not exceed it; math.MaxInt64 is none
}

// Offer is one deal of a promotion, as the distinct ways to apply it.
type Offer struct {
	Columns []Column
	Times   int64 // at most so many applications of this offer; below 1 is none
	// Rank is the pick order of rewarded units for buy-x-get-y: Rank[t] is the
	// place of type t among the units that the offer can reward, lower ones to be
	// rewarded first, -1 if it can reward none of them. It is nil where there is
	// no such rule, and has one place for each type otherwise.
	Rank []int32
}

// Column is one way to apply an offer. Columns that gain nothing are not used.
type Column struct {
	Use  []Use // types and units of one application, sorted by type, at least one, none twice, N >= 1
	Gain int64 // what one application takes off, in the smallest money unit
	// Reward, Swap and Kept have a meaning for offers with Rank: the highest rank
	// among rewarded units; the highest among rewarded units that could also
	// count as bought, -1 for none; the lowest among bought units that could be
	// rewarded, math.MaxInt32 for none.
	Reward, Swap, Kept int32
}

// Use is a number of units of a type.
type Use struct {
	Type int
	N    int64
}

// Solution is how often each column is applied.
type Solution struct {
	Times   [][][]int64 // for each owner, offer and column
	Gain    int64       // the sum over owners of min(Cap, gains)
	Bound   int64       // no choice gains more
	Optimal bool        // Gain is Bound
	Nodes   int         // nodes searched
}
