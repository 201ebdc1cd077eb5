package config

import (
	"net/netip"
	"net/url"
	"path"
	"strings"
)

// prefix starts the name of every environment variable that is ours.
const prefix = "CHECKOUT_"

// setting is one thing that can be configured.
type setting struct {
	key   string // its name in the file; one with a dot stands in a mapping
	def   any    // its default
	kind  kind   // what it takes
	usage string // its help text; a backquoted word stands for the value
}

// flag returns the name of the setting's flag, without the dashes.
func (s setting) flag() string { return strings.ReplaceAll(s.flat(), "_", "-") }

// variable returns the name of the setting's environment variable.
func (s setting) variable() string { return prefix + strings.ToUpper(s.flat()) }

// flat returns the name of the setting where there are no mappings: plugins for plugins.dir, plugins_dev for plugins.dev.
func (s setting) flat() string {
	return strings.ReplaceAll(strings.TrimSuffix(s.key, ".dir"), ".", "_")
}

// settings returns every setting, in the order of the help text.
func settings() []setting {
	d := Default()
	return []setting{
		{"address", d.Address, text{"a host name or an IP address, without a port", isHost},
			"host name or IP `address` to listen on (default all interfaces)"},
		{"port", d.Port, number{0, 65535}, "TCP `port` to listen on; 0 takes any free port"},
		{"debug_address", d.DebugAddress, text{"an IP address of this machine alone with a port, such as 127.0.0.1:6060", isLoopbackPort},
			"`address` of this machine alone, such as 127.0.0.1:6060, to serve profiles of the program on (default none)"},
		{"shutdown_grace", d.ShutdownGrace, duration{}, "how long requests may take to finish once told to stop"},
		{"password", d.Password, secret{}, "`password` of the guarded endpoints; they refuse everybody while it is empty"},
		{"memory_db", d.Database.Memory, boolean{}, "keep the data in memory: it is gone when the program ends"},
		{"sqlite", d.Database.SQLite, text{"the path of a database file (memory_db is the setting for one in memory)", isDatabaseFile},
			"`path` of the SQLite database file"},
		{"db_host", d.Database.Host, text{"a host name, an IP address or the absolute path of a socket's folder, without a port", isDatabaseHost},
			"`host` name of the Postgres server, or the folder of its socket"},
		{"db_port", d.Database.Port, number{1, 65535}, "TCP `port` of the Postgres server"},
		{"db_user", d.Database.User, text{"a user name", isAny}, "`name` of the Postgres user"},
		{"db_password", d.Database.Password, secret{}, "`password` of the Postgres user"},
		{"db_name", d.Database.Name, text{"the name of a database", isPath}, "`name` of the Postgres database"},
		{"db_sslmode", d.Database.SSLMode, choice{string(SSLDisable), string(SSLPrefer), string(SSLRequire), string(SSLVerifyFull)},
			"`way` to encrypt connections to Postgres: disable, prefer, require or verify-full"},
		{"db_dsn", d.Database.DSN, secret{"a postgres:// URL", isDSN}, "postgres:// `URL` that says all of this at once, instead of the other db settings"},
		{"rules", d.Rules, text{"the path of a folder", isPath}, "`folder` of the rule files"},
		{"rules_watch", d.RulesWatch, choice{string(WatchAuto), string(WatchPoll), string(WatchOff)},
			"`way` to notice changed rule files: auto, poll or off"},
		{"rules_from", d.RulesFrom, choice{string(FromFolder), string(FromDatabase)},
			"`place` that rules come from: folder, or database, in which the API puts them in force, and which begins with the folder's"},
		{"plugins.dir", d.Plugins.Dir, text{"the path of a folder", isAny}, "`folder` of the plugins that the rules ask; without one their deals fail"},
		{"plugins.dev", d.Plugins.Dev, boolean{}, "run plugins that plugins.lock.yaml does not pin, in development"},
		{"plugins.timeout", d.Plugins.Timeout, duration{}, "how long one call of a plugin may take"},
		{"plugins.start", d.Plugins.Start, duration{}, "how long a plugin may take to start"},
		{"plugins.max_in_flight", d.Plugins.MaxInFlight, number{1, 10_000}, "`calls` of one plugin at once; more wait"},
		{"plugins.memory_mib", d.Plugins.MemoryMiB, number{1, 1 << 20}, "`MiB` of memory that a plugin may use"},
		{"plugins.cpu_percent", d.Plugins.CPUPercent, number{0, 100_000}, "`percent` of one processor that a plugin may use for longer than a few seconds; 0 is any"},
		{"plugins.settings", d.Plugins.Settings, pluginSettings{}, "what each plugin is told, by its name"},
		{"max_body", d.MaxBody, number{1 << 10, 64 << 20}, "longest body of a request in `bytes`; longer ones are answered 413"},
		{"max_lines", d.MaxLines, number{1, 500}, "`lines` of a cart, an order or a return at most"},
		{"max_coupons", d.MaxCoupons, number{1, 20}, "coupon `codes` of a cart at most"},
		{"max_carts", d.MaxCarts, number{1, 500}, "`carts` of a batch of quotes at most"},
		{"max_prices", d.MaxPrices, number{1, 5000}, "`items` of a listing of prices at most"},
		{"coupon_guesses_customer", d.CouponGuessesCustomer, number{0, 1_000_000}, "coupon `codes` that nobody knows that a customer may send a minute; 0 is any number"},
		{"coupon_guesses_key", d.CouponGuessesKey, number{0, 1_000_000}, "coupon `codes` that nobody knows that a key may send from one address a minute; 0 is any number"},
		{"cors_origins", d.CORSOrigins, text{"origins of pages between commas, such as https://shop.example, each without a path", isOrigins},
			"`origins` of pages that browsers let call the API, between commas (default none)"},
		{"rate_limit_key", d.RateLimitKey, number{0, 1_000_000}, "`requests` a second that each key may send, twice as many at once; 0 is any number"},
		{"rate_limit_address", d.RateLimitAddress, number{0, 1_000_000}, "`requests` a second that each address may send, twice as many at once; 0 is any number"},
		{"oidc_issuer", d.OIDCIssuer, text{"the https URL of an issuer as its tokens have it, without a query", isIssuer},
			"`URL` of the OpenID Connect issuer whose tokens are taken as keys are (default none)"},
		{"oidc_audience", d.OIDCAudience, text{"the audience of tokens", isAny}, "`audience` of the tokens that are meant for this API"},
		{"oidc_scope_claim", d.OIDCScopeClaim, text{"the name of a claim", isPath}, "`claim` of a token that has its scopes, such as scp or realm_access.roles"},
		{"oidc_scope_prefix", d.OIDCScopePrefix, text{"what scopes begin with", isAny}, "`text` that scopes of ours begin with in that claim; words without it are not ours"},
		{"trusted_proxies", d.TrustedProxies, text{"addresses and networks of proxies between commas, such as 10.0.0.0/8, 2001:db8::1, and not a network of everybody", isProxies},
			"`networks` of proxies whose X-Forwarded-For is believed, between commas (default nobody's)"},
		{"seed", d.Seed, text{"the path of a file", isAny}, "`file` of items to load into an empty database"},
		{"low_stock", d.LowStock, number{0, 1_000_000_000}, "`units` at which an item's stock counts as low; 0 is sold out"},
		{"events_keep", d.EventsKeep, duration{}, "how long to keep events that every endpoint has got"},
		{"audit_sales", d.AuditSales, boolean{}, "have the audit log say which key has placed each order and made each hold, which costs each a write more"},
		{"audit_keep", d.AuditKeep, duration{zero: "keeps them for ever"}, "how long to keep the entries of the audit log; 0 is for ever"},
		{"webhook_private_addresses", d.WebhookPrivateAddresses, boolean{}, "let endpoints that the API makes be at addresses that are not public, by http too"},
		{"webhooks", d.Webhooks, webhooks{}, "endpoints that are told of events; only the file can set them"},
		{"tracing_endpoint", d.Tracing.Endpoint, text{"an http or https URL of a collector, such as http://localhost:4318, without a user and a query", isCollector},
			"`URL` of a collector of OpenTelemetry to send traces to, by OTLP over HTTP (default none)"},
		{"tracing_headers", d.Tracing.Headers, secret{"name=value between commas", isHeaders}, "`headers` for the collector, name=value between commas"},
		{"tracing_percent", d.Tracing.Percent, number{0, 100}, "`percent` of the requests to trace"},
		{"tracing_service", d.Tracing.Service, text{"a name of 1 to 255 bytes", isServiceName}, "`name` of this service in traces"},
		{"tracing_trusted_callers", d.Tracing.TrustedCallers, text{"addresses and networks of callers between commas, such as 10.0.0.0/8, 2001:db8::1, and not a network of everybody", isProxies},
			"`networks` of callers whose traceparent is believed, between commas (default nobody's)"},
		{"log_level", d.LogLevel, choice{string(LogDebug), string(LogInfo), string(LogWarn), string(LogError)},
			"least `level` to log: debug, info, warn or error"},
		{"log_format", d.LogFormat, choice{string(LogText), string(LogJSON)}, "`form` of the log: text or json"},
	}
}

