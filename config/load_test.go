package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/checkout-promotions/checkout/config"
	"github.com/checkout-promotions/checkout/engine/goldentest"
	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
)

// sources builds Sources from the text of a file ("" for no file), an environment and a command line.
func sources(t *testing.T, file string, env, args []string) config.Sources {
	t.Helper()
	s := config.Sources{Env: env, Flags: parse(t, args...)}
	if file != "" {
		s.File = write(t, file)
	}
	return s
}

func parse(t *testing.T, args ...string) *pflag.FlagSet {
	t.Helper()
	flags := pflag.NewFlagSet("run", pflag.ContinueOnError)
	config.BindFlags(flags)
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	return flags
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "checkout.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// with returns the default configuration after a change.
func with(change func(*config.Config)) config.Config {
	c := config.Default()
	change(&c)
	return c
}

func TestLoad(t *testing.T) {
	port := func(p int) config.Config { return with(func(c *config.Config) { c.Port = p }) }
	tests := []struct {
		name string
		file string
		env  []string
		args []string
		want config.Config
	}{
		{name: "nothing said gives the defaults", want: config.Default()},
		{name: "an empty file gives the defaults", file: "# nothing yet\n", want: config.Default()},
		{name: "the file overrides the defaults", file: "port: 1", want: port(1)},
		{name: "the environment overrides the file", file: "port: 1", env: []string{"CHECKOUT_PORT=2"}, want: port(2)},
		{name: "a flag overrides the environment", file: "port: 1", env: []string{"CHECKOUT_PORT=2"}, args: []string{"--port", "3"}, want: port(3)},
		{name: "a flag with the value of the default overrides the file", file: "port: 1", args: []string{"--port=8000"}, want: port(8000)},
		{name: "a flag that was not given leaves the file alone", file: "port: 1", args: []string{"--log-level=info"}, want: port(1)},
		{name: "port 0 asks for any free port", args: []string{"--port=0"}, want: port(0)},
		{name: "the last of a variable set twice counts", env: []string{"CHECKOUT_PORT=1", "CHECKOUT_PORT=2"}, want: port(2)},
		{name: "variables of others do not matter", env: []string{"PATH=/bin", "PORT=1", "XCHECKOUT_PORT=1", "odd"}, want: config.Default()},
		{
			name: "variables that Kubernetes sets beside a service named checkout do not matter",
			env: []string{
				"CHECKOUT_KEY=ck_1", "CHECKOUT_SERVER=https://shop.example",
				"CHECKOUT_SERVICE_HOST=10.0.0.1", "CHECKOUT_SERVICE_PORT=80", "CHECKOUT_SERVICE_PORT_HTTP=80", "CHECKOUT_PORT=tcp://10.0.0.1:80",
				"CHECKOUT_PORT_80_TCP=tcp://10.0.0.1:80", "CHECKOUT_PORT_80_TCP_PROTO=tcp", "CHECKOUT_PORT_80_TCP_PORT=80", "CHECKOUT_PORT_80_TCP_ADDR=10.0.0.1",
			},
			want: config.Default(),
		},
		{
			name: "an empty variable empties a text",
			file: "password: secret", env: []string{"CHECKOUT_PASSWORD="},
			want: config.Default(),
		},
		{
			name: "every setting can come from the file",
			file: `{address: "::1", port: 9000, debug_address: "[::1]:6060", shutdown_grace: 1m30s, password: a, sqlite: shop.db, rules: promotions,
				rules_watch: poll, rules_from: database, plugins: {dir: p, dev: true, timeout: 1s, start: 2s, max_in_flight: 3, memory_mib: 4, cpu_percent: 5, settings: {a: {b: 6.50}, c-1: {}}},
				max_body: 2048, max_lines: 9, max_coupons: 10, max_carts: 11, max_prices: 12, coupon_guesses_customer: 13, coupon_guesses_key: 0,
				cors_origins: "https://a.example,http://b.example:81", oidc_issuer: "https://login.example/a", oidc_audience: shop, oidc_scope_claim: scp, oidc_scope_prefix: "shop/", rate_limit_key: 7, rate_limit_address: 8, trusted_proxies: 10.0.0.0/8, seed: items.yaml, low_stock: 3, events_keep: 48h, audit_sales: true, audit_keep: 1h, webhooks: [], webhook_private_addresses: true,
				tracing_endpoint: "https://c.example/otlp", tracing_headers: "a=b", tracing_percent: 5, tracing_service: shop, tracing_trusted_callers: "10.0.0.0/8, ::1", log_level: warn, log_format: json}`,
			want: config.Config{
				Address: "::1", Port: 9000, DebugAddress: "[::1]:6060", ShutdownGrace: 90 * time.Second, Password: "a",
				Database: config.Database{Kind: config.KindSQLite, SQLite: "shop.db", Host: "localhost", Port: 5432, Name: "checkout", SSLMode: config.SSLPrefer},
				Rules:    "promotions", RulesWatch: config.WatchPoll, RulesFrom: config.FromDatabase, Seed: "items.yaml",
				Plugins: config.Plugins{
					Dir: "p", Dev: true, Timeout: time.Second, Start: 2 * time.Second, MaxInFlight: 3, MemoryMiB: 4, CPUPercent: 5,
					Settings: config.PluginSettings{"a": []byte(`{"b":6.50}`), "c-1": []byte(`{}`)},
				},
				MaxBody: 2048, MaxLines: 9, MaxCoupons: 10, MaxCarts: 11, MaxPrices: 12, CouponGuessesCustomer: 13, CORSOrigins: "https://a.example,http://b.example:81",
				OIDCIssuer: "https://login.example/a", OIDCAudience: "shop", OIDCScopeClaim: "scp", OIDCScopePrefix: "shop/",
				RateLimitKey: 7, RateLimitAddress: 8, TrustedProxies: "10.0.0.0/8", LowStock: 3, EventsKeep: 48 * time.Hour, AuditSales: true, AuditKeep: time.Hour, WebhookPrivateAddresses: true, LogLevel: config.LogWarn, LogFormat: config.LogJSON,
				Tracing: config.Tracing{Endpoint: "https://c.example/otlp", Headers: "a=b", Percent: 5, Service: "shop", TrustedCallers: "10.0.0.0/8, ::1"},
			},
		},
		{
			name: "every setting can come from the environment",
			env: []string{
				"CHECKOUT_ADDRESS=shop.example", "CHECKOUT_PORT=9000", "CHECKOUT_SHUTDOWN_GRACE=2s", "CHECKOUT_PASSWORD=a=b", "CHECKOUT_DB_HOST=db",
				"CHECKOUT_DB_PORT=1", "CHECKOUT_DB_USER=u", "CHECKOUT_DB_PASSWORD=p", "CHECKOUT_DB_NAME=n", "CHECKOUT_DB_SSLMODE=verify-full", "CHECKOUT_RULES=r", "CHECKOUT_RULES_WATCH=off", "CHECKOUT_RULES_FROM=database",
				"CHECKOUT_PLUGINS=p", "CHECKOUT_PLUGINS_DEV=true", "CHECKOUT_MAX_BODY=1024", "CHECKOUT_MAX_LINES=1", "CHECKOUT_MAX_COUPONS=2", "CHECKOUT_MAX_CARTS=3", "CHECKOUT_MAX_PRICES=4",
				"CHECKOUT_COUPON_GUESSES_CUSTOMER=0", "CHECKOUT_COUPON_GUESSES_KEY=5", "CHECKOUT_CORS_ORIGINS=http://a.example", "CHECKOUT_OIDC_ISSUER=http://[::1]:8080", "CHECKOUT_OIDC_AUDIENCE=a", "CHECKOUT_OIDC_SCOPE_CLAIM=roles", "CHECKOUT_OIDC_SCOPE_PREFIX=", "CHECKOUT_RATE_LIMIT_KEY=1", "CHECKOUT_RATE_LIMIT_ADDRESS=1000000", "CHECKOUT_TRUSTED_PROXIES=::1", "CHECKOUT_SEED=s", "CHECKOUT_LOW_STOCK=4", "CHECKOUT_EVENTS_KEEP=1h", "CHECKOUT_LOG_LEVEL=error", "CHECKOUT_LOG_FORMAT=json",
				"CHECKOUT_TRACING_ENDPOINT=http://c:4318", "CHECKOUT_TRACING_HEADERS=a=b,c=d", "CHECKOUT_TRACING_PERCENT=0", "CHECKOUT_TRACING_SERVICE=s", "CHECKOUT_TRACING_TRUSTED_CALLERS=10.1.2.3",
			},
			want: config.Config{
				Address: "shop.example", Port: 9000, ShutdownGrace: 2 * time.Second, Password: "a=b",
				Database: config.Database{
					Kind: config.KindPostgres, SQLite: "data/db", Host: "db", Port: 1, User: "u", Password: "p", Name: "n", SSLMode: config.SSLVerifyFull,
				},
				Rules: "r", RulesWatch: config.WatchOff, RulesFrom: config.FromDatabase, Seed: "s",
				Plugins: config.Plugins{Dir: "p", Dev: true, Timeout: 250 * time.Millisecond, Start: 10 * time.Second, MaxInFlight: 32, MemoryMiB: 512},
				MaxBody: 1024, MaxLines: 1, MaxCoupons: 2, MaxCarts: 3, MaxPrices: 4, CouponGuessesKey: 5, CORSOrigins: "http://a.example", OIDCIssuer: "http://[::1]:8080", OIDCAudience: "a", OIDCScopeClaim: "roles", RateLimitKey: 1, RateLimitAddress: 1_000_000, TrustedProxies: "::1", LowStock: 4, EventsKeep: time.Hour, LogLevel: config.LogError, LogFormat: config.LogJSON,
				Tracing: config.Tracing{Endpoint: "http://c:4318", Headers: "a=b,c=d", Service: "s", TrustedCallers: "10.1.2.3"},
			},
		},
		{
			name: "the original's flags are understood",
			args: []string{"--port", "9000", "--memory-db", "--password", "a", "--log-level", "debug"},
			want: with(func(c *config.Config) {
				c.Port, c.Password, c.LogLevel = 9000, "a", config.LogDebug
				c.Database.Kind, c.Database.Memory = config.KindMemory, true
			}),
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := config.Load(sources(t, tt.file, tt.env, tt.args))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("configuration differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLoadFindsTheFile(t *testing.T) {
	one, two, three := write(t, "port: 1"), write(t, "port: 2"), write(t, "port: 3")
	tests := []struct {
		name string
		src  config.Sources
		want int
	}{
		{"the caller's file is read when nobody names another", config.Sources{File: one}, 1},
		{"CHECKOUT_CONFIG comes before the caller's file", config.Sources{File: one, Env: []string{"CHECKOUT_CONFIG=" + two}}, 2},
		{
			"--config comes before CHECKOUT_CONFIG",
			config.Sources{File: one, Env: []string{"CHECKOUT_CONFIG=" + two}, Flags: parse(t, "--config", three)}, 3,
		},
		{"an empty --config reads no file", config.Sources{File: one, Flags: parse(t, "--config=")}, 8000},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := config.Load(tt.src)
			if err != nil {
				t.Fatal(err)
			}
			if got.Port != tt.want {
				t.Errorf("got port %d, want %d", got.Port, tt.want)
			}
		})
	}
}

func TestLoadForgetsRemovedKeys(t *testing.T) {
	path := write(t, "port: 1\nlog_level: debug\n")
	if _, err := config.Load(config.Sources{File: path}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("port: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := config.Load(config.Sources{File: path})
	if err != nil {
		t.Fatal(err)
	}
	if got.LogLevel != config.LogInfo {
		t.Errorf("got level %s, want %s", got.LogLevel, config.LogInfo)
	}
}

func TestLoadChoosesTheDatabase(t *testing.T) {
	tests := []struct {
		name string
		file string
		env  []string
		args []string
		want config.DatabaseKind
	}{
		{name: "SQLite when nobody chooses", want: config.KindSQLite},
		{name: "memory when asked for", args: []string{"--memory-db"}, want: config.KindMemory},
		{name: "Postgres when its host is given", env: []string{"CHECKOUT_DB_HOST=db"}, want: config.KindPostgres},
		{name: "Postgres when any of its settings is given", args: []string{"--db-user", "shop"}, want: config.KindPostgres},
		{name: "Postgres for several of its settings", args: []string{"--db-host=db", "--db-user=shop", "--db-password=x"}, want: config.KindPostgres},
		{name: "memory for a trial run against the file's SQLite", file: "sqlite: shop.db", args: []string{"--memory-db"}, want: config.KindMemory},
		{name: "SQLite by a flag against the file's memory", file: "memory_db: true", args: []string{"--sqlite=a"}, want: config.KindSQLite},
		{name: "Postgres by the environment against the file's SQLite", file: "sqlite: a", env: []string{"CHECKOUT_DB_HOST=db"}, want: config.KindPostgres},
		{name: "SQLite once a flag takes memory back", file: "memory_db: true", args: []string{"--memory-db=false"}, want: config.KindSQLite},
		{name: "SQLite beside a memory_db that says no", file: "{memory_db: false, sqlite: a}", want: config.KindSQLite},
		{name: "SQLite beside empty Postgres settings", env: []string{"CHECKOUT_DB_HOST=", "CHECKOUT_DB_PASSWORD="}, want: config.KindSQLite},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := config.Load(sources(t, tt.file, tt.env, tt.args))
			if err != nil {
				t.Fatal(err)
			}
			if got.Database.Kind != tt.want {
				t.Errorf("got %s, want %s", got.Database.Kind, tt.want)
			}
		})
	}
}

func TestLoadChoosesBetweenTheURLAndTheSettingsOfPostgres(t *testing.T) {
	const url = "postgres://u:p@db:1/n"
	tests := []struct {
		name string
		file string
		env  []string
		args []string
		want config.Secret
	}{
		{name: "the URL when it is the only one", env: []string{"CHECKOUT_DB_DSN=" + url}, want: url},
		{name: "the URL of a flag against the host of the file", file: "db_host: db", args: []string{"--db-dsn", url}, want: url},
		{name: "the host of a flag against the URL of the file", file: "db_dsn: " + url, args: []string{"--db-host=db"}},
		{name: "the URL beside a host that is empty", env: []string{"CHECKOUT_DB_HOST=", "CHECKOUT_DB_DSN=" + url}, want: url},
		{name: "the host beside a URL that is empty", env: []string{"CHECKOUT_DB_HOST=db", "CHECKOUT_DB_DSN="}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := config.Load(sources(t, tt.file, tt.env, tt.args))
			if err != nil {
				t.Fatal(err)
			}
			if got.Database.Kind != config.KindPostgres || got.Database.DSN.Reveal() != tt.want.Reveal() {
				t.Errorf("got %s with the URL %q, want postgres with %q", got.Database.Kind, got.Database.DSN.Reveal(), tt.want.Reveal())
			}
		})
	}
}

func TestLoadReportsFaults(t *testing.T) {
	tests := []struct {
		name string
		file string
		env  []string
		args []string
		want string
	}{
		{name: "an unknown key", file: "colour: red", want: "FILE:1: colour: no such setting; checkout run --help lists them"},
		{name: "a key with letters swapped", file: "prot: 1", want: "FILE:1: prot: no such setting; did you mean port?"},
		{name: "a key spelled like its flag", file: "log-level: info", want: "FILE:1: log-level: no such setting; did you mean log_level?"},
		{name: "a nested key", file: "db:\n  host: x", want: "FILE:2: db.host: no such setting; did you mean db_host?"},
		{name: "a key written twice", file: "port: 1\nseed: x\nport: 1", want: "FILE:3: port: written twice, first on line 1; keep one of them"},
		{name: "text for a number", file: "port: http", want: `FILE:1: port: want a whole number from 0 to 65535, got "http"`},
		{name: "a number in quotes", file: `port: "80"`, want: `FILE:1: port: want a whole number from 0 to 65535, got the text "80"; remove the quotes`},
		{name: "a fraction", file: `port: 80.5`, want: `FILE:1: port: want a whole number from 0 to 65535, got the number 80.5`},
		{name: "a port too high", file: `port: 65536`, want: `FILE:1: port: want a whole number from 0 to 65535, got the number 65536`},
		{name: "a port below zero", args: []string{"--port=-1"}, want: `--port: want a whole number from 0 to 65535, got "-1"`},
		{name: "profiles for others to read", file: `debug_address: "0.0.0.0:6060"`, want: `FILE:1: debug_address: want an IP address of this machine alone with a port, such as 127.0.0.1:6060, got "0.0.0.0:6060"`},
		{name: "profiles without a port", file: `debug_address: "127.0.0.1"`, want: `FILE:1: debug_address: want an IP address of this machine alone with a port, such as 127.0.0.1:6060, got "127.0.0.1"`},
		{name: "more lines than the API has", file: `max_lines: 501`, want: `FILE:1: max_lines: want a whole number from 1 to 500, got the number 501`},
		{name: "a negative time", file: `audit_keep: -1h`, want: `FILE:1: audit_keep: want a duration such as 720h, or 0, which keeps them for ever, got "-1h"`},
		{name: "any origin", file: `cors_origins: "*"`, want: `FILE:1: cors_origins: want origins of pages between commas, such as https://shop.example, each without a path, got "*"`},
		{name: "an origin with a path", file: `cors_origins: "https://a.example/"`, want: `FILE:1: cors_origins: want origins of pages between commas, such as https://shop.example, each without a path, got "https://a.example/"`},
		{name: "an origin that no browser writes", file: `cors_origins: "https://A.example,https://b.example:443"`, want: `FILE:1: cors_origins: want origins of pages between commas, such as https://shop.example, each without a path, got "https://A.example,https://b.example:443"`},
		{name: "an issuer that everybody on the way could be", file: `{oidc_issuer: "http://login.example", oidc_audience: a}`, want: `FILE:1: oidc_issuer: want the https URL of an issuer as its tokens have it, without a query, got "http://login.example"`},
		{name: "an issuer without an audience", args: []string{"--oidc-issuer=https://login.example"}, want: `--oidc-issuer: does nothing without oidc_audience; set both, or none`},
		{name: "an audience whose issuer a flag takes away", file: `{oidc_issuer: "https://login.example", oidc_audience: a}`, args: []string{"--oidc-issuer="}, want: `FILE:1: oidc_audience: does nothing without oidc_issuer; set both, or none`},
		{name: "scopes of no claim", file: `oidc_scope_claim: ""`, want: `FILE:1: oidc_scope_claim: want the name of a claim, got ""`},
		{name: "a body too short to be of use", file: `max_body: 1023`, want: `FILE:1: max_body: want a whole number from 1024 to 67108864, got the number 1023`},
		{name: "a body too long to be kept", args: []string{"--max-body=67108865"}, want: `--max-body: want a whole number from 1024 to 67108864, got "67108865"`},
		{name: "a rate below zero", file: `rate_limit_key: -1`, want: `FILE:1: rate_limit_key: want a whole number from 0 to 1000000, got the number -1`},
		{name: "a rate that is none", file: `rate_limit_address: 1000001`, want: `FILE:1: rate_limit_address: want a whole number from 0 to 1000000, got the number 1000001`},
		{name: "a proxy by its name", file: `trusted_proxies: "proxy.internal"`, want: `FILE:1: trusted_proxies: want addresses and networks of proxies between commas, such as 10.0.0.0/8, 2001:db8::1, and not a network of everybody, got "proxy.internal"`},
		{name: "every address as a proxy", file: `trusted_proxies: "10.0.0.1, 0.0.0.0/0"`, want: `FILE:1: trusted_proxies: want addresses and networks of proxies between commas, such as 10.0.0.0/8, 2001:db8::1, and not a network of everybody, got "10.0.0.1, 0.0.0.0/0"`},
		{name: "every IPv6 address as a proxy", file: `trusted_proxies: "::/0"`, want: `FILE:1: trusted_proxies: want addresses and networks of proxies between commas, such as 10.0.0.0/8, 2001:db8::1, and not a network of everybody, got "::/0"`},
		{name: "IPv4 proxies written as IPv6", file: `trusted_proxies: "::ffff:10.0.0.0/104"`, want: `FILE:1: trusted_proxies: want addresses and networks of proxies between commas, such as 10.0.0.0/8, 2001:db8::1, and not a network of everybody, got "::ffff:10.0.0.0/104"`},
		{name: "a proxy with a zone", file: `trusted_proxies: "fe80::1%eth0"`, want: `FILE:1: trusted_proxies: want addresses and networks of proxies between commas, such as 10.0.0.0/8, 2001:db8::1, and not a network of everybody, got "fe80::1%eth0"`},
		{name: "no proxy between commas", file: `trusted_proxies: "10.0.0.1,,10.0.0.2"`, want: `FILE:1: trusted_proxies: want addresses and networks of proxies between commas, such as 10.0.0.0/8, 2001:db8::1, and not a network of everybody, got "10.0.0.1,,10.0.0.2"`},
		{name: "a collector without a scheme", file: `tracing_endpoint: "localhost:4318"`, want: `FILE:1: tracing_endpoint: want an http or https URL of a collector, such as http://localhost:4318, without a user and a query, got "localhost:4318"`},
		{name: "headers without a value", file: `tracing_headers: "hunter2"`, want: `FILE:1: tracing_headers: want name=value between commas, got something else`},
		{name: "a header of two lines", env: []string{"CHECKOUT_TRACING_HEADERS=a=hunter2\nb: c"}, want: `CHECKOUT_TRACING_HEADERS: want name=value between commas, got something else`},
		{name: "more than all requests", args: []string{"--tracing-percent=101"}, want: `--tracing-percent: want a whole number from 0 to 100, got "101"`},
		{name: "a service without a name", file: `tracing_service: ""`, want: `FILE:1: tracing_service: want a name of 1 to 255 bytes, got ""`},
		{name: "everybody as a trusted caller", file: `tracing_trusted_callers: 0.0.0.0/0`, want: `FILE:1: tracing_trusted_callers: want addresses and networks of callers between commas, such as 10.0.0.0/8, 2001:db8::1, and not a network of everybody, got "0.0.0.0/0"`},
		{name: "a number for a text", file: "seed: 12", want: "FILE:1: seed: want the path of a file, got the number 12; put it in quotes"},
		{name: "a truth value for a text", file: "seed: true", want: "FILE:1: seed: want the path of a file, got true; put it in quotes"},
		{name: "a list for a text", file: "seed: [a]", want: "FILE:1: seed: want the path of a file, got a list"},
		{name: "keys below a setting", file: "port: {http: 80}", want: "FILE:1: port: want a whole number from 0 to 65535, got a mapping"},
		{name: "a key without a value", file: "seed:", want: "FILE:1: seed: want the path of a file, got nothing; give it a value, or remove the line"},
		{name: "text for a truth value", env: []string{"CHECKOUT_MEMORY_DB=maybe"}, want: `CHECKOUT_MEMORY_DB: want true or false, got "maybe"`},
		{name: "a duration without a unit", file: "shutdown_grace: 15", want: `FILE:1: shutdown_grace: want a duration above zero, such as 15s or 1m30s, got the number 15`},
		{name: "a duration of zero", args: []string{"--shutdown-grace=0s"}, want: `--shutdown-grace: want a duration above zero, such as 15s or 1m30s, got "0s"`},
		{name: "an unknown level", args: []string{"--log-level=loud"}, want: `--log-level: want debug, info, warn or error, got "loud"`},
		{name: "an address with a port", args: []string{"--address=localhost:80"}, want: `--address: want a host name or an IP address, without a port, got "localhost:80"`},
		{name: "an empty variable for a number", env: []string{"CHECKOUT_PORT="}, want: `CHECKOUT_PORT: want a whole number from 0 to 65535, got ""`},
		{name: "an empty folder name", env: []string{"CHECKOUT_RULES="}, want: `CHECKOUT_RULES: want the path of a folder, got ""`},
		{
			name: "SQLite in memory by SQLite's own name", args: []string{"--sqlite=:memory:"},
			want: `--sqlite: want the path of a database file (memory_db is the setting for one in memory), got ":memory:"`,
		},
		{name: "an unknown variable", env: []string{"CHECKOUT_LOGLEVEL=info"}, want: "CHECKOUT_LOGLEVEL: no such setting; did you mean CHECKOUT_LOG_LEVEL?"},
		{name: "a variable in small letters", env: []string{"CHECKOUT_port=1"}, want: "CHECKOUT_port: no such setting; did you mean CHECKOUT_PORT?"},
		{name: "an unknown variable like none", env: []string{"CHECKOUT_X=1"}, want: "CHECKOUT_X: no such setting; checkout run --help lists them"},
		{
			name: "a bad value that a flag overrides", file: "port: http", args: []string{"--port=1"},
			want: `FILE:1: port: want a whole number from 0 to 65535, got "http"`,
		},
		{
			name: "two databases on one command line", args: []string{"--sqlite=a", "--memory-db"},
			want: "--memory-db and --sqlite: these choose different databases; keep one of them",
		},
		{
			name: "three databases in one file", file: "{sqlite: a, db_user: b, db_host: c, memory_db: true}",
			want: "FILE:1: memory_db and FILE:1: sqlite and FILE:1: db_host: these choose different databases; keep one of them",
		},
		{
			name: "the URL and a setting of Postgres in one source", args: []string{"--db-dsn=postgres://db/n", "--db-user=u"},
			want: "--db-user and --db-dsn: both say where Postgres is; keep one of them",
		},
		{name: "a URL of another database, unseen", env: []string{"CHECKOUT_DB_DSN=mysql://u:hunter2@db/n"}, want: "CHECKOUT_DB_DSN: want a postgres:// URL, got something else"},
		{name: "a URL of another database in a file, unseen", file: "db_dsn: hunter2", want: "FILE:1: db_dsn: want a postgres:// URL, got something else"},
		{name: "a database without a name", args: []string{"--db-name="}, want: `--db-name: want the name of a database, got ""`},
		{name: "a Postgres host with a port", args: []string{"--db-host=db:1"}, want: `--db-host: want a host name, an IP address or the absolute path of a socket's folder, without a port, got "db:1"`},
		{name: "a number for a password, unseen", file: "password: 1234", want: "FILE:1: password: want text, got something else; put it in quotes"},
		{name: "a list for a password, unseen", file: "db_password: [hunter2]", want: "FILE:1: db_password: want text, got a list"},
		{name: "no YAML", file: "port: 1\n\tseed: x", want: "FILE: line 2: found a tab character that violates indentation; write it as checkout.sample.yaml does"},
		{name: "a list of settings", file: "- port: 1", want: "FILE: want keys and values, got a seq; write it as checkout.sample.yaml does"},
		{name: "a second document", file: "port: 1\n---\nport: 2", want: "FILE: more follows after the first document (---), where one is wanted; write it as checkout.sample.yaml does"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			src := sources(t, tt.file, tt.env, tt.args)
			if tt.file != "" {
				t.Chdir(filepath.Dir(src.File))
				src.File = "FILE"
				if err := os.Rename("checkout.yaml", "FILE"); err != nil {
					t.Fatal(err)
				}
			}
			got, err := config.Load(src)
			if err == nil {
				t.Fatalf("got %+v, want a fault", got)
			}
			if want := "configuration: " + tt.want; err.Error() != want {
				t.Errorf("got  %s\nwant %s", err, want)
			}
			if !reflect.DeepEqual(got, config.Config{}) {
				t.Errorf("got %+v beside the error, want the zero value", got)
			}
		})
	}
}

