// Package explain tells people what promotions did to a cart, or why they did
// nothing. The text is what checkout rules explain shows, and what tests compare
// with explain.
package explain
