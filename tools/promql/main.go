// Command promql holds examples/observability to what Prometheus itself takes: every expression of the dashboard has to
// parse, and the alerts have to be a file of rules, with expressions, durations and templates that are good. That the
// metrics exist is a test of cmd/internal/cli. It runs in its own folder, since Prometheus is a large module:
//
//	go run .
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
)

const observability = "../../examples/observability"

func main() {
	expressions, err := check(os.DirFS(observability))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("%d expressions of the dashboard and of the alerts are good\n", expressions)
}

// check returns how many expressions the folder has, and every fault of them.
func check(folder fs.FS) (expressions int, err error) {
	panels, dashboard := checkDashboard(folder)
	rules, alerts := checkAlerts(folder)
	err = errors.Join(dashboard, alerts)
	if err == nil && (panels == 0 || rules == 0) {
		err = fmt.Errorf("dashboard.json has %d expressions and alerts.yml %d; want some of both", panels, rules)
	}
	return panels + rules, err
}

// board is what matters here of a dashboard of Grafana. Panels of a row that is folded are in it.
type board struct{ Panels []panel }

type panel struct {
	Title   string
	Targets []struct{ Expr string }
	Panels  []panel
}

func checkDashboard(folder fs.FS) (expressions int, err error) {
	text, err := fs.ReadFile(folder, "dashboard.json")
	if err != nil {
		return 0, err
	}
	var b board
	if err := json.Unmarshal(text, &b); err != nil {
		return 0, fmt.Errorf("dashboard.json: %w", err)
	}
	return checkPanels(b.Panels)
}

func checkPanels(panels []panel) (expressions int, err error) {
	prometheus := parser.NewParser(parser.Options{}) // with nothing that is experimental
	var faults []error
	for _, p := range panels {
		for _, target := range p.Targets {
			expressions++
			if _, err := prometheus.ParseExpr(asGrafana(target.Expr)); err != nil {
				faults = append(faults, fmt.Errorf("dashboard.json: panel %q: %s: %w", p.Title, target.Expr, err))
			}
		}
		more, err := checkPanels(p.Panels)
		expressions += more
		faults = append(faults, err)
	}
	return expressions, errors.Join(faults...)
}

// asGrafana puts a value in for the only variable that Grafana knows by itself and the dashboard uses. One that is not known
// stays, and does not parse.
func asGrafana(expression string) string {
	return strings.ReplaceAll(expression, "$__rate_interval", "1m")
}

func checkAlerts(folder fs.FS) (expressions int, err error) {
	text, err := fs.ReadFile(folder, "alerts.yml")
	if err != nil {
		return 0, err
	}
	groups, faults := rulefmt.Parse(text, false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
	for i := range faults {
		faults[i] = fmt.Errorf("alerts.yml: %w", faults[i])
	}
	if err := errors.Join(faults...); err != nil {
		return 0, err
	}
	for _, group := range groups.Groups {
		expressions += len(group.Rules)
	}
	return expressions, nil
}
