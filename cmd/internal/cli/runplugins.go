package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/checkout-promotions/checkout/api"
	"github.com/checkout-promotions/checkout/config"
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/plugins/host"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/lock"
)

// pluginRunner keeps running what the ruleset in force asks.
type pluginRunner struct {
	host *host.Host // nil without a folder of plugins
	wait time.Duration
	log  *slog.Logger

	inForce []host.Pin
}

// newPluginRunner returns one that runs nothing yet. Close ends it.
func newPluginRunner(cfg config.Plugins, currency engine.Currency, tracer trace.Tracer, log *slog.Logger) (*pluginRunner, error) {
	r := &pluginRunner{wait: cfg.Start, log: log}
	if cfg.Dir == "" {
		return r, nil
	}
	if err := wantDirectory("the plugins", cfg.Dir); err != nil {
		return nil, environmentError(err)
	}
	if cfg.Dev {
		log.Warn("plugins run that plugins.lock.yaml does not pin: plugins.dev is for development")
	}
	var err error
	options := hostOptions(cfg, currency, log)
	options.Tracer = tracer
	r.host, err = host.New(options)
	return r, environmentError(err)
}

// hostOptions are those of the configuration.
func hostOptions(cfg config.Plugins, currency engine.Currency, log *slog.Logger) host.Options {
	return host.Options{
		Dir: cfg.Dir, Currency: currency, Settings: cfg.Settings, Dev: cfg.Dev, Timeout: cfg.Timeout, Start: cfg.Start,
		MaxInFlight: int64(cfg.MaxInFlight), Memory: int64(cfg.MemoryMiB) << 20, CPU: int64(cfg.CPUPercent), Logger: log,
	}
}

// change puts other rules in force. Their plugins are started before, as far as
// they start within their time, and those that they do not ask are ended after: no
// cart meets rules without the plugins they had or have. A plugin that does not
// start stops nothing; its deals say why.
func (r *pluginRunner) change(ctx context.Context, files []compile.File, swap func()) error {
	locked, err := compile.LockOf(files)
	if err != nil {
		return err // which those who compiled the files have seen before
	}
	wanted := pinsOf(locked)
	if r.host == nil {
		if len(wanted) > 0 {
			r.log.Warn("the rules ask plugins, and there is no folder of plugins: their deals fail; set plugins.dir or --plugins", "plugins", locked.Names())
		}
		swap()
		return nil
	}
	r.host.Use(unitedPins(wanted, r.inForce))
	r.await(ctx)
	if err := ctx.Err(); err != nil {
		r.host.Use(r.inForce)
		return err
	}
	swap()
	r.host.Use(wanted)
	r.inForce = wanted
	return nil
}

// await gives plugins the time of a start.
func (r *pluginRunner) await(ctx context.Context) {
	limited, cancel := context.WithTimeout(ctx, r.wait)
	defer cancel()
	if err := r.host.Ready(limited); err != nil && ctx.Err() == nil {
		r.log.Warn("plugins are still starting; until they run their deals fail", "waited", r.wait)
	}
}

// asked is what prices ask.
func (r *pluginRunner) asked() engine.Plugins {
	if r.host == nil {
		return engine.NoPlugins{}
	}
	return r.host
}

// status tells how the plugins are.
func (r *pluginRunner) status() []host.Status {
	if r.host == nil {
		return nil
	}
	return r.host.Status()
}

// answers tells it to the API.
func (r *pluginRunner) answers() []api.PluginStatus {
	var all []api.PluginStatus
	for _, s := range r.status() {
		all = append(all, api.PluginStatus{
			Name: s.Name, State: string(s.State), Since: s.Since, Version: s.Version, Digest: s.Digest,
			Fault: s.Fault, Detail: s.Detail, Circuit: s.Circuit,
			Calls: s.Calls, Failures: s.Failures, Restarts: s.Restarts, P50: s.P50, P99: s.P99,
		})
	}
	return all
}

// Close ends all plugins and waits for that.
func (r *pluginRunner) Close() error {
	if r.host == nil {
		return nil
	}
	return r.host.Close()
}

// pinsOf is what a host has to know of the plugins that rules were written for.
func pinsOf(locked lock.Lock) []host.Pin {
	var pins []host.Pin
	for _, p := range locked.Plugins {
		pin := host.Pin{Name: p.Name, Version: p.Version, Digests: p.SHA256, Kinds: make(map[string]engine.Effect)}
		for _, d := range p.Deals {
			pin.Kinds[d.Kind] = d.Effect
		}
		for _, f := range p.Facts {
			pin.Facts = append(pin.Facts, f.Name)
		}
		pins = append(pins, pin)
	}
	return pins
}

// unitedPins are the first, and the second as far as they are of others.
func unitedPins(first, second []host.Pin) []host.Pin {
	all := slices.Clone(first)
	for _, pin := range second {
		if !slices.ContainsFunc(first, func(p host.Pin) bool { return p.Name == pin.Name }) {
			all = append(all, pin)
		}
	}
	return all
}

// wantDirectory reports a folder that is none; what says whose it should be.
func wantDirectory(what, dir string) error {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no folder %s; name that of %s", dir, what)
	case err != nil:
		return fmt.Errorf("look at the folder of %s: %w", what, err)
	case !info.IsDir():
		return fmt.Errorf("%s is a file; name the folder of %s", dir, what)
	default:
		return nil
	}
}

var errNoPlugins = errors.New("name the folder of the plugins with --plugins DIR, or plugins.dir in the configuration")
