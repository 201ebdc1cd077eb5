package storetest

import (
	"fmt"
	"sync"

	"github.com/checkout-promotions/checkout/engine"
)

func itemCases() []testCase {
	put := func(sku, name string, change ...func(*engine.ItemPut)) engine.ItemPut {
		p := engine.ItemPut{Item: engine.Item{SKU: sku, Name: name, Price: 100}, KeepStock: true}
		for _, c := range change {
			c(&p)
		}
		return p
	}
	at := func(revision int64) func(*engine.ItemPut) {
		return func(p *engine.ItemPut) { p.Condition.Revision = &revision }
	}
	absent := func(p *engine.ItemPut) { p.Condition.Absent = true }
	stock := func(n int64) func(*engine.ItemPut) {
		return func(p *engine.ItemPut) { p.KeepStock, p.Item.Stock = false, n }
	}
	skus := func(items []engine.StoredItem) (list []string) {
		for _, i := range items {
			list = append(list, fmt.Sprintf("%s@%d", i.SKU, i.Revision))
		}
		return list
	}
	return []testCase{
		{"an item is put where it is as the condition has it, and nothing changes where it is not", func(s *shop) {
			item, created, err := s.PutItem(s.ctx, put("A", "a", absent, stock(3)))
			s.check(err)
			s.equal("created", created, true)
			s.equal("revision", item.Revision, int64(1))
			_, _, err = s.PutItem(s.ctx, put("A", "b", absent))
			s.refused(err, &engine.ItemChangedError{SKU: "A", Revision: 1})
			item, created, err = s.PutItem(s.ctx, put("A", "b", at(1)))
			s.check(err)
			s.equal("created", created, false)
			s.equal("item", []any{item.Name, item.Stock, item.Revision}, []any{"b", int64(3), int64(2)})
			_, _, err = s.PutItem(s.ctx, put("A", "c", at(1)))
			s.refused(err, &engine.ItemChangedError{SKU: "A", Revision: 2})
			_, _, err = s.PutItem(s.ctx, put("B", "c", at(1)))
			s.refused(err, &engine.ItemChangedError{SKU: "B"})
			s.refused(s.DeleteItem(s.ctx, "A", put("", "", at(1)).Condition), &engine.ItemChangedError{SKU: "A", Revision: 2})
			s.check(s.DeleteItem(s.ctx, "A", put("", "", at(2)).Condition))
			s.refused(s.DeleteItem(s.ctx, "A", engine.Precondition{}), &engine.UnknownItemError{Key: "A"})
			item, created, err = s.PutItem(s.ctx, put("A", "a", absent))
			s.check(err)
			s.equal("created again", created, true)
			s.equal("kept stock", item.Stock, int64(3))
			s.addsUp()
		}},
		{"many items are put or none", func(s *shop) {
			s.add(engine.Item{SKU: "A", Name: "a", Stock: 3})
			_, err := s.PutItems(s.ctx, []engine.ItemPut{put("A", "x"), put("B", "y", at(4))})
			s.refused(err, &engine.ItemChangedError{SKU: "B"})
			items, err := s.PutItems(s.ctx, []engine.ItemPut{put("B", "a", stock(5)), put("A", "y")})
			s.check(err)
			s.equal("items", []any{items[0].SKU, items[0].Stock, items[1].Name, items[1].Stock}, []any{"B", int64(5), "y", int64(3)})
			s.addsUp()
		}},
		{"pages of items are in the order of SKUs", func(s *shop) {
			s.add(engine.Item{SKU: "a", Name: "1", Stock: 1}, engine.Item{SKU: "B", Name: "2", Stock: 5}, engine.Item{SKU: "B_1", Name: "3"}, engine.Item{SKU: "B-1", Name: "4"})
			s.withdraws("a")
			few := int64(1)
			for _, x := range []struct {
				of   engine.ItemListing
				want []string
			}{
				{engine.ItemListing{Limit: 9}, []string{"B@1", "B-1@1", "B_1@1"}},
				{engine.ItemListing{Limit: 1, After: "B"}, []string{"B-1@1"}},
				{engine.ItemListing{Limit: 9, Prefix: "B_"}, []string{"B_1@1"}},
				{engine.ItemListing{Limit: 9, MaxStock: &few}, []string{"B-1@1", "B_1@1"}},
				{engine.ItemListing{Limit: 9, Deleted: true}, []string{"a@2"}},
				{engine.ItemListing{Limit: 9, Prefix: "\x00"}, nil},
			} {
				items, err := s.ItemPage(s.ctx, x.of)
				s.check(err)
				s.equal(fmt.Sprintf("page of %+v", x.of), skus(items), x.want)
			}
			_, err := s.StoredItem(s.ctx, "a")
			s.refused(err, &engine.UnknownItemError{Key: "a"})
			item, err := s.StoredItem(s.ctx, "B")
			s.check(err)
			s.equal("item", skus([]engine.StoredItem{item}), []string{"B@1"})
		}},
		{"an item that is edited while it is sold loses no unit, and of editors of one revision one wins", func(s *shop) {
			s.add(engine.Item{SKU: "A", Name: "a", Price: 100, Stock: 100})
			var all sync.WaitGroup
			won := make(chan bool, 10)
			for range 10 {
				all.Go(func() {
					_, err := s.buy("A")
					s.wants(err, true, "a sale")
				})
				all.Go(func() {
					_, _, err := s.PutItem(s.ctx, put("A", "a", at(1)))
					won <- err == nil
				})
			}
			all.Wait()
			close(won)
			n := 0
			for w := range won {
				if w {
					n++
				}
			}
			s.equal("winners", n, 1)
			s.equal("stock", s.item("A").Stock, int64(90))
			s.addsUp()
		}},
	}
}
