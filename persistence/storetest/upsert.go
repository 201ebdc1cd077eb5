package storetest

import (
	"fmt"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
)

func upsertCases() []testCase {
	return []testCase{
		{"nothing to add is no error", func(s *shop) {
			stored, err := s.Upsert(s.ctx, nil)
			s.check(err)
			s.equal("items", stored, []engine.Item{})
		}},
		{"ids are the store's own, and an id of the caller changes no other item", testForeignIDs},
		{"one call may add and update, and answers in the order asked", func(s *shop) {
			before := s.stock()
			stored := s.add(engine.Item{SKU: "new", Name: "New", Price: 1}, engine.Item{SKU: "120P90", Name: "TV", Price: 2, Stock: 3})
			s.equal("SKUs", []string{stored[0].SKU, stored[1].SKU}, []string{"new", "120P90"})
			s.equal("id of the known item", stored[1].ID, before[0].ID)
			s.equal("the known item", s.item("TV"), stored[1])
			s.counts(5)
		}},
		{"an update replaces every field, also by nothing", func(s *shop) {
			before := s.stock()
			after := s.add(engine.Item{SKU: "120P90", Name: "Google TV"})[0]
			s.equal("item", after, engine.Item{ID: before[0].ID, SKU: "120P90", Name: "Google TV"})
		}},
		{"an update of the basics keeps the rest", testBasicsKeep},
		{"the basics of a new item are all it has", func(s *shop) {
			stored, err := s.UpsertBasics(s.ctx, []engine.Item{{SKU: "A", Name: "a", Price: 1, Stock: 2, MinPrice: 1, Brand: "b", Tags: []string{"t"}}})
			s.check(err)
			s.equal("item", stored[0], engine.Item{ID: stored[0].ID, SKU: "A", Name: "a", Price: 1, Stock: 2})
		}},
		{"a name that another item has is refused, and nothing of the call is stored", func(s *shop) {
			s.stock()
			unchanged := s.unchanged()
			_, err := s.Upsert(s.ctx, []engine.Item{{SKU: "A", Name: "fine"}, {SKU: "B", Name: "Google TV"}})
			s.refused(err, &engine.NameTakenError{Name: "Google TV", SKU: "B", By: "120P90"})
			unchanged()
		}},
		{"two items of one call cannot have the same name", func(s *shop) {
			unchanged := s.unchanged()
			_, err := s.Upsert(s.ctx, []engine.Item{{SKU: "A", Name: "same"}, {SKU: "B", Name: "same"}})
			s.refused(err, &engine.NameTakenError{Name: "same", SKU: "B", By: "A"})
			unchanged()
		}},
		{"an item may be renamed, and its old name is free", func(s *shop) {
			s.add(engine.Item{SKU: "A", Name: "old"})
			s.add(engine.Item{SKU: "A", Name: "young"})
			s.add(engine.Item{SKU: "B", Name: "old"})
			s.equal("SKU", s.item("old").SKU, "B")
		}},
		{"items may swap their names in one call", func(s *shop) {
			s.add(engine.Item{SKU: "A", Name: "a"}, engine.Item{SKU: "B", Name: "b"}, engine.Item{SKU: "C", Name: "c"})
			s.add(engine.Item{SKU: "A", Name: "b"}, engine.Item{SKU: "B", Name: "c"}, engine.Item{SKU: "C", Name: "a"})
			s.equal("SKUs", []string{s.item("a").SKU, s.item("b").SKU, s.item("c").SKU}, []string{"C", "A", "B"})
		}},
		{"a new item may take a name that its owner gives up in the same call", func(s *shop) {
			s.add(engine.Item{SKU: "A", Name: "a"})
			s.add(engine.Item{SKU: "B", Name: "a"}, engine.Item{SKU: "A", Name: "z"})
			s.equal("SKUs", []string{s.item("a").SKU, s.item("z").SKU}, []string{"B", "A"})
		}},
		{"names differ by case and blanks", func(s *shop) {
			s.add(engine.Item{SKU: "A", Name: "tv"}, engine.Item{SKU: "B", Name: "TV"}, engine.Item{SKU: "C", Name: "TV "})
			s.counts(3)
		}},
		{"what cannot be stored as it is is refused by field and index", testInvalidItems},
		{"twelve hundred items are stored in one call, renamed in circle too", testBigBatch},
	}
}

