package backtest_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/backtest"
)

func TestATableIsReadByItsColumns(t *testing.T) {
	const table = "\ufeffinvoice,at,sku,units,price,name,customer,country,coupons\r\n" +
		"1,2010-12-01T08:26:00Z,B,2,1.50,\"Bag, \"\"red\"\"\nlarge\",ann,United Kingdom,save  TEN\r\n" +
		"1,2010-12-01T08:26:00Z,A,1,2,Apple,ann,United Kingdom,\n" +
		"2,2010-12-02,A,1,2,Apple,,EIRE,\n"
	src, err := backtest.NewCSV(strings.NewReader(table), -1, backtest.CSV{
		Currency: pounds(t), Countries: map[string]string{"United Kingdom": "GB"},
		Columns: map[backtest.Field]string{backtest.FieldOrder: "invoice", backtest.FieldQuantity: "units"},
	})
	if err != nil {
		t.Fatal(err)
	}
	type line struct {
		SKU, Name string
		Price     engine.Amount
		Units     int64
	}
	type order struct {
		Reference, Place, At, Customer, Country string
		Coupons                                 []string
		Lines                                   []line
	}
	var got []order
	for decoder, buf := src.Decoder(), []byte(nil); ; {
		e, all, err := src.Next(buf)
		if err != nil {
			break
		}
		buf = all
		o, err := decoder.Decode(e)
		if err != nil {
			t.Fatal(err)
		}
		cart := o.Request.Cart
		entry := order{o.Reference, o.Place, o.PlacedAt.Format("2006-01-02 15:04"), cart.Customer.ID, cart.Shipping.Country, cart.Coupons, nil}
		for _, l := range cart.Lines {
			entry.Lines = append(entry.Lines, line{l.Item.SKU, l.Item.Name, l.Item.Price, l.Quantity})
		}
		got = append(got, entry)
	}
	want := []order{
		{"1", "line 2", "2010-12-01 08:26", "ann", "GB", []string{"save", "TEN"}, []line{{"A", "Apple", 200, 1}, {"B", "Bag, \"red\"\nlarge", 150, 2}}},
		{"2", "line 5", "2010-12-02 00:00", "", "EIRE", nil, []line{{"A", "Apple", 200, 1}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestItemsOfAnInventoryHaveItsFactsAndThePriceOfTheRow(t *testing.T) {
	items := engine.NewCatalog([]engine.Item{{SKU: "A", Name: "Apple", Price: 300, Categories: []string{"fruit"}}})
	const table = "order,at,sku,quantity,price\n1,2010-12-01,A,1,2.50\n2,2010-12-01,A,1,\n3,2010-12-01,B,1,\n"
	src, err := backtest.NewCSV(strings.NewReader(table), -1, backtest.CSV{Currency: pounds(t), Items: items})
	if err != nil {
		t.Fatal(err)
	}
	rules := rulesOf(t, "  - {id: fruit, deal: {percent_off: {of: category == \"fruit\", percent: 10}}}\n")
	r, err := backtest.Run(t.Context(), src, backtest.Options{Old: rulesOf(t, nothing), New: rules})
	if err != nil {
		t.Fatal(err)
	}
	if got := in(t, r).New; got.Discount != 55 || got.Revenue != 495 {
		t.Errorf("got %+v, want 55 off and 495 paid", got)
	}
	want := []backtest.Failure{{Kind: backtest.UnknownItem, Orders: 1, Examples: []backtest.Example{{Reference: "3", Place: "line 4", Problem: "the item B has no price and is not in the inventory"}}}}
	if diff := cmp.Diff(want, r.Failures); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestFaultsOfATable(t *testing.T) {
	const head = "order,at,sku,quantity,price\n"
	for _, c := range []struct {
		name, table string
		problem     string // of the order
		err         string // of the table
	}{
		{"no rows", head, "", ""},
		{"nothing at all", "", "", "read the first row: EOF"},
		{"a column that is missing", "order,at,sku,price\n", "", `the table has no column "quantity" for quantity; it has order, at, sku, price: name the column with --columns quantity=NAME`},
		{"a row that is too short", head + "1,2010-12-01,A\n", "", "record on line 2: wrong number of fields"},
		{"an order in two parts", head + "1,2010-12-01,A,1,1\n2,2010-12-01,A,1,1\n1,2010-12-01,B,1,1\n", "", "line 4: the order 1 ended at line 2 already; sort the table by orders"},
		{"a quantity that is none", head + "1,2010-12-01,A,1.5,1\n", `quantity "1.5": want a whole number`, ""},
		{"a price that is none", head + "1,2010-12-01,A,1,1.234\n", `price of A: amount 1.234: GBP has 2 decimal digits`, ""},
		{"a time that is none", head + "1,1 Dec,A,1,1\n", `time "1 Dec": want one such as 2026-11-01T08:00:00Z`, ""},
		{"a SKU that is none", head + "1,2010-12-01,A B,1,1\n", `"A B" is no SKU: it has 1 to 64 letters, digits, -, _ and .`, ""},
		{"two prices", head + "1,2010-12-01,A,1,1\n1,2010-12-01,A,1,2\n", "it has the item A at two prices", ""},
		{"a return", head + "1,2010-12-01,A,-1,1\n", "old rules: price cart: lines[0]: quantity -1 of A: want 1 to 1000000000", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			src, err := backtest.NewCSV(strings.NewReader(c.table), -1, backtest.CSV{Currency: pounds(t)})
			var result *backtest.Result
			if err == nil {
				result, err = backtest.Run(t.Context(), src, backtest.Options{Old: rulesOf(t, nothing), New: rulesOf(t, nothing)})
			}
			if text := message(err); text != c.err {
				t.Fatalf("got error %q, want %q", text, c.err)
			}
			if err != nil {
				return
			}
			problem := ""
			if len(result.Failures) > 0 {
				problem = result.Failures[0].Examples[0].Problem
			}
			if problem != c.problem {
				t.Errorf("got problem %q, want %q", problem, c.problem)
			}
		})
	}
	_, err := backtest.NewCSV(strings.NewReader(head), -1, backtest.CSV{Columns: map[backtest.Field]string{"colour": "sku"}})
	if want := "there is no field \"colour\"; the fields are [order at sku name quantity price customer country channel coupons]"; message(err) != want {
		t.Errorf("got error %v, want %s", err, want)
	}
	if _, err := backtest.NewCSV(strings.NewReader("a\n"), -1, backtest.CSV{}); !errors.As(err, new(*backtest.ColumnError)) {
		t.Errorf("got error %v, want a *ColumnError", err)
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
