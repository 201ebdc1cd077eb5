// Package optimum chooses which applications of overlapping multi-unit offers a
// cart gets, so that they gain the most.
package optimum
