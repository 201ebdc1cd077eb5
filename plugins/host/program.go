package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/plugins/internal/contract"
	"github.com/checkout-promotions/checkout/plugins/sdk"
)

// Program is a plugin that was started to be looked at, once, by a tool: nobody
// starts it again when it ends. Its methods are safe for concurrent use, Prepare
// excepted, which comes before the calls.
type Program struct {
	remote      *remote
	starter     *starter
	description *sdk.Description
}

// Open starts the program at the path, pinned or not, as a host with the options
// does, whose folder does not matter. It learns what the program says of itself,
// which the contract has to allow, and does not configure it. Close ends it.
func Open(ctx context.Context, path string, o Options) (*Program, error) {
	name := strings.TrimSuffix(filepath.Base(path), ".exe")
	absolute, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("start plugin %s: %w", name, err)
	}
	if _, err := lookAt(path); err != nil {
		return nil, fmt.Errorf("start plugin %s: %w", name, err)
	}
	o.Dir, o.Dev = absolute, true
	o = o.withDefaults()
	s, err := newStarter(&o)
	if err != nil {
		return nil, err
	}
	p, pin := &Program{starter: s}, Pin{Name: name}
	home, err := s.newHome()
	if err == nil {
		p.remote, err = s.begin(ctx, pin, home)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start plugin %s: %w", name, err), s.close())
	}
	if err = p.remote.describe(ctx, pin); err == nil {
		p.description, err = contract.Description(p.remote.described)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start plugin %s: %w", name, err), p.Close())
	}
	return p, nil
}

// Description is what the program says of itself.
func (p *Program) Description() sdk.Description { return *p.description }

// Digest is the SHA-256 of the program, in hex.
func (p *Program) Digest() string { return p.remote.digest() }

// Prepare gives the program its settings and makes the first call.
func (p *Program) Prepare(ctx context.Context) error { return p.remote.prepare(ctx) }

// Check asks the program for its health.
func (p *Program) Check(ctx context.Context) error { return p.remote.check(ctx) }

// Evaluate asks the program, once.
func (p *Program) Evaluate(ctx context.Context, cart *engine.Cart, at time.Time, questions []engine.Question) ([]engine.Answer, error) {
	return p.remote.evaluate(ctx, cart, at, questions)
}

// Close ends the program.
func (p *Program) Close() error {
	p.remote.kill()
	return p.starter.close()
}

// Path returns where the program of a plugin is, in a folder of plugins.
func Path(dir, name string) string {
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return filepath.Join(dir, name)
}

// ValidName reports whether a plugin may have the name: 1 to 40 lower-case letters, digits and -, the first a letter.
func ValidName(name string) bool { return contract.ValidName(name, '-') }

// Installed returns the names of the plugins in a folder, sorted: of the files that
// are called as plugins are. One that may not be executed is among them, since a
// host and Open say so of it.
func Installed(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("list plugins: %w", err)
	}
	var names []string
	for _, entry := range entries {
		name := strings.TrimSuffix(entry.Name(), ".exe")
		info, err := os.Stat(filepath.Join(dir, entry.Name())) // of what a link leads to
		if err == nil && info.Mode().IsRegular() && ValidName(name) && filepath.Base(Path(dir, name)) == entry.Name() {
			names = append(names, name)
		}
	}
	return names, nil
}
