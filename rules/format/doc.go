// Package format writes rule files and test files the way all of them look.
//
//	formatted, err := format.Source("tv.yaml", data)
//
// Blocks are indented by two blanks, the items of a list as well. Collections in
// brackets that are on one line have one blank after each comma and colon; rows of
// a table that were aligned stay aligned. There is no blank at the end of a line,
// and no more than one empty line between others. Comments stay where they are,
// beside what they are about. What stands inside of a text, such as an expression
// over several lines, is moved and not changed.
//
// Lines are changed where they stand: nothing is written anew from a tree, so that
// nothing can get lost that the tree does not have. What comes out is read again,
// and must say the same, with the same comments, and be formatted already; a file
// for which that does not hold is left alone, with an *UnsafeError.
package format
