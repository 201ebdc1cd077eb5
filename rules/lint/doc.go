// Package lint finds what is hardly meant in rules that compile.
package lint
