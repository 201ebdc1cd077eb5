package cli

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.yaml.in/yaml/v3"

	"github.com/checkout-promotions/checkout/config"
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/engine/goldentest"
)

// observability is the folder of what watches a server.
var observability = filepath.Join("..", "..", "..", "examples", "observability")

// metric is what a registry says of a metric before it has values.
type metric struct{ name, labels, help string }

// serverMetrics returns the metrics of a whole server, sorted, without those of
// the Go runtime and the process, which are as their versions have them.
func serverMetrics(t *testing.T) []metric {
	t.Helper()
	cfg := config.Default()
	cfg.Rules = filepath.Join("..", "..", "..", "examples", "quickstart", "rules")
	cfg.Database.SQLite = filepath.Join(t.TempDir(), "shop.db")
	log, live, registry := slog.New(slog.DiscardHandler), engine.New(nil), prometheus.NewRegistry()
	watcher, err := openRules(cfg, &publisher{live: live}, log)
	if err != nil {
		t.Fatal(err)
	}
	data, err := openStore(t.Context(), cfg, live.Active().Currency(), nil, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := data.Close(); err != nil {
			t.Error(err)
		}
	})
	cfg.Tracing.Endpoint = "http://localhost:4318"
	spans, err := newTracing(t.Context(), cfg, registry, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(spans.close)
	if _, err := newHandler(cfg, live, watcher, nil, data, apiWebhooks{}, &pluginRunner{}, nil, registry, nil, log); err != nil {
		t.Fatal(err)
	}
	if _, err := newSender(cfg, outbox{data}, nil, registry, nil, log); err != nil {
		t.Fatal(err)
	}
	return metricsOf(t, registry)
}

func metricsOf(t *testing.T, registry *prometheus.Registry) []metric {
	t.Helper()
	form := regexp.MustCompile(`^Desc\{fqName: "(.*)", help: "(.*)", unit: "[^"]*", constLabels: \{(.*)\}, variableLabels: \{(.*)\}\}$`)
	descs := make(chan *prometheus.Desc)
	go func() { registry.Describe(descs); close(descs) }()
	var all []metric
	for desc := range descs {
		is := form.FindStringSubmatch(desc.String())
		if is == nil {
			t.Fatalf("got %s, want a description in its usual form", desc)
		}
		if name := is[1]; strings.HasPrefix(name, "checkout_") || strings.HasPrefix(name, "go_sql_") {
			labels := strings.Split(is[4], ",")
			for constant := range strings.SplitSeq(is[3], ",") {
				label, _, _ := strings.Cut(constant, "=")
				labels = append(labels, label)
			}
			labels = slices.DeleteFunc(labels, func(label string) bool { return label == "" })
			all = append(all, metric{name, strings.Join(labels, ", "), is[2]})
		}
	}
	slices.SortFunc(all, func(a, b metric) int { return strings.Compare(a.name, b.name) })
	return slices.Compact(all)
}

func TestEveryMetricIsInTheTable(t *testing.T) {
	var table strings.Builder
	table.WriteString("| metric | labels | what it is |\n|---|---|---|\n")
	for _, m := range serverMetrics(t) {
		fmt.Fprintf(&table, "| `%s` | %s | %s |\n", m.name, m.labels, m.help)
	}
	goldentest.Compare(t, filepath.Join(observability, "metrics.md"), "# Metrics of a server\n\n"+table.String())
}

// dashboard is what a test has to know of one of Grafana.
type dashboard struct {
	Panels []struct {
		Title   string
		Type    string
		Targets []struct{ Expr string }
	}
}

// alerts is a rule file of Prometheus.
type alerts struct {
	Groups []struct {
		Rules []struct {
			Alert       string
			Expr        string
			Annotations map[string]string
		}
	}
}

// expressions returns those of the dashboard and the alerts by their titles.
func expressions(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	folder := os.DirFS(observability)
	read := func(name string, parse func([]byte, any) error, into any) {
		text, err := fs.ReadFile(folder, name)
		if err == nil {
			err = parse(text, into)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	var board dashboard
	read("dashboard.json", json.Unmarshal, &board)
	for _, panel := range board.Panels {
		for i, target := range panel.Targets {
			found[fmt.Sprintf("panel %s %d", panel.Title, i)] = target.Expr
		}
		if panel.Type != "row" && len(panel.Targets) == 0 {
			t.Errorf("panel %s shows nothing", panel.Title)
		}
	}
	var rules alerts
	read("alerts.yml", func(text []byte, into any) error { return yaml.Unmarshal(text, into) }, &rules)
	for _, group := range rules.Groups {
		for _, rule := range group.Rules {
			found["alert "+rule.Alert] = rule.Expr
			if rule.Annotations["summary"] == "" || rule.Annotations["description"] == "" {
				t.Errorf("alert %s says not what is wrong and what to do", rule.Alert)
			}
		}
	}
	return found
}

func TestTheDashboardAndTheAlertsNameMetricsThatExist(t *testing.T) {
	known := map[string]bool{"process_resident_memory_bytes": true, "process_cpu_seconds_total": true, "go_goroutines": true}
	for _, m := range serverMetrics(t) {
		known[m.name] = true
	}
	all := expressions(t)
	if len(all) < 20 {
		t.Errorf("got %d expressions, want those of the dashboard and of the alerts", len(all))
	}
	name := regexp.MustCompile(`\b(checkout|go|process)_[a-z0-9_]+`)
	part := regexp.MustCompile("_(bucket|sum|count)$") // of a histogram
	for title, expr := range all {
		names := name.FindAllString(expr, -1)
		if len(names) == 0 && !strings.Contains(expr, "up{") {
			t.Errorf("%s: got %s, which names no metric", title, expr)
		}
		for _, name := range names {
			if of := part.ReplaceAllString(name, ""); !known[name] && (!known[of] || strings.HasSuffix(of, "_total")) {
				t.Errorf("%s: no server has a metric %s", title, name)
			}
		}
	}
}
