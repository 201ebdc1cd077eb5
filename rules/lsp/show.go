package lsp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/creachadair/jrpc2"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/coverage"
	"github.com/checkout-promotions/checkout/rules/explain"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

// The commands that show something of the rules.
const (
	explainCart  = "checkout.explain"
	showCoverage = "checkout.showCoverage"
)

// mostCarts is how many carts the user can choose from.
const mostCarts = 12

// explainable is a cart of a test.
type explainable struct {
	title   string
	suite   ruletest.Suite
	request engine.Request
}

// explained is the result of the command: what checkout rules explain tells.
type explained struct {
	Explanation string `json:"explanation"`
}

// explain tells what promotions do to a cart of the tests, which the user chooses
// where there are several.
func (s *Server) explain(ctx context.Context, f file, arguments runArguments) (any, error) {
	carts, err := f.carts(arguments)
	if err != nil {
		return nil, err
	}
	chosen, err := s.choose(ctx, carts)
	if err != nil || chosen == nil {
		return nil, err
	}
	text, err := explanation(*chosen, arguments.Promotion)
	if err != nil {
		return nil, err
	}
	return explained{text}, s.showText(ctx, text)
}

// carts returns the carts that the arguments mean: those of a test, or of tests that
// name the promotion, and before all others where none does.
func (f file) carts(a runArguments) ([]explainable, error) {
	suites, err := f.suites()
	if err != nil {
		return nil, err
	}
	var naming, others []explainable
	for _, suite := range suites {
		for _, c := range suite.Cases {
			if !c.Prices() || a.Test != "" && c.Name != a.Test {
				continue
			}
			request, err := suite.Request(c)
			if err != nil {
				continue // its test fails, and says why
			}
			cart := explainable{titleOf(c.Name, c.Row), suite, request}
			if a.Promotion == "" || slices.Contains(c.Promotions(), a.Promotion) {
				naming = append(naming, cart)
			} else {
				others = append(others, cart)
			}
		}
	}
	if len(naming) == 0 {
		naming = others
	}
	if len(naming) == 0 {
		return nil, errors.New("there is no test whose cart could be explained")
	}
	return naming, nil
}

// choose has the user choose one of the carts; nil for none of them.
func (s *Server) choose(ctx context.Context, carts []explainable) (*explainable, error) {
	if len(carts) == 1 {
		return &carts[0], nil
	}
	carts = carts[:min(len(carts), mostCarts)]
	params := messageRequestParams{Type: messageInfo, Message: "The cart of which test?"}
	for _, c := range carts {
		params.Actions = append(params.Actions, messageAction{c.title})
	}
	answer, err := s.rpc.Callback(ctx, "window/showMessageRequest", params)
	if err != nil {
		return nil, err
	}
	var action *messageAction
	if err := answer.UnmarshalResult(&action); err != nil || action == nil {
		return nil, err
	}
	i := slices.IndexFunc(carts, func(c explainable) bool { return c.title == action.Title })
	if i < 0 {
		return nil, jrpc2.Errorf(jrpc2.InvalidParams, "no test is called %q", action.Title)
	}
	return &carts[i], nil
}

// explanation writes what a promotion, or for "" each of them, does to the cart.
func explanation(c explainable, promotion string) (string, error) {
	c.request.Hints, c.request.Explain = true, true
	quote, err := c.suite.Rules.Price(c.request)
	if err != nil {
		return "", err
	}
	e := explain.Explanation{Quote: quote, Source: func(id string) string {
		p, _ := c.suite.Rules.Promotion(id)
		return p.Source
	}}
	if promotion != "" {
		e.Promotions = []string{promotion}
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n\n", c.title)
	err = e.Pretty(&b)
	return b.String(), err
}

// showText shows a text beside the files where the editor can, and else as a message.
// There is one file for all of them, which ends with the server.
func (s *Server) showText(ctx context.Context, text string) error {
	s.mu.Lock()
	shows := s.client.Capabilities.Window.ShowDocument.Support
	s.mu.Unlock()
	if !shows {
		s.show(messageInfo, text)
		return nil
	}
	name, err := s.writeText(text)
	if err != nil {
		return err
	}
	_, err = s.rpc.Callback(ctx, "window/showDocument", showDocumentParams{URI: uriOf(name)})
	return err
}

// writeText writes the text into a file in a folder of the server's own.
func (s *Server) writeText(text string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.texts == "" {
		folder, err := os.MkdirTemp("", "checkout-")
		if err != nil {
			return "", fmt.Errorf("show a text: %w", err)
		}
		s.texts = folder
	}
	name := filepath.Join(s.texts, "explanation.txt")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		return "", fmt.Errorf("show a text: %w", err)
	}
	return name, nil
}

// removeTexts removes what writeText has written.
func (s *Server) removeTexts() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.texts == "" {
		return nil
	}
	return os.RemoveAll(s.texts)
}

// covered is the result of the command: how many points the tests reach.
type covered struct {
	Reached int `json:"reached"`
	Points  int `json:"points"`
}

// cover shows what of the rules their tests do not reach, until a file changes.
func (s *Server) cover(ctx context.Context, f file) (any, error) {
	suites, err := f.suites()
	if err != nil {
		return nil, err
	}
	run := coverage.New(f.workspace.RuleFiles)
	run.Add(suites...)
	if _, err := ruletest.RunWith(ctx, suites, ruletest.Filter{}, ruletest.Options{Priced: run.Priced}); err != nil {
		return nil, err
	}
	result, err := run.Result()
	if err != nil {
		return nil, err
	}
	found := make(map[string][]diagnostic)
	for _, p := range result.Points {
		if t := f.texts[p.File]; t != nil && p.Cases == 0 {
			found[p.File] = append(found[p.File], diagnostic{Range: t.span(p.Range), Severity: severityInformation, Source: "checkout coverage", Message: p.Missing()})
		}
	}
	s.showRun(f.analysis, "coverage", found)
	share := result.Share()
	s.show(messageInfo, fmt.Sprintf("coverage %.1f %% (%d of %d points)", share.Tenths(), share.Reached, share.Points))
	return covered{share.Reached, share.Points}, nil
}

// titleOf names a case.
func titleOf(name, row string) string {
	if row == "" {
		return name
	}
	return strings.Join([]string{name, " [", row, "]"}, "")
}
