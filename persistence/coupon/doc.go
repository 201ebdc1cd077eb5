// Package coupon makes the codes of a coupon pool. It is pure: no database, no
// clock, and randomness only in [NewKey].
//
//	format := coupon.Format{Prefix: "SPRING", Length: 8, Group: 4}
//	generator, err := coupon.New(format, coupon.NewKey())
//	generator.Code(0) // such as "SPRING-7KQ4-MH2T"
//	generator.Code(1) // another one, for ever
//
// # Design
//
// Decided 2026-11-22:
//
//   - The letters are 2346789CDFGHJKMPQRTVWXY, which are those of product keys
//     (base 24: no vowels, so that no word appears by chance, and no 0, 1, 5, I,
//     L, N, O, S, U or Z), without B, which is like 8. Of 0/O, 1/I/L, 5/S, 2/Z,
//     8/B and U/V at most one is left, so that what is printed can be read in one
//     way only. Rejected: Crockford's base 32, which has 0, 1, 5, S, 2, Z, 8 and
//     B, and is meant for programs that map what people type.
//   - What is typed is not mapped (O to 0, …): rules name codes with any letters,
//     engine.NormalizeCoupon stays the one way to compare codes, and a code with
//     two spellings would be looked up twice. A look-alike is not in the alphabet,
//     so [Format.Explain] recognises it as a misreading.
//   - 23 is a prime, so one check character in the way of the pure systems of
//     ISO/IEC 7064 (as MOD 11-2 and MOD 37-2, here modulo 23 with radix 5, which
//     generates all residues) needs no letter of its own. It finds every single
//     wrong character and every exchange of two characters, adjacent or not,
//     since the weights of all places differ. Rejected: Luhn modulo N, which
//     misses some exchanges and wants an even N; Damm's quasigroup of order 23 is
//     a table for the same.
//   - Code i is the number i, encrypted: FF1 of NIST SP 800-38G, format-preserving
//     encryption by a Feistel network of ten rounds of AES over the numerals. A
//     permutation never gives a code twice, so making codes asks nobody, goes on
//     at any counter after a stop, and needs no memory. Without the key the codes
//     that are known say nothing about the next. Rejected: random codes that are
//     looked up before they are kept, which need the database for each and cannot
//     tell after a stop which were made; Feistel with cycle walking (Black and
//     Rogaway 2002), which takes an unforeseen number of rounds over a domain
//     that is no power of two, where FF1 fits the numerals exactly.
//   - Guessing has to be hopeless, whatever the shop does to slow it down: there
//     are [Odds] possible codes or more for each that is issued, and FF1 wants a
//     million in all (SP 800-38G, revision 1).
//
// The only package beyond the standard library is the project's own engine.
package coupon
