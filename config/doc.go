// Package config says what `checkout run` can be told, and gathers it from four sources, each stronger than the one before:
//
//	the defaults  <  a YAML file  <  CHECKOUT_ environment variables  <  command-line flags
//
// One setting has one name, spelled the way of its source. The port, for example:
//
//	checkout.yaml       port: 8000
//	environment         CHECKOUT_PORT=8000
//	command line        --port 8000
//
// A program binds the flags, parses its arguments and loads:
//
//	flags := pflag.NewFlagSet("run", pflag.ContinueOnError)
//	config.BindFlags(flags)
//	if err := flags.Parse(args); err != nil { … }
//	cfg, err := config.Load(config.Sources{Env: os.Environ(), Flags: flags})
//
// Loading is strict: a key that does not exist, a key written twice, a value of the wrong type or out of its range is a fault,
// even where a stronger source overrides it. All faults come back at once in an [Error], each with the place it was read from
// and what to do about it. checkout.sample.yaml lists every setting with its default, and checkout.schema.json lets an editor
// check the file while it is written; tests tie both to [Default].
//
// # Design
//
// 2026-11-22: settings are flat, one snake_case key a flag, so that the three spellings map onto one another without a table.
// Rejected: nested keys with `__` in the environment, which need explaining and gain nothing at this size.
//
// 2026-11-23: plugins alone has settings in a mapping, since it also holds what each plugin is told, which is theirs and is
// nested anyway. Those that a trial run needs have a flag and a variable: plugins.dir is --plugins, plugins.dev is --plugins-dev.
//
// 2026-11-22: flags keep their text and are judged here, with the other sources, instead of by pflag while it parses. Rejected:
// typed flags, which stop at the first fault and word it differently.
//
// 2026-11-22: the file goes through a parser of our own over YAML nodes instead of koanf's, which keeps no line numbers, ends
// at the first key written twice and passes over a second document.
//
// 2026-11-22: variables that Kubernetes sets for a service named "checkout" (CHECKOUT_SERVICE_HOST, CHECKOUT_PORT=tcp://…) are
// passed over; taking them for settings would keep a pod from starting beside such a service. So are those of commands that ask a
// server.
package config
