package engine

import "slices"

// rivalry is what the rules say about a promotion and others that may not have
// an effect beside it.
type rivalry struct {
	// any says that there are some, settled that priority decides about none.
	any       bool
	settled   bool
	group     int32
	levels    uint8 // of its deals, as bits
	exclusive Exclusivity
	excludes  []int32 // promotions that either of the two names, sorted
}

// clash is why two promotions cannot both have an effect.
type clash struct {
	reason     Reason // Displaced or Excluded, 0 for no clash
	byPriority bool   // the higher rank wins, whatever it saves
}

// clashOf tells whether two promotions exclude each other.
func (r *Ruleset) clashOf(i, j int32) clash {
	a, b := &r.rivalries[i], &r.rivalries[j]
	byPriority := r.policy.Resolution == ResolvePriority
	if a.group == b.group {
		switch r.groups[a.group].Combine {
		case CombineBest:
			return clash{Displaced, false}
		case CombineFirst:
			return clash{Displaced, true}
		}
	}
	if a.claims(b) || b.claims(a) || len(a.excludes) > 0 && hasSorted(a.excludes, j) {
		return clash{Excluded, byPriority}
	}
	return clash{}
}

func hasSorted(list []int32, x int32) bool {
	_, found := slices.BinarySearch(list, x)
	return found
}

// claims reports whether a is exclusive in a scope in which b is.
func (a *rivalry) claims(b *rivalry) bool {
	switch a.exclusive {
	case ExclusiveInGroup:
		return a.group == b.group
	case ExclusiveInLevel:
		return a.levels&b.levels != 0
	case ExclusiveInCart:
		return true
	default:
		return false
	}
}

// findRivalries works out what the rules say once and for all.
func (r *Ruleset) findRivalries() []rivalry {
	rivalries := make([]rivalry, len(r.promotions))
	byName := make(map[string][]int32) // ids and groups
	for i, p := range r.promotions {
		group := r.groupOf(p)
		rivalries[i] = rivalry{group: group, exclusive: p.Exclusive}
		for _, d := range p.Deals {
			rivalries[i].levels |= 1 << d.Level()
		}
		byName[p.ID] = append(byName[p.ID], int32(i))
		if name := r.groups[group].ID; name != p.ID {
			byName[name] = append(byName[name], int32(i))
		}
	}
	for i, p := range r.promotions {
		names := slices.Concat(p.Excludes, r.groups[rivalries[i].group].Excludes)
		for _, name := range names {
			for _, j := range byName[name] {
				if int(j) != i {
					rivalries[i].excludes = append(rivalries[i].excludes, j)
					rivalries[j].excludes = append(rivalries[j].excludes, int32(i))
				}
			}
		}
	}
	r.markRivals(rivalries)
	return rivalries
}

// markRivals notes which promotions have any rival, without comparing all pairs.
func (r *Ruleset) markRivals(rivalries []rivalry) {
	var levels uint8
	everywhere := false
	exclusiveIn := make([]bool, len(r.groups))
	for i := range rivalries {
		switch a := &rivalries[i]; a.exclusive {
		case ExclusiveInGroup:
			exclusiveIn[a.group] = true
		case ExclusiveInLevel:
			levels |= a.levels
		case ExclusiveInCart:
			everywhere = true
		}
	}
	for i := range rivalries {
		a := &rivalries[i]
		slices.Sort(a.excludes)
		a.excludes = slices.Compact(a.excludes)
		a.any = everywhere || exclusiveIn[a.group] || levels&a.levels != 0 || len(a.excludes) > 0 ||
			r.groups[a.group].Combine.one()
		a.settled = r.policy.Resolution == ResolveBest && r.groups[a.group].Combine != CombineFirst
	}
}
