// Package difference tells what two versions of rules do otherwise, not how their
// files differ.
//
//	d := difference.Between(old, new)
//
// Promotions are compared by id, key by key. The order of keys, of files and of
// promotions, comments, blanks, brackets and quotes mean nothing; nor does a key that
// says what holds without it, one deal in a list, or 10 where there was 10.0.
// Expressions are compared by their parts, with what the names of sets and conditions
// stand for in their place: to give a set another name changes nothing, to change a
// set changes each promotion that reads it, directly or by way of others.
//
// What is not found to be the same is told: of two expressions that mean the same in
// other words, such as x > 3 and 3 < x, that they differ.
package difference
