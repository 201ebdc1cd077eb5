// Package host runs the plugins that rules ask, and holds what they do away from the shop.
//
//	h, err := host.New(host.Options{Dir: "plugins", Currency: usd})
//	h.Use(pins)        // of plugins.lock.yaml; called again when the rules change
//	err = h.Ready(ctx) // each runs, or has failed once
//	request, err = ruleset.Consult(ctx, h, request)
//
// Whatever a plugin does, others give what they give, a price waits no longer than a call may take, the fault has a name, and the plugin
// serves again without anybody's help when it can.
//
// # What a program may use
//
// On Linux, by the limits of processes (prlimit), which need no rights and hold in containers: allocations (RLIMIT_DATA) of Options.Memory
// and 256 MiB beside, since Go and Node.js reserve more than they use; 4096 open files; no core files. A program that reaches the first is
// ended by its own runtime, and so are its children, each for itself. Once a second the supervisor looks at /proc: a program whose resident
// memory is above Options.Memory, or which uses more than Options.CPU for five looks in a row, is ended and started again. Neither counts
// what its children use. On other systems nothing is limited: run programs that you trust there.
//
// # Traces
//
// Where the context of a question has a span that is recorded, each call of a plugin is one below it, with the name of the plugin and
// what became of the call: "ok", or the fault, of calls that are not made too. The program gets the span as the gRPC metadata
// "traceparent", and what it makes of that is its own affair. Neither the cart nor what a plugin says is in a span.
//
// # Design
//
// Rejected (2026-11): otelgrpc on the connection. A second span for each call says what ours says, with the path of a socket; it knows
// nothing of calls that are refused before there is a connection, and works on every call where nothing is traced.
//
// Rejected (2026-11): cgroups version 2, which count all that a program and its children use and would be the better bound, but need a
// part of the hierarchy that is given to this user, which services of systemd have to ask for and most containers do not have. Where all
// of Checkout is to be bounded together with its plugins, bound its container or its service.
//
// RLIMIT_AS is not used: V8 and the race detector of Go map far more than they ever touch.
package host
