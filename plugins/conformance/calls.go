package conformance

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/proto"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/plugins/internal/contract"
	"github.com/checkout-promotions/checkout/plugins/internal/pluginpb"
	"github.com/checkout-promotions/checkout/plugins/internal/wire"
	"github.com/checkout-promotions/checkout/plugins/sdk"
)

// atOnce is how many calls are under way together.
const atOnce = 32

// at is when the carts are priced.
func at() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

// cartOf returns a cart with all that a plugin may be told.
func cartOf(lines int, quantity int64, price engine.Amount) *engine.Cart {
	usd, _ := engine.ParseCurrency("USD") // it is one
	facts := engine.Attributes{"note": engine.TextValue("ünï \"cöde\""), "weight": engine.NumberValue(engine.NewDecimal(7)), "fragile": engine.BoolValue(true), "labels": engine.TextsValue([]string{"a", "b"})}
	cart := &engine.Cart{
		Currency: usd, Coupons: []string{"SPRING"}, Channel: "web", Payment: "card", Attributes: facts,
		Customer: engine.Customer{ID: "c-42", Groups: []string{"staff"}, Tags: []string{"vip"}, Orders: 3, LifetimeSpend: 123_456, Attributes: facts},
		Shipping: engine.Shipping{Shipments: []engine.Shipment{{Method: "standard", Price: 599}}, Country: "CH", Region: "ZH"},
	}
	for i := range lines {
		item := &engine.Item{SKU: fmt.Sprintf("SKU-%d", i), Name: fmt.Sprintf("Item %d", i), Price: price, Brand: "Brand", Categories: []string{"tv/oled"}, Tags: []string{"new"}, Attributes: facts}
		cart.Lines = append(cart.Lines, engine.Line{Item: item, Quantity: quantity})
	}
	return cart
}

// questions asks every example of every kind of deal.
func (s *suite) questions() []engine.Question {
	var questions []engine.Question
	for _, k := range s.d.Deals {
		effect, _ := contract.Effect(s.d, k.Name) // the description was checked
		for i, example := range k.Examples {
			questions = append(questions, engine.Question{
				Promotion: fmt.Sprintf("%s-%d", k.Name, i+1), Plugin: s.d.Name, Kind: k.Name, Config: string(example), Effect: effect, Gifts: []string{"GIFT-1", "GIFT-2"},
			})
		}
	}
	return questions
}

func (s *suite) request(cart *engine.Cart, questions []engine.Question) *pluginpb.EvaluateRequest {
	return contract.EvaluateRequest(cart, at(), questions, contract.KindFields(s.d, questions))
}

func (s *suite) evaluate(ctx context.Context, req *pluginpb.EvaluateRequest) (*pluginpb.EvaluateResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, s.o.CallTimeout)
	defer cancel()
	response, err := s.process.Evaluate(ctx, req)
	if err != nil {
		return nil, fmt.Errorf("evaluate: %w%s", err, s.exitText())
	}
	return response, nil
}

// answers asks all examples about a cart. None may fail, or give what the engine refuses.
func (s *suite) answers(ctx context.Context, cart *engine.Cart) error {
	questions := s.questions()
	response, err := s.evaluate(ctx, s.request(cart, questions))
	if err != nil {
		return err
	}
	given := contract.Answers(questions, response)
	faults := contract.Faults(cart, questions, given)
	for _, a := range given {
		if a.Fault == engine.CallFailed {
			faults = append(faults, fmt.Errorf("deal %s failed: %s", a.Promotion, a.Detail))
		}
	}
	return errors.Join(faults...)
}

func (s *suite) examples(ctx context.Context) error { return s.answers(ctx, cartOf(3, 2, 1999)) }

func (s *suite) emptyCart(ctx context.Context) error {
	guest := cartOf(0, 0, 0)
	guest.Customer, guest.Shipping, guest.Coupons, guest.Attributes = engine.Customer{}, engine.Shipping{}, nil, nil
	return s.answers(ctx, guest)
}

