package diag

// lintPages are the pages of findings in rules that load. Of those that need to
// know the shop's items, inventory.yaml has them.
func lintPages() []Page {
	return []Page{
		{
			Code: NeverTrue, Title: "A condition, a part of one, or a set that nothing ever fulfils",
			Avoid: `promotions:
  - {id: spring, when: cart.quantity > 5 and cart.quantity < 5, deal: {amount_off: {of: order, amount: 5}}}`,
			Prefer: `promotions:
  - {id: spring, when: cart.quantity > 5 or cart.quantity < 5, deal: {amount_off: {of: order, amount: 5}}}`,
			Why: `The promotion can never be applied, and nobody is told. It is proved from what each fact can be: two
parts want different things of one fact, or the schedule leaves the instant out.`,
		},
		{
			Code: AlwaysTrue, Title: "A condition, or a part of one, that is always true",
			Avoid: `promotions:
  - {id: spring, when: cart.subtotal >= 100 and cart.subtotal >= 50, deal: {amount_off: {of: order, amount: 5}}}`,
			Prefer: `promotions:
  - {id: spring, when: cart.subtotal >= 100, deal: {amount_off: {of: order, amount: 5}}}`,
			Why: `It looks like a rule and is none. Either it can go, or another fact or number was meant. --fix takes it
out; nothing changes by that.`,
		},
		{
			Code: Shadowed, Title: "A promotion that another one always goes before",
			Avoid: `-- rules.yaml --
promotions:
  - {id: five, priority: 2, group: offers, deal: {amount_off: {of: order, amount: 5}}}
  - {id: vip-ten, priority: 1, group: offers, when: "'vip' in customer.groups", deal: {amount_off: {of: order, amount: 10}}}
-- policy.yaml --
groups: [{id: offers, combine: first}]`,
			Prefer: `-- rules.yaml --
promotions:
  - {id: five, priority: 1, group: offers, deal: {amount_off: {of: order, amount: 5}}}
  - {id: vip-ten, priority: 2, group: offers, when: "'vip' in customer.groups", deal: {amount_off: {of: order, amount: 10}}}
-- policy.yaml --
groups: [{id: offers, combine: first}]`,
			Why: `Where the first that can is the only one, and it can wherever this one could, this one is never applied.`,
		},
		{
			Code: Overlapping, Title: "Two promotions that compete, where nothing but their ids decides",
			Avoid: `-- rules.yaml --
promotions:
  - {id: any-five, group: offers, when: cart.quantity >= 2, deal: {amount_off: {of: order, amount: 5}}}
  - {id: big-ten, group: offers, when: cart.subtotal >= 100, deal: {amount_off: {of: order, amount: 10}}}
-- policy.yaml --
groups: [{id: offers, combine: first}]`,
			Prefer: `-- rules.yaml --
promotions:
  - {id: any-five, group: offers, when: cart.quantity >= 2, deal: {amount_off: {of: order, amount: 5}}}
  - {id: big-ten, group: offers, priority: 1, when: cart.subtotal >= 100, deal: {amount_off: {of: order, amount: 10}}}
-- policy.yaml --
groups: [{id: offers, combine: first}]`,
			Why: `Of promotions with the same priority the one whose id is first in the alphabet goes first. To rename it
would change what customers pay.`,
		},
		{
			Code: Stacking, Title: "Promotions that together take more off a line than is set",
			Avoid: `promotions:
  - {id: half, limits: {max_discount: 500}, deal: {percent_off: {of: order, percent: 50}}}
  - {id: third, limits: {max_discount: 500}, deal: {percent_off: {of: order, percent: 33}}}`,
			Prefer: `promotions:
  - {id: half, exclusive: true, limits: {max_discount: 500}, deal: {percent_off: {of: order, percent: 50}}}
  - {id: third, limits: {max_discount: 500}, deal: {percent_off: {of: order, percent: 33}}}`,
			Why: `Each of them is fine by itself. It is looked for with max_stack in policy.yaml or --max-stack PERCENT;
the page is about 60. The cart is the worst that was found, and there may be worse ones.`,
		},
		{
			Code: BelowCost, Title: "A promotion by which an item may go for less than it costs the shop",
			Avoid: `-- rules.yaml --
promotions:
  - {id: hats-60, limits: {max_discount: 500}, deal: {percent_off: {of: sku == "HAT", percent: 60}}}
-- inventory.yaml --
items: [{sku: HAT, price: 30.00, attributes: {cost: 14.00}}]`,
			Prefer: `-- rules.yaml --
promotions:
  - {id: hats-60, limits: {max_discount: 500}, deal: {percent_off: {of: sku == "HAT", percent: 60}}}
-- inventory.yaml --
items: [{sku: HAT, price: 30.00, min_price: 15.00, attributes: {cost: 14.00}}]`,
			Why: `No unit goes below the min_price of its item, so that is the place to hold a margin. The cost is an
attribute, cost or what --cost names. It is looked for with an inventory.`,
		},
		{
			Code: Unbounded, Title: "A percentage without any bound on what it takes off",
			Avoid: `promotions:
  - {id: spring, deal: {percent_off: {of: order, percent: 10}}}`,
			Prefer: `promotions:
  - {id: spring, limits: {max_discount: 50}, deal: {percent_off: {of: order, percent: 10}}}`,
			Why: `It runs until somebody thinks of it, and takes as much off a cart as the cart is great. An end, a pool of
codes, limits, max_discount or the cap of policy.yaml bound it.`,
		},
		{
			Code: Expired, Title: "A promotion that is over",
			Avoid: `promotions:
  - {id: spring, schedule: {until: 2026-05-01}, deal: {amount_off: {of: order, amount: 5}}}`,
			Prefer: `promotions:
  - {id: spring, schedule: {until: 2027-05-01}, deal: {amount_off: {of: order, amount: 5}}}`,
			Why: `It only makes the folder longer. Old orders are priced again by the rules of their time, which the server
keeps. It is a note, because time alone should not make a check fail.`,
		},
		{
			Code: NotInCatalogue, Title: "A SKU, brand, category or tag that no item has",
			Avoid: `-- rules.yaml --
promotions:
  - {id: hats-5, deal: {amount_off: {of: category == "hat", amount: 5}}}
-- inventory.yaml --
items: [{sku: HAT, price: 30.00, category: hats}]`,
			Prefer: `-- rules.yaml --
promotions:
  - {id: hats-5, deal: {amount_off: {of: category == "hats", amount: 5}}}
-- inventory.yaml --
items: [{sku: HAT, price: 30.00, category: hats}]`,
			Why: `A misspelt word of the catalogue is a rule that matches nothing. It is looked for with --inventory or a
database.`,
		},
		{
			Code: UnreachableTier, Title: "A step of tiers that no cart can be at",
			Avoid: `promotions:
  - id: more
    when: cart.quantity >= 5
    deal: {tiers: {of: order, steps: [{from: 2, amount_off: 1}, {from: 4, amount_off: 2}]}}`,
			Prefer: `promotions:
  - id: more
    when: cart.quantity >= 3
    deal: {tiers: {of: order, steps: [{from: 2, amount_off: 1}, {from: 4, amount_off: 2}]}}`,
			Why: `The condition lets only such carts through as are beyond the step, or never reach it.`,
		},
		{
			Code: Unused, Title: "A set or a condition that no promotion uses",
			Avoid: `sets: {hats: category == "hats"}
promotions:
  - {id: five, deal: {amount_off: {of: order, amount: 5}}}`,
			Prefer: `sets: {hats: category == "hats"}
promotions:
  - {id: five, deal: {amount_off: {of: hats, amount: 5}}}`,
			Why: `Somebody meant to use it, or forgot to remove it. --fix removes it.`,
		},
		{
			Code: NotPinned, Title: "A plugin that only runs in development, or that no rule asks",
			Avoid: `-- rules.yaml --
promotions:
  - {id: points, deal: {plugin: {name: loyalty}}}
-- plugins.lock.yaml --
version: 1
plugins: {loyalty: {version: "1.0", api: 1, deals: {spend_points: {effect: order}}}}`,
			Prefer: `-- rules.yaml --
promotions:
  - {id: points, deal: {plugin: {name: loyalty}}}
-- plugins.lock.yaml --
version: 1
plugins:
  loyalty:
    version: "1.0"
    api: 1
    sha256: ["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"]
    deals: {spend_points: {effect: order}}`,
			Why: `A server runs no program whose checksum is not in the file, so that the promotion would fail there.`,
		},
		{
			Code: GivesNothing, Title: "A deal that gives nothing",
			Avoid: `promotions:
  - {id: spring, deal: {amount_off: {of: order, amount: 0}}}`,
			Prefer: `promotions:
  - {id: spring, deal: {amount_off: {of: order, amount: 5}}}`,
			Why: `The number is 0, whatever the cart. To switch a promotion off, write enabled: false.`,
		},
		{
			Code: Repeated, Title: "Two promotions that say the same",
			Avoid: `promotions:
  - {id: spring, deal: {award: {kind: points, amount: 5}}}
  - {id: fruehling, deal: {award: {kind: points, amount: 5}}}`,
			Prefer: `promotions:
  - {id: spring, deal: {award: {kind: points, amount: 5}}}`,
			Why: `Customers get it twice, which is seldom meant.`,
		},
		{
			Code: UselessAllowance, Title: "A comment that allows a finding without a reason, or one that is not there",
			Avoid: `promotions:
  # checkout:allow R0513
  - {id: spring, deal: {amount_off: {of: order, amount: 5}}}`,
			Prefer: `promotions:
  # checkout:allow R0513 the amount is set on the day
  - {id: spring, deal: {amount_off: {of: order, amount: 0}}}`,
			Why: `Who reads it later wants to know why. One that nothing needs any more would hide the next finding.`,
		},
		{
			Code: NoCodes, Title: "A coupon pool that has no codes to unlock a promotion",
			Avoid: `promotions:
  - {id: letter, coupon: {pool: leters}, deal: {amount_off: {of: order, amount: 5}}}`,
			Prefer: `promotions:
  - {id: letter, coupon: {pool: letters}, deal: {amount_off: {of: order, amount: 5}}}`,
			Why: `The promotion is promised, and nobody can have it. It is looked for with a database; the page is about one
that has the pool letters. A pool that is revoked, or has no codes, is told of too.`,
		},
		{
			Code: NeverRuns, Title: "A schedule that no instant is in",
			Avoid: `promotions:
  - id: weekend
    schedule: {from: 2026-11-30, until: 2026-12-05, days: [sat, sun]}
    deal: {amount_off: {of: order, amount: 5}}`,
			Prefer: `promotions:
  - id: weekend
    schedule: {from: 2026-11-30, until: 2026-12-06, days: [sat, sun]}
    deal: {amount_off: {of: order, amount: 5}}`,
			Why: `Each of its dates, days and hours is fine, and together they leave nothing. Dates are days of the timezone,
and until is out: until: 2026-12-05 ends with Friday.`,
		},
	}
}
