package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// PluginDeal is a deal that a plugin decides: a program of its own, which is asked
// before the pricing begins. What it answered is part of the Request, so that
// pricing stays pure and an old order is priced again without the program. The
// answer is a candidate like what any other deal proposes: it is cut to what units
// can still give, limits and caps hold, and it competes as its promotion does.
type PluginDeal struct {
	// Plugin and Kind say who decides: one of the kinds of deals of a plugin.
	Plugin string
	Kind   string
	// Config is what the rule file says to the plugin, as JSON.
	Config string
	// Effect is what the kind of deal may do.
	Effect Effect
	// Gifts are the SKUs that it may give away, for GiftEffect.
	Gifts []string
	// Reject says that a cart is not priced at all when the plugin fails.
	Reject bool

	place int // among the deals of its promotion
}

// Effect is what a kind of plugin deal may do. It decides when the deal has its
// turn.
type Effect uint8

// The effects: on units, on the order as a whole, on the shipments, units at no
// charge, and what is no price.
const (
	ItemEffect Effect = iota
	OrderEffect
	ShippingEffect
	GiftEffect
	AwardEffect
)

// effectTexts are the texts of the effects, by effect.
func effectTexts() []string { return []string{"items", "order", "shipping", "gift", "award"} }

// Effects returns every effect.
func Effects() []Effect {
	return []Effect{ItemEffect, OrderEffect, ShippingEffect, GiftEffect, AwardEffect}
}

// String returns the text of the effect.
func (e Effect) String() string {
	if texts := effectTexts(); int(e) < len(texts) {
		return texts[e]
	}
	return fmt.Sprintf("Effect(%d)", uint8(e))
}

// MarshalText returns the text of the effect.
func (e Effect) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// UnmarshalText reads the text of an effect.
func (e *Effect) UnmarshalText(text []byte) error {
	i := slices.Index(effectTexts(), string(text))
	if i < 0 {
		return fmt.Errorf("there is no effect %q; want %s", text, strings.Join(effectTexts(), ", "))
	}
	*e = Effect(i)
	return nil
}

// FactKey names a fact: a value that a plugin offers to expressions.
type FactKey struct{ Plugin, Name string }

// Question asks a plugin what it gives, by one deal of one promotion.
type Question struct {
	Promotion string
	Deal      int // its place among the deals of the promotion
	Plugin    string
	Kind      string
	Config    string
	Effect    Effect
	Gifts     []string
}

// Answer is what a plugin says to a Question. At most one of Units, Off, Gift and
// Award is there, as the effect of the kind of deal allows; none gives nothing.
type Answer struct {
	Promotion string `json:"promotion"`
	Deal      int    `json:"deal,omitzero"`
	// Units are what is taken off units of lines, for ItemEffect; a SKU occurs
	// once.
	Units []AnswerUnits `json:"units,omitzero"`
	// Off is what is taken off the order or the shipments, which share it.
	Off Amount `json:"off,omitzero"`
	// Gift is given once.
	Gift AnswerGift `json:"gift,omitzero"`
	// Award is what is no price.
	Award AnswerAward `json:"award,omitzero"`
	// Why says in the plugin's words why it gives nothing.
	Why string `json:"why,omitzero"`
	// Fault says why there is no answer, "" where there is one, and Detail what
	// happened.
	Fault  PluginFault `json:"fault,omitzero"`
	Detail string      `json:"detail,omitzero"`
}

// AnswerUnits takes Each off so many units of the line with the SKU.
type AnswerUnits struct {
	SKU      string `json:"sku"`
	Quantity int64  `json:"quantity"`
	Each     Amount `json:"each"`
}

// AnswerGift is units of an item at no charge.
type AnswerGift struct {
	SKU      string `json:"sku"`
	Quantity int64  `json:"quantity"`
}

// AnswerAward is so much, an exact decimal number, of what Kind names.
type AnswerAward struct {
	Kind   string `json:"kind"`
	Amount string `json:"amount"`
}

// PluginFault says why a plugin has no usable answer. The list is closed.
type PluginFault string

// The faults of programs, then those of answers.
const (
	NotRunning      PluginFault = "not_running"      // it is not installed, not started yet, or has ended
	BadChecksum     PluginFault = "bad_checksum"     // the program is not the one that was pinned
	VersionMismatch PluginFault = "version_mismatch" // it and the host have no version of the contract in common, or it is not what the rules were written for
	TimedOut        PluginFault = "timeout"          // it did not answer within the time of a call
	Crashed         PluginFault = "crashed"          // it ended during the call, or its connection did
	Overloaded      PluginFault = "overloaded"       // too many calls were waiting for it
	CircuitOpen     PluginFault = "circuit_open"     // it has failed so often that it is not asked for a while
	CallFailed      PluginFault = "call_failed"      // it answered with an error

	MissingAnswer  PluginFault = "missing_answer"  // a question has none
	ExtraAnswer    PluginFault = "extra_answer"    // an answer to no question, or a second one
	WrongEffect    PluginFault = "wrong_effect"    // something that its kind of deal may not do
	UnknownLine    PluginFault = "unknown_line"    // units of an item that is not in the cart, or twice of one
	TooManyUnits   PluginFault = "too_many_units"  // more units than the line has
	NegativeAmount PluginFault = "negative_amount" // below zero, which would be a surcharge
	AbovePrice     PluginFault = "above_price"     // more than what it is taken off costs
	UnknownGift    PluginFault = "unknown_gift"    // a gift that the rule does not allow
	BadNumber      PluginFault = "bad_number"      // no number, or out of range
	TooLarge       PluginFault = "too_large"       // the answer or a text of it is too long
)

