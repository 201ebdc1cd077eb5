package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/checkout-promotions/checkout/engine"
)

// Host runs plugins and asks them. It implements engine.Plugins. Its methods are
// safe for concurrent use.
type Host struct {
	options Options
	pace    pace
	starter *starter

	mu      sync.Mutex
	plugins map[string]*guarded
	closed  bool
}

// guarded is a plugin with what ends it.
type guarded struct {
	*supervisor
	stop context.CancelFunc
	done chan struct{}
}

// New returns a host that runs nothing yet. Close ends it.
func New(o Options) (*Host, error) {
	if o.Dir == "" || o.Currency == (engine.Currency{}) {
		return nil, errors.New("new plugin host: no folder of plugins, or no currency")
	}
	var err error
	if o.Dir, err = filepath.Abs(o.Dir); err != nil {
		return nil, fmt.Errorf("new plugin host: %w", err)
	}
	o = o.withDefaults()
	starter, err := newStarter(&o)
	if err != nil {
		return nil, err
	}
	return &Host{options: o, pace: defaultPace(), starter: starter, plugins: make(map[string]*guarded)}, nil
}

// Use makes the plugins those of the pins: others are ended, and new ones started.
// One that is wanted as before goes on. It does not wait for that; see Ready.
func (h *Host) Use(pins []Pin) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return
	}
	wanted := make(map[string]bool, len(pins))
	for _, pin := range pins {
		wanted[pin.Name] = true
		if known := h.plugins[pin.Name]; known != nil {
			if !known.pinned().equal(pin) {
				known.repin(pin)
			}
			continue
		}
		h.plugins[pin.Name] = h.guard(pin)
	}
	for name, p := range h.plugins {
		if !wanted[name] {
			p.stop()
			delete(h.plugins, name)
		}
	}
}

func (h *Host) guard(pin Pin) *guarded {
	ctx, stop := context.WithCancel(context.Background())
	path := h.starter.path(pin.Name)
	g := &guarded{
		supervisor: newSupervisor(pin, h.options.Logger, h.pace, h.starter.launch, func() (fileState, error) { return lookAt(path) }),
		stop:       stop, done: make(chan struct{}),
	}
	h.starter.running.Go(func() {
		defer close(g.done)
		g.run(ctx)
	})
	return g
}

// Ready waits until every plugin runs or has failed to start for the first time.
func (h *Host) Ready(ctx context.Context) error {
	for _, p := range h.list() {
		select {
		case <-p.settled:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// list returns the plugins by name.
func (h *Host) list() []*guarded {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.SortedFunc(maps.Values(h.plugins), func(a, b *guarded) int { return cmp.Compare(a.name, b.name) })
}

func (h *Host) plugin(name string) *guarded {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.plugins[name]
}

// Status tells how the plugins are, by name.
func (h *Host) Status() []Status {
	var all []Status
	for _, p := range h.list() {
		all = append(all, p.state())
	}
	return all
}

// Close ends all plugins and waits for that.
func (h *Host) Close() error {
	h.mu.Lock()
	h.closed = true
	for _, p := range h.plugins {
		p.stop()
	}
	h.mu.Unlock()
	return h.starter.close()
}

// Evaluate implements engine.Plugins: one call of each plugin, all at once.
func (h *Host) Evaluate(ctx context.Context, cart *engine.Cart, at time.Time, questions []engine.Question) []engine.Answer {
	if len(questions) == 0 {
		return nil
	}
	if first := questions[0].Plugin; !slices.ContainsFunc(questions, func(q engine.Question) bool { return q.Plugin != first }) {
		return h.ask(ctx, first, cart, at, questions)
	}
	byPlugin := make(map[string][]engine.Question)
	for _, q := range questions {
		byPlugin[q.Plugin] = append(byPlugin[q.Plugin], q)
	}
	var mu sync.Mutex
	var all []engine.Answer
	each(byPlugin, func(name string, asked []engine.Question) {
		answers := h.ask(ctx, name, cart, at, asked)
		mu.Lock()
		defer mu.Unlock()
		all = append(all, answers...)
	})
	return all
}

// each runs f for every entry, at once where there are several, and waits.
func each[V any](entries map[string]V, f func(name string, v V)) {
	if len(entries) == 1 {
		for name, v := range entries {
			f(name, v)
		}
		return
	}
	var all sync.WaitGroup
	for name, v := range entries {
		all.Go(func() { f(name, v) })
	}
	all.Wait()
}

// ask returns an answer of the plugin to each of the questions.
func (h *Host) ask(ctx context.Context, name string, cart *engine.Cart, at time.Time, questions []engine.Question) []engine.Answer {
	p := h.plugin(name)
	if p == nil {
		return failedAnswers(questions, engine.NotRunning, "no plugin of this name is in use")
	}
	ctx, span := h.startSpan(ctx, "plugin evaluate", name)
	var answers []engine.Answer
	fault, detail := p.call(ctx, func(ctx context.Context, program program) (err error) {
		answers, err = program.evaluate(ctx, cart, at, questions)
		return err
	})
	endSpan(span, fault)
	if fault != "" {
		p.complain(ctx, fault, detail)
		return failedAnswers(questions, fault, detail)
	}
	return answers
}

func failedAnswers(questions []engine.Question, fault engine.PluginFault, detail string) []engine.Answer {
	answers := make([]engine.Answer, len(questions))
	for i, q := range questions {
		answers[i] = engine.Answer{Promotion: q.Promotion, Deal: q.Deal, Fault: fault, Detail: detail}
	}
	return answers
}

// Facts implements engine.Plugins: one call of each plugin, all at once. What goes
// wrong leaves the facts unknown.
func (h *Host) Facts(ctx context.Context, cart *engine.Cart, at time.Time, wanted []engine.FactKey) map[engine.FactKey]engine.Value {
	byPlugin := make(map[string][]string)
	for _, key := range wanted {
		byPlugin[key.Plugin] = append(byPlugin[key.Plugin], key.Name)
	}
	var mu sync.Mutex
	known := make(map[engine.FactKey]engine.Value)
	each(byPlugin, func(name string, names []string) {
		p := h.plugin(name)
		if p == nil {
			return
		}
		ctx, span := h.startSpan(ctx, "plugin facts", name)
		var told map[string]engine.Value
		fault, detail := p.call(ctx, func(ctx context.Context, program program) (err error) {
			told, err = program.facts(ctx, cart, at, names)
			return err
		})
		endSpan(span, fault)
		if fault != "" {
			p.complain(ctx, fault, detail)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		for fact, value := range told {
			known[engine.FactKey{Plugin: name, Name: fact}] = value
		}
	})
	return known
}
