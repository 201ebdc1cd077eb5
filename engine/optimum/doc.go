// Package optimum chooses, among overlapping multi-unit offers that compete for
// the units of a cart, the applications that gain the customer the most. It is
// pure and deterministic, and imports the standard library only.
//
//	solution := optimum.Solve(optimum.Problem{Units: units, Owners: promotions})
//
// A Solver does the same again and again with the same buffers.
//
// Three for two on one shelf, any two for a price on half of it, and a meal deal
// across both: which units go where? Taking the best offer first loses a few
// percent of the savings on most carts with such overlaps, and a third of them
// on the worst. Equal units are one type, every distinct way to apply an offer
// is one column, and a solution says how often each column is applied. The
// caller enumerates the columns (the formulation of Gilmore and Gomory, 1961,
// for cutting stock).
//
// # Guarantees
//
//   - A solution keeps every rule: no unit is used twice, and no Times, Budget or
//     pick rule is broken. Doing nothing is always allowed, so there always is one.
//   - Bound is at least the gain of every choice, and Optimal says that Gain
//     reaches it. This is proven in integers; floats only suggest where to look.
//   - Gain is never below that of taking the column of the highest gain first, as
//     often as it goes, and so on, where the pick rules allow each such step, nor
//     below that of giving each owner in turn the best of what is left, as far as
//     a small search finds it. Both hold in every component by itself.
//   - Among choices of the same gain, when the search comes to an end, the one with
//     the least sum of gain times place of the owner is chosen: with two owners
//     that compete, the one that gives the earlier owner more. This holds while
//     owners times the square of the gain, in the smallest money unit, stays below
//     about 2^52 for owners that compete; beyond, and among choices that are equal
//     in this too, it is the first one found.
//   - The solution is a function of the Problem alone: of no clock, no random
//     number, no order of a map, and not of the platform.
//
// # Method
//
// The columns that cannot be used are dropped, and the rest falls into components
// that share no type, no limit that can be reached and no pick rule. Each is
// solved alone, the smallest first; of the search budget that is left it may use
// as much as would be left for each of the others, and of the whole no more than
// its size asks for. A component of one column has a closed form. For the others:
//
//   - The linear relaxation, in which columns can be applied in part, is solved by
//     the simplex method (Dantzig, 1951). Rows are the units of each type and the
//     limits that can be reached. A cap is a row too: cutting gains off and scaling
//     them down to the cap are worth the same.
//   - Its duals become integer prices of units and limits, repaired so that every
//     column costs at least its worth. By weak duality the whole cart's price is a
//     bound, as it is in Lagrangian relaxation (Geoffrion, 1974), and the worth of
//     a choice is exactly that bound less its losses: the reduced costs of its
//     columns, and the price of all that is left over.
//   - The better of two simple choices is the start. The gap from it to the bound
//     is what a better choice may lose, so columns whose reduced cost is more are
//     out (reduced-cost fixing: Dantzig, Fulkerson and Johnson, 1954).
//   - A depth-first search decides the columns, type by type. It follows a branch
//     only while what is lost, and what is sure to be lost by what is left, stays
//     in the gap, and enters a state (what is left of the rows that matter) again
//     only with less loss than before. It is run with an eighth of the gap first,
//     which is doubled until a choice is found (iterative deepening: Korf, 1985).
//   - Where that proves nothing, the owners are settled in turn as well, and the
//     better choice is the answer.
//
// Worths are counted in fine units, powers of two of a money unit, as far as 64
// bits allow. They hold the preference for earlier owners and make rounded duals
// prove integral relaxations.
//
// # Budget
//
// Problem.Nodes bounds the search, not its time: a node is one column applied so
// many times, and costs a fraction of a microsecond. What comes before the search
// grows with the columns, and with the square of the rows for each step of the
// simplex: 1,000 columns over 100 types take a few milliseconds. A component that
// is larger is neither relaxed nor searched: its prices begin at the greatest share
// that a column gains by each of its units and are lowered one by one (coordinate
// descent on the dual, as in Erlenkotter, 1978), which gives the bound, and it gets
// the best of the simple choices. Callers with many alike offers should bound their
// columns.
//
// A component may use b/40 of the budget when it takes b bits to say what is left
// of its types, but 16/40 at the least. Small ones that need more are those in
// which pick rules keep the bound out of reach.
//
// # Measurements
//
// One core of an AMD EPYC, 1,000 random baskets of each class, DefaultNodes,
// fastest of three runs, with other work on the machine
// (go test -run '^$' -bench Baskets -benchtime 1x):
//
//	              proven  below 1 ms  p50 / p90 / p99 µs   bound above  greedy loses, mean
//	realistic, 20  100 %       100 %      4 / 11 / 31         0 %        14 %, 1.7 %
//	realistic, 30  100 %       100 %     11 / 35 / 78         0 %        38 %, 3.6 %
//	realistic, 50 99.9 %       100 %     57 / 139 / 328       0 %        69 %, 4.5 %
//	stress, 20     100 %       100 %     82 / 160 / 319       0 %        76 %, 4.9 %
//	stress, 30    96.9 %        99 %    195 / 490 / 990    0.05 %        94 %, 5.0 %
//	stress, 50      54 %        49 %   1020 / 1794 / 2439   1.0 %        89 %, 3.8 %
//
// The number of a class is its units. Ten offers of five kinds compete; in
// realistic baskets half of the units are of 60 promoted products out of 300, in
// the others all are of 40 products, of which each offer covers a quarter. One
// column takes about 1 µs, three columns in each other's way about 10.
//
// Beyond these classes, what the search cannot prove in its budget are many types
// with dozens of units each: near the bound there are then very many choices that
// differ by cents.
//
// # Design
//
// 2026-11-22: The search has a budget of nodes and says how far from the optimum
// it can be. A time limit was rejected: a cart must cost the same on every
// machine and at every load.
//
// 2026-11-22: Floats guide and integers decide. An exact rational simplex was
// rejected: it costs more than the search, and repaired duals lose nothing but
// the rounding, which is less than the worths of two choices differ by.
//
// 2026-11-22: No library. HiGHS (wasm) and CBC (a process) took 10 to 500 ms on
// the baskets that take 50 µs here, and cuts that close the gap at the root cost
// more than they saved.
//
// 2026-11-22: Ties between owners are part of the objective, not a second search.
// In the measurements this costs nothing. A lexicographic order of all owners was
// rejected, since it needs wider numbers; to prefer fewer applications among what
// is still equal was, since no customer sees the difference.
//
// 2026-11-22: Gomory's group relaxation (1969), which would prove carts with many
// units of each type, was left out: gaps there are hundredths of a percent.
// Dominated columns are not looked for either; the search hardly meets them, as
// their reduced cost is at least the gain they lack.
package optimum
