package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/go-chi/chi/v5/middleware"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"

	"github.com/checkout-promotions/checkout/api/token"
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/engine/audit"
)

// Inventory is the catalogue as the API needs it. Implementations are safe for
// concurrent use. Items they return are not changed by either side.
type Inventory interface {
	// ItemByKey returns the item whose SKU is key, else the one whose name it
	// is, else an *engine.UnknownItemError.
	ItemByKey(ctx context.Context, key string) (engine.Item, error)
	// Basis returns the items that exist and what orders have used so far. A SKU
	// may be asked for more than once.
	Basis(ctx context.Context, of engine.Inquiry) (engine.Basis, error)
	// UpsertBasics adds the items or, where the SKU exists, sets its Name,
	// Price and Stock and leaves its other facts alone: all of the items or
	// none. It returns them as stored, in the order given. A name that another
	// item has is an *engine.NameTakenError.
	UpsertBasics(ctx context.Context, items []engine.Item) ([]engine.Item, error)
}

// Orders sells and lists what was sold. Implementations are safe for concurrent
// use.
type Orders interface {
	// Orders returns every order, newest first.
	Orders(ctx context.Context) ([]engine.Order, error)
	// Purchase makes the sale, at a price that holds when it is committed. Too
	// little stock is an *engine.OutOfStockError, an item that does not exist an
	// *engine.UnknownItemError, another total than the expected one an
	// *engine.PriceChangedError, and what the sale's Price refuses is returned as
	// it is; each changes nothing.
	Purchase(ctx context.Context, sale engine.Sale) (engine.Order, error)
}

// Desk is orders and holds as version 1 needs them besides Orders. An order that
// is not there is an *engine.UnknownOrderError, a hold an *engine.UnknownHoldError;
// each error changes nothing. Implementations are safe for concurrent use.
type Desk interface {
	Order(ctx context.Context, reference string) (engine.Order, error)
	// OrderPage returns orders, the newest first.
	OrderPage(ctx context.Context, of engine.OrderListing) ([]engine.Order, error)
	// CancelOrder undoes an order; *engine.OrderStateError when it cannot be.
	CancelOrder(ctx context.Context, reference, reason string) (engine.Order, error)
	// ReturnItems takes units back; see engine.Order.Return.
	ReturnItems(ctx context.Context, reference string, request engine.ReturnRequest, o engine.ReturnOptions) (engine.Order, error)
	// Hold is Purchase for a time.
	Hold(ctx context.Context, sale engine.Sale, ttl time.Duration) (engine.Hold, error)
	// Holds returns holds, the newest first.
	Holds(ctx context.Context, of engine.HoldListing) ([]engine.Hold, error)
	HoldByReference(ctx context.Context, reference string) (engine.Hold, error)
	// CommitHold and ReleaseHold end a hold; *engine.HoldStateError when it is over.
	CommitHold(ctx context.Context, reference string) (engine.Order, error)
	ReleaseHold(ctx context.Context, reference string) error
}

// Rules knows the ruleset in force. It is implemented by *engine.Engine.
type Rules interface {
	// Active returns the ruleset in force; it is called once a request.
	Active() *engine.Ruleset
}

// Check is something that GET /health asks for.
type Check struct {
	// Name is what a failure is reported as.
	Name string
	// Run returns what is wrong. The error's text goes to the log, not to the
	// caller. It must return soon after ctx is done.
	Run func(ctx context.Context) error
}