func (s *suite) longCart(ctx context.Context) error {
	return s.answers(ctx, cartOf(engine.MaxLines, 3, 1999))
}

func (s *suite) dearCart(ctx context.Context) error {
	return s.answers(ctx, cartOf(1, engine.MaxQuantity, engine.MaxAmount/engine.Amount(engine.MaxQuantity)))
}

func (s *suite) facts(ctx context.Context) error {
	if len(s.d.Facts) == 0 {
		return nil
	}
	var names []string
	for _, f := range s.d.Facts {
		names = append(names, f.Name)
	}
	guest := cartOf(1, 1, 100)
	guest.Customer = engine.Customer{}
	for _, cart := range []*engine.Cart{cartOf(3, 2, 1999), guest, cartOf(0, 0, 0)} {
		ctx, cancel := context.WithTimeout(ctx, s.o.CallTimeout)
		response, err := s.process.Facts(ctx, contract.FactsRequest(cart, at(), names, contract.FactFields(s.d, names)))
		cancel()
		if err != nil {
			return fmt.Errorf("facts: %w%s", err, s.exitText())
		}
		if _, faults := contract.Facts(contract.FactTypes(s.d), names, response); len(faults) > 0 {
			return errors.Join(faults...)
		}
	}
	return nil
}

// wrongConfigs asks with configs that a program which reads them cannot take for right.
func (s *suite) wrongConfigs(ctx context.Context) error {
	cart := cartOf(3, 2, 1999)
	for _, q := range s.examplePerKind() {
		for _, config := range s.misread(&q) {
			q.Config = config
			response, err := s.evaluateAny(ctx, s.request(cart, []engine.Question{q}))
			if err != nil {
				return err
			}
			for _, a := range contract.Answers([]engine.Question{q}, response) {
				if a.Fault == "" {
					return fmt.Errorf("%s takes the config %.100s", q.Kind, config)
				}
			}
		}
	}
	return nil
}

// examplePerKind returns one question for each kind of deal.
func (s *suite) examplePerKind() []engine.Question {
	return slices.CompactFunc(s.questions(), func(a, b engine.Question) bool { return a.Kind == b.Kind })
}

// misread returns texts that are no objects, and the example with each of its values of another type that the schema does not allow.
func (s *suite) misread(q *engine.Question) []string {
	configs := []string{"", "{", "[]", `"x"`, "null"}
	var example map[string]json.RawMessage
	i := slices.IndexFunc(s.d.Deals, func(k sdk.DealKind) bool { return k.Name == q.Kind })
	schema, err := contract.Schema(s.d.Deals[i].ConfigSchema)
	if err != nil || json.Unmarshal([]byte(q.Config), &example) != nil {
		return configs // the description was checked
	}
	for name, was := range example {
		for _, wrong := range []string{`{"x": 1}`, `[[]]`, `"\u0000"`, `true`} {
			example[name] = json.RawMessage(wrong)
			config, err := json.Marshal(example)
			if err == nil && contract.CheckConfig(schema, config) != nil {
				configs = append(configs, string(config))
			}
		}
		example[name] = was
	}
	return configs
}

// evaluateAny takes the error of a call for an answer, as long as the plugin lives.
func (s *suite) evaluateAny(ctx context.Context, req *pluginpb.EvaluateRequest) (*pluginpb.EvaluateResponse, error) {
	response, err := s.evaluate(ctx, req)
	if err == nil {
		return response, nil
	}
	return &pluginpb.EvaluateResponse{}, s.healthy(ctx)
}

func (s *suite) unknownKind(ctx context.Context) error {
	q := engine.Question{Promotion: "p", Kind: "no_such_kind", Config: "{}"}
	response, err := s.evaluateAny(ctx, s.request(cartOf(1, 1, 100), []engine.Question{q}))
	if err != nil {
		return err
	}
	for _, a := range contract.Answers([]engine.Question{q}, response) {
		if a.Fault == "" {
			return errors.New("it answers a deal of the kind no_such_kind as if it had it")
		}
	}
	return nil
}

