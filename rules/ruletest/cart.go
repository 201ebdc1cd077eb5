package ruletest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// CartSource says where a cart and what it is priced by are.
type CartSource struct {
	// Name is the file of the cart, as faults name it. The paths in it start
	// from its folder.
	Name string
	// Data is what the file says: the keys of given, and rules, catalogue and
	// stubs as a test file has them.
	Data []byte
	// Rules and Catalogue are the folder of the rules and the inventory file,
	// in place of what the cart says.
	Rules, Catalogue string
	// Now is the instant where the cart names none.
	Now time.Time
}

// Cart is a cart that can be priced.
type Cart struct {
	// Folder has the rule files.
	Folder string
	Rules  *engine.Ruleset
	// Request asks for an explanation, and has what the stubs of plugins answer.
	Request engine.Request
}

// ReadCart reads a cart and the rules to price it by. Faults of both are a
// diag.List with all of them; another error is that of engine.Ruleset.Consult, or
// says that a file cannot be read.
func ReadCart(ctx context.Context, src CartSource) (Cart, error) {
	doc := syntax.Parse(filepath.ToSlash(src.Name), src.Data)
	root := doc.Root().Map(append(givenKeys(), keysIn(ofCart)...)...)
	folder := src.Rules
	if folder == "" {
		folder = rulesFolder(src.Name, root.Get("rules"))
	}
	l := newLoader(disk{})
	compiled, err := l.rules(folder)
	if err != nil {
		return Cart{}, fmt.Errorf("rules of the folder %s: %w", folder, err)
	}
	if compiled.rules == nil {
		return Cart{}, append(l.faults, doc.Faults()...).Err()
	}
	file, named := "", doc.Scalar(src.Catalogue, root.Position(), true)
	if src.Catalogue == "" {
		file, named = src.Name, root.Require("catalogue")
	}
	items, err := l.catalogue(file, named, compiled.rules.Currency(), io.Discard)
	if err != nil {
		return Cart{}, err
	}
	r := &reader{rules: compiled.rules, lock: compiled.lock, items: items, stubs: root.Get("stubs"), reasons: refusalReasons()}
	var c Case
	r.fill(&c, root, syntax.Value{}, scope{}, syntax.Map{})
	if err := append(l.faults, doc.Faults()...).Err(); err != nil {
		return Cart{}, err
	}
	if c.request.At.IsZero() {
		c.request.At = src.Now
	}
	cart := Cart{Folder: folder, Rules: compiled.rules}
	cart.Request, err = consultStubs(ctx, compiled.rules, c)
	return cart, err
}

// consultStubs asks the stubs of a case in place of plugins.
func consultStubs(ctx context.Context, rules *engine.Ruleset, c Case) (engine.Request, error) {
	plugins := newStubbed(c.stubs, Options{})
	request, err := rules.Consult(ctx, plugins, c.request)
	if len(plugins.missing) > 0 {
		var missing []string
		for _, m := range plugins.missing {
			missing = append(missing, fmt.Sprintf("%s: want %s, got %s", m.Field, m.Want, m.Got))
		}
		return request, errors.New("plugins are asked for what the cart has no stubs for; " + strings.Join(missing, "; "))
	}
	return request, err
}
