package storetest

import (
	"errors"
	"fmt"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
)

func importCases() []testCase {
	receipt := persistence.ItemImport{Reason: persistence.ReasonReceipt, Note: "list 7"}
	return []testCase{
		{"an import adds, changes and leaves alone, and says how many of each", func(s *shop) {
			before := s.stock()
			counts, err := s.imports(receipt, with(before[0], func(i *engine.Item) { i.Stock = 12 }), before[1], engine.Item{SKU: "new", Name: "new", Stock: 1})
			s.check(err)
			s.equal("counts", counts, persistence.ItemCounts{New: 1, Changed: 1, Unchanged: 1})
			s.moved(tv, "+2=12 receipt list 7", "+10=10 initial")
			s.moved(macbook, "+5=5 initial")
			s.moved("new", "+1=1 initial list 7")
			s.counts(5)
		}},
		{"what is known of the items can be kept", func(s *shop) {
			before := s.stock()
			_, err := s.ImportItems(s.ctx, []string{tv, "new"}, receipt, func(known map[string]*engine.Item) ([]engine.Item, error) {
				s.equal("known items", known, map[string]*engine.Item{tv: &before[0]})
				return []engine.Item{with(*known[tv], func(i *engine.Item) { i.Price = 1 })}, nil
			})
			s.check(err)
			s.equal("item", s.item(tv), with(before[0], func(i *engine.Item) { i.Price = 1 }))
		}},
		{"a dry run counts the same and changes nothing", func(s *shop) {
			before := s.stock()
			unchanged := s.unchanged()
			dry := receipt
			dry.DryRun = true
			counts, err := s.imports(dry, with(before[0], func(i *engine.Item) { i.Brand = "" }), before[1], engine.Item{SKU: "new", Name: "new"})
			s.check(err)
			s.equal("counts", counts, persistence.ItemCounts{New: 1, Changed: 1, Unchanged: 1})
			_, err = s.imports(dry, engine.Item{SKU: "new", Name: "Google TV"})
			s.refused(err, &engine.NameTakenError{Name: "Google TV", SKU: "new", By: tv})
			unchanged()
		}},
		{"an import brings deleted items back", func(s *shop) {
			before := s.stock()
			s.withdraws(tv)
			counts, err := s.imports(receipt, before[0])
			s.check(err)
			s.equal("counts", counts, persistence.ItemCounts{Changed: 1})
			s.equal("item", s.item(tv), before[0])
		}},
		{"names may be swapped, a taken one is refused with all of the import", func(s *shop) {
			before := s.stock()
			_, err := s.imports(receipt, with(before[0], func(i *engine.Item) { i.Name = before[1].Name }), with(before[1], func(i *engine.Item) { i.Name = before[0].Name }))
			s.check(err)
			s.equal("owner of the name", s.item("Google TV").SKU, macbook)
			unchanged := s.unchanged()
			_, err = s.imports(receipt, engine.Item{SKU: "A", Name: "fine"}, engine.Item{SKU: "B", Name: "Google TV"})
			s.refused(err, &engine.NameTakenError{Name: "Google TV", SKU: "B", By: macbook})
			unchanged()
		}},
		{"an import that is wrong changes nothing", func(s *shop) {
			s.stock()
			unchanged := s.unchanged()
			_, err := s.imports(receipt, engine.Item{SKU: "A", Name: "a"}, engine.Item{SKU: "B", Name: "b", Price: -1})
			s.refused(err, &persistence.InvalidError{Field: "items[1].price", Problem: "is -1 smallest units; want 0 to 1000000000000000"})
			_, err = s.imports(persistence.ItemImport{Reason: persistence.ReasonSale}, engine.Item{SKU: "A", Name: "a"})
			s.refused(err, &persistence.InvalidError{Field: "reason", Problem: `is "sale"; want receipt, correction, return or import`})
			broken := errors.New("broken")
			_, err = s.ImportItems(s.ctx, []string{tv}, receipt, func(map[string]*engine.Item) ([]engine.Item, error) { return nil, broken })
			s.is(err, broken)
			_, err = s.ImportItems(s.ctx, []string{tv}, receipt, func(map[string]*engine.Item) ([]engine.Item, error) {
				return []engine.Item{{SKU: "other", Name: "o"}}, nil
			})
			if err == nil || err.Error() != `import items: "other" was not among the SKUs to import` {
				s.t.Errorf("got error %v, want that of the other item", err)
			}
			unchanged()
		}},
		{"twelve hundred items are imported twice, and the second time nothing changes", func(s *shop) {
			items := make([]engine.Item, 1200)
			for i := range items {
				items[i] = engine.Item{
					SKU: fmt.Sprintf("S%04d", i), Name: fmt.Sprint("name ", i), Price: engine.Amount(i), Stock: int64(i),
					Attributes: engine.Attributes{"b": engine.BoolValue(true), "a": engine.NumberValue(decimal(s.t, "1.50"))},
				}
			}
			counts, err := s.imports(receipt, items...)
			s.check(err)
			s.equal("counts", counts, persistence.ItemCounts{New: 1200})
			counts, err = s.imports(receipt, items...)
			s.check(err)
			s.equal("counts", counts, persistence.ItemCounts{Unchanged: 1200})
			s.addsUp()
		}},
		{"sales during an import are neither undone nor forgotten", func(s *shop) {
			s.add(engine.Item{SKU: "A", Name: "a", Stock: 100})
			together(20, func(i int) {
				if i%4 > 0 {
					_, err := s.buy("A")
					s.wants(err, true, "a sale")
					return
				}
				_, err := s.ImportItems(s.ctx, []string{"A"}, receipt, func(known map[string]*engine.Item) ([]engine.Item, error) {
					return []engine.Item{with(*known["A"], func(item *engine.Item) { item.Price = engine.Amount(i) })}, nil
				})
				s.wants(err, true, "an import")
			})
			s.equal("stock", s.item("A").Stock, int64(85))
			s.addsUp()
		}},
	}
}

// imports imports the items as they are.
func (s *shop) imports(o persistence.ItemImport, items ...engine.Item) (persistence.ItemCounts, error) {
	skus := make([]string, len(items))
	for i := range items {
		skus[i] = items[i].SKU
	}
	return s.ImportItems(s.ctx, skus, o, func(map[string]*engine.Item) ([]engine.Item, error) { return items, nil })
}

// with returns the item with a change.
func with(item engine.Item, change func(*engine.Item)) engine.Item {
	change(&item)
	return item
}
