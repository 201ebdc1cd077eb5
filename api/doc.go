// Package api serves Checkout over HTTP.
//
//	server, err := api.New(api.Options{
//		Inventory: store, Orders: store, Rules: prices, // prices is an *engine.Engine
//		Currency: usd, Password: password, Version: version, Log: log,
//	})
//	listener, err := net.Listen("tcp", ":8080")
//	err = api.Serve(ctx, listener, server, api.ServeOptions{Log: log})
//
// # The API, version 0
//
//	GET  /status                         {"message":"OK","version","service"}
//	GET  /health                         {"version","service","failures":[]}; 503 when a check fails, such as of a database that cannot be written
//	GET  /livez, /readyz                 the same two, for those who start servers and send them requests
//	GET  /metrics                        Prometheus text
//	GET  /v0/inventory/item/price/{key}  price of one unit; the key is a SKU, else a name
//	POST /v0/inventory/items/price       {"skus":["A","A","B"]}: price with promotions
//	POST /v0/inventory/item/price        the same
//	POST /v0/inventory/items/purchase    {"skus":["A","A","B"]}: {"order_reference","cost"}
//	GET  /v0/orders                   *  [{"reference","skus":[],"cost"}], newest first
//	POST /v0/inventory/items          *  {"items":[{name,sku,price,inventory_quantity}]}: add or update by SKU
//
// The paths with * want the password in X-Auth-Password. HEAD works wherever GET
// does. A price is
//
//	{"items":[{name,sku,price,inventory_quantity}], "total", "total_with_discount", "total_gross",
//	 "sku_list", "currency", "ruleset", "lines":[{sku,quantity,unit_price,subtotal,discount,total}],
//	 "promotions":[{id,name,discount,applications}], "gifts":[{sku,name,quantity,worth,promotion}],
//	 "plugin_failures":[{id,name,fault}]}
//
// with one entry in items for every entry in skus, in their order, and one in
// lines for every different SKU, sorted. total and total_gross are the list
// price. sku_list is the priced SKUs as JSON text in a string; older clients
// read it and total_gross. A SKU that is listed n times is n units. More units
// than the stock can be priced, not bought; an item without stock is not priced.
//
// plugin_failures is there only where there are some: promotions that are not applied
// because a plugin has no usable answer. A promotion whose rule says on_failure: reject
// leaves no price, and 503 says why; nothing is sold then.
//
// Money is a JSON number with exactly the digits of the currency and is read
// exactly: a price with more digits than the currency has is refused.
//
// A purchase with "expected_total" is made at that total or not at all: 409 with
// {"error","expected_total"} and, as in a price, what the units cost now.
//
// # Version 1
//
// openapi.yaml is the source of version 1, and says more than this comment. make
// generate makes of it openapi.json, which is served and read for the scopes of
// operations, the types in package v1, and the client in package client. A test holds
// every answer of every other test to it, and another the typed code that reads bodies:
// what one refuses, the other does.
//
//	POST /v1/quotes         what a cart costs
//	POST /v1/quotes:batch   what several carts cost
//	POST /v1/prices         what a listing shows
//	POST /v1/offers         what a cart costs, and what could be added to save more
//	POST /v1/orders         sell a cart; GET lists orders, GET /v1/orders/{reference} tells one
//	POST /v1/orders/{reference}/cancel, /returns
//	POST /v1/holds          hold the units of a cart; GET lists holds, GET /v1/holds/{reference} tells one
//	POST /v1/holds/{reference}/commit, /release
//	POST /v1/rulesets:check find what is wrong with rule files
//	GET  /v1/rulesets       the rulesets that were kept, /active, /{digest}, /{digest}/files, /{digest}/diff; POST publishes one
//	POST /v1/rulesets/{digest}/activate, /test, POST /v1/rulesets:rollback
//	GET  /v1/activations    which was put in force, and /v1/audit who changed what
//	GET  /v1/items          items by SKU; GET, PUT, DELETE /v1/items/{sku}, POST /v1/items/{sku}/restore
//	POST /v1/items:batch    many items, all or none
//	PUT  /v1/items/{sku}/stock, POST /v1/items/{sku}/stock:adjust, GET /v1/items/{sku}/movements
//	GET  /v1/coupon-pools   pools of coupon codes; GET, PUT /v1/coupon-pools/{pool}, POST …/revoke, /restore, GET …/codes, POST …/codes:import
//	GET  /v1/coupons/{code} what became of a code; POST /v1/coupons:revoke, /v1/coupons:restore
//	GET  /v1/webhooks       endpoints and what they have still to get; POST makes one; GET, PUT, DELETE /v1/webhooks/{webhook}, POST …/secret:rotate, …/test
//	GET  /v1/webhooks/{webhook}/deliveries, …/{event}, POST …/deliveries:resend
//	GET  /v1/promotions     what the rules in force give, how it is now and what of its limits is used; /v1/promotions/{id}, …/source
//	POST /v1/promotions/{id}/pause, /resume
//	GET  /v1/plugins        how the plugins are
//	GET  /openapi.json, /docs, /docs/problems/{code}
//
// Callers send a key of package apikey, Authorization: Bearer ck_…, whose scopes allow
// the operation; the password, sent so or in X-Auth-Password, is a key for everything. A
// key that was revoked is refused within 5 seconds; its last use is kept every 30. Keys
// that are none count as wrong passwords do. Tokens of an OpenID Connect issuer are as good
// as keys where the server is set to take them; package token says which are. Their callers
// are "sub:" and the subject, in the audit log, the log, the rates and for Idempotency-Key,
// and nothing else of a token is kept. Errors are problems (RFC 9457), whose codes stand in one table,
// problemKinds. Bodies are said to be JSON by their Content-Type, have no members that
// are not known, and no null. Amounts are decimal texts.
//
// An item's ETag is its revision, which stands for all facts but the stock: sales change
// that all the time, and an editor of a name need not lose to them. What If-Match wants
// is checked in the transaction that makes the change.
//
// The ETag of a promotion is one more than the revision of its pause, and stands for
// that alone. Pauses and ends of pauses are answered when no server prices by what was
// before, which takes persistence.Options.PauseLease; see package persistence.
//
// The source of a promotion is answered as JSON with the text in it, and not as YAML,
// for whoever reads it wants to know the file, the lines and the ruleset too, and headers
// would be another place to look. It is that of the ruleset which is kept, whatever has become of
// the folder since.
//
// Every change is in the audit log, stored with what it tells of: who (the id of the key,
// or password), the id of the operation, the parameter of its path, the id of the
// request. The making of orders and holds is not: they are their own record.
//
// Figures of plugins are of this server since the plugin is in use, the quantiles of
// the last 1,024 calls. Listings do not ask plugins.
//
// # Once
//
// Requests that write may be sent again safely when they carry a key that the
// client made up, in the header Idempotency-Key: 1 to 255 visible ASCII
// characters, bare or as a string in quotes (draft-ietf-httpapi-idempotency-key-header).
// One of the requests with a key is run, whatever number of servers they reach
// and however servers end; its effect is there once. The key belongs to the
// method, the path and the caller, and the answer is kept for 24 hours.
//
//	the same request again        the same status, header and body, and Idempotency-Replayed: true
//	while the first one runs      waits up to 5 seconds, then 409 with Retry-After
//	another body or query         422; bodies are compared byte by byte
//	a key that is none            400
//
// Kept is what an attempt found out, so 2xx, 404 and 409. Not kept is what says
// nothing about it: after 400, 401, 408, 413, 429 and 5xx the key is free, the
// same request may succeed, and after 400 a corrected one may. An effect whose
// answer was lost, with the process, the connection or the store, is not made
// again: the retry is told what it was. When a server has died, retries of what
// it was doing are answered 409 until the 10 seconds of the request are over.
//
// # What is checked
//
// A body is one JSON object in UTF-8 of at most Options.MaxBody bytes, whatever
// Content-Type says. Fields that are not known are ignored, among them id; field
// names are compared exactly, and a field that comes twice is refused.
//
//	skus, items         at least one, at most 100,000; at most engine.MaxLines different SKUs
//	sku                 1 to 64 letters, digits, "-", "_", "."; case matters
//	name                not blank, 200 characters, no control characters; kept as sent
//	price               a number, 0 or more
//	inventory_quantity  a whole number, 1 to 1,000,000,000
//
// All faults of a request are reported together, at most ten of them, each with
// its field and index; of what is no JSON only the first, with the byte it comes
// after. Nothing of a refused request is stored.
//
// Answers say by their headers that browsers and proxies keep none (no-store), and that
// browsers run nothing that is in one, frame none and tell nobody where a link came from.
//
// # Traces
//
// With Options.Tracer a request has a span by its method and route pattern, and each stage
// of a quote one below it, by the names of the metric of stages; probes and /metrics have
// none. Options.TrustedCallers says whose traceparent is believed. A span has nothing that
// a caller has sent, nor the words of an error.
//
// # Errors
//
// Every error of version 0 is {"error":"message"}, also for paths and methods that do
// not exist. The message is made for the caller; what really happened, such as a
// driver's text, is only in the log.
//
//	400 the body is wrong                  413 the body is too long
//	401 the password is wrong or missing   429 too many wrong passwords or requests; see Retry-After
//	404 no such path or item, or an item   500 a fault of ours
//	    to price is out of stock           503 the store is unavailable or too slow, or
//	                                           a plugin that has to answer fails
//	405 wrong method; see Allow            422 the Idempotency-Key was used for
//	408 the body did not arrive in time        another request
//	409 not enough stock, or another price than the expected one, or the name
//	    belongs to another item, or a request with the same Idempotency-Key is
//	    running; then see Retry-After
//
// # Design
//
// 2026-11-22. One function prices for quote and purchase, with the ruleset
// pointer and the clock read once a request, so both always agree and no answer
// mixes two rulesets. A purchase hands the function to the store, which calls it
// with what it has read, and again when that is not true any more when the order
// is committed.
//
// 2026-11-23. Spans of requests are made here, with the API of OpenTelemetry. Rejected:
// otelhttp, which writes the path, the client's address and its User-Agent into each span
// and cannot be told not to, and wraps the writer once more.
//
// 2026-11-22. JSON is read and written by github.com/go-json-experiment/json,
// the upstream of the standard library's encoding/json/v2, which can take its
// place once it needs no GOEXPERIMENT. It refuses bodies that are not UTF-8,
// name a member twice or go on after their value, and says where. Requests and
// answers are structs; values of a request keep their kind and are checked when
// all is read, because the library too would stop at the first wrong type, and
// take null for zero. Money is a type that writes its own digits. Rejected were
// encoding/json: it takes null for zero and the last of two equal members,
// stops at the first fault, and has no exact position for it; and our own walker
// and encoder, with which a price over loopback took 0.7 of the time: a
// well-kept library beats code that is not what this project is for.
//
// 2026-11-22. Every route that writes is in a group with the middleware once,
// which a test holds. It runs a request with a key into a buffer, keeps the
// answer, and only then sends it, so that nobody sees an answer that another
// attempt will not. A duplicate looks into the store again and again, since the
// one that runs may be another server's; rejected was a channel beside it for
// duplicates of one process, which would be a second way of waiting that saves a
// few reads. A key costs two small transactions. How the effect is bound to the
// key is the store's business: the claim travels to it in the context. Rejected:
// to pass over keys where there is no store for them, which would promise what
// is not kept.
//
// 2026-11-23. Version 1 is written down first, and its types are generated; routes are
// made of the document. Rejected: the generated server, which reads parameters in ways
// that tell the caller one fault at a time and in English of its own, and validation of
// bodies against the schemas at run time, which costs more than decoding them.
//
// 2026-11-23. The quote of POST /v1/quotes is written by our own appender, as reflection
// was most of what a quote costs. It leaves rare members to the library, and a property
// holds its text to the library's, to the byte. Rejected: a reader of our own for bodies,
// which made quotes faster still; whoever reads what strangers send should be the library.
//
// 2026-11-23. Requests are limited by golang.org/x/time/rate, of the Go project: a bucket of
// tokens a key or address, in the memory of each process, which bounds how many there are. A
// count that replicas share would put a write before every quote. Whoever wants one limit for
// all replicas sets it in the proxy before them. A batch counts as one request before its
// body is read, and then as the rest of its carts, all or none.
//
// 2026-11-23. Coupon codes that nobody knows are counted in the same way, where carts are
// priced: nothing else looks at the codes of callers. A customer is counted by the id that
// the caller gives it, so that one who guesses keeps no other waiting, and the caller, at an
// address, for all, since it may make customers up. Who has guessed too often is told
// nothing of right codes either. Codes that are known but do not apply count for nothing:
// shoppers send those. Rejected: to answer later instead, which binds requests that wait.
//
// 2026-11-23. Limits of lists can be less than the document has, and never more: who reads
// the document alone can rely on what is refused everywhere. What nests is what the document
// nests; deeper bodies are refused where that begins, so that there is nothing to set.
//
// 2026-11-23. Pages of other origins are let in by github.com/rs/cors, whose rules have been
// attacked and mended for ten years, with nothing but exact origins and without credentials.
// Rejected: go-chi/cors, an older copy of it; and *, with which every page in the world could
// spend the rate of a key.
//
// 2026-11-23. The subject of a token is kept as it is. An audit log that names a digest of
// who did something answers nobody's question, and the issuer decides what its subjects
// are; most are opaque. Tokens that are none count as wrong passwords do; those that have
// expired do not, since programs send such until they have the next. Rejected: tokens for
// version 0, which has one password and no scopes.
//
// 2026-11-22. Wrong passwords are counted per address of the connection. Headers
// such as X-Forwarded-For are not believed unless Options.ClientIP says how, as ClientBehind does.
// Letting a right password through while an address is throttled was rejected:
// it would leave guessing unthrottled.
package api
