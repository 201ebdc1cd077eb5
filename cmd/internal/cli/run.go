package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"syscall"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/spf13/cobra"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/sync/errgroup"

	"github.com/checkout-promotions/checkout/api"
	"github.com/checkout-promotions/checkout/api/token"
	"github.com/checkout-promotions/checkout/config"
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/engine/audit"
	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/store"
)

func newRun(s Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Serve the API",
		Long: `Run serves the API until it is told to stop (SIGTERM, SIGINT), then drains, which is its
good end.

Settings come from the defaults, a YAML file (--config), CHECKOUT_ variables and
flags, each stronger than the one before: --log-level is log_level in the file
and CHECKOUT_LOG_LEVEL in the environment.`,
		Example: `  checkout run --memory-db --rules examples/quickstart/rules --seed examples/quickstart/inventory.yaml
  CHECKOUT_PASSWORD=secret checkout run --sqlite data/db --rules rules --port 8000
  CHECKOUT_DB_PASSWORD=secret checkout run --db-host db.internal --db-user shop --rules rules`,
		Args: noArguments,

		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := config.Load(config.Sources{Env: s.Env, Flags: cmd.Flags()})
			if err != nil {
				return err
			}
			return serve(cmd.Context(), cfg, newLogger(s.Err, cfg))
		},
	}
	config.BindFlags(cmd.Flags())
	cmd.Flags().SortFlags = false // they have an order by what they are about
	return cmd
}

func newLogger(w io.Writer, cfg config.Config) *slog.Logger {
	options := &slog.HandlerOptions{Level: cfg.LogLevel.Level()}
	if cfg.LogFormat == config.LogJSON {
		options.ReplaceAttr = writeDuration
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// writeDuration writes durations as 1.5ms in JSON too, which would make them
// bare nanoseconds.
func writeDuration(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindDuration {
		a.Value = slog.StringValue(a.Value.Duration().String())
	}
	return a
}

// serve runs the server until ctx is done. The port is taken before the database
// is touched, so that a second instance changes nothing.
func serve(ctx context.Context, cfg config.Config, log *slog.Logger) (err error) {
	registry := prometheus.NewRegistry()
	if cfg.Tracing.Endpoint != "" {
		log = slog.New(tracedLog{log.Handler()})
	}
	spans, err := newTracing(ctx, cfg, registry, log)
	if err != nil {
		return err
	}
	defer spans.close()
	live, changed := engine.New(nil), make(chan struct{}, 1)
	rules := &publisher{live: live, changed: changed}
	watcher, err := openRules(cfg, rules, log)
	if err != nil {
		return err
	}
	listener, err := listen(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }() // the server has done so when it ran
	debug, err := listenDebug(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { _ = debug.Close() }() // likewise
	plugins, err := newPluginRunner(cfg.Plugins, live.Active().Currency(), spans.Tracer, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, environmentError(plugins.Close())) }()
	data, err := openStore(ctx, cfg, live.Active().Currency(), spans.Tracer, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, environmentError(data.Close())) }()
	if err := errors.Join(rules.attachPlugins(ctx, plugins), rules.attach(ctx, data)); err != nil {
		return environmentError(err)
	}
	follow, err := followRules(ctx, cfg, rules, data, log)
	if err != nil {
		return environmentError(err)
	}
	sender, err := newSender(cfg, outbox{data}, registeredEndpoints(data, cfg.WebhookPrivateAddresses), registry, spans.Tracer, log)
	if err != nil {
		return err
	}
	hooks := apiWebhooks{data, cfg.Webhooks, sender, cfg.WebhookPrivateAddresses}
	tokens := newTokens(cfg, log)
	handler, err := newHandler(cfg, live, watcher, follow, data, hooks, plugins, tokens, registry, spans.Tracer, log)
	if err != nil {
		return err
	}
	expiry := func(ctx context.Context) error { return deleteExpiredKeys(ctx, data, log) }
	holds := func(ctx context.Context) error { return expireHolds(ctx, data, log) }
	profiles := func(ctx context.Context) error { return debug.serve(ctx, registry, log) }
	issuer := func(ctx context.Context) error {
		if tokens != nil {
			tokens.Fetch(ctx)
		}
		return nil
	}
	source := follow.run
	if follow == nil {
		source = func(ctx context.Context) error { return watchRules(ctx, cfg, watcher) }
	}
	return environmentError(runTogether(ctx, cfg, listener, handler, log,
		append(eventJobs(cfg, live, data, sender, changed, log), source, expiry, holds, profiles, issuer)...))
}

// followRules puts the ruleset in force that the database says, where that is where rules
// come from, and returns what follows the next ones; nil where they come from the folder.
func followRules(ctx context.Context, cfg config.Config, rules *publisher, data *persistence.Store, log *slog.Logger) (*activations, error) {
	if cfg.RulesFrom != config.FromDatabase {
		return nil, nil
	}
	follow := &activations{kept: data, rules: rules, log: log}
	return follow, follow.begin(ctx)
}

// watchRules follows the changes of the rule folder, unless it is not to be watched.
func watchRules(ctx context.Context, cfg config.Config, watcher *store.Watcher) error {
	if cfg.RulesWatch == config.WatchOff {
		return nil
	}
	return watcher.Run(ctx)
}

// listen takes the port.
func listen(ctx context.Context, cfg config.Config) (net.Listener, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", cfg.Listen())
	if errors.Is(err, syscall.EADDRINUSE) {
		err = fmt.Errorf("listen on %s: the port is in use; choose another with --port, or 0 for any free one", cfg.Listen())
	}
	return listener, environmentError(err)
}

// runTogether serves and does the jobs; when one fails, the others end.
func runTogether(ctx context.Context, cfg config.Config, listener net.Listener, handler *api.Server, log *slog.Logger, jobs ...func(context.Context) error) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, job := range jobs {
		group.Go(func() error { return job(ctx) })
	}
	group.Go(func() error {
		return api.Serve(ctx, listener, handler, api.ServeOptions{Log: log, Grace: cfg.ShutdownGrace})
	})
	return group.Wait()
}

