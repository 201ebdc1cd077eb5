package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/config"
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/plugins/host"
	"github.com/checkout-promotions/checkout/plugins/sdk"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/lock"
)

func newPlugins(s Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "plugins",
		Short: "Write, check, pin and look at plugins",
		Long: `Write, check, pin and look at plugins: programs of their own that decide deals.

The folder of the programs is the setting plugins.dir: --plugins, CHECKOUT_PLUGINS or a
YAML file (--config). plugins.lock.yaml in the rule folder pins those that rules ask.` + findingsAre("a plugin has faults, or is not the one that is pinned"),
	}
	asGroup(cmd)
	cmd.AddCommand(newPluginsNew(s), newPluginsCheck(s), newPluginsTest(s), newPluginsBench(s), newPluginsDev(s),
		newPluginsLock(s), newPluginsVerify(s), newPluginsList(s), newPluginsInspect(s), newPluginsSchema(s))
	return cmd
}

// loadPlugins reads the configuration; the folder of plugins has to be there.
func loadPlugins(cmd *cobra.Command, s Streams) (config.Config, error) {
	cfg, err := config.Load(config.Sources{Env: s.Env, Flags: cmd.Flags()})
	switch {
	case err != nil:
		return cfg, err
	case cfg.Plugins.Dir == "":
		return cfg, usageError{errNoPlugins, cmd}
	}
	return cfg, environmentError(wantDirectory("the plugins", cfg.Plugins.Dir))
}

// wantName checks the name of a plugin.
func wantName(cmd *cobra.Command, name string) error {
	if host.ValidName(name) {
		return nil
	}
	return usageError{fmt.Errorf("%q cannot be the name of a plugin: use 1 to 40 lower-case letters, digits and -, the first a letter", name), cmd}
}

// quiet is where tools let plugins log: what they print is in their errors.
func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// openProgram starts a program to look at it.
func openProgram(ctx context.Context, path string, cfg config.Plugins, currency engine.Currency) (*host.Program, error) {
	if info, err := os.Stat(path); err != nil || info.IsDir() {
		return nil, environmentError(fmt.Errorf("there is no program %s", path))
	}
	p, err := host.Open(ctx, path, hostOptions(cfg, currency, quiet()))
	if ctx.Err() != nil && err != nil {
		return nil, ctx.Err()
	}
	return p, environmentError(err)
}

// withInstalled starts the plugin of the name, of the folder of plugins, to look at it.
func withInstalled(cmd *cobra.Command, s Streams, name string, look func(*host.Program) error) (err error) {
	if err := wantName(cmd, name); err != nil {
		return err
	}
	cfg, err := loadPlugins(cmd, s)
	if err != nil {
		return err
	}
	p, err := openProgram(cmd.Context(), host.Path(cfg.Plugins.Dir, name), cfg.Plugins, engine.Currency{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, environmentError(p.Close())) }()
	return look(p)
}

// readRules reads the rule files of a folder, and what their lock file says.
func readRules(dir string) ([]compile.File, lock.Lock, error) {
	if err := wantFolder(dir); err != nil {
		return nil, lock.Lock{}, environmentError(err)
	}
	files, err := compile.Read(os.DirFS(dir))
	if err != nil {
		return nil, lock.Lock{}, environmentError(fmt.Errorf("read the rules %s: %w", dir, err))
	}
	locked, err := compile.LockOf(files)
	var faults diag.List
	if errors.As(err, &faults) {
		err = faults.InFolder(filepath.ToSlash(dir))
	}
	return files, locked, err
}

// lockedOf is what a lock file says of a program.
func lockedOf(p *host.Program) (lock.Plugin, error) {
	d := p.Description()
	locked := lock.Plugin{Name: d.Name, Version: d.Version, API: lock.API, SHA256: []string{p.Digest()}}
	for _, k := range d.Deals {
		deal := lock.Deal{Kind: k.Name, Doc: k.Doc, Schema: k.ConfigSchema, Fields: fieldNames(k.Fields)}
		if err := deal.Effect.UnmarshalText([]byte(k.Effect)); err != nil {
			return locked, fmt.Errorf("plugin %s: %w", d.Name, err)
		}
		locked.Deals = append(locked.Deals, deal)
	}
	for _, f := range d.Facts {
		locked.Facts = append(locked.Facts, lock.Fact{Name: f.Name, Type: factKind(f.Type), Doc: f.Doc, Fields: fieldNames(f.Fields)})
	}
	text, err := lock.Format(lock.Lock{Plugins: []lock.Plugin{locked}})
	if err != nil {
		return locked, fmt.Errorf("plugin %s cannot be pinned: %w", d.Name, err)
	}
	read, err := lock.Parse(lock.File, text) // so that it compares with what was read
	if err != nil {
		return locked, err
	}
	return read.Plugins[0], nil
}

func factKind(t sdk.FactType) engine.Kind {
	switch t {
	case sdk.NumberFact:
		return engine.KindNumber
	case sdk.TextFact:
		return engine.KindText
	default:
		return engine.KindBool
	}
}

