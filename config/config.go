package config

import (
	"log/slog"
	"net"
	"strconv"
	"time"
)

// Config is everything that `checkout run` can be told. It is a plain value: copies are independent, and nothing changes it
// after [Load] has returned it.
type Config struct {
	// Address is the host name or IP address to listen on; empty listens on every interface.
	Address string `koanf:"address"`
	// Port is the TCP port to listen on; 0 takes any free port.
	Port int `koanf:"port"`
	// DebugAddress is the address of this machine, with a port, where profiles are served; empty serves none.
	DebugAddress string `koanf:"debug_address"`
	// ShutdownGrace is how long requests may take to finish once the program was told to stop.
	ShutdownGrace time.Duration `koanf:"shutdown_grace"`
	// Password opens the guarded endpoints; while it is empty they refuse everybody.
	Password Secret `koanf:"password"`
	// Database says where items and orders are kept.
	Database Database `koanf:",squash"`
	// Rules is the folder of rule files.
	Rules string `koanf:"rules"`
	// RulesFrom says where the ruleset in force comes from.
	RulesFrom RulesSource `koanf:"rules_from"`
	// RulesWatch says how changes of the rule files are noticed.
	RulesWatch WatchMode `koanf:"rules_watch"`
	// Plugins says how the plugins are run that the rules ask.
	Plugins Plugins `koanf:"plugins"`
	// MaxBody is the longest body of a request in bytes, 1 KiB to 64 MiB.
	MaxBody int `koanf:"max_body"`
	// MaxLines, MaxCoupons, MaxCarts and MaxPrices are how many lines a cart, an order or a return has at most, how many codes a
	// cart, how many carts a batch of quotes, and how many items a listing of prices.
	MaxLines   int `koanf:"max_lines"`
	MaxCoupons int `koanf:"max_coupons"`
	MaxCarts   int `koanf:"max_carts"`
	MaxPrices  int `koanf:"max_prices"`
	// CouponGuessesCustomer is how many coupon codes that nobody knows a customer may send a minute, and CouponGuessesKey a key from
	// one address, for all its customers; 0 is any number.
	CouponGuessesCustomer int `koanf:"coupon_guesses_customer"`
	CouponGuessesKey      int `koanf:"coupon_guesses_key"`
	// CORSOrigins are the origins of pages that browsers let call the API, between commas, as [Config.Origins] returns them. Empty
	// lets no page of another origin.
	CORSOrigins string `koanf:"cors_origins"`
	// RateLimitKey is how many requests a second each key may send, and RateLimitAddress each address; 0 is any number.
	RateLimitKey     int `koanf:"rate_limit_key"`
	RateLimitAddress int `koanf:"rate_limit_address"`
	// OIDCIssuer is the URL of the issuer whose tokens are as good as keys, and OIDCAudience what its tokens for this API have as
	// audience; empty takes no tokens. One is not there without the other.
	OIDCIssuer   string `koanf:"oidc_issuer"`
	OIDCAudience string `koanf:"oidc_audience"`
	// OIDCScopeClaim is the claim of a token that has its scopes, and OIDCScopePrefix what these begin with there.
	OIDCScopeClaim  string `koanf:"oidc_scope_claim"`
	OIDCScopePrefix string `koanf:"oidc_scope_prefix"`
	// TrustedProxies are the proxies in front of the program that X-Forwarded-For is believed of: addresses and networks between
	// commas, as [Config.Proxies] returns them. Empty believes nobody.
	TrustedProxies string `koanf:"trusted_proxies"`
	// Seed is a file of items to load into an empty database; empty loads none.
	Seed string `koanf:"seed"`
	// LowStock is the number of units at which the stock of an item counts as low.
	LowStock int `koanf:"low_stock"`
	// EventsKeep is how long events are kept that every endpoint has got.
	EventsKeep time.Duration `koanf:"events_keep"`
	// AuditSales has the audit log say who has placed each order and made each hold, in a write of its own.
	AuditSales bool `koanf:"audit_sales"`
	// AuditKeep is how long the entries of the audit log are kept; 0 is for ever.
	AuditKeep time.Duration `koanf:"audit_keep"`
	// Webhooks are the endpoints that are told of events.
	Webhooks []Webhook `koanf:"webhooks"`
	// WebhookPrivateAddresses lets endpoints that the API makes be at any address, and be sent to unencrypted and through a proxy.
	WebhookPrivateAddresses bool `koanf:"webhook_private_addresses"`
	// Tracing says whether requests are traced, and where to.
	Tracing Tracing `koanf:",squash"`
	// LogLevel is the least severe level that is logged.
	LogLevel LogLevel `koanf:"log_level"`
	// LogFormat is the form of the log lines.
	LogFormat LogFormat `koanf:"log_format"`
}

