package conformance_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/checkout-promotions/checkout/plugins/conformance"
	"github.com/checkout-promotions/checkout/plugins/sdk"
)

// TestMain is also the main of the rogues: the test, under another name.
func TestMain(m *testing.M) {
	name := filepath.Base(os.Args[0])
	if evaluate, ok := rogues()[name]; ok {
		os.Exit(sdk.Serve(&rogue{name: name, evaluate: evaluate}))
	}
	goleak.VerifyTestMain(m)
}

// rogue is a plugin that misbehaves, but for the honest one.
type rogue struct {
	name     string
	evaluate func(*rogue, *sdk.Cart, sdk.Deal) (sdk.Answer, error)
	calls    atomic.Int64
}

func rogues() map[string]func(*rogue, *sdk.Cart, sdk.Deal) (sdk.Answer, error) {
	return map[string]func(*rogue, *sdk.Cart, sdk.Deal) (sdk.Answer, error){
		"greedy": func(_ *rogue, cart *sdk.Cart, d sdk.Deal) (sdk.Answer, error) {
			return sdk.OffOrder(cart.Subtotal() + 1), strict(d)
		},
		"moody": func(r *rogue, cart *sdk.Cart, d sdk.Deal) (sdk.Answer, error) {
			return sdk.OffOrder(min(cart.Subtotal(), r.calls.Add(1)%7)), strict(d)
		},
		"gullible": func(*rogue, *sdk.Cart, sdk.Deal) (sdk.Answer, error) { return sdk.Nothing("whatever"), nil },
		"panicky": func(_ *rogue, cart *sdk.Cart, d sdk.Deal) (sdk.Answer, error) {
			return sdk.OffOrder(cart.Lines[0].Price), strict(d)
		},
		"fragile": func(_ *rogue, cart *sdk.Cart, d sdk.Deal) (sdk.Answer, error) {
			if len(cart.Lines) > 100 {
				os.Exit(3)
			}
			return sdk.OffOrder(0), strict(d)
		},
		"impostor": nil,
		"honest": func(_ *rogue, _ *sdk.Cart, d sdk.Deal) (sdk.Answer, error) {
			return sdk.Nothing("not today"), strict(d)
		},
	}
}

// strict refuses what well-behaved plugins refuse.
func strict(d sdk.Deal) error {
	if d.Kind != "off" {
		return fmt.Errorf("there is no kind of deal %q", d.Kind)
	}
	var config struct{ N int }
	return d.Decode(&config)
}

// Describe implements sdk.Plugin.
func (r *rogue) Describe() sdk.Description {
	name := r.name
	if name == "impostor" {
		name = "honest"
	}
	return sdk.Description{Name: name, Version: "0.1.0", Deals: []sdk.DealKind{{
		Name: "off", Effect: sdk.OffOrderEffect, ConfigSchema: `{"type": "object", "properties": {"n": {"type": "integer"}}}`,
		Examples: []json.RawMessage{json.RawMessage(`{"n": 1}`)},
	}}}
}

// Evaluate implements sdk.Plugin.
func (r *rogue) Evaluate(_ context.Context, req sdk.Request) ([]sdk.Answer, error) {
	return sdk.Each(req, func(d sdk.Deal) (sdk.Answer, error) { return r.evaluate(r, &req.Cart, d) }), nil
}

func TestRoguesAreFound(t *testing.T) {
	const (
		examples   = "it answers its examples"
		empty      = "it answers an empty cart"
		long       = "it answers 500 lines"
		dear       = "it answers the dearest cart there can be"
		configs    = "it refuses configs of wrong types"
		kinds      = "it refuses kinds of deals that it does not have"
		unknown    = "it ignores fields that it does not know"
		same       = "it answers the same request the same"
		together   = "it answers 32 calls at once"
		abandoned  = "it outlives calls that are given up"
		late       = "it outlives calls whose time is over"
		large      = "it outlives a request that is too large"
		leaves     = "it leaves no socket behind"
		described  = "it describes itself"
		nameReason = "its name is honest, and that of its file impostor"
	)
	tests := []struct {
		name string
		want []string // the checks that fail
		why  string   // the reason of the first
	}{
		{"greedy", []string{examples, empty, long, dear, abandoned, late, large}, "deal off-1: above_price: 11995 off the order, which costs 11994"},
		{"moody", []string{unknown, same, together}, ""},
		{"gullible", []string{configs, kinds}, "off takes the config "},
		{"panicky", []string{empty}, "deal off-1 failed: the plugin panicked: runtime error: index out of range [0] with length 0"},
		{"fragile", []string{long, dear, configs, kinds, unknown, same, together, abandoned, late, large, leaves}, ""},
		{"impostor", []string{described}, nameReason},
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), tt.name)
			if err := os.Symlink(self, path); err != nil {
				t.Fatal(err)
			}
			report, err := conformance.Check(t.Context(), path, conformance.Options{})
			if err != nil {
				t.Fatal(err)
			}
			var failed []string
			why := ""
			for _, r := range report.Results {
				if !r.OK() {
					if failed == nil {
						why = r.Reason
					}
					failed = append(failed, r.Name)
				}
			}
			if !slices.Equal(failed, tt.want) || report.OK() {
				t.Errorf("failed checks\ngot  %q\nwant %q", failed, tt.want)
			}
			if tt.why != "" && why != tt.why {
				t.Errorf("the first reason\ngot  %s\nwant %s", why, tt.why)
			}
		})
	}
}
