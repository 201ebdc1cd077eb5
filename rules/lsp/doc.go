// Package lsp is a language server for rule files and their tests: what an editor
// asks while somebody writes them.
//
//	server := lsp.New(lsp.Options{Version: "1.0.0", Debounce: 100 * time.Millisecond})
//	err := server.Serve(ctx, os.Stdin, os.Stdout)
//
// It shows faults as they are typed, completes keys, names, SKUs and reasons, says
// what a word means and which items a set has, finds and renames definitions in rules
// and tests, formats, puts mistyped words right, and runs tests. Every answer is that
// of the packages which the command line uses, given over the files as the editor has
// them: a fault that shows here is one that checkout rules check or test reports.
//
// # Which files are rules
//
// A folder of YAML does not say that it is one of rules, and a workspace has YAML of
// all kinds. A file belongs to the nearest folder above it that the editor's setting
// rules names (initializationOptions: {"rules": ["shop/rules"]}), else to the nearest
// with a policy.yaml or a plugins.lock.yaml, else to the outermost below the workspace
// that tests are about, and else to its own. Files that have none of these and do not
// look like rules are left alone. All files of such a folder share their names; the
// tests of a folder are those in the workspace that say so.
//
// # How it works
//
// A change makes a new state of the workspace, which is immutable, and takes no
// longer than that: what is wrong in it is found later, by a goroutine that a further
// change ends. A request waits for the analysis of the state that it was sent in, and
// finds the one that is there if nothing has changed. Of a file that is no YAML while
// it is being typed the names and places are those that it had before; the keys and
// expressions at the cursor are read from its text, YAML or not.
//
// # Design
//
// 2026-11-23: github.com/creachadair/jrpc2 carries the messages. It is released
// several times a year, is what Terraform's server builds on, handles a notification
// before any request that follows it, lets requests overlap, and can cancel them.
// Rejected: golang.org/x/exp/jsonrpc2, whose package documentation promises nothing;
// sourcegraph/jsonrpc2, which leaves order and cancelling to its user; go.lsp.dev/
// protocol, whose last release is of 2022 and brings a logger and a JSON library; and
// tliron/glsp, which the module proxy does not have. The types of the protocol are
// written down here, since the server uses some forty of several hundred.
//
// 2026-11-23: Positions are UTF-16 code units, the one encoding that every client
// has. YAML also ends lines where the protocol does not, so that both are turned into
// bytes and back.
//
// 2026-11-23: What words mean is taken from language.md and from the documentation of
// package ruletest, by package reference, so that there is no second text to keep true.
//
// 2026-11-23: An explanation is too long for a message, and the protocol has no text
// without a file; so it is a file of the system's temporary folder, which ends with
// the server. Coverage is diagnostics of the severity information, which all editors
// show, and not inlay hints, which move the text.
package lsp
