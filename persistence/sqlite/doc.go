// Package sqlite opens SQLite databases for package persistence: a file that
// outlives crashes and power cuts, or memory for tests.
//
//	db, err := sqlite.Open(ctx, "data/checkout.db")
//	store, err := persistence.New(db, persistence.Options{Currency: usd})
//
// # Design
//
// Decided 2026-11-22:
//
//   - One connection writes, a few read. Its transactions are BEGIN IMMEDIATE, so
//     that what a purchase has read stays true until it commits. With SQLite's
//     own default, which takes the lock at the first write, two purchases that
//     have both read can only fail.
//   - The log is written ahead (WAL), so that readers and the writer do not wait
//     for each other, and a commit waits for the disk (synchronous FULL), so that
//     no acknowledged order is lost in a power cut. Rejected: synchronous NORMAL,
//     about three times as fast, which may lose the last ones.
//   - What undoes a savepoint is kept in memory (temp_store), which a crash does not
//     need: with files, purchases that are committed together took a seventh
//     longer. Migrations use files, since an index of all orders is sorted there.
//   - SQLite waits for another process's lock for a tenth of a second only, since
//     it cannot be interrupted meanwhile; package persistence tries again until
//     its patience or the context of the call ends.
//   - The migrations are plain .up.sql and not .tx.up.sql files: the guard holds
//     one transaction around all of them, their record included, which is also
//     the lock that keeps other processes out. A crash frees it.
//   - Files are marked with an application id, so that the database of another
//     program is refused before anything is written to it.
//   - A database in memory is one connection to a shared cache with a random
//     name. Rejected: ":memory:", which is another database in each connection,
//     so that migrations could not have one of their own.
package sqlite
