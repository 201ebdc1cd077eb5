package replay

// Compare runs compare.
var Compare = compare