// Options says what a Server is made of. Inventory, Orders, Rules and Currency
// are required.
type Options struct {
	Inventory Inventory
	Orders    Orders
	Rules     Rules
	// Desk keeps orders and holds; without it their operations, but the making of an
	// order, are not supported.
	Desk Desk
	// Pauses keeps the promotions that somebody has paused, and PromotionSource where the
	// rules have each; without them their operations are not supported.
	Pauses          Pauses
	PromotionSource PromotionSource
	// Publications tells of rulesets and AuditLog who changed what; without them their
	// operations are not supported.
	Publications Publications
	AuditLog     AuditLog
	// AuditSales stores the entry of who has placed an order or made a hold over version 1,
	// once it is there; nil stores none.
	AuditSales func(ctx context.Context, entries ...audit.Entry) error
	// Rulebook publishes rulesets and puts them in force; nil supports none of that.
	Rulebook Rulebook
	// CheckRules checks rule files; nil supports no checks.
	CheckRules CheckRules
	// Stockroom keeps the items; without it the operations of the inventory are not
	// supported.
	Stockroom Stockroom
	// Coupons keeps pools of coupon codes; without it their operations are not supported.
	Coupons Coupons
	// Webhooks are the endpoints that are told of events; without them their operations
	// are not supported.
	Webhooks Webhooks
	// KeptPrice returns what prices units of an order by the rules of the order, for
	// returns by engine.RepriceKept; nil supports none.
	KeptPrice func(ctx context.Context, reference string) (func(map[string]int64) (engine.Amount, error), error)
	// Plugins answer what rules leave to them; nil is engine.NoPlugins, for which
	// every deal of a plugin fails and all else is priced.
	Plugins engine.Plugins
	// PluginStatus tells how the plugins are, for GET /v1/plugins; nil knows of
	// none.
	PluginStatus func() []PluginStatus
	// Currency is what the shop's prices are in.
	Currency engine.Currency
	// Keys keeps what was sent with an Idempotency-Key. Without it such
	// requests are refused: to ignore a key would be to promise what is not
	// kept.
	Keys IdempotencyStore
	// KeyWait is how long a request waits for another one with its key, before
	// it is answered 409; 0 is 5 seconds. It should be shorter than Timeout.
	KeyWait time.Duration
	// Checks are run, together, by GET /health.
	Checks []Check
	// Password guards orders and changes of version 0, and is a key of version 1 for
	// everything. Without one these answer 401 to everybody without a key.
	Password string
	// APIKeys are the keys of version 1; nil has none.
	APIKeys APIKeys
	// Tokens checks the tokens of an issuer, which are as good as keys for version 1; nil
	// takes none.
	Tokens *token.Verifier
	// Version is told by /status and /health.
	Version string
	// Log gets one record a request; nil discards them.
	Log *slog.Logger
	// Tracer makes the spans of requests and of the stages of quotes, and puts them into the
	// contexts of what the API calls; nil makes none.
	Tracer trace.Tracer
	// TrustedCallers are the networks whose traceparent is believed, by the address that
	// connects: their traces go on, and they decide what is recorded.
	TrustedCallers []netip.Prefix
	// Registry is where metrics are registered and what /metrics shows; nil
	// makes a new one.
	Registry *prometheus.Registry
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// IsUnavailable tells whether an error of Inventory or Orders says that
	// the store cannot be reached or is too busy, which is answered 503
	// instead of 500. Nil never does.
	IsUnavailable func(error) bool
	// ClientIP is the chi middleware that finds the client's address, by which
	// wrong passwords and requests are counted; nil is middleware.ClientIPFromRemoteAddr,
	// which believes no header. ClientBehind makes one for proxies.
	ClientIP func(http.Handler) http.Handler
	// MaxBody is the longest body in bytes; 0 is 1 MiB.
	MaxBody int64
	// Timeout ends the context of a request, and is the lease of its key; 0 is
	// 10 seconds.
	Timeout time.Duration
	// CheckTimeout is what the health checks have together; 0 is 2 seconds.
	CheckTimeout time.Duration
	// KeyRate is how many requests a second each key may send, and AddressRate each
	// address, without those of probes; twice as many may come at once. 0 is any number.
	KeyRate, AddressRate int
	// MaxLines, MaxCoupons, MaxCarts and MaxPrices are how many lines a cart, an order or a
	// return has at most, how many codes a cart, how many carts a batch, and how many items
	// a listing of prices. 0, and more than the document of the API has, is what that has.
	MaxLines, MaxCoupons, MaxCarts, MaxPrices int
	// CustomerGuesses is how many coupon codes that nobody knows a customer may send within
	// a minute, and CallerGuesses a key from one address, for all its customers: 0 is 20 and
	// 600, less than 0 any number.
	CustomerGuesses, CallerGuesses int
	// Origins are those of pages that browsers let call versions 0 and 1, such as
	// https://shop.example; none lets no page of another origin.
	Origins []string
	// PasswordFailures is how many wrong passwords an address may send within
	// a minute; 0 is 100.
	PasswordFailures int
}

func (o *Options) validate() error {
	var missing []error
	for _, need := range []struct {
		name  string
		given bool
	}{
		{"Inventory", o.Inventory != nil},
		{"Orders", o.Orders != nil},
		{"Rules", o.Rules != nil},
		{"Currency", o.Currency != engine.Currency{}},
	} {
		if !need.given {
			missing = append(missing, errors.New("api options: "+need.name+" is required"))
		}
	}
	return errors.Join(missing...)
}

func (o *Options) setDefaults() {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Registry == nil {
		o.Registry = prometheus.NewRegistry()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Plugins == nil {
		o.Plugins = engine.NoPlugins{}
	}
	if o.PluginStatus == nil {
		o.PluginStatus = func() []PluginStatus { return nil }
	}
	if o.IsUnavailable == nil {
		o.IsUnavailable = func(error) bool { return false }
	}
	if o.ClientIP == nil {
		o.ClientIP = middleware.ClientIPFromRemoteAddr
	}
	o.MaxBody = orDefault(o.MaxBody, 1<<20)
	o.Timeout = orDefault(o.Timeout, 10*time.Second)
	o.KeyWait = orDefault(o.KeyWait, 5*time.Second)
	o.CheckTimeout = orDefault(o.CheckTimeout, 2*time.Second)
	o.PasswordFailures = orDefault(o.PasswordFailures, 100)
	o.MaxLines = min(orDefault(o.MaxLines, engine.MaxLines), engine.MaxLines)
	o.MaxCoupons = min(orDefault(o.MaxCoupons, maxCoupons), maxCoupons)
	o.MaxCarts = min(orDefault(o.MaxCarts, maxCarts), maxCarts)
	o.MaxPrices = min(orDefault(o.MaxPrices, maxPrices), maxPrices)
	if o.CustomerGuesses == 0 {
		o.CustomerGuesses = defaultCustomerGuesses
	}
	if o.CallerGuesses == 0 {
		o.CallerGuesses = defaultCallerGuesses
	}
}

func orDefault[T int | int64 | time.Duration](value, fallback T) T {
	if value <= 0 {
		return fallback
	}
	return value
}
