package backtest

import (
	"cmp"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/invariant"
)

// Options say what is compared, and over which orders.
type Options struct {
	Old, New *engine.Ruleset
	// Since and Until select orders by when they were placed: from Since on, and
	// before Until. A zero end is open.
	Since, Until time.Time
	// Sample prices so many orders, chosen with Seed from those of the span; 0
	// for all. It holds the text of so many orders in memory.
	Sample int
	Seed   uint64
	// Limit prices only the first orders of the span, 0 for all.
	Limit int64
	// Recorded checks limits against the usage of the record in place of what
	// the orders before have used.
	Recorded bool
	// Catalog finds gifts that the record does not have; it may be nil.
	Catalog engine.CatalogMap
	// Invariants are checked on every order, under both rulesets. Those that
	// permute, which are dear, are checked on each order whose number in the
	// input can be divided by Permute, 0 for DefaultPermute.
	Invariants []invariant.Invariant
	Permute    int64
	// Workers is how many orders are priced at once, 0 for all cores. It makes
	// no difference to the result.
	Workers int
	// Tick is told how far it is, now and then, from one goroutine: orders, and
	// of how many bytes or orders of the input these are; total is below 0 where
	// it is not known. It may be nil.
	Tick func(orders, done, total int64)
}

// DefaultPermute is of how many orders one is priced with its lines or its coupons
// in another order, where an invariant asks for it. All of them would take twice as
// long as the backtest itself.
const DefaultPermute = 10

// The bounds of a block: what one worker takes at once.
const (
	blockOrders = 32
	blockBytes  = 512 << 10
)

// block is some orders, one after the other.
type block struct {
	buf     []byte
	entries []Entry
	ends    []int // of the entries' texts in buf
	priced  []pricedOrder
	read    int64 // orders out of the span among them
	done    chan struct{}
}

// Run prices the orders of the source. An error is that of the source or of the
// context; orders that cannot be priced are part of the result.
func Run(ctx context.Context, source Source, o Options) (*Result, error) {
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Permute <= 0 {
		o.Permute = DefaultPermute
	}
	// Those that are checked on every order come first.
	o.Invariants = slices.Clone(o.Invariants)
	slices.SortStableFunc(o.Invariants, func(a, b invariant.Invariant) int { return cmp.Compare(dear(a), dear(b)) })
	ctx, cancel := context.WithCancel(ctx)
	r := &run{
		Options: o, source: source, pair: engine.NewPair(o.Old, o.New),
		work: make(chan *block), ordered: make(chan *block, 2*o.Workers),
		free: make(chan *block, 3*o.Workers+2),
	}
	var group sync.WaitGroup
	defer group.Wait()
	defer cancel()
	group.Go(func() {
		r.failure = r.feed(ctx)
		close(r.work)
		close(r.ordered)
	})
	for range o.Workers {
		group.Go(func() { r.price(source.Decoder()) })
	}
	tally := newTally(&o)
	for b := range r.ordered {
		<-b.done
		tally.read += b.read
		for i := range b.priced {
			tally.add(&b.priced[i])
		}
		if o.Tick != nil {
			done, total := source.Progress()
			o.Tick(tally.read, done, total)
		}
		r.recycle(b)
	}
	if r.failure != nil {
		return nil, r.failure
	}
	return tally.result(), nil
}

type run struct {
	Options
	source        Source
	pair          *engine.Pair
	work, ordered chan *block
	free          chan *block
	failure       error // of feed, to be read when ordered is closed
}

// feed cuts the input into blocks. Each goes to the workers, and to the one that
// adds up, which waits for it.
func (r *run) feed(ctx context.Context) error {
	if r.Sample > 0 {
		return r.feedSample(ctx)
	}
	head := r.source.Decoder()
	for left := r.Limit; ; {
		b, skipped, ended, err := r.fill(head, left)
		if err != nil {
			return err
		}
		left -= int64(len(b.entries))
		if err := r.send(ctx, b, skipped); err != nil {
			return err
		}
		if ended || r.Limit > 0 && left <= 0 {
			return nil
		}
	}
}

