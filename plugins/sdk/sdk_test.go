package sdk_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/checkout-promotions/checkout/plugins/plugintest"
	"github.com/checkout-promotions/checkout/plugins/sdk"
)

// TestMain is also the main of a plugin: the test, under another name.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "fake" {
		os.Exit(sdk.Serve(&fake{}))
	}
	os.Exit(m.Run())
}

// fake is a plugin made of functions.
type fake struct {
	evaluate func(context.Context, sdk.Request) ([]sdk.Answer, error)
	facts    func(sdk.FactsRequest) (map[string]sdk.Value, error)
	fields   []sdk.Field
}

func (f *fake) Describe() sdk.Description {
	d := sdk.Description{Name: "fake", Version: "1.0.0", Facts: []sdk.Fact{{Name: "points", Type: sdk.NumberFact}}}
	for _, effect := range []sdk.Effect{sdk.OffUnitsEffect, sdk.OffOrderEffect, sdk.OffShippingEffect, sdk.GiftEffect, sdk.AwardEffect} {
		d.Deals = append(d.Deals, sdk.DealKind{Name: string(effect), Effect: effect, ConfigSchema: `{"type": "object"}`, Examples: []json.RawMessage{[]byte(`{}`)}, Fields: f.fields})
	}
	return d
}

func (f *fake) Evaluate(ctx context.Context, req sdk.Request) ([]sdk.Answer, error) {
	return f.evaluate(ctx, req)
}

func (f *fake) Facts(_ context.Context, req sdk.FactsRequest) (map[string]sdk.Value, error) {
	return f.facts(req)
}

func cart() sdk.Cart {
	some := map[string]sdk.Value{"n": sdk.Decimal("1.5"), "t": sdk.Text("x"), "b": sdk.Bool(true), "l": sdk.Texts("a", "b")}
	return sdk.Cart{
		Currency: sdk.Currency{Code: "USD", Digits: 2}, Coupons: []string{"SPRING"}, Channel: "web", Payment: "card", Attributes: some,
		Lines:    []sdk.Line{{SKU: "A", Quantity: 2, Price: 1000, Name: "Item", Brand: "B", Categories: []string{"tv"}, Tags: []string{"new"}, Attributes: some}},
		Customer: &sdk.Customer{ID: "c", Groups: []string{"g"}, Tags: []string{"t"}, Orders: 3, LifetimeSpend: 500, Attributes: some},
		Shipping: sdk.Shipping{Shipments: []sdk.Shipment{{Method: "post", Price: 500}}, Country: "CH", Region: "ZH"},
	}
}

func TestCartCarriesTheFieldsThatAreDeclared(t *testing.T) {
	all := []sdk.Field{
		sdk.LineNameField, sdk.LineBrandField, sdk.LineCategoriesField, sdk.LineTagsField, sdk.LineAttributesField, sdk.CustomerField,
		sdk.CustomerAttributesField, sdk.CouponsField, sdk.ShippingField, sdk.ChannelField, sdk.PaymentField, sdk.AttributesField,
	}
	bare := sdk.Cart{Currency: cart().Currency, Lines: []sdk.Line{{SKU: "A", Quantity: 2, Price: 1000}}}
	for _, tt := range []struct {
		name   string
		fields []sdk.Field
		want   sdk.Cart
	}{{"all", all, cart()}, {"none", nil, bare}} {
		t.Run(tt.name, func(t *testing.T) {
			var got sdk.Cart
			h := plugintest.New(t, &fake{fields: tt.fields, evaluate: func(_ context.Context, req sdk.Request) ([]sdk.Answer, error) {
				got = req.Cart
				return sdk.Each(req, func(sdk.Deal) (sdk.Answer, error) { return sdk.Nothing(""), nil }), nil
			}})
			h.Answer(cart(), "order", "{}")
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
		})
	}
}

func TestAnswersArrive(t *testing.T) {
	tests := []struct {
		kind       string
		give, want sdk.Answer
	}{
		{"items", sdk.OffUnits(sdk.Units{SKU: "A", Quantity: 1, Each: 100}), sdk.OffUnits(sdk.Units{SKU: "A", Quantity: 1, Each: 100})},
		{"order", sdk.OffOrder(100), sdk.OffOrder(100)},
		{"shipping", sdk.OffShipping(500), sdk.OffShipping(500)},
		{"gift", sdk.Gift("G", 2), sdk.Gift("G", 2)},
		{"award", sdk.Award("points", "1.5"), sdk.Award("points", "1.5")},
		{"order", sdk.Nothing("too early"), sdk.Nothing("too early")},
		{"order", sdk.OffOrder(0), sdk.Nothing("")},
		{"order", sdk.Failed(errors.New("no network")), sdk.Answer{Failure: "no network"}},
		{"order", sdk.Answer{Off: 1, Gift: sdk.GiftUnits{SKU: "G", Quantity: 1}}, sdk.Answer{Failure: "the answer gives off and gift; want one of them"}},
	}
	for _, tt := range tests {
		h := plugintest.New(t, &fake{evaluate: func(_ context.Context, req sdk.Request) ([]sdk.Answer, error) {
			return sdk.Each(req, func(sdk.Deal) (sdk.Answer, error) { return tt.give, nil }), nil
		}})
		if got := h.Answer(cart(), tt.kind, "{}", "G"); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%+v: got %+v, want %+v", tt.give, got, tt.want)
		}
	}
}

