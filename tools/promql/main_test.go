package main

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

const (
	goodBoard  = `{"panels":[{"title":"Requests","targets":[{"expr":"sum(rate(a_total[$__rate_interval]))"}]}]}`
	goodAlerts = "groups: [{name: g, rules: [{alert: Down, expr: up == 0, for: 2m, annotations: {summary: '{{ $labels.instance }}'}}]}]"
)

func TestFaultsAreFound(t *testing.T) {
	for _, tt := range []struct{ name, board, alerts, want string }{
		{"what is good", goodBoard, goodAlerts, ""},
		{"an expression that ends early", strings.Replace(goodBoard, "]))", "])", 1), goodAlerts, `dashboard.json: panel "Requests": sum(rate(a_total[$__rate_interval]):`},
		{"a rate of no range", strings.Replace(goodBoard, "[$__rate_interval]", "", 1), goodAlerts, "expected type range vector"},
		{"a variable that nobody sets", strings.Replace(goodBoard, "$__rate_interval", "$interval", 1), goodAlerts, "dashboard.json: panel"},
		{"an expression in a folded row", `{"panels":[{"title":"Row","panels":[{"title":"Inner","targets":[{"expr":"sum("}]}]}]}`, goodAlerts, `panel "Inner"`},
		{"an alert that does not parse", goodBoard, strings.Replace(goodAlerts, "up == 0", "up ==", 1), "alerts.yml: "},
		{"a duration that is none", goodBoard, strings.Replace(goodAlerts, "2m", "2 minutes", 1), "alerts.yml: "},
		{"a key that Prometheus does not know", goodBoard, strings.Replace(goodAlerts, "for:", "fro:", 1), "fro not found"},
		{"a template that does not parse", goodBoard, strings.Replace(goodAlerts, "instance }}", "instance }", 1), "alerts.yml: "},
		{"nothing to look at", `{}`, goodAlerts, "dashboard.json has 0 expressions and alerts.yml 1; want some of both"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := check(fstest.MapFS{"dashboard.json": {Data: []byte(tt.board)}, "alerts.yml": {Data: []byte(tt.alerts)}})
			if tt.want == "" && err == nil {
				return
			}
			if err == nil || tt.want == "" || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
	if _, err := check(fstest.MapFS{}); err == nil || !os.IsNotExist(err) && !strings.Contains(err.Error(), "dashboard.json") {
		t.Errorf("got %v of a folder without files", err)
	}
}
