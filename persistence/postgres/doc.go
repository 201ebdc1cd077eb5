// Package postgres opens Postgres databases, from version 15 on, for package
// persistence.
//
//	db, err := postgres.Open(ctx, postgres.Options{Host: "localhost", User: "shop", Database: "checkout"})
//	store, err := persistence.New(db, persistence.Options{Currency: usd})
//
// # Design
//
// Decided 2026-11-22:
//
//   - The driver is github.com/jackc/pgx/v5 behind database/sql: the most used
//     and best kept one, with errors that carry their codes. Rejected: bun's
//     pgdriver, which stands at an older version, had an SQL injection mended
//     lately and cannot be told which protocol to speak; lib/pq, which is in
//     maintenance.
//   - Statements are not prepared (QueryExecModeExec): bun writes the values into
//     the text, so that a cache would never find one again, and prepared
//     statements break behind a pooler such as PgBouncer.
//   - One pool serves readers and writers: Postgres keeps them apart itself, and
//     two pools would take twice as many of the server's connections. A snapshot
//     is REPEATABLE READ, READ ONLY. See connect for the isolation of writers.
//   - The guard of migrations is an advisory lock of a session of its own, in
//     which one transaction holds all migrations with their record. The server
//     frees it when the process or its host is gone; checkout db unlock ends a
//     session that only hangs. The session must reach the server itself, or
//     through a pooler that gives sessions, not transactions. Rejected: the lock
//     of bun/migrate, a row that survives a crash.
//   - Listening for changes of the catalogue needs a connection of its own, outside
//     of the pool, because database/sql gives none away for good.
//   - Sales are committed by a function of the database, checkout_sell, a batch of
//     them in one statement and so in one round trip and one transaction. Round trips
//     decide: by statements a sale needs ten. The function works on all sales of the
//     batch at once: it takes from the items, if there is enough for all, and then
//     writes each table once, so that the thirty-second sale costs a third of the
//     first, and a popular item is updated once. When something is amiss it undoes all
//     and says which sales are to blame, and the others are tried again.
//     Rejected: a block with a handler for each sale, which is a subtransaction, pays
//     for every statement anew, and updates a popular item once for each; a pipeline
//     of statements, which the server works off one by one all the same.
//     What is called is checkout_sell_unpaused, which looks at the pauses of
//     promotions first, under a lock that sales share, and calls it; that takes no time
//     that could be measured, and the long function stands once.
//   - The arguments are arrays in the binary format (see arguments). The call is the one
//     statement that is prepared, until a pooler is in the way. Rejected: one argument
//     of JSON, whose quotes and events are JSON in turn and would be escaped.
//   - Quotes, requests and events are compressed by lz4 where the server has it: the
//     default method takes several times as long, on every sale.
//   - The settings of the function are part of it: plans that were made on empty tables
//     would read a whole catalogue for a sale, and to compile a plan to machine code
//     takes longer than a sale.
//   - Two batches of a process are under way at a time, of different items. One leaves a
//     processor idle while it waits for the disk, three make smaller batches and each
//     purchase dearer, and two of the same item only wait for each other.
//   - The session's time zone is UTC, and instants are read as UTC, so that no
//     setting of server or machine shows in what is read.
//   - An error that breaks a connection during COMMIT leaves open whether the
//     transaction took effect. It is persistence.ErrUnavailable like any other;
//     who has to know asks again, and is never answered twice by accident.
package postgres