func fieldNames(fields []sdk.Field) []string {
	var names []string
	for _, f := range fields {
		names = append(names, string(f))
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// How an installed program and the lock file agree.
const (
	pinned       = "pinned"        // the program is one of those that may run
	unpinned     = "any program"   // the lock file has no checksums: it runs with --plugins-dev
	notLocked    = "not locked"    // the lock file does not have the plugin
	notInstalled = "not installed" // the folder does not have the program
	anotherFile  = "another program"
	anotherOffer = "another offer" // it does not offer what the lock file says
	notStarting  = "broken"        // it does not start
)

// seen is a plugin in the folder or in the lock file.
type seen struct {
	Name    string   `json:"name"`
	State   string   `json:"state"`
	Version string   `json:"version,omitempty"`
	API     int      `json:"api,omitempty"`
	Deals   []string `json:"deals"`
	Facts   []string `json:"facts"`
	SHA256  string   `json:"sha256,omitempty"`
	// Health is what it says of itself, or why it does not start.
	Health string `json:"health,omitempty"`
	// Differences are those to the lock file.
	Differences []string `json:"differences,omitempty"`
}

// ok tells whether a server may run it.
func (p *seen) ok(dev bool) bool { return p.State == pinned || dev && p.State == unpinned }

// remedy is what to do where a server may not run it, "" where the differences say so.
func (p *seen) remedy() string {
	switch p.State {
	case unpinned:
		return "checkout plugins lock pins the program that is here; --plugins-dev lets any run"
	case anotherFile:
		return "if this one is meant to run, checkout plugins lock pins it, with --add beside those that are pinned"
	case anotherOffer:
		return "checkout plugins lock writes what this one offers, and checks the rules with it"
	case notInstalled:
		return "put it there, or take it out of the rules and run checkout plugins lock"
	default:
		return ""
	}
}

// survey looks at the plugins with these names: what is installed, and whether it
// is what the lock file says.
func survey(ctx context.Context, cfg config.Plugins, locked lock.Lock, names []string) ([]seen, error) {
	all := []seen{}
	for _, name := range names {
		p, err := look(ctx, cfg, locked, name)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

func look(ctx context.Context, cfg config.Plugins, locked lock.Lock, name string) (seen, error) {
	want, known := locked.Plugin(name)
	p := seen{Name: name, Version: want.Version, API: want.API, Deals: append([]string{}, want.Kinds()...), Facts: factNames(want)}
	path := host.Path(cfg.Dir, name)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		p.State, p.Differences = notInstalled, []string{"there is no program " + path}
		return p, nil
	}
	program, err := openProgram(ctx, path, cfg, engine.Currency{})
	if err != nil {
		if ctx.Err() != nil {
			return p, ctx.Err()
		}
		p.State, p.Health, p.Differences = notStarting, oneLine(err), []string{oneLine(err)}
		return p, nil
	}
	got, err := lockedOf(program)
	p.Health = "serves"
	if ill := program.Check(ctx); ill != nil {
		p.Health = oneLine(ill)
	}
	if err := errors.Join(err, program.Close()); err != nil {
		p.State, p.Health, p.Differences = notStarting, oneLine(err), []string{oneLine(err)}
		return p, ctx.Err()
	}
	p.Version, p.API, p.Deals, p.Facts, p.SHA256 = got.Version, got.API, append([]string{}, got.Kinds()...), factNames(got), got.SHA256[0]
	p.State = notLocked
	if known {
		p.State, p.Differences = compareLocked(want, got)
	}
	return p, ctx.Err()
}

// compareLocked says how a program differs from what the lock file has.
func compareLocked(want, got lock.Plugin) (string, []string) {
	var differences []string
	differ := func(what string, want, got any) {
		if !reflect.DeepEqual(want, got) {
			differences = append(differences, what)
		}
	}
	differ(fmt.Sprintf("version %s, the lock file has %s", got.Version, want.Version), want.Version, got.Version)
	for _, kind := range union(want.Kinds(), got.Kinds()) {
		w, locked := want.Deal(kind)
		g, offered := got.Deal(kind)
		differ(otherwise("deal", kind, locked, offered), w, g)
	}
	for _, name := range union(factNames(want), factNames(got)) {
		w, locked := want.Fact(name)
		g, offered := got.Fact(name)
		differ(otherwise("fact", name, locked, offered), w, g)
	}
	state := pinned
	switch {
	case len(differences) > 0:
		state = anotherOffer
	case len(want.SHA256) == 0:
		state = unpinned
	}
	if len(want.SHA256) > 0 && !slices.Contains(want.SHA256, got.SHA256[0]) {
		state, differences = anotherFile, append(differences, "SHA-256 "+got.SHA256[0]+" is not in the lock file")
	}
	return state, differences
}

// otherwise says how an offer of the program is not that of the lock file.
func otherwise(what, name string, locked, offered bool) string {
	switch {
	case !offered:
		return fmt.Sprintf("it has no %s %s, the lock file has", what, name)
	case !locked:
		return fmt.Sprintf("it has the %s %s, the lock file has not", what, name)
	default:
		return fmt.Sprintf("its %s %s is not as the lock file has it", what, name)
	}
}

func factNames(p lock.Plugin) []string {
	names := []string{}
	for _, f := range p.Facts {
		names = append(names, f.Name)
	}
	return names
}

// union returns what is in one of the lists, sorted.
func union(a, b []string) []string {
	all := make(map[string]bool)
	for _, name := range slices.Concat(a, b) {
		all[name] = true
	}
	return slices.Sorted(maps.Keys(all))
}

// oneLine writes an error on one line.
func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

// orDash writes a list.
func orDash(list []string) string { return dash(strings.Join(list, ", ")) }

// completePlugins completes the name of a plugin in the folder.
func completePlugins(s Streams) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		cfg, err := config.Load(config.Sources{Env: s.Env, Flags: cmd.Flags()})
		if err != nil || len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		names, _ := host.Installed(cfg.Plugins.Dir) // none where there is no folder
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}

// compact writes JSON on one line, as it is where it is none.
func compact(text json.RawMessage) string {
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		return string(text)
	}
	short, err := json.Marshal(value)
	if err != nil {
		return string(text)
	}
	return string(short)
}
