// Package main_test runs the program as its users do: this test binary is
// checkout, in processes of their own, on files, on SQLite in memory and on
// private Postgres servers.
//
// What it says of crashes, by kill -9 and by Postgres, is in crash_test.go; a disk
// that is full and a database that is read-only are real ones, see pgtest.FillDisk
// and readonly_test.go. What needs privileges, a full disk below SQLite, is proven
// with the store of persistence/sqlite alone.
//
// # Modules
//
// The lines of orders export are checked against the published schema by
// github.com/santhosh-tekuri/jsonschema/v6, because a schema that nobody checks
// is wrong soon. It passes the whole suite of draft 2020-12, is released now
// (v6.0.3, 2026-06), and needs golang.org/x/text alone, which is here anyway. It
// is in no program. Rejected: a check of the few keywords in use, written here,
// which would be wrong in the same way as the schema.
package main_test