// Listen returns the address and port in the form that net.Listen takes.
func (c Config) Listen() string {
	return net.JoinHostPort(c.Address, strconv.Itoa(c.Port))
}

// Database says where items and orders are kept. Kind names the one that counts; the fields of the others keep their defaults
// or whatever a weaker source said.
type Database struct {
	// Kind is the database chosen: that of the strongest source that names one, SQLite when none does.
	Kind DatabaseKind `koanf:"-"`
	// Memory asks for a database that lives as long as the process.
	Memory bool `koanf:"memory_db"`
	// SQLite is the path of the database file.
	SQLite string `koanf:"sqlite"`
	// Host is the host name of the Postgres server, or the folder of its Unix socket.
	Host string `koanf:"db_host"`
	// Port is the TCP port of the Postgres server.
	Port int `koanf:"db_port"`
	// User is the Postgres user.
	User string `koanf:"db_user"`
	// Password is the password of the Postgres user.
	Password Secret `koanf:"db_password"`
	// Name is the name of the Postgres database.
	Name string `koanf:"db_name"`
	// SSLMode says whether connections to Postgres are encrypted.
	SSLMode SSLMode `koanf:"db_sslmode"`
	// DSN is a postgres:// URL that says all of that at once; when it is not empty, it counts, and the fields from Host to SSLMode
	// do not.
	DSN Secret `koanf:"db_dsn"`
}

// DatabaseKind tells the databases apart.
type DatabaseKind string

// The databases.
const (
	KindMemory   DatabaseKind = "memory"
	KindSQLite   DatabaseKind = "sqlite"
	KindPostgres DatabaseKind = "postgres"
)

// SSLMode says whether connections to Postgres are encrypted, in the words of Postgres itself.
type SSLMode string

// The ways to encrypt connections to Postgres.
const (
	SSLDisable    SSLMode = "disable"     // never
	SSLPrefer     SSLMode = "prefer"      // when the server can, with whoever answers
	SSLRequire    SSLMode = "require"     // always, with whoever answers
	SSLVerifyFull SSLMode = "verify-full" // always, with a server whose certificate is good and names it
)

// WatchMode says how changes of the rule files are noticed.
type WatchMode string

// The ways to notice a change of the rule files.
const (
	WatchAuto WatchMode = "auto" // the system's notifications, and a slow poll for folders that send none
	WatchPoll WatchMode = "poll" // only the poll
	WatchOff  WatchMode = "off"  // not at all
)

// RulesSource says where the ruleset in force comes from.
type RulesSource string

// The sources of rules.
const (
	FromFolder   RulesSource = "folder"   // the files of the rule folder
	FromDatabase RulesSource = "database" // the newest activation, the first of which is the folder's
)

// LogLevel is the name of a log level.
type LogLevel string

// The log levels.
const (
	LogDebug LogLevel = "debug"
	LogInfo  LogLevel = "info"
	LogWarn  LogLevel = "warn"
	LogError LogLevel = "error"
)

// Level returns the level as slog counts it; a name that is none counts as info.
func (l LogLevel) Level() slog.Level {
	switch l {
	case LogDebug:
		return slog.LevelDebug
	case LogWarn:
		return slog.LevelWarn
	case LogError:
		return slog.LevelError
	default:
		return slog.LevelInfo
	}
}

// LogFormat is the form of the log lines.
type LogFormat string

// The forms of log lines.
const (
	LogText LogFormat = "text"
	LogJSON LogFormat = "json"
)

// Default returns the configuration of a program that was told nothing.
func Default() Config {
	return Config{
		Port:          8000,
		ShutdownGrace: 15 * time.Second,
		Database: Database{
			Kind:    KindSQLite,
			SQLite:  "data/db",
			Host:    "localhost",
			Port:    5432,
			Name:    "checkout",
			SSLMode: SSLPrefer,
		},
		Rules:      "rules",
		RulesFrom:  FromFolder,
		RulesWatch: WatchAuto,
		Plugins: Plugins{
			Timeout:     250 * time.Millisecond,
			Start:       10 * time.Second,
			MaxInFlight: 32,
			MemoryMiB:   512,
		},
		MaxBody:               1 << 20,
		MaxLines:              500,
		MaxCoupons:            20,
		MaxCarts:              500,
		MaxPrices:             5000,
		CouponGuessesCustomer: 20,
		CouponGuessesKey:      600,
		OIDCScopeClaim:        "scope",
		EventsKeep:            30 * 24 * time.Hour,
		Tracing:               Tracing{Percent: 100, Service: "checkout"},
		LogLevel:              LogInfo,
		LogFormat:             LogText,
	}
}