// fileOnly tells whether only a file can say it: what a flag or a variable has no room for, and what is rarely said.
func (s setting) fileOnly() bool {
	_, list := s.kind.(webhooks)
	return list || strings.HasPrefix(s.key, pluginsKey+".") && s.key != "plugins.dir" && s.key != "plugins.dev"
}

// noRoom says why no variable sets what is fileOnly.
func (s setting) noRoom() string {
	if _, list := s.kind.(webhooks); list {
		return "a variable has no room for a list"
	}
	return "this is set in the file alone"
}

// named returns the settings by what a source calls them, and those names in the order of the settings.
func named(name func(setting) string) (map[string]setting, []string) {
	by, names := map[string]setting{}, []string{}
	for _, s := range settings() {
		by[name(s)] = s
		names = append(names, name(s))
	}
	return by, names
}

func isAny(string) bool            { return true }
func isPath(s string) bool         { return s != "" }
func isDatabaseFile(s string) bool { return s != "" && !strings.Contains(s, ":memory:") }

// isLoopbackPort accepts what only this machine can reach, and "" for nothing.
func isLoopbackPort(s string) bool {
	at, err := netip.ParseAddrPort(s)
	return s == "" || err == nil && at.Addr().IsLoopback()
}

// isDSN accepts URLs of Postgres, and "" for none.
func isDSN(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (s == "" || u.Scheme == "postgres" || u.Scheme == "postgresql")
}

func isDatabaseHost(s string) bool { return path.IsAbs(s) || isHost(s) }

// isHost accepts IP addresses, and whatever else could be a host name: the resolver knows better.
func isHost(s string) bool {
	if _, err := netip.ParseAddr(s); err == nil {
		return true
	}
	return !strings.ContainsAny(s, ":/[] \t")
}
