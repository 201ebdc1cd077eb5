// Package cli is the checkout program as a function of its arguments and
// streams. It is the only place that wires the other packages together.
//
// Standard output carries results, standard error messages and logs. Exit codes
// are the same for every command; see the constants.
//
// Third-party packages used here: github.com/spf13/cobra for commands, help and
// shell completion, because its flags are the ones koanf's posflag provider
// reads.
package cli
