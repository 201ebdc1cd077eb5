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

// newRuleChecks returns what checks rule files for the API, one set at a time. One that
// takes longer than its request keeps the place until it is done, so that however many are
// sent, they take one processor.
func newRuleChecks() api.CheckRules { return oneAtATime(checkFiles) }

// oneAtATime is run for one caller at a time.
func oneAtATime(run func([]api.RuleFile) (api.RuleCheck, error)) api.CheckRules {
	place := make(chan struct{}, 1)
	return func(ctx context.Context, files []api.RuleFile) (api.RuleCheck, error) {
		select {
		case place <- struct{}{}:
		default:
			return api.RuleCheck{}, api.ErrRulesBusy
		}
		type outcome struct {
			check api.RuleCheck
			err   error
		}
		done := make(chan outcome, 1)
		go func() {
			check, err := guardedCheck(run, files)
			<-place // before the answer, so that whoever has it can send the next
			done <- outcome{check, err}
		}()
		select {
		case o := <-done:
			return o.check, o.err
		case <-ctx.Done():
			return api.RuleCheck{}, ctx.Err()
		}
	}
}

// guardedCheck turns a panic into an error, for a file that a stranger has sent must not
// end the server.
func guardedCheck(run func([]api.RuleFile) (api.RuleCheck, error), files []api.RuleFile) (check api.RuleCheck, err error) {
	defer func() {
		if value := recover(); value != nil {
			err = fmt.Errorf("check rule files: panic: %v", value)
		}
	}()
	return run(files)
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
