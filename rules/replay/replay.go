package replay

import (
	"container/list"
	"context"
	"encoding/json"
	"fmt"
	"maps"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/archive"
	"github.com/checkout-promotions/checkout/rules/compile"
)

// Order is a stored order.
type Order struct {
	// Ruleset is the digest of the rules.
	Ruleset string
	// Request is what engine.EncodeRequest has written, "" for an order from
	// before there was an archive.
	Request string
	// Quote is the stored quote, as JSON.
	Quote string
}

// Verdict says how a replay ended.
type Verdict string

// The verdicts.
const (
	// Identical means that the quote is the stored one, byte by byte, or but for
	// fields that later versions have added.
	Identical Verdict = "identical"
	// Different means that the order would be priced otherwise.
	Different Verdict = "different"
	// Unrecorded means that the order is from before there was an archive.
	Unrecorded Verdict = "unrecorded"
	// Failed means that the order could not be priced again: its rules are not
	// in the archive, are damaged or no longer compile, or its request is.
	Failed Verdict = "failed"
)

// Result is what came of a replay.
type Result struct {
	Verdict Verdict
	// Added are the fields that later versions have added, where that is all
	// that differs.
	Added []string
	// Differences are there when the verdict is Different.
	Differences []Difference
	// Currency is that of the amounts in Differences.
	Currency engine.Currency
	// Err says why the verdict is Failed.
	Err error
}

// maxCached is how many compiled rulesets a Replayer keeps.
const maxCached = 16

// Replayer replays orders. It is for one goroutine.
type Replayer struct {
	load   func(ctx context.Context, digest string) ([]byte, error)
	cached map[string]*list.Element // of *compiled, by digest
	recent *list.List               // the one used last at the front
}

type compiled struct {
	digest string
	rules  *engine.Ruleset
	err    error
}

// New returns a Replayer. Load returns the archive of a ruleset, as archive.Pack
// has made it.
func New(load func(ctx context.Context, digest string) ([]byte, error)) *Replayer {
	return &Replayer{load: load, cached: make(map[string]*list.Element), recent: list.New()}
}

// Replay prices the order again. The rules are asked for at most once in a row,
// also when they cannot be had. An end of the context is a Failed result like any
// other.
func (r *Replayer) Replay(ctx context.Context, order Order) Result {
	if order.Request == "" {
		return Result{Verdict: Unrecorded}
	}
	quote, err := r.price(ctx, order)
	if err != nil {
		return Result{Verdict: Failed, Err: err}
	}
	again, err := json.Marshal(quote)
	if err != nil {
		return Result{Verdict: Failed, Err: fmt.Errorf("encode the quote: %w", err)}
	}
	if string(again) == order.Quote {
		return Result{Verdict: Identical}
	}
	result, err := compare([]byte(order.Quote), again, engine.RecordedFormat([]byte(order.Request)), engine.QuoteFieldsSince())
	if err != nil {
		return Result{Verdict: Failed, Err: fmt.Errorf("the stored quote is damaged: %w", err)}
	}
	result.Currency = quote.Currency
	return result
}

// UnrecordedError says that an order cannot be priced again, because it is from
// before there was an archive.
type UnrecordedError struct{}

// Error implements error.
func (e *UnrecordedError) Error() string {
	return "the order is from before requests were kept, so its units cannot be priced again"
}

// KeptPrice returns a function that prices so many units of each SKU of the order
// as the order was priced: by its rules, for its customer, with its coupons, and
// with usage and stocks as they were. Units that the order does not have cost
// nothing. The function is pure and safe for concurrent use. An order without a
// request is an *UnrecordedError.
func (r *Replayer) KeptPrice(ctx context.Context, order Order) (func(units map[string]int64) (engine.Amount, error), error) {
	request, rules, err := r.Request(ctx, order)
	if err != nil {
		return nil, err
	}
	return func(units map[string]int64) (engine.Amount, error) {
		part := request
		part.Hints, part.Explain = false, false
		part.Cart.Lines = keptLines(request.Cart.Lines, units)
		quote, err := rules.Price(part)
		return quote.Total, err
	}, nil
}

// keptLines returns the lines with so many units of each SKU.
func keptLines(lines []engine.Line, units map[string]int64) []engine.Line {
	left := maps.Clone(units)
	var kept []engine.Line
	for _, line := range lines {
		line.Quantity = min(line.Quantity, left[line.Item.SKU])
		if line.Quantity > 0 {
			left[line.Item.SKU] -= line.Quantity
			kept = append(kept, line)
		}
	}
	return kept
}

// Request returns what the order was priced from, and the rules of that time. An
// order without a request is an *UnrecordedError.
func (r *Replayer) Request(ctx context.Context, order Order) (engine.Request, *engine.Ruleset, error) {
	if order.Request == "" {
		return engine.Request{}, nil, &UnrecordedError{}
	}
	request, err := engine.DecodeRequest([]byte(order.Request))
	if err != nil {
		return engine.Request{}, nil, err
	}
	rules, err := r.ruleset(ctx, order.Ruleset)
	return request, rules, err
}

func (r *Replayer) price(ctx context.Context, order Order) (engine.Quote, error) {
	request, rules, err := r.Request(ctx, order)
	if err != nil {
		return engine.Quote{}, err
	}
	return rules.Price(request)
}

// ruleset returns the compiled ruleset, from the cache or from the archive.
func (r *Replayer) ruleset(ctx context.Context, digest string) (*engine.Ruleset, error) {
	if known := r.cached[digest]; known != nil {
		r.recent.MoveToFront(known)
		c := known.Value.(*compiled)
		return c.rules, c.err
	}
	rules, err := r.compile(ctx, digest)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	r.cached[digest] = r.recent.PushFront(&compiled{digest, rules, err})
	if r.recent.Len() > maxCached {
		oldest := r.recent.Remove(r.recent.Back()).(*compiled)
		delete(r.cached, oldest.digest)
	}
	return rules, err
}

func (r *Replayer) compile(ctx context.Context, digest string) (*engine.Ruleset, error) {
	packed, err := r.load(ctx, digest)
	if err != nil {
		return nil, err
	}
	files, err := archive.Unpack(packed, digest)
	if err != nil {
		return nil, err
	}
	rules, err := compile.Compile(files)
	if err != nil {
		return nil, &CompileError{Digest: digest, Err: err}
	}
	return rules, nil
}

// CompileError says that archived rules, which compiled once, do so no longer.
type CompileError struct {
	Digest string
	Err    error // the faults
}

// Error implements error.
func (e *CompileError) Error() string {
	return fmt.Sprintf("the archived rules %s do not compile with this version: %v", e.Digest, e.Err)
}