// fill reads a block; at most so many orders, 0 or less for no bound.
func (r *run) fill(head Decoder, most int64) (b *block, skipped int64, ended bool, err error) {
	b = r.newBlock()
	for len(b.entries)+int(skipped) < blockOrders && len(b.buf) < blockBytes && (most <= 0 || int64(len(b.entries)) < most) {
		start := len(b.buf)
		var e Entry
		e, b.buf, err = r.source.Next(b.buf)
		if errors.Is(err, io.EOF) {
			return b, skipped, true, nil
		}
		if err != nil {
			return b, skipped, false, err
		}
		if !r.inSpan(head, e) {
			b.buf = b.buf[:start]
			skipped++
			continue
		}
		b.entries, b.ends = append(b.entries, e), append(b.ends, len(b.buf)-len(e.Text), len(b.buf))
	}
	return b, skipped, false, nil
}

// inSpan tells whether the order is to be priced. One whose time cannot be read
// is, so that it is reported.
func (r *run) inSpan(head Decoder, e Entry) bool {
	if r.Since.IsZero() && r.Until.IsZero() {
		return true
	}
	at, err := head.PlacedAt(e)
	return err != nil || !at.Before(r.Since) && (r.Until.IsZero() || at.Before(r.Until))
}

// feedSample chooses orders, each with the same chance, and sends them in their
// order.
func (r *run) feedSample(ctx context.Context) error {
	head := r.source.Decoder()
	random := rand.New(rand.NewPCG(r.Seed, 0x6261636b74657374))
	var chosen []Entry
	var buf []byte
	seen, skipped := int64(0), int64(0)
	for r.Limit == 0 || seen < r.Limit {
		var e Entry
		var err error
		e, buf, err = r.source.Next(buf[:0])
		if errors.Is(err, io.EOF) {
			break
		}
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		if !r.inSpan(head, e) {
			skipped++
			continue
		}
		seen++
		at := len(chosen)
		if at >= r.Sample {
			at = int(random.Int64N(seen))
		} else {
			chosen = append(chosen, Entry{})
		}
		if at < r.Sample {
			e.Text = slices.Clone(e.Text)
			chosen[at] = e
		}
	}
	slices.SortFunc(chosen, func(a, b Entry) int { return int(a.Index - b.Index) })
	skipped += seen - int64(len(chosen))
	for part := range slices.Chunk(chosen, blockOrders) {
		b := r.newBlock()
		for _, e := range part {
			b.buf = append(b.buf, e.Text...)
			b.entries, b.ends = append(b.entries, e), append(b.ends, len(b.buf)-len(e.Text), len(b.buf))
		}
		if err := r.send(ctx, b, skipped); err != nil {
			return err
		}
		skipped = 0
	}
	return nil
}

// send hands a block on.
func (r *run) send(ctx context.Context, b *block, skipped int64) error {
	for i := range b.entries { // buf has moved while it grew
		b.entries[i].Text = b.buf[b.ends[2*i]:b.ends[2*i+1]]
	}
	b.read = skipped + int64(len(b.entries))
	b.done = make(chan struct{})
	select {
	case r.work <- b:
	case <-ctx.Done():
		return ctx.Err()
	}
	r.ordered <- b // whoever adds up takes all that come
	return nil
}

func (r *run) newBlock() *block {
	select {
	case b := <-r.free:
		return b
	default:
		return &block{}
	}
}

func (r *run) recycle(b *block) {
	clear(b.entries)
	for i := range b.priced {
		b.priced[i] = pricedOrder{memory: b.priced[i].memory}
	}
	b.buf, b.entries, b.ends, b.priced = b.buf[:0], b.entries[:0], b.ends[:0], b.priced[:0]
	select {
	case r.free <- b:
	default:
	}
}

// price prices blocks until there are no more.
func (r *run) price(decoder Decoder) {
	for b := range r.work {
		b.priced = slices.Grow(b.priced, len(b.entries))[:len(b.entries)] // recycle has left their memory alone
		for i, e := range b.entries {
			r.priceOrder(decoder, e, &b.priced[i])
		}
		close(b.done)
	}
}
