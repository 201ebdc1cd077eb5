package engine

// takeDearest lists the columns that come of applying the offer again and again,
// each time to the dearest units that are left; rewards are taken by the offer's
// pick. It fixes how often each is used.
func (l *lister) takeDearest() {
	for times := l.o.terms.times; times > 0; {
		n, added := l.applyDearest(times)
		if !added {
			return
		}
		l.b.columns[len(l.b.columns)-1].times = n
		times -= n
	}
}

// sample lists some of the columns of an offer that has too many: those that
// applying it to the dearest units again and again gives, beginning with the
// dearest, with the second dearest and so on.
func (l *lister) sample() {
	l.visited = 0
	for skip := range l.perStart() {
		l.refill()
		for j := range l.fit {
			l.skip(j, int64(skip))
		}
		for n := int64(1); n > 0 && !l.full(); {
			n, _ = l.applyDearest(l.o.terms.times)
		}
	}
}

// perStart is how many different units a sample begins with: as many as an
// application uses, since it then comes round, but not too many.
func (l *lister) perStart() int {
	var n int64
	for _, part := range l.o.terms.parts {
		n = max(n, part.quantity)
	}
	return int(min(max(n, 1), 8))
}

// skip leaves the n dearest units of part j out.
func (l *lister) skip(j int, n int64) {
	for _, k := range l.fit[j] {
		gone := min(n, l.left[k])
		l.left[k] -= gone
		n -= gone
	}
}

// applyDearest makes a column of the dearest units that are left, for at most so
// many applications, takes as many of them as are alike and returns how many,
// and whether the column gains anything. Where rewarded units are picked, they are
// taken first, since none may be bought that would be picked before them.
func (l *lister) applyDearest(times int64) (n int64, added bool) {
	l.chosen = l.chosen[:0]
	for i := range l.fit {
		j := i
		if l.o.terms.ranked {
			j = len(l.fit) - 1 - i // the rewarded part is the last
		}
		if !l.takePart(j) {
			return 0, false
		}
	}
	l.visited++
	n = times
	for _, u := range l.chosen {
		n = min(n, 1+l.left[u.kind]/l.perApplication(u.kind))
	}
	for _, u := range l.chosen {
		l.left[u.kind] -= u.n * (n - 1)
	}
	return n, l.add()
}

// perApplication is how many units of the kind the chosen application uses.
func (l *lister) perApplication(kind int) int64 {
	var n int64
	for _, u := range l.chosen {
		if u.kind == kind {
			n += u.n
		}
	}
	return n
}

// takePart takes the units of part j off what is left, and reports whether there
// were enough.
func (l *lister) takePart(j int) bool {
	part := &l.o.terms.parts[j]
	order := l.fit[j]
	if l.o.terms.ranked && part.rewarded {
		order = l.picked
	}
	need, missing := part.quantity, part.spend
	for _, k := range order {
		n := min(l.left[k], need)
		if price := l.b.kinds[k].price; part.spend > 0 {
			n = 0
			if missing > 0 && price > 0 {
				n = min(l.left[k], int64((missing+price-1)/price))
			}
			missing -= price * Amount(n)
		}
		if n > 0 {
			l.push(j, k, n)
			need -= n
		}
	}
	if part.spend > 0 {
		return missing <= 0
	}
	return need == 0
}
