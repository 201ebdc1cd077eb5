// Package persistence keeps what a shop must not lose: its catalogue with the
// stock, and its orders with the quotes they were sold at.
//
//	db, err := sqlite.Open(ctx, "data/checkout.db")
//	store, err := persistence.New(db, persistence.Options{Currency: usd})
//	err = store.Migrate(ctx)       // brings the schema up to date
//	err = store.CheckCurrency(ctx) // the catalogue is in the shop's currency
//
//	basis, err := store.Basis(ctx, engine.Inquiry{SKUs: skus, Limited: rules.UsageKeys(now)})
//	order, err := store.Purchase(ctx, engine.Sale{Units: skus, Price: price})
//
// The example of the package is a whole program. Package storetest holds what
// every database must pass, and says more exactly than prose what a Store does.
//
// # Schema
//
//	items                            orders                       order_lines
//	─────────────────────            ──────────────────           ─────────────────────────
//	id          key                  id         key       1 ── n  order_id   key, of orders
//	sku         unique               reference  unique, UUID v7   position   key, 0, 1, …
//	name        unique               currency   ISO 4217          sku        as it was then
//	currency    ISO 4217             cost       smallest units    quantity   > 0
//	price       smallest units ≥ 0   ruleset    digest            gift       0 or 1
//	min_price   smallest units ≥ 0   quote      JSON
//	stock       units ≥ 0            placed_at
//	revision    grows with each change   request    JSON of what was priced
//	            but those of the stock   customer   '' for a guest
//	                                     state      placed, cancelled, returned
//	                                     refunded   of cost
//	categories  JSON list
//	brand
//	tags        JSON list
//	attributes  JSON object
//	created_at, updated_at
//	deleted_at    null while on sale     stock_movements
//	deleted_name  its name meanwhile     ──────────────────────────────
//	                                     id               key, grows
//	                                     sku              of an item, or of one there was
//	                                     delta            units ≠ 0
//	                                     stock_after      units ≥ 0
//	                                     reason           one of ten
//	                                     note             of a person
//	                                     order_reference  or null
//	                                     moved_at
//
//	events                                     deliveries
//	──────────────────────────────             ──────────────────────────────────────────────
//	id              key                1 ── n  event_id         key, of events
//	uid             unique, UUID v7            endpoint         key, its name
//	once            unique or none             aggregate        type and key, as in events
//	type            of package event           state            pending, claimed, delivered, dead
//	aggregate_type  order, item, …             attempts         claims so far
//	aggregate_key   reference, SKU, …          next_attempt_at  or the end of the lease
//	payload         JSON as it is sent         claimed_by       names the claim
//	created_at                                 last_status, last_error, delivered_at
//
//	returns                           return_lines
//	──────────────────────────────    ──────────────────────────
//	id          key            1 ── n  return_id  key, of returns
//	reference   unique, UUID v7        sku, gift  key, as in order_lines
//	order_id    of orders              quantity   > 0
//	policy      pro_rata, reprice_kept refund     smallest units
//	refund      smallest units
//	created_at
//
//	catalogue_changes
//	────────────────────
//	id          key, grows
//	sku         stored, deleted or restored
//	changed_at  kept for an hour
//
//	holds                             hold_lines
//	──────────────────────────────    ──────────────────────────
//	id          key            1 ── n  hold_id, position  key
//	reference   unique, UUID v7        sku, quantity, gift  as in order_lines
//	state       held, committed, released, expired
//	customer, quote, request           as in orders
//	created_at, expires_at
//
//	rulesets                           activations
//	────────────────────────           ──────────────────────────
//	digest           key, as orders    id        key, grows by one
//	files            a tar in gzip     digest    of rulesets
//	program_version                    previous  the one before or null
//	first_used_at                      author, message
//	author           a key or folder   forced    although tests fail
//	message                            activated_at
//	tests            a tar or null
//
//	redemption_counters                   order_redemptions
//	─────────────────────────────────     ─────────────────────────────────
//	scope       key; all, customer, code  order_id   key, of orders
//	promotion   key, '' for codes         promotion  key
//	key         key; the customer, code   period
//	period      key, '' for ever          code       '' for none
//	redemptions uses so far               spent      taken off the order
//	spent       taken off so far          by_all, by_customer, by_code  counted by
//
//	promotion_pauses
//	────────────────────────────────
//	promotion   key
//	revision    unique, the newest stands for all
//	paused      0 or 1
//	actor       a key, password or cli
//	reason, changed_at
//	ends_at     or null
//
//	order_marks
//	─────────────────────────────
//	kind       promotion, coupon
//	key        an id, or a code that applied
//	placed_at  of the order
//	order_id   of orders
//
//	coupon_pools                       coupon_codes
//	──────────────────────────         ─────────────────────────────
//	name        key            1 ── n  code        key
//	prefix, length, group_size          pool        of coupon_pools
//	key         of the codes            source      generated, imported
//	wanted      asked for               issued_at
//	issued      made                    revoked_at  or null
//	position    number of the next
//	created_at, revoked_at or null
//
// Amounts are whole smallest units of the row's currency, never fractions.
// Instants are made in Go, UTC, in whole microseconds. An order line is a run of
// equal units: the runs in order, unrolled, are the units as the customer listed
// them, and the gifts after them. Order lines do not refer to items, because an
// order is history, whatever becomes of the catalogue.
//
//	idempotency_keys
//	────────────────────────────────────────────────
//	scope, key   key; what clients want done once
//	fingerprint  SHA-256 of the request
//	state        claimed, committed or answered
//	token        of the claim that has the key
//	claimed_at, lease_until, expires_at
//	outcome      JSON: what a committed effect returned
//	status, headers, body   of the answer
//
//	api_keys                          audit_log
//	─────────────────────────────     ─────────────────────────────────
//	id            key, ten letters    id          key, grows
//	name          as it is called     at
//	digest        unique, SHA-256     actor       a key, password or cli
//	scopes        JSON list           action      such as keys.revoke
//	created_at                        subject     id of what was changed
//	expires_at    or null             detail      JSON object
//	revoked_at    or null             request_id
//	last_used_at  or null
//	rotates       of api_keys or null
//
// # Keys
//
// A request that carries a key is served in three steps, each a transaction:
//
//	claim, answer, err := store.ClaimKey(ctx, key, lease) // answer: it was served before
//	ctx = idempotency.WithClaim(ctx, claim)
//	order, err := store.Purchase(ctx, …)                  // or another method that writes
//	err = store.AnswerKey(ctx, claim, answer)             // or ReleaseKey
//
// The claim travels in the context, and the transaction that has the effect
// completes it: it checks that the key is still the claim's, and stores what the
// method returns with the key. When the process dies before the answer is kept,
// whoever takes the key over runs the request again, and the same method returns
// what is stored instead of doing its work. So effect and answer cannot part
// ways, and nobody but the store needs to know how. A method takes part by
// calling once where it would call s.write, with a pointer to what it returns.
//
// Keys of the API (see package apikey) are something else: CreateKey, RotateKey,
// RevokeKey, KeyByDigest, Keys and TouchKeys.
//
// # Audit log
//
// The entries that audit.With puts into a context are stored by the transaction of the
// write that has this context: of items, stock, cancels, returns, the ends of holds,
// coupons, events that are sent again, pauses of promotions, and keys of the API. Sales and new holds leave
// none; see package audit for the reasons. AuditLog reads them, PurgeAudit removes old ones, and leaves one that says so.
//
// # Errors
//
// An error either is about the request, and then has a type of its own
// (engine.UnknownItemError, engine.OutOfStockError, engine.NameTakenError,
// idempotency.ReusedError, idempotency.ErrBusy, InvalidError, UnknownOrderError,
// engine.OrderStateError, engine.ReturnError, HoldStateError, UnknownHoldError,
// apikey.UnknownError, KeyTakenError, KeyReplacedError, apikey.InactiveError,
// engine.PromotionChangedError, engine.PauseOverError, CurrencyError, UnknownPoolError, UnknownEventError, PoolTakenError, UnknownCodesError, ImportError,
// coupon.GuessableError), or the database failed, and then it is an *Error. Its
// text is safe to show; what the driver said is in its LogValue. errors.Is(err, ErrUnavailable) tells a full disk or a locked file
// from a fault of the program.
//
// # Design
//
// Decided 2026-11-22:
//
//   - A purchase is priced on what a query has read, and committed by a transaction
//     of guarded statements: units leave the stock where enough are left and the
//     item is still in the state (revision) that it was priced in; uses of limited
//     promotions and of codes are counted where the limit allows one more. What a
//     guard refuses undoes the transaction, and the sale is priced anew on what is
//     true by then. So the lock of a popular item is held for a few statements,
//     no database has to keep reads true (READ COMMITTED will do), and nothing is
//     sold, given or spent beyond what there is. Rejected: pricing inside of the
//     transaction, which needs SERIALIZABLE on Postgres, where the buyers of one
//     item make each other fail; versions of the stock, which change with each sale.
//   - What applied in an order is kept by a trigger, which reads it off the quote, and
//     not by the statements that insert orders: there are three ways to do that, and a
//     program of the version before may still sell while a new one starts. Rejected: an
//     index of the quote, which neither database has for lists in the same way.
//   - A limit has a counter only from the first order that counts against it, and
//     only limits that a promotion has are counted: those who limit a promotion to
//     one order for each customer need no counter of all orders, which every order
//     would wait for.
//   - Sales of one process that wait for the same transaction are committed
//     together, so that one wait for the disk, and for the lock of a popular item,
//     serves up to thirty-two of them, and one that is refused fails alone. Where one
//     transaction writes at a time (SQLite), each has a savepoint of its own. Where
//     statements cost round trips (Postgres), Database.Sell commits all of them in
//     one, provided that they are ordinary: nothing is to be refused and no more to be
//     told than that there is an order. What is not ordinary goes the way of all
//     others, each in its own transaction, and is refused or told of there, so that the
//     rules for that stand in one place. Rejected: to write them twice; and to sell
//     those in one transaction too, each in a savepoint, which locks items and
//     counters in another order than that of their keys.
//   - Every transaction locks what it changes in one order: the pauses of promotions,
//     the key of the request, items by SKU, counters by their key. So no two sales wait for each other, of
//     whatever processes.
//   - Stock goes down in place, "stock = stock - n where stock >= n", and a CHECK
//     stands behind it. An upsert sets columns to what the caller sent. Nothing
//     writes back what it has read. Rejected: saving whole items, by which sales
//     undid the prices that administrators set.
//   - UpsertBasics beside Upsert, for callers that know four fields. Rejected: a
//     mask of fields, which every caller would have to get right, and pointers in
//     engine.Item, which pricing would have to check.
//   - Names are freed first when items of one batch exchange them. Rejected:
//     deferred constraints, which SQLite does not have for uniqueness, and
//     refusing swaps, which leaves administrators to find a detour.
//   - Every change of a stock writes a movement in its transaction, so that for
//     each SKU the deltas add up to the stock, and a purchase pays one INSERT for
//     all of them. Rejected: triggers, which know neither reason nor order and
//     are written once per dialect.
//   - A deleted item keeps its row, and so its id and its history. Its name moves
//     to deleted_name and leaves a placeholder behind, which frees it. Rejected:
//     a partial unique index on name, for which SQLite would have to rebuild the
//     table, and every later change of it would have to know.
//   - ImportItems asks its caller inside of the transaction what becomes of the items
//     that are known, as Purchase asks for the price, so that a list of prices
//     alone undoes no sale. Rejected: a mask of fields, as above.
//   - The currency is stored with every item, although a shop has one: after a
//     change of the configuration a number alone would be sold as another price.
//   - A connection writes at a time and several read (SQLite). Rejected: a pool
//     of writers, which was a third slower and no fairer.
//   - FollowCatalogue keeps all items in memory, so that a price asks the database
//     for limits and codes at most. Other processes' writes are found by two logs
//     whose ids grow: catalogue_changes for items and stock_movements for stocks, so
//     that a sale pays nothing for it. Ids of the first are in the order of commits,
//     because its writers wait for each other; those of the second are not, so they
//     are read again from where they stood three polls ago, and once a minute
//     everything is read. The poll is the truth, and Postgres' NOTIFY a hint that
//     comes sooner: connections break, and poolers swallow it. Sales do not notify,
//     since it makes commits wait for each other. Rejected: a column with the number
//     of the change in items, whose index every sale would have to write, and a cache
//     that forgets after some time, which asks the database again and again and is
//     behind all the same.
//   - What is in memory may be behind, so it decides nothing: a sale commits only on
//     the revisions it was priced on, and when that fails, or a sale is refused for
//     any other reason, it is made again on what the database says. That costs one
//     more try and never a wrong price.
//   - A dialect is a Database: two handles, migrations, a guard for them, and the
//     meaning of its errors. All SQL outside of migrations is shared. Rejected:
//     an interface per table with an implementation per dialect.
//   - bun formats the SQL, but for the five statements that every sale runs. These
//     are prepared once where one connection writes (SQLite), and run row by row: a
//     sale takes 1.0 to 1.1 times as long as the same statements without a Store,
//     and took 1.4 to 1.7 times as long when bun wrote them (BenchmarkPurchaseSingle,
//     on a disk that syncs). It took 1.2 times as long while a goroutine of its own,
//     whose stack had to grow, committed each, and 1.1 times while the driver watched
//     a context for each statement; so whoever finds nobody committing commits.
//     What a sale leaves in stock comes from the UPDATE itself.
//     Items are scanned by hand, because bun's models took as long again as the query.
//     Of purchases that are committed together, 32 clients get 3 to 4 times as many
//     as one, 8 about 2.5 times as many (BenchmarkPurchaseTogether); half of that was
//     lost while each had a savepoint with a name of its own, as bun gives them. The
//     committer yields once between two transactions, so that those whose purchases
//     it has committed can bring the next.
//     Rejected: to prepare on Postgres too, where poolers break it and round trips
//     cost far more than plans.
//   - Events are written in the transaction of what they tell of (an outbox), as
//     the bytes that will be sent, and with a delivery for each endpoint that the
//     Store is configured with. So no event is lost or invented, an endpoint that
//     is added gets what happens from then on, and processes that are configured
//     differently while a change is rolled out each keep to their own. Rejected:
//     deliveries made by whoever sends, which needs a mark how far each endpoint
//     is, and marks pass over transactions that commit late.
//   - Webhooks that are made while programs run are rows, and a trigger on events makes
//     their deliveries: what is committed after a webhook is told to it, whichever
//     program stores it, and a sale that has none to tell pays for a look at an empty
//     table. Rejected: a list in each program that follows the table, by which a sale of
//     a program that is behind would tell nobody. Their names are made by the store,
//     so that none is used twice or is that of a configuration. Their secrets are
//     stored as they are: who signs needs them, and a key to seal them with would be one
//     more secret for the operator to keep, beside a database that has coupon codes and
//     orders in the clear as well. Who can read the database, or its backups, can sign.
//   - A delivery is claimed by its state, for a lease, and only when no earlier
//     one of its aggregate is open. Rejected: "id > last", because ids are given
//     out in another order than transactions commit, and one queue per endpoint,
//     in which one event that fails holds up all.
//   - What a dead process had claimed comes back when its lease ends; there are
//     no heartbeats. A claim has a name, so that a process which was only slow
//     settles nothing that another has claimed since.
//   - The lock that lets claimers pass by each other's rows is a text of the
//     Database, since SQLite has none and needs none.
//   - A ruleset in force is in no database, so its event cannot be in the same
//     transaction. It is compared with the last one told, and a unique text keeps
//     processes from telling twice. Rejected: a window of time, in which a quick
//     change there and back would be lost.
//   - The claim of a key is in the context and not a parameter, so that every
//     method that writes, also one to come, takes part without another
//     signature. What is kept of an effect is what the method returned, as JSON,
//     until the answer takes its place. Rejected: the order's reference alone,
//     with which items could not be answered, and every further effect would
//     need a way back of its own; the rendered answer in the transaction of the
//     effect, for which the store would have to call the API; and running the
//     request inside of the claim's transaction, which would hold the lock of
//     SQLite while a body is checked.
//   - Migrations run through bun/migrate, but its lock does not: it is a row that
//     survives a crash. See Database.Guard.
//   - Coupon codes are rows before anybody redeems them, made from a counter (see
//     package coupon). The counter and the codes before it are one transaction,
//     so that a stop at any point loses none and makes none twice, and a run has
//     many of them, so that sales go on meanwhile. An import is one transaction,
//     because a file with a fault must leave nothing. Rejected: codes that are
//     only computed when they are redeemed, which leave nothing to revoke, list
//     or import.
//   - Revoking a pool is one column of the pool, whatever its size. To promotions
//     a revoked code is one that never was.
//   - An order is kept with the request that was priced, and the rules of every
//     order by digest, so that any order can be priced again; see Archive, and
//     engine.EncodeRequest for the form. Rejected: to keep revisions of items and
//     put requests together from them, which saves space and makes each replay
//     depend on every writer of items having got its revision right. Rejected:
//     compressing requests, since three kilobytes for ten lines are less than the
//     rest of the order with its indexes, and text can be asked with SQL.
//   - Rulesets are kept in the database and not beside the rule folder: they are
//     in every backup that has their orders.
//   - Orders are read in pages by (placed_at, id), and nothing is open between
//     two pages. Rejected: one long query, which keeps SQLite's log from being
//     folded back and Postgres from cleaning up while a slow reader reads.
//   - A cancel or a return locks the row of its order first, then reads, and then
//     changes items and counters in the order in which purchases do. So of
//     any number of cancels the second waits for the first and sees it.
//   - Refunds are reckoned by engine.Order.Return, which knows no database, from
//     the quote that is stored with the order: never from prices of today. They
//     are of goods; what was paid for shipping is left to whoever ships.
//   - Returned units of which nothing says whether they were bought or given are
//     bought ones first. A gift is returned like any unit and refunds nothing: who
//     keeps it has used the promotion. So uses of promotions are given back by a
//     cancel, or when nothing of an order is left, and not before.
//   - Where a refund is by the price of the units that are kept, the caller prices
//     them, on the request that is stored with the order. Rejected: pricing here,
//     for which the store would have to know rules.
//   - A hold is a purchase that stores a hold where it would store an order, in the
//     same transaction with the same guards; so is what counts against limits.
//     When it becomes an order, with the same reference, its movements say that
//     the units were released and sold in one instant, so that a report of sales
//     need not know of holds. Rejected: a second stock for what is held, which
//     every sale would have to look at.
//   - A hold is over when its time is, whoever has noticed: a commit compares the
//     clock in its transaction. ExpireHolds only gives back what it held.
//   - That a promotion is exhausted is told by the order that finds its limit used
//     up: by a sale, or by the commit of a hold, so that it names an order that there
//     is, and a hold that lapses has told nothing. Who uses up a limit of which
//     others hold uses tells too, since from then on nobody gets the promotion;
//     uses that come back later, from holds or cancelled orders, are not told of.
//     Rejected: an event when a hold is made and another when it ends, which turns
//     a webhook on and off for every basket that is left; and telling of orders'
//     uses alone, for which counters would have to tell them from held ones, and
//     which says nothing while customers get nothing. That a stock is low is told
//     by holds too: their units have left it.
//   - A paused promotion is paused for all processes when PausePromotion returns,
//     although prices ask the database for nothing. A process prices by what it knows
//     of pauses for Options.PauseLease after it has asked, which it does four times as
//     often; who pauses waits so long after the commit, so that whoever has not asked
//     since must, and fails as the database does. Only lengths of time are compared,
//     each by the clock of one process. Rejected: to ask with each price, which doubles
//     the time of one; a notice that processes confirm, for which somebody has to
//     know which processes there are, and to give up those that died; and a notice
//     alone, which poolers swallow.
//   - A sale is committed on the pauses that it was priced on. Who pauses has a lock
//     alone that transactions with sales share (Database.LockPauses), so that each
//     is before the pause or after it, and reads the greatest revision under it. It
//     is an advisory lock, which writes nothing, unlike the lock of a row that
//     every sale would share. Rejected: to count each promotion's revision on its own,
//     since pauses are too rare for the sales that they make anew to matter.
//   - Pauses are of ids and not of rulesets, so that a reload of rules undoes none.
//     A pause that ends by itself does so by the instant that a price is of, as
//     schedules do: nobody has to notice, and an old order is priced again alike.
//     A hold keeps its price, as it does when rules change.
//   - Keys of the API are looked up by digest, whether they are in force or not, so
//     that whoever asks can say why a key is refused. When they were used last is
//     told now and then for all of them: a row of a key that every request
//     updates would make the requests of a key wait for each other.
//   - A key that is revoked stays in the table, because the audit log names it.
//   - Queries of a call that is traced are spans by a hook of bun's that tells the first
//     word and the table. Rejected: bunotel, whose text of a statement that bun builds has
//     the values in it, customers and coupon codes too. Orders are committed together, so
//     a span tells how long one waits for that, and the statements are no caller's own.
package persistence
