package ruletest

import _ "embed" // the format

// Documentation is the source of the package's documentation, for tools that show
// what it says of the keys of tests.
//
//go:embed doc.go
var Documentation string
