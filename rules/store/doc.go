// Package store loads a folder of rule files and keeps what is in force equal to
// what is in the folder.
//
//	rules, err := store.Load("rules", compile.Compile) // once, for a command
//
//	live := engine.New(nil)
//	w, err := store.Open(store.Options{ // for a server
//		Dir:     "rules",
//		Compile: compile.Compile,
//		Publish: func(_ context.Context, r *engine.Ruleset, _ []compile.File) error { live.Swap(r); return nil },
//	})
//	if err != nil {
//		return err // the first load must succeed
//	}
//	go w.Run(ctx) // ends with ctx, and with nothing else
//
// Changes watches any files, for tools that read them themselves.
//
// # Contract
//
// If loading fails, the last good ruleset stays in force. That holds for a file
// with a fault, for a folder that is empty or gone, for files that cannot be
// read, for a compiler that panics and for a Publish that says no. The fault is
// in [Watcher.Status], in one log record and in one call of Observe; it is said
// again only when it becomes another fault. Undoing the change makes the status
// good again, although the ruleset in force never changed.
//
// A ruleset is published whole: Publish gets it compiled, immutable, with the
// digest of a folder that existed exactly so at one instant. An empty or missing
// folder is a fault ([ErrEmpty], [ErrMissing]), never "no promotions".
//
// Every change is found, whichever way it is made: files written in place,
// replaced by renaming as editors do, swapped through the "..data" link of a
// mounted config map, in sub-folders made later, in a folder that was deleted
// and made anew, behind a link that was pointed elsewhere, on network file
// systems that send no events. What is found by an event takes Debounce to come
// into force, what only the poll finds takes up to Poll + Debounce.
//
// # How it works
//
// Events are hints. Any event about the folder starts the quiet period; when it
// is over, the watches are brought up to date, the folder is read, and the
// digest of what was read decides: equal to that in force, nothing happens. The
// poll is one more source of hints, so a lost event costs time, never a change.
// Watches are always added before the read that follows, and a survey of the
// folder is repeated until it asks for no further watch; what appears later is
// an event.
//
// # Metrics
//
// Observe and Status carry all that cmd needs: Status.LastSuccess is
// checkout_rules_last_reload_successful, Status.LoadedAt is
// checkout_rules_last_reload_success_timestamp_seconds, Status.Loads and
// Status.Refusals are checkout_rules_reloads_total with result "success" and
// "failure".
//
// # Design, 2026-11-22
//
// Two readings must agree. A reading is no snapshot: a link swapped while it
// walks gives some files of the old revision and some of the new, and both may
// compile. So a change is read until two readings in a row are equal. Between
// the end of the first and the start of the second the folder then was exactly
// that (but for a change that was made and undone meanwhile). Rejected: to rely
// on the next event to correct a mixed reading. Until then quotes and orders
// would name a digest that no revision of the rules ever had, and where only the
// poll sees changes that is many seconds. Half-written files are caught by the
// quiet period, and when it is too short, by the compiler and the contract.
//
// Open loads, Run watches. Between them no goroutine and no watch exists, so
// there is nothing to close and a Watcher that is never run leaks nothing. Run
// looks at the folder again after it has added its watches, so a change between
// the two is not lost. Rejected: one blocking call that reports the first load
// through a channel or callback, because every caller would have to wait for it
// before it may listen.
//
// Directories are watched, never files, and by their real paths; see trail.go
// for how links are followed. Rejected: to watch only the folder and its parent,
// which misses "current -> releases/42" in the middle of the path.
//
// The watches are surveyed anew before each reading. Rejected: to keep a tree in
// step with Create, Remove and Rename events. It is faster on huge trees, but
// each lost or reordered event leaves a hole that lasts.
//
// The poll cannot be switched off. It reads a few files every 15 seconds; without
// it a change on a network folder never arrives and nobody is told.
//
// A fault is tried again with every poll, not only when the bytes change: what
// makes Compile or Publish refuse may lie outside the folder, such as a plugin
// that is not there yet or a database that is down. Rejected: to remember the
// refused digest, which saves a compile every 15 seconds while a fault stands.
//
// A panic of Compile is a fault like any other once Run watches: a rule file must
// not be able to stop the shop. A panic of Publish is not caught, since nobody
// could say then which ruleset is in force.
//
// Publish gets the files. Who keeps the sources of every ruleset does so there,
// before putting it in force: so no quote can name a digest whose sources are not
// kept, and a database that is down refuses the reload. Rejected: to keep them in
// Compile, because the first ruleset is compiled before there is a database, whose
// currency the rules say.
package store