// PluginFaults returns every fault.
func PluginFaults() []PluginFault {
	return []PluginFault{
		NotRunning, BadChecksum, VersionMismatch, TimedOut, Crashed, Overloaded, CircuitOpen, CallFailed,
		MissingAnswer, ExtraAnswer, WrongEffect, UnknownLine, TooManyUnits, NegativeAmount, AbovePrice, UnknownGift, BadNumber, TooLarge,
	}
}

// Plugins are asked for what rules leave to programs. Implementations are safe for
// concurrent use, and return soon after the context ends.
type Plugins interface {
	// Facts returns the values of facts about the cart. One that cannot be told
	// is left out.
	Facts(ctx context.Context, cart *Cart, at time.Time, wanted []FactKey) map[FactKey]Value
	// Evaluate answers questions about the cart, one call of each plugin for all
	// its questions. What goes wrong with a plugin is the Fault of its answers.
	Evaluate(ctx context.Context, cart *Cart, at time.Time, questions []Question) []Answer
	// Refused is told of an answer to the question that is not used, because it
	// breaks a promise of this package. It may log and count that.
	Refused(question Question, fault PluginFault, detail string)
}

// NoPlugins is for those who price without plugins: nothing is known, and every
// question has the fault NotRunning.
type NoPlugins struct{}

// Facts implements Plugins.
func (NoPlugins) Facts(context.Context, *Cart, time.Time, []FactKey) map[FactKey]Value { return nil }

// Evaluate implements Plugins.
func (NoPlugins) Evaluate(_ context.Context, _ *Cart, _ time.Time, questions []Question) []Answer {
	answers := make([]Answer, len(questions))
	for i, q := range questions {
		answers[i] = Answer{Promotion: q.Promotion, Deal: q.Deal, Fault: NotRunning, Detail: "plugins are not in use here"}
	}
	return answers
}

// Refused implements Plugins.
func (NoPlugins) Refused(Question, PluginFault, string) {}

// PluginError says that a cart was not priced because a plugin failed, of a
// promotion whose rule file wants that.
type PluginError struct {
	Promotion string
	Plugin    string
	Fault     PluginFault
	Detail    string
}

// Error implements error.
func (e *PluginError) Error() string {
	text := fmt.Sprintf("price cart: plugin %s of promotion %s: %s", e.Plugin, e.Promotion, e.Fault)
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	return text
}

// UsesPlugins reports whether the ruleset asks plugins anything.
func (r *Ruleset) UsesPlugins() bool { return len(r.questions)+len(r.facts) > 0 }

// Consult asks the plugins what the ruleset leaves to them and returns the request
// with their facts and answers. A plugin sees the cart at its list prices; it is
// asked for promotions that may act on it as far as their schedule, coupon, limits
// and currency say. Answers are checked: what breaks a promise of this package is
// a fault of the plugin. A ruleset without plugins costs nothing. The error is a
// *CartError, or that of a context that has ended.
func (r *Ruleset) Consult(ctx context.Context, plugins Plugins, req Request) (Request, error) {
	if !r.UsesPlugins() {
		return req, nil
	}
	p := r.pricing()
	defer p.release()
	if err := p.open(req); err != nil {
		return req, err
	}
	cart := req.Cart
	cart.Lines, cart.Coupons = slices.Clone(p.cartLines), slices.Clone(p.coupons)
	if len(r.facts) > 0 {
		req.Facts = r.factsOf(plugins.Facts(ctx, &cart, req.At, r.facts))
	}
	questions := p.questions()
	if len(questions) > 0 {
		req.Answers = checkAnswers(&cart, req.Catalog, questions, plugins.Evaluate(ctx, &cart, req.At, questions), plugins.Refused)
	}
	return req, ctx.Err()
}

// factsOf keeps the facts that were asked for.
func (r *Ruleset) factsOf(told map[FactKey]Value) map[string]Attributes {
	facts := make(map[string]Attributes)
	for _, key := range r.facts {
		value, known := told[key]
		if !known {
			continue
		}
		if facts[key.Plugin] == nil {
			facts[key.Plugin] = make(Attributes)
		}
		facts[key.Plugin][key.Name] = value
	}
	return facts
}

// questions returns those of the promotions that may act on the cart, by rank.
func (p *pricing) questions() []Question {
	var questions []Question
	p.begin()
	for _, of := range p.rules.questions {
		if p.standing(p.rules.promotions[of.promotion]) == Applied {
			questions = append(questions, of.question)
		}
	}
	return questions
}

