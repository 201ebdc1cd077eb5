package optimum

import (
	"math/bits"
	"slices"
)

// layout packs what is left of rows into few words, as many bits for each row as
// its limit needs.
type layout struct {
	fields []field
	words  int
	masks  []uint64 // for each place in the order, the rows that are still open
}

type field struct {
	word  int
	shift uint
}

// newLayout gives every row a field. Rows are open at the places before last.
func newLayout(m *model, last []int32, places int) layout {
	l := layout{fields: make([]field, len(m.rows)), words: 1}
	free := uint(0)
	for r := range m.rows {
		width := uint(bits.Len64(uint64(m.rows[r].limit)))
		if free+width > 64 {
			l.words, free = l.words+1, 0
		}
		l.fields[r] = field{l.words - 1, free}
		free += width
	}
	l.masks = make([]uint64, (places+1)*l.words)
	for r := range m.rows {
		f, limit := l.fields[r], uint64(m.rows[r].limit)
		ones := (uint64(1)<<bits.Len64(limit) - 1) << f.shift
		for place := range int(last[r]) {
			l.masks[place*l.words+f.word] |= ones
		}
	}
	return l
}

func (l *layout) pack(rem []int64) []uint64 {
	packed := make([]uint64, l.words)
	for r, n := range rem {
		packed[l.fields[r].word] |= uint64(n) << l.fields[r].shift
	}
	return packed
}

// mask returns the bits of the rows that a column from place on uses.
func (l *layout) mask(place int) []uint64 {
	return l.masks[place*l.words : (place+1)*l.words]
}

// table remembers states and the least loss with which each was visited. It is
// an open hash table whose entries are a state and a loss, one after the other;
// states are compared word by word, so a hash decides nothing.
type table struct {
	words   int // of a state; its first word is never 0
	entries []uint64
	used    int
	probe   []uint64
}

func newTable(words int) table {
	return table{words: words, probe: make([]uint64, words)}
}

// key returns the buffer in which a state is to be put.
func (t *table) key() []uint64 { return t.probe }

// visited reports whether the state was visited with no more loss. If not, it is
// now.
func (t *table) visited(state []uint64, loss int64) bool {
	if 2*(t.used+1)*(t.words+1) > len(t.entries) {
		t.grow()
	}
	entry := t.find(state)
	if entry[0] != 0 {
		if int64(entry[t.words]) <= loss {
			return true
		}
	} else {
		t.used++
		copy(entry, state)
	}
	entry[t.words] = uint64(loss)
	return false
}

// find returns the entry of the state, or the empty one where it belongs.
func (t *table) find(state []uint64) []uint64 {
	size := t.words + 1
	mask := uint64(len(t.entries)/size - 1)
	for slot := hash(state) & mask; ; slot = (slot + 1) & mask {
		entry := t.entries[slot*uint64(size) : (slot+1)*uint64(size)]
		if entry[0] == 0 || slices.Equal(entry[:t.words], state) {
			return entry
		}
	}
}

// grow doubles the table.
func (t *table) grow() {
	size := t.words + 1
	old := t.entries
	t.entries = make([]uint64, max(32*size, 2*len(old)))
	for ; len(old) > 0; old = old[size:] {
		if old[0] != 0 {
			copy(t.find(old[:t.words]), old[:size])
		}
	}
}

// hash mixes the words of a state (the finaliser of splitmix64, Steele, Lea and
// Flood 2014).
func hash(state []uint64) uint64 {
	h := uint64(0)
	for _, w := range state {
		h ^= w
		h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
		h = (h ^ h>>27) * 0x94d049bb133111eb
		h ^= h >> 31
	}
	return h
}
