// Package surface prices the carts of rule tests as customers do: with the API of
// checkout run, over HTTP.
//
// # Design
//
// 2026-11-23. A surface is the API's own handler behind its own server on a port of
// the loopback, on a database in memory: nothing of what a request passes is left out
// but the network card. Rules, clock, plugins and items are those of the case, the
// first three in a handler that is made for it, which costs less than a switch in
// each of them; the database is kept, and items that differ are stored anew. Rejected:
// httptest, which production code may not import, and the handler without a server,
// which would not notice what encoding and limits of the server do.
package surface