func testForeignIDs(s *shop) {
	before := s.stock()
	stored := s.add(
		engine.Item{ID: before[1].ID, SKU: "120P90", Name: "Google TV", Price: 1},
		engine.Item{ID: before[2].ID, SKU: "new", Name: "new"},
	)
	s.equal("id of the known item", stored[0].ID, before[0].ID)
	ids := make(map[int64]bool)
	for _, item := range s.items() {
		ids[item.ID] = item.ID > 0
	}
	s.equal("number of different ids", len(ids), 5)
	s.equal("the item whose id was sent", s.item("43N23P"), before[1])
}

func testBasicsKeep(s *shop) {
	before := s.stock()
	update := make([]engine.Item, len(before))
	want := make([]engine.Item, len(before))
	for i, item := range before {
		update[i] = engine.Item{SKU: item.SKU, Name: item.Name + "!", Price: item.Price + 1, Stock: item.Stock + 2}
		want[i] = item
		want[i].Name, want[i].Price, want[i].Stock = update[i].Name, update[i].Price, update[i].Stock
	}
	stored, err := s.UpsertBasics(s.ctx, update)
	s.check(err)
	s.equal("items", stored, want)
	s.equal("item read again", s.item("120P90"), want[0])
}

func testInvalidItems(s *shop) {
	fine := engine.Item{SKU: "fine", Name: "fine"}
	for _, c := range []struct {
		item           engine.Item
		field, problem string
	}{
		{engine.Item{Name: "n"}, "items[1].sku", "is empty"},
		{engine.Item{SKU: "A"}, "items[1].name", "is empty"},
		{engine.Item{SKU: "fine", Name: "n"}, "items[1].sku", "fine is also items[0]; name each item once"},
		{engine.Item{SKU: "A", Name: "n", Price: -1}, "items[1].price", "is -1 smallest units; want 0 to 1000000000000000"},
		{engine.Item{SKU: "A", Name: "n", Price: engine.MaxAmount + 1}, "items[1].price", "is 1000000000000001 smallest units; want 0 to 1000000000000000"},
		{engine.Item{SKU: "A", Name: "n", MinPrice: -1}, "items[1].min_price", "is -1 smallest units; want 0 to 1000000000000000"},
		{engine.Item{SKU: "A", Name: "n", Stock: -1}, "items[1].stock", "is -1; want 0 or more"},
		{engine.Item{SKU: "A\x00", Name: "n"}, "items[1].sku", "contains a NUL character"},
		{engine.Item{SKU: "A", Name: "n\x00"}, "items[1].name", "contains a NUL character"},
		{engine.Item{SKU: "A", Name: "n\xff"}, "items[1].name", "is not valid UTF-8"},
		{engine.Item{SKU: "A", Name: "n", Brand: "\x00"}, "items[1].brand", "contains a NUL character"},
		{engine.Item{SKU: "A", Name: "n", Tags: []string{"", "\xff"}}, "items[1].tags", "is not valid UTF-8"},
		{engine.Item{SKU: "A", Name: "n", Categories: []string{"\x00"}}, "items[1].categories", "contains a NUL character"},
		{engine.Item{SKU: "A", Name: "n", Attributes: engine.Attributes{"\x00": engine.BoolValue(true)}}, "items[1].attributes", "contains a NUL character"},
		{engine.Item{SKU: "A", Name: "n", Attributes: engine.Attributes{"a": engine.TextsValue([]string{"\xff"})}}, "items[1].attributes", "is not valid UTF-8"},
	} {
		_, err := s.Upsert(s.ctx, []engine.Item{fine, c.item})
		s.refused(err, &persistence.InvalidError{Field: c.field, Problem: c.problem})
	}
	s.counts(0)
}

func testBigBatch(s *shop) {
	const n = 1200
	items := make([]engine.Item, n)
	for i := range items {
		items[i] = engine.Item{SKU: fmt.Sprintf("S%04d", i), Name: fmt.Sprint("name ", i), Price: engine.Amount(i)}
	}
	s.add(items...)
	for i := range items {
		items[i].Name = fmt.Sprint("name ", (i+1)%n)
	}
	stored := s.add(items...)
	for i := range items {
		items[i].ID = stored[i].ID
	}
	s.equal("items", s.items(), items)
}
