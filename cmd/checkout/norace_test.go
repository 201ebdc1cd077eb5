//go:build !race

package main_test

// manyCodes take long enough that a signal comes in between.
const manyCodes = 150_000
