// Package report writes what the rule tools found: for people, or as JSON with a
// version. One file a command, one function a format.
package report