func TestLoadReportsFilesThatCannotBeRead(t *testing.T) {
	tests := []struct {
		name string
		path string
		want string
	}{
		{"a file that is not there", "testdata/none.yaml",
			"configuration: testdata/none.yaml: no such file or directory; name a YAML file that can be read"},
		{"a folder", "testdata", "configuration: testdata: is a directory; name a YAML file that can be read"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := config.Load(config.Sources{Flags: parse(t, "--config", tt.path)}); err == nil || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

// TestLoadReportsAllFaultsAtOnce holds the text that an operator sees for faults in every source.
func TestLoadReportsAllFaultsAtOnce(t *testing.T) {
	_, err := config.Load(config.Sources{
		File: "testdata/faults.yaml",
		Env:  []string{"CHECKOUT_PROT=80", "CHECKOUT_LOG_FORMAT=xml", "CHECKOUT_DB_PORT=0", "CHECKOUT_PASSWORD=hunter2"},
		Flags: parse(t, "--port=http", "--shutdown-grace=-1s", "--memory-db=perhaps", "--sqlite=a.db", "--db-host=db",
			"--db-password=hunter2"),
	})
	var all *config.Error
	if !errors.As(err, &all) {
		t.Fatalf("got %v, want a *config.Error", err)
	}
	if len(all.Faults) != 15 {
		t.Errorf("got %d faults, want 15", len(all.Faults))
	}
	goldentest.Compare(t, "testdata/faults.golden.txt", err.Error()+"\n")
}
