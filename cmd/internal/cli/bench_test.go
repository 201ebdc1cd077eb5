package cli

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/checkout-promotions/checkout/api"
	"github.com/checkout-promotions/checkout/config"
	"github.com/checkout-promotions/checkout/engine"
)

// BenchmarkPrice prices a cart of ten units over loopback with the rules of the
// quickstart: on a SQLite file, and with the same items in a map. The difference
// is what the database costs.
func BenchmarkPrice(b *testing.B) {
	cfg := config.Default()
	cfg.Rules = filepath.Join("..", "..", "..", "examples", "quickstart", "rules")
	cfg.Seed = filepath.Join("..", "..", "..", "examples", "quickstart", "inventory.yaml")
	cfg.Database.SQLite = filepath.Join(b.TempDir(), "shop.db")
	log := slog.New(slog.DiscardHandler)
	live := engine.New(nil)
	watcher, err := openRules(cfg, &publisher{live: live}, log)
	must(b, err)
	data, err := openStore(b.Context(), cfg, live.Active().Currency(), nil, log)
	must(b, err)
	b.Cleanup(func() { must(b, data.Close()) })
	items, err := data.ItemsBySKU(b.Context(), []string{"120P90", "A304SD", "43N23P", "234234"})
	must(b, err)

	server, err := newHandler(cfg, live, watcher, nil, data, apiWebhooks{}, &pluginRunner{}, nil, prometheus.NewRegistry(), nil, log)
	must(b, err)
	b.Run("database=sqlite", func(b *testing.B) { benchPrice(b, server) })
	server, err = api.New(api.Options{
		Inventory: memory{items: items}, Orders: data, Rules: live, Currency: data.Currency(), Log: log,
	})
	must(b, err)
	b.Run("database=none", func(b *testing.B) { benchPrice(b, server) })
}

func must(b testing.TB, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// memory is an inventory that only prices.
type memory struct {
	api.Inventory
	items map[string]*engine.Item
}

// Basis implements api.Inventory.
func (m memory) Basis(context.Context, engine.Inquiry) (engine.Basis, error) {
	return engine.Basis{Items: m.items}, nil
}

func benchPrice(b *testing.B, h *api.Server) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(b, err)
	ctx, stop := context.WithCancel(b.Context())
	ended := make(chan error)
	go func() { ended <- api.Serve(ctx, listener, h, api.ServeOptions{}) }()
	b.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		stop()
		must(b, <-ended)
	})
	body := `{"skus":["120P90","120P90","120P90","A304SD","A304SD","A304SD","A304SD","43N23P","234234","120P90"]}`
	b.ReportAllocs()
	for b.Loop() {
		resp, err := http.Post("http://"+listener.Addr().String()+"/v0/inventory/items/price", "application/json", strings.NewReader(body))
		must(b, err)
		if resp.StatusCode != http.StatusOK {
			b.Fatal(resp.Status)
		}
		_, err = io.Copy(io.Discard, resp.Body)
		must(b, err)
		must(b, resp.Body.Close())
	}
}