func TestErrorsAndPanics(t *testing.T) {
	tests := []struct {
		name     string
		evaluate func(context.Context, sdk.Request) ([]sdk.Answer, error)
		code     codes.Code
		message  string
	}{
		{"an error", func(context.Context, sdk.Request) ([]sdk.Answer, error) { return nil, errors.New("no network") }, codes.Unknown, "no network"},
		{"a panic", func(context.Context, sdk.Request) ([]sdk.Answer, error) { panic("oh") }, codes.Internal, "the plugin panicked: oh"},
		{"a deadline", func(context.Context, sdk.Request) ([]sdk.Answer, error) { return nil, context.DeadlineExceeded }, codes.DeadlineExceeded, "context deadline exceeded"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := plugintest.New(t, &fake{evaluate: tt.evaluate})
			_, err := h.Evaluate(sdk.Request{Cart: cart(), Deals: []sdk.Deal{{ID: "d", Kind: "order", Config: []byte("{}")}}})
			if status.Code(err) != tt.code || plugintest.Message(err) != tt.message {
				t.Errorf("got %v, want %s: %s", err, tt.code, tt.message)
			}
		})
	}
}

func TestOneDealThatPanicsFailsAlone(t *testing.T) {
	h := plugintest.New(t, &fake{evaluate: func(_ context.Context, req sdk.Request) ([]sdk.Answer, error) {
		return sdk.Each(req, func(d sdk.Deal) (sdk.Answer, error) {
			if d.ID == "bad" {
				panic("oh")
			}
			return sdk.OffOrder(1), nil
		}), nil
	}})
	got, err := h.Evaluate(sdk.Request{Cart: cart(), Deals: []sdk.Deal{{ID: "good", Kind: "order"}, {ID: "bad", Kind: "order"}}})
	want := []sdk.Answer{{ID: "good", Off: 1}, {ID: "bad", Failure: "the plugin panicked: oh"}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
}

func TestDecode(t *testing.T) {
	tests := []struct{ config, want string }{
		{`{"rate": 0.01}`, ""},
		{`{"rate": 0.01, "mood": 1}`, `read the config of k: json: unknown field "mood"`},
		{`{"rate": []}`, "read the config of k: json: cannot unmarshal array into Go struct field .Rate of type json.Number"},
		{`null`, `read the config of k: want a JSON object, got "null"`},
		{``, `read the config of k: want a JSON object, got ""`},
		{`{} {}`, "read the config of k: there is more after the JSON object"},
	}
	for _, tt := range tests {
		var config struct{ Rate json.Number }
		got := ""
		if err := (sdk.Deal{Kind: "k", Config: []byte(tt.config)}).Decode(&config); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s\ngot  %s\nwant %s", tt.config, got, tt.want)
		}
	}
}

func TestMoney(t *testing.T) {
	usd, jpy := sdk.Currency{Code: "USD", Digits: 2}, sdk.Currency{Code: "JPY"}
	tests := []struct {
		currency sdk.Currency
		decimal  string
		times    int64
		want     int64
		err      string
	}{
		{usd, "19.99", 1, 1999, ""},
		{usd, "0.005", 500, 250, ""},
		{usd, "0.005", 1, 0, ""},
		{usd, "0.015", 3, 4, ""},
		{usd, "-0.015", 1, -1, ""},
		{jpy, "1500", 1, 1500, ""},
		{usd, "1e3", 1, 0, `"1e3" is no decimal number, such as 12.50`},
		{usd, "1/3", 1, 0, `"1/3" is no decimal number, such as 12.50`},
		{usd, ".5", 1, 0, `".5" is no decimal number, such as 12.50`},
		{usd, "", 1, 0, `"" is no decimal number, such as 12.50`},
		{usd, "99999999999999999999", 1, 0, "1 times 99999999999999999999 USD is more than can be money"},
	}
	for _, tt := range tests {
		got, err := tt.currency.Times(tt.decimal, tt.times)
		text := ""
		if err != nil {
			text = err.Error()
		}
		if got != tt.want || text != tt.err {
			t.Errorf("%d times %s: got %d, %s; want %d, %s", tt.times, tt.decimal, got, text, tt.want, tt.err)
		}
	}
	if got, want := usd.Format(-5)+" "+jpy.Format(1500), "-0.05 USD 1500 JPY"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestStartedByHand(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "fake")
	if err := os.Symlink(self, path); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	stdout, err := cmd.Output()
	const want = `fake is a plugin of Checkout and is not run by hand. Put it into the folder of plugins, then:
  checkout plugins check fake    # prove that it works
  checkout plugins lock           # let rules use it
`
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 2 || len(stdout) > 0 || stderr.String() != want {
		t.Errorf("got %v, %q, stderr\n%s\nwant exit status 2 and\n%s", err, stdout, &stderr, want)
	}
}
