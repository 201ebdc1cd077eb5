package storetest

import (
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
)

func deletionCases() []testCase {
	return []testCase{
		{"a deleted item is not found, listed, counted, changed or sold", testDeletedIsGone},
		{"a deleted item keeps its stock and its movements", func(s *shop) {
			s.add(engine.Item{SKU: "A", Name: "a", Stock: 3})
			s.sold("A")
			s.withdraws("A")
			s.moved("A", "-1=2 sale", "+3=3 initial")
			s.restores("A")
			s.equal("stock", s.item("A").Stock, int64(2))
			s.addsUp()
		}},
		{"orders keep what was deleted since", func(s *shop) {
			s.add(engine.Item{SKU: "A", Name: "a", Stock: 3})
			order := s.sold("A", "A")
			s.withdraws("A")
			s.equal("orders", s.orders(), []engine.Order{order})
		}},
		{"the name of a deleted item is free", func(s *shop) {
			s.add(engine.Item{SKU: "A", Name: "a"})
			s.withdraws("A")
			s.add(engine.Item{SKU: "B", Name: "a"})
			s.equal("owner of the name", s.item("a").SKU, "B")
		}},
		{"a restored item is as it was", func(s *shop) {
			before := s.stock()
			s.withdraws(tv, pi, tv)
			s.counts(2)
			s.restores(pi, tv)
			s.counts(4)
			s.equal("item", s.item(tv), before[0])
			s.equal("item by its name", s.item("Raspberry Pi B"), before[3])
		}},
		{"an item whose name was taken meanwhile is not restored, nor are those with it", func(s *shop) {
			s.add(engine.Item{SKU: "A", Name: "a"}, engine.Item{SKU: "C", Name: "c"})
			s.withdraws("A", "C")
			s.add(engine.Item{SKU: "B", Name: "a"})
			s.refused(s.RestoreItems(s.ctx, []string{"C", "A"}), &engine.NameTakenError{Name: "a", SKU: "A", By: "B"})
			s.counts(1)
		}},
		{"of two deleted items that had the same name one can be restored", func(s *shop) {
			s.add(engine.Item{SKU: "A", Name: "a"})
			s.withdraws("A")
			s.add(engine.Item{SKU: "B", Name: "a"})
			s.withdraws("B")
			s.refused(s.RestoreItems(s.ctx, []string{"B", "A"}), &engine.NameTakenError{Name: "a", SKU: "B", By: "A"})
			s.restores("B")
			s.equal("owner of the name", s.item("a").SKU, "B")
		}},
		{"an upsert brings a deleted item back with its id", func(s *shop) {
			id := s.add(engine.Item{SKU: "A", Name: "a", Stock: 3, Brand: "kept"})[0].ID
			s.withdraws("A")
			s.add(engine.Item{SKU: "B", Name: "a"})
			stored, err := s.UpsertBasics(s.ctx, []engine.Item{{SKU: "A", Name: "again", Stock: 5}})
			s.check(err)
			s.equal("item", stored, []engine.Item{{ID: id, SKU: "A", Name: "again", Stock: 5, Brand: "kept"}})
			s.equal("item by its name", s.item("again"), stored[0])
			s.moved("A", "+2=5 correction", "+3=3 initial")
			s.refused(s.RestoreItems(s.ctx, []string{"A"}), &engine.UnknownItemError{Key: "A"})
		}},
		{"all are deleted or none, and only what is there", func(s *shop) {
			s.stock()
			unchanged := s.unchanged()
			s.refused(s.DeleteItems(s.ctx, []string{tv, "nope"}), &engine.UnknownItemError{Key: "nope"})
			s.refused(s.DeleteItems(s.ctx, []string{"Google TV"}), &engine.UnknownItemError{Key: "Google TV"})
			s.refused(s.RestoreItems(s.ctx, []string{tv}), &engine.UnknownItemError{Key: tv})
			s.check(s.DeleteItems(s.ctx, nil))
			unchanged()
			s.withdraws(tv)
			s.refused(s.DeleteItems(s.ctx, []string{pi, tv}), &engine.UnknownItemError{Key: tv})
			s.counts(3)
		}},
		{"a gift that was deleted is not to be had", func(s *shop) {
			s.add(engine.Item{SKU: "A", Name: "a", Stock: 3}, engine.Item{SKU: "G", Name: "g", Stock: 3})
			s.withdraws("G")
			order, err := s.buyWithGifts(map[string]string{"A": "G"}, "A")
			s.check(err)
			s.equal("units", order.SKUs, []string{"A"})
			s.restores("G")
			s.equal("stock of the gift", s.item("G").Stock, int64(3))
		}},
		{"an item in another currency is no fault once it is deleted", func(s *shop) {
			s.add(engine.Item{SKU: "A", Name: "a"})
			s.withdraws("A")
			s.check(s.sameDatabase(persistence.Options{Currency: currency(s.t, "EUR")}).CheckCurrency(s.ctx))
		}},
	}
}

func (s *shop) withdraws(skus ...string) {
	s.t.Helper()
	s.check(s.DeleteItems(s.ctx, skus))
}

func (s *shop) restores(skus ...string) {
	s.t.Helper()
	s.check(s.RestoreItems(s.ctx, skus))
}

func testDeletedIsGone(s *shop) {
	s.stock()
	s.withdraws(tv)
	s.counts(3)
	unknown := &engine.UnknownItemError{Key: tv}
	_, err := s.ItemByKey(s.ctx, tv)
	s.refused(err, unknown)
	_, err = s.ItemByKey(s.ctx, "Google TV")
	s.refused(err, &engine.UnknownItemError{Key: "Google TV"})
	found, err := s.ItemsBySKU(s.ctx, []string{tv})
	s.check(err)
	s.equal("items by SKU", found, map[string]*engine.Item{})
	s.equal("items", len(s.items()), 3)
	_, err = s.buy(pi, tv)
	s.refused(err, unknown)
	_, err = s.AdjustStock(s.ctx, tv, 1, persistence.ReasonReceipt, "")
	s.refused(err, unknown)
	_, err = s.SetStock(s.ctx, tv, 1, persistence.ReasonReceipt, "")
	s.refused(err, unknown)
	owners, err := s.NameOwners(s.ctx, []string{"Google TV", "Raspberry Pi B"})
	s.check(err)
	s.equal("owners of names", owners, map[string]string{"Raspberry Pi B": pi})
}