// openRules puts the rules of the folder in force.
func openRules(cfg config.Config, rules *publisher, log *slog.Logger) (*store.Watcher, error) {
	mode := store.ModeAuto
	if cfg.RulesWatch == config.WatchPoll {
		mode = store.ModePoll
	}
	watcher, err := store.Open(store.Options{
		Dir: cfg.Rules, Compile: compile.Compile, Publish: rules.publish, Logger: log, Mode: mode,
	})
	var faults diag.List
	if errors.As(err, &faults) {
		return nil, faults.InFolder(filepath.ToSlash(cfg.Rules))
	}
	return watcher, environmentError(err)
}

// openStore opens and migrates the database, and loads the seed into an empty
// one.
func openStore(ctx context.Context, cfg config.Config, currency engine.Currency, tracer trace.Tracer, log *slog.Logger) (*persistence.Store, error) {
	data, err := openMigrated(ctx, cfg.Database, persistence.Options{
		Currency: currency, Endpoints: endpoints(cfg), LowStock: int64(cfg.LowStock), Tracer: tracer,
	})
	if err != nil {
		return nil, err
	}
	if err := prepare(ctx, data, cfg.Seed, log); err != nil {
		return nil, errors.Join(err, data.Close())
	}
	if err := data.FollowCatalogue(ctx, catalogueTrouble(log)); err != nil {
		return nil, environmentError(errors.Join(err, data.Close()))
	}
	return data, nil
}

// catalogueTrouble logs what befalls the catalogue in memory.
func catalogueTrouble(log *slog.Logger) func(error) {
	return func(err error) {
		if err == nil {
			log.Info("the catalogue in memory follows the database again")
			return
		}
		log.Warn("the catalogue in memory cannot follow the database", "error", err)
	}
}

// prepare checks that the prices in the database are in the rules' currency, and
// loads the seed.
func prepare(ctx context.Context, data *persistence.Store, file string, log *slog.Logger) error {
	if err := data.CheckCurrency(ctx); err != nil {
		return environmentError(err)
	}
	return seed(ctx, data, file, log)
}

