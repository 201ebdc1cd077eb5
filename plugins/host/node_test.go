//go:build linux

package host_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/plugins/host"
)

// V8 maps much and uses little: the default lets it work, and a bound that is too low
// says so.
func TestNodeWithinItsMemory(t *testing.T) {
	const dir = "../../examples/plugins/node-round-down/"
	build := exec.Command("../../tools/node.sh")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(dir + "dist/node-round-down")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		memory int64
		detail string // "" for a program that serves
	}{
		{"the default", host.DefaultMemory, ""},
		{"too little", 16 << 20, " MiB of memory, more than the 16 that it may; see plugins.memory_mib and what the plugin asks for"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFolder(t, host.Options{Memory: c.memory, Start: patience}, "node-round-down", string(text))
			f.pin = host.Pin{
				Name: "node-round-down", Version: "1.0.0", Digests: []string{digestOf(t, f.dir+"/node-round-down")},
				Kinds: map[string]engine.Effect{"round_down": engine.OrderEffect},
			}
			f.use()
			if c.detail != "" {
				s := f.until("a failure", func(s host.Status) bool { return s.State == host.Waiting })
				if s.Fault != engine.Crashed || !strings.Contains(s.Detail, c.detail) {
					t.Errorf("got %+v, want %s", s, c.detail)
				}
				return
			}
			f.wantRounded(50)
		})
	}
}

// wantRounded asks the plugin so often, at once, and then looks whether it has been
// started again.
func (f *folder) wantRounded(times int) {
	f.t.Helper()
	before := f.status()
	cart := cart(dollars(f.t), "c").Cart
	cart.Lines[0].Item.Price = 1099
	answered := make(chan []engine.Answer)
	for range times {
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			answered <- f.host.Evaluate(ctx, &cart, time.Now(), []engine.Question{{Promotion: "p", Plugin: "node-round-down", Kind: "round_down", Config: "{}"}})
		}()
	}
	for range times {
		if got := <-answered; len(got) != 1 || got[0].Off != 98 {
			f.t.Errorf("got %+v, want 98 off", got)
		}
	}
	if s := f.status(); s.State != host.Running || s.PID != before.PID {
		f.t.Errorf("got %+v, want the process %d", s, before.PID)
	}
}
