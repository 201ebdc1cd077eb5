// Package cli is the checkout program as a function of its arguments and
// streams. It is the only place that wires the other packages together.
//
// Standard output carries results, standard error messages and logs. Exit codes
// are the same for every command; exitcodes.go has the table.
//
// Commands that work on the database can have a second way, over the API of a running
// server: ways.go. What they work on is then an interface, beside the commands, which an
// adapter of the store and one of the client (…server.go) implement; what they write is
// written by the same code. The client is api/client, and requests are repeated by
// github.com/cenkalti/backoff/v5, as plugins are started again by it.
//
// Third-party packages used here: github.com/spf13/cobra for commands, help and
// shell completion, because its flags are the ones koanf's posflag provider
// reads; github.com/schollz/progressbar/v3 for the bar of long commands, drawn
// by whoever makes progress, where mpb draws from a goroutine of its own;
// golang.org/x/term, which it needs too, to tell a terminal;
// github.com/rogpeppe/go-internal/diff for unified diffs, the one of the Go
// project, made a package by those whose testscript runs our tests.
package cli