// unknownFields sends what a newer Checkout may.
func (s *suite) unknownFields(ctx context.Context) error {
	cart := cartOf(3, 2, 1999)
	plain := s.request(cart, s.questions())
	newer := proto.CloneOf(plain)
	for _, m := range []proto.Message{newer, newer.GetCart(), newer.GetCart().GetLines()[0]} {
		m.ProtoReflect().SetUnknown([]byte{0x92, 0x3f, 3, 'n', 'e', 'w'}) // field 1010, a text
	}
	return s.same(ctx, plain, newer)
}

func (s *suite) deterministic(ctx context.Context) error {
	req := s.request(cartOf(20, 2, 1999), s.questions())
	for range 5 {
		if err := s.same(ctx, req, req); err != nil {
			return err
		}
	}
	return nil
}

// same asks twice. What a stateful plugin answers is not compared.
func (s *suite) same(ctx context.Context, first, second *pluginpb.EvaluateRequest) error {
	a, err := s.evaluate(ctx, first)
	if err != nil {
		return err
	}
	b, err := s.evaluate(ctx, second)
	if err != nil {
		return err
	}
	return s.compare(a, b)
}

func (s *suite) compare(a, b *pluginpb.EvaluateResponse) error {
	for _, r := range []*pluginpb.EvaluateResponse{a, b} {
		slices.SortFunc(r.Answers, func(x, y *pluginpb.Answer) int { return cmp.Compare(x.GetId(), y.GetId()) })
	}
	if s.d.Stateful || proto.Equal(a, b) {
		return nil
	}
	return fmt.Errorf("it answers the same otherwise, and does not say that it is stateful: %.200s, then %.200s", text(a), text(b))
}

func text(r *pluginpb.EvaluateResponse) string { return strings.Join(strings.Fields(r.String()), " ") }

// concurrent asks about carts of different sizes at once, and compares with what was answered one by one.
func (s *suite) concurrent(ctx context.Context) error {
	questions := s.questions()
	requests, want := make([]*pluginpb.EvaluateRequest, atOnce), make([]*pluginpb.EvaluateResponse, atOnce)
	for i := range requests {
		requests[i] = s.request(cartOf(1+i, 2, engine.Amount(100+i)), questions)
		var err error
		if want[i], err = s.evaluate(ctx, requests[i]); err != nil {
			return err
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	for i := range requests {
		group.Go(func() error {
			got, err := s.evaluate(ctx, requests[i])
			if err != nil {
				return err
			}
			return s.compare(want[i], got)
		})
	}
	return group.Wait()
}

// cancelled gives up calls after different times.
func (s *suite) cancelled(ctx context.Context) error {
	return s.abandon(ctx, context.WithCancel)
}

func (s *suite) deadlines(ctx context.Context) error {
	return s.abandon(ctx, func(ctx context.Context) (context.Context, context.CancelFunc) {
		return context.WithTimeout(ctx, time.Millisecond)
	})
}

// abandon makes calls that end early, of which nothing is expected, and then some that do not.
func (s *suite) abandon(ctx context.Context, with func(context.Context) (context.Context, context.CancelFunc)) error {
	req := s.request(cartOf(engine.MaxLines, 2, 1999), s.questions())
	var group errgroup.Group
	for i := range atOnce {
		group.Go(func() error {
			call, cancel := with(ctx)
			defer cancel()
			timer := time.AfterFunc(time.Duration(i)*100*time.Microsecond, cancel)
			defer timer.Stop()
			_, _ = s.process.Evaluate(call, req) // it was given up
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return errors.Join(s.healthy(ctx), s.examples(ctx))
}

// oversized sends more than the contract allows.
func (s *suite) oversized(ctx context.Context) error {
	req := s.request(cartOf(1, 1, 100), s.questions())
	req.Cart.Channel = string(bytes.Repeat([]byte("x"), 2*wire.MaxRequest))
	ctx, cancel := context.WithTimeout(ctx, s.o.CallTimeout)
	defer cancel()
	_, _ = s.process.Evaluate(ctx, req) // it may be refused or answered
	return errors.Join(s.healthy(ctx), s.examples(ctx))
}
