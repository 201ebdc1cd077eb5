//go:build race

package main_test

// manyCodes take long enough that a signal comes in between; the race detector makes
// each take fifteen times as long.
const manyCodes = 15_000