func newHandler(cfg config.Config, live *engine.Engine, watcher *store.Watcher, follow *activations, data *persistence.Store, hooks apiWebhooks, plugins *pluginRunner, tokens *token.Verifier, registry *prometheus.Registry, tracer trace.Tracer, log *slog.Logger) (*api.Server, error) {
	if cfg.Password == "" {
		log.Warn("no password is configured: orders and changes of the inventory answer 401; set CHECKOUT_PASSWORD")
	}
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	status := watcher.Status
	if follow != nil {
		status = follow.now
	}
	registry.MustRegister(rulesMetrics(status)...)
	registry.MustRegister(newPluginMetrics(plugins.status))
	for name, pool := range data.Connections() {
		registry.MustRegister(collectors.NewDBStatsCollector(pool, name))
	}
	bench := newWorkplace()
	return api.New(api.Options{
		Inventory: data, Orders: data, Desk: data, Stockroom: data, Coupons: apiCoupons{data}, Webhooks: hooks, Keys: data, APIKeys: data, Rules: live,
		Pauses: data, PromotionSource: promotionSource(data.Archive()),
		Publications: data, AuditLog: data, AuditSales: auditSales(cfg, data), CheckRules: bench.checks(checkFiles),
		Rulebook: &rulebook{kept: data, shop: data.Currency(), follow: follow, bench: bench},
		KeptPrice: func(ctx context.Context, reference string) (func(map[string]int64) (engine.Amount, error), error) {
			return keptPrice(ctx, data.Archive(), reference)
		},
		Plugins: plugins.asked(), PluginStatus: plugins.answers,
		Currency: data.Currency(),
		Checks:   []api.Check{{Name: "database", Run: data.Ping}},
		Password: cfg.Password.Reveal(),
		MaxBody:  int64(cfg.MaxBody),
		MaxLines: cfg.MaxLines, MaxCoupons: cfg.MaxCoupons, MaxCarts: cfg.MaxCarts, MaxPrices: cfg.MaxPrices,
		CustomerGuesses: unlimited(cfg.CouponGuessesCustomer), CallerGuesses: unlimited(cfg.CouponGuessesKey),
		Origins:     cfg.Origins(),
		Tokens:      tokens,
		KeyRate:     cfg.RateLimitKey,
		AddressRate: cfg.RateLimitAddress,
		ClientIP:    api.ClientBehind(cfg.Proxies()),
		Version:     version(),
		Log:         log,
		Registry:    registry,
		Tracer:      tracer, TrustedCallers: cfg.Tracing.Callers(),
		IsUnavailable: func(err error) bool { return errors.Is(err, persistence.ErrUnavailable) },
	})
}

// auditSales is nil where sales have no entries.
func auditSales(cfg config.Config, data *persistence.Store) func(context.Context, ...audit.Entry) error {
	if !cfg.AuditSales {
		return nil
	}
	return data.Audit
}

// unlimited is a number of the configuration, in which 0 is any number, as api.Options has
// it.
func unlimited(n int) int {
	if n == 0 {
		return -1
	}
	return n
}

// newTokens returns what checks the tokens of the issuer, nil without one.
func newTokens(cfg config.Config, log *slog.Logger) *token.Verifier {
	if cfg.OIDCIssuer == "" {
		return nil
	}
	return token.New(token.Options{
		Issuer: cfg.OIDCIssuer, Audience: cfg.OIDCAudience, ScopeClaim: cfg.OIDCScopeClaim, ScopePrefix: cfg.OIDCScopePrefix, Log: log,
	})
}

// rulesMetrics shows what is in force, and whether that is what should be.
func rulesMetrics(status func() store.Status) []prometheus.Collector {
	const reloads, reloadsHelp = "checkout_rules_reloads_total", "Rulesets that were put in force, and changes of the rule folder that were refused."
	return []prometheus.Collector{
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "checkout_rules_last_reload_successful",
			Help: "1 when the ruleset in force is that of the rule folder or the newest activation, 0 when that has faults.",
		}, func() float64 {
			if status().LastSuccess {
				return 1
			}
			return 0
		}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "checkout_rules_last_reload_success_timestamp_seconds",
			Help: "When the ruleset in force was loaded, in seconds since 1970.",
		}, func() float64 { return float64(status().LoadedAt.UnixMilli()) / 1000 }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "checkout_rules_promotions",
			Help: "Promotions in force.",
		}, func() float64 { return float64(status().Promotions) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: reloads, Help: reloadsHelp, ConstLabels: prometheus.Labels{"result": "success"},
		}, func() float64 { return float64(status().Loads) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: reloads, Help: reloadsHelp, ConstLabels: prometheus.Labels{"result": "failure"},
		}, func() float64 { return float64(status().Refusals) }),
	}
}
