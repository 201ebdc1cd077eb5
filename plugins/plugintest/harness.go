package plugintest

import (
	"context"
	"net"
	"reflect"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/plugins/internal/contract"
	"github.com/checkout-promotions/checkout/plugins/internal/pluginpb"
	"github.com/checkout-promotions/checkout/plugins/internal/wire"
	"github.com/checkout-promotions/checkout/plugins/sdk"
)

// callTimeout bounds a call of a test.
const callTimeout = 10 * time.Second

// Harness is a plugin that is served within a test. It is safe for concurrent use.
type Harness struct {
	t         testing.TB
	client    pluginpb.PluginClient
	described *sdk.Description
}

// New serves a plugin until the test ends. The test fails at once when the plugin describes itself wrongly.
func New(t testing.TB, p sdk.Plugin) *Harness {
	t.Helper()
	listener := bufconn.Listen(1 << 20)
	server := wire.NewServer(nil)
	sdk.Register(server, p)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	conn, err := grpc.NewClient("passthrough:plugin", append(wire.DialOptions(),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
		grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
		server.Stop()
		<-served
	})
	h := &Harness{t: t, client: pluginpb.NewPluginClient(conn)}
	ctx, cancel := context.WithTimeout(t.Context(), callTimeout)
	defer cancel()
	response, err := h.client.Describe(ctx, &pluginpb.DescribeRequest{})
	if err != nil {
		t.Fatalf("describe: %v", err)
	}
	if h.described, err = contract.Description(response); err != nil {
		t.Fatalf("the plugin describes itself wrongly:\n%v", err)
	}
	return h
}

// Describe returns what the plugin says of itself.
func (h *Harness) Describe() sdk.Description { return *h.described }

// Configure hands settings, a JSON object, to the plugin of a shop in USD, and returns its error.
func (h *Harness) Configure(settings string) error {
	ctx, cancel := context.WithTimeout(h.t.Context(), callTimeout)
	defer cancel()
	_, err := h.client.Configure(ctx, &pluginpb.ConfigureRequest{Settings: settings, Currency: &pluginpb.Currency{Code: "USD", Digits: 2}})
	return err
}

// Answer asks one deal about a cart, now, and fails the test when the call fails.
func (h *Harness) Answer(cart sdk.Cart, kind, config string, gifts ...string) sdk.Answer {
	h.t.Helper()
	answers, err := h.Evaluate(sdk.Request{Cart: cart, Deals: []sdk.Deal{{ID: "deal", Kind: kind, Config: []byte(config), Gifts: gifts}}})
	if err != nil {
		h.t.Fatalf("evaluate: %v", err)
	}
	answers[0].ID = "" // so that it equals what sdk.OffOrder and the others return
	return answers[0]
}

// Evaluate asks deals about a cart and returns their answers, in the order of the deals, or the error of the call. It asks twice. The test
// fails when an answer breaks a promise, or when the second differs and the plugin is not stateful.
func (h *Harness) Evaluate(req sdk.Request) ([]sdk.Answer, error) {
	h.t.Helper()
	cart, at := h.cart(&req.Cart), timeOr(req.At)
	questions := h.questions(req.Deals)
	asked := contract.EvaluateRequest(cart, at, questions, contract.KindFields(h.described, questions))
	first, err := h.ask(asked, cart, questions)
	if err != nil {
		return nil, err
	}
	second, err := h.ask(asked, cart, questions)
	if err != nil {
		return nil, err
	}
	if !h.described.Stateful && !reflect.DeepEqual(first, second) {
		h.t.Errorf("asked twice, the plugin answers differently, and its description does not say Stateful:\n%+v\n%+v", first, second)
	}
	return first, nil
}

func (h *Harness) ask(req *pluginpb.EvaluateRequest, cart *engine.Cart, questions []engine.Question) ([]sdk.Answer, error) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), callTimeout)
	defer cancel()
	response, err := h.client.Evaluate(ctx, req)
	if err != nil {
		return nil, err
	}
	given := contract.Answers(questions, response)
	for _, fault := range contract.Faults(cart, questions, given) {
		h.t.Error(fault)
	}
	return answersOf(questions, given), nil
}

// Facts asks for facts and returns them, or the error of the call. The test fails when one is of another type than described.
func (h *Harness) Facts(req sdk.FactsRequest) (map[string]sdk.Value, error) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), callTimeout)
	defer cancel()
	response, err := h.client.Facts(ctx, contract.FactsRequest(h.cart(&req.Cart), timeOr(req.At), req.Names, contract.FactFields(h.described, req.Names)))
	if err != nil {
		return nil, err
	}
	told, faults := contract.Facts(contract.FactTypes(h.described), req.Names, response)
	for _, fault := range faults {
		h.t.Error(fault)
	}
	values := make(map[string]sdk.Value, len(told))
	for name, v := range told {
		values[name] = valueFrom(v)
	}
	return values, nil
}

// questions asks what deals ask; their ids are those of promotions.
func (h *Harness) questions(deals []sdk.Deal) []engine.Question {
	h.t.Helper()
	questions := make([]engine.Question, len(deals))
	for i, d := range deals {
		effect, known := contract.Effect(h.described, d.Kind)
		if !known {
			h.t.Fatalf("the plugin describes no kind of deal %q", d.Kind)
		}
		questions[i] = engine.Question{Promotion: d.ID, Plugin: h.described.Name, Kind: d.Kind, Config: string(d.Config), Effect: effect, Gifts: d.Gifts}
	}
	return questions
}

func (h *Harness) cart(c *sdk.Cart) *engine.Cart {
	h.t.Helper()
	cart, err := cartOf(c)
	if err != nil {
		h.t.Fatalf("the cart of the test: %v", err)
	}
	return cart
}

func timeOr(at time.Time) time.Time {
	if at.IsZero() {
		return time.Now()
	}
	return at
}

// Message returns the text of the error of a call without what gRPC adds.
func Message(err error) string { return status.Convert(err).Message() }