// pluginQuestion is what the ruleset asks for one of its deals.
type pluginQuestion struct {
	promotion int32
	question  Question
}

// pluginQuestions lists what the ruleset asks, by rank.
func (r *Ruleset) pluginQuestions() []pluginQuestion {
	var all []pluginQuestion
	for i, p := range r.promotions {
		for place, d := range p.Deals {
			if d, ok := d.(*PluginDeal); ok {
				d.place = place
				all = append(all, pluginQuestion{int32(i), Question{
					Promotion: p.ID, Deal: place, Plugin: d.Plugin, Kind: d.Kind, Config: d.Config, Effect: d.Effect, Gifts: d.Gifts,
				}})
			}
		}
	}
	return all
}

// Level implements Deal.
func (d *PluginDeal) Level() Level {
	switch d.Effect {
	case ItemEffect:
		return ItemLevel
	case ShippingEffect:
		return ShippingLevel
	case AwardEffect:
		return AwardLevel
	default:
		return OrderLevel
	}
}

func (d *PluginDeal) sets() []int { return nil }

func (d *PluginDeal) needs() int { return -1 }

// most trusts the answer, which units and the order may not be able to give.
func (d *PluginDeal) most(p *pricing) Amount {
	proposed := d.propose(p)
	if given := proposed.given; given != nil && given.gift != nil {
		return mostTimes(given.gift.Worth, given.gift.Quantity)
	}
	return offOf(proposed.takes)
}

// propose makes a proposal of the plugin's answer.
func (d *PluginDeal) propose(p *pricing) proposal {
	a := p.answerTo(d)
	if a.Fault != "" {
		p.failures = append(p.failures, pluginFailure{p.current, d, a})
		return proposal{reason: PluginFailed, obstacle: &obstacle{fault: a.Fault, detail: a.Detail}}
	}
	var proposed proposal
	switch d.Effect {
	case ItemEffect:
		proposed = accepted(p.offUnits(a.Units), 1)
	case OrderEffect:
		proposed = accepted(p.spread(max(0, a.Off), p.slots(Selection{Order: true})), 1)
	case ShippingEffect:
		proposed = accepted(p.spread(max(0, a.Off), (&ShippingOff{}).slots(p)), 1)
	case GiftEffect:
		proposed = p.giftOf(d, a.Gift)
	case AwardEffect:
		proposed = awardOf(a.Award)
	}
	if proposed.reason == NoEffect && a.Why != "" {
		proposed.obstacle = &obstacle{detail: a.Why}
	}
	return proposed
}

// answerTo returns the answer to the deal of the promotion at hand.
func (p *pricing) answerTo(d *PluginDeal) *Answer {
	for i := range p.req.Answers {
		if a := &p.req.Answers[i]; a.Promotion == p.current.ID && a.Deal == d.place {
			return a
		}
	}
	return &Answer{Fault: NotRunning, Detail: "nobody has asked the plugin"}
}

// offUnits takes what was answered off units of the lines, as far as they can give
// it: first off those that cost most now. Lines may be smaller than they were when
// the plugin was asked, because some of an order was returned.
func (p *pricing) offUnits(answered []AnswerUnits) []take {
	var takes []take
	for _, a := range answered {
		line := slices.IndexFunc(p.lines[:p.goods], func(l lineState) bool { return l.item.SKU == a.SKU })
		if line < 0 || a.Each <= 0 || a.Quantity <= 0 {
			continue
		}
		slots := p.lineSlots(nil, line)
		slices.SortStableFunc(slots, func(a, b slot) int { return int(min(1, max(-1, b.room-a.room))) })
		takes = append(takes, offEach(inOrder(firstUnits(withRoom(slots), a.Quantity)), func(slot) Amount { return a.Each })...)
	}
	return takes
}

// giftOf proposes a gift as Giveaway does.
func (p *pricing) giftOf(d *PluginDeal, gift AnswerGift) proposal {
	if gift.Quantity <= 0 || !slices.Contains(d.Gifts, gift.SKU) {
		return refused(NoEffect)
	}
	once := Giveaway{Items: []string{gift.SKU}, Quantity: Constant(NewDecimal(gift.Quantity))}
	return once.propose(p)
}

// awardOf proposes an award as Award does.
func awardOf(award AnswerAward) proposal {
	amount, err := ParseDecimal(award.Amount)
	if err != nil || amount.Sign() <= 0 {
		return refused(NoEffect)
	}
	return proposal{given: &given{award: &AwardGiven{Kind: award.Kind, Amount: amount.String()}}, applications: 1, reason: Applied}
}

// pluginFailure is a fault that a run has met.
type pluginFailure struct {
	promotion *Promotion
	deal      *PluginDeal
	answer    *Answer
}

// rejection is the error of the first promotion that wants no quote when its
// plugin fails, nil where none does.
func (p *pricing) rejection() error {
	for _, f := range p.failures {
		if f.deal.Reject {
			return &PluginError{Promotion: f.promotion.ID, Plugin: f.deal.Plugin, Fault: f.answer.Fault, Detail: f.answer.Detail}
		}
	}
	return nil
}
