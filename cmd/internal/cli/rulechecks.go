package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/checkout-promotions/checkout/api"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/lint"
)

// workplace is where rules that callers of the API have sent are worked on, one set at a
// time, so that however many are sent, they take one processor.
type workplace chan struct{}

func newWorkplace() workplace { return make(workplace, 1) }

// checks returns what checks rule files.
func (p workplace) checks(check func([]api.RuleFile) (api.RuleCheck, error)) api.CheckRules {
	return func(ctx context.Context, files []api.RuleFile) (api.RuleCheck, error) {
		return alone(ctx, p, func() (api.RuleCheck, error) { return check(files) })
	}
}

// alone runs something at the workplace, and is api.ErrRulesBusy where another one is there.
// What takes longer than its request keeps the place until it is done.
func alone[T any](ctx context.Context, p workplace, run func() (T, error)) (result T, err error) {
	select {
	case p <- struct{}{}:
	default:
		return result, api.ErrRulesBusy
	}
	type outcome struct {
		result T
		err    error
	}
	done := make(chan outcome, 1)
	go func() {
		result, err := guarded(run)
		<-p // before the answer, so that whoever has it can send the next
		done <- outcome{result, err}
	}()
	select {
	case o := <-done:
		return o.result, o.err
	case <-ctx.Done():
		return result, ctx.Err()
	}
}

// guarded turns a panic into an error, for a file that a stranger has sent must not end
// the server.
func guarded[T any](run func() (T, error)) (result T, err error) {
	defer func() {
		if value := recover(); value != nil {
			err = fmt.Errorf("work on rule files: panic: %v", value)
		}
	}()
	return run()
}

// checkFiles checks the rule files among files.
func checkFiles(files []api.RuleFile) (check api.RuleCheck, err error) {
	var rules []compile.File
	for _, f := range files {
		if compile.IsRuleFile(f.Path) {
			rules = append(rules, compile.File{Name: f.Path, Data: []byte(f.Content)})
		}
	}
	check.Digest = compile.Digest(rules)
	found, err := lint.Check(rules, lint.Options{})
	if faults, ok := errors.AsType[diag.List](err); ok {
		for _, d := range faults.Sorted() {
			check.Findings = append(check.Findings, api.RuleFinding{Diagnostic: d})
		}
		return check, nil
	}
	check.Compiles = err == nil
	for _, f := range found {
		finding := api.RuleFinding{Diagnostic: f.Diagnostic, Promotions: f.Promotions}
		if f.Witness != nil {
			finding.Shows, finding.Cart = f.Witness.Shows, f.Witness.Cart()
		}
		check.Findings = append(check.Findings, finding)
	}
	return check, err
}
