//go:build linux

package host_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/checkout-promotions/checkout/plugins/sdk"
)

// TestMain serves a plugin when this program was started as one.
func TestMain(m *testing.M) {
	if os.Getenv("CHECKOUT_PLUGIN") != "" {
		os.Exit(sdk.Serve(rogue{}))
	}
	os.Exit(m.Run())
}

// rogue does what its config says, most of it wrong. What it is can be changed by
// files in the folder that it runs in.
type rogue struct{}

func fromFile(name, otherwise string) string {
	text, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return otherwise
	}
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(text))
}

func (rogue) Describe() sdk.Description {
	switch fromFile("rogue.start", "") {
	case "hang":
		select {}
	case "exit":
		os.Exit(3)
	}
	kind := sdk.DealKind{Name: "some", Effect: sdk.OffOrderEffect, ConfigSchema: `{"type":"object"}`}
	units := kind
	units.Name, units.Effect = "units", sdk.OffUnitsEffect
	return sdk.Description{
		Name: fromFile("rogue.name", "rogue"), Version: fromFile("rogue.version", "1.0.0"),
		Deals: []sdk.DealKind{kind, units}, Facts: []sdk.Fact{{Name: "points", Type: sdk.NumberFact, Fields: []sdk.Field{sdk.CustomerField}}},
	}
}

func (rogue) Configure(_ context.Context, s sdk.Settings) error {
	var settings struct{ Refuse string }
	if err := s.Decode(&settings); err != nil {
		return err
	}
	if settings.Refuse != "" {
		return errors.New(settings.Refuse)
	}
	return nil
}

func (rogue) Facts(_ context.Context, req sdk.FactsRequest) (map[string]sdk.Value, error) {
	if req.Cart.Customer == nil {
		return nil, nil
	}
	switch req.Cart.Customer.ID {
	case "text":
		return map[string]sdk.Value{"points": sdk.Text("many")}, nil
	case "panic":
		panic("no facts today")
	}
	return map[string]sdk.Value{"points": sdk.Int(120), "unasked": sdk.Int(1)}, nil
}

func (rogue) Evaluate(ctx context.Context, req sdk.Request) ([]sdk.Answer, error) {
	var config struct {
		Do     string
		Off    int64
		Millis time.Duration
	}
	var answers []sdk.Answer
	for _, d := range req.Deals {
		if err := d.Decode(&config); err != nil {
			return nil, err
		}
		a := sdk.OffOrder(config.Off)
		switch config.Do {
		case "hang":
			select {}
		case "sleep":
			time.Sleep(config.Millis * time.Millisecond)
		case "panic":
			panic("deliberate")
		case "exit":
			os.Exit(7)
		case "fail":
			return nil, errors.New("no deals\ntoday")
		case "flood":
			line := strings.Repeat("spam ", 200) + "\n"
			for range 20_000 {
				fmt.Print(line)
				fmt.Fprint(os.Stderr, line)
			}
		case "eat":
			var kept [][]byte
			for range 1 << 14 {
				kept = append(kept, make([]byte, 1<<20))
				for i := 0; i < 1<<20; i += 4096 {
					kept[len(kept)-1][i] = 1
				}
			}
			a.Off = int64(len(kept))
		case "spin":
			go func() {
				for {
				}
			}()
		case "child":
			if err := exec.Command("sleep", "600").Start(); err != nil {
				return nil, err
			}
		case "unknown":
			a = sdk.OffUnits(sdk.Units{SKU: "nowhere", Quantity: 1, Each: 1})
		case "huge":
			a = sdk.Nothing(strings.Repeat("x", 3<<20))
		case "stranger":
			answers = append(answers, sdk.Answer{ID: "7:nobody", Off: 1})
		case "twice":
			a.ID = d.ID
			answers = append(answers, a)
		case "mute":
			continue
		}
		a.ID = d.ID
		answers = append(answers, a)
	}
	return answers, nil
}
