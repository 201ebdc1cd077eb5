package catalogue_test

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/catalogue"
	"github.com/checkout-promotions/checkout/rules/diag"
)

// read returns the items of a file over nothing, and its faults.
func read(t interface{ Fatal(...any) }, text string, currency engine.Currency) (items []engine.Item, faults diag.List) {
	r, err := catalogue.NewReader(strings.NewReader(text), catalogue.ReaderOptions{Name: "f", Currency: currency})
	if err != nil {
		t.Fatal(err)
	}
	for {
		record, err := r.Next()
		if errors.Is(err, io.EOF) {
			return items, faults
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(record.Faults) == 0 {
			items = append(items, record.Over(nil))
		}
		faults = append(faults, record.Faults...)
	}
}

func sameItems() cmp.Options {
	return cmp.Options{cmpopts.EquateEmpty(), cmpopts.EquateComparable(engine.Currency{}), cmp.Comparer(func(a, b engine.Value) bool {
		return a.Kind() == b.Kind() && a.String() == b.String()
	})}
}

func TestAllFormatsReadTheSameItems(t *testing.T) {
	usd := currency(t, "USD")
	want, err := catalogue.Parse("items.yaml", []byte(`items:
  - {sku: A-1, name: "Lamp; small", price: 12.50, min_price: 10, stock: 3, categories: [home/lamps, sale], brand: "Müller \"M\"", tags: [new], attributes: {watts: 12.5, dim: true, code: "007", ports: [a, b], note: two words}}
  - {sku: "234", name: "two\nlines", price: 3, stock: 0}
`), usd)
	if err != nil {
		t.Fatal(err)
	}
	const commas = `sku,name,price,min_price,stock,categories,brand,tags,attributes.watts,attributes.dim,attributes.code,attributes.ports,attributes.note
A-1,Lamp; small,12.50,10,3,home/lamps;sale,"Müller ""M""",new,12.5,true,"""007""","[""a"",""b""]",two words
234,"two
lines",3,,0,,,,,,,,
`
	quoted := strings.NewReplacer("Lamp; small", `"Lamp; small"`, "home/lamps;sale", `"home/lamps;sale"`, `["a",`, "«", `"[""a"",""b""]"`, `"[""a"",""b""]"`)
	for name, text := range map[string]string{
		"commas":              commas,
		"a byte order mark":   "\uFEFF" + commas,
		"lines end with CRLF": strings.ReplaceAll(strings.Replace(commas, "two\nlines", "two lines", 1), "\n", "\r\n"),
		"tabs":                strings.NewReplacer(",", "\t", `""a"",""b""`, `""a"",""b""`).Replace(commas),
		"semicolons":          strings.ReplaceAll(strings.ReplaceAll(quoted.Replace(commas), `"[""a"",""b""]"`, `"[""a""*""b""]"`), ",", ";"),
		"JSON Lines": `{"sku":"A-1","name":"Lamp; small","price":12.50,"min_price":10,"stock":3,"categories":["home/lamps","sale"],"brand":"M\u00fcller \"M\"","tags":["new"],"attributes":{"watts":12.5,"dim":true,"code":"007","ports":["a","b"],"note":"two words"}}

{"sku":"234","name":"two\nlines","price":"3","stock":0}`,
	} {
		t.Run(name, func(t *testing.T) {
			text = strings.ReplaceAll(text, "*", ",")
			items, faults := read(t, text, usd)
			if err := faults.Err(); err != nil {
				t.Fatal(err)
			}
			expected := slices.Clone(want)
			if strings.Contains(text, "two lines") {
				expected[1].Name = "two lines"
			}
			if diff := cmp.Diff(expected, items, sameItems()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEveryFaultOfManyRecordsIsReportedWithItsPlace(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"rows of CSV", `sku,name,price,stock
A B,n1,1,1
C,n2,0.005,1
D,n3,-1,x
E,n4,,
F,n5,1,1,1
G,"n6,1,1
`, `f:2:1: R0004 "A B" is no SKU: a SKU has 1 to 64 letters, digits, -, _ and .
f:3:6: R0004 amount 0.005: USD has 2 decimal digits
f:4:6: R0107 an amount cannot be negative
f:4:9: R0004 stock wants a whole number from 0 to 1000000000, got "x"
f:5:6: R0003 key "price" has no value
f:5:7: R0004 want a text, got nothing
f:6:1: R0001 the record has 5 cells, the header has 4
f:7:10: R0001 the quotes of this cell are not right: a cell in quotes ends with one, and a " in it is written twice`},
		{"columns count characters, not bytes, and lines go on after a cell of two", "sku,name,price\nA,\"é\né\",x\nB,é,y\n", `f:3:4: R0004 number "x": not a decimal number
f:4:5: R0004 number "y": not a decimal number`},
		{"a SKU and a name given twice", "sku,name,price\nA,n,1\nA,m,1\nB,n,1\n", `f:3:1: R0005 the SKU A is given twice
f:4:1: R0005 the name "n" is given twice`},
		{"a header of its own", "sku,nme,price,sku,attributes.\nA,n,1,1,1\n", `f:1:5: R0002 unknown column "nme": did you mean "name"?
f:1:15: R0005 the column sku is there twice
f:1:19: R0002 unknown column "attributes.": did you mean "attributes.*"?`},
		{"a header without a price", "sku,name\nA,n\n", "f:1:1: R0003 the column price is missing: the first record names the columns"},
		{"quotes in the middle", "sku,name,price\nA,6\" nail,1\nB,b,1\n", `f:2:4: R0001 a quote in a cell that does not begin with one: put the whole cell in quotes, and write each " in it twice`},
		{"bytes that are not UTF-8", "sku,name,price\nA,\xff,1\nB,a\x00b,1\n", `f:2:3: R0001 this is not UTF-8: save the file as UTF-8 text
f:3:4: R0001 a NUL character cannot stand here: save the file as UTF-8 text`},
		{"an attribute that is an object", "sku,price,attributes.a\nA,1,\"{\"\"b\"\":1}\"\n", "f:2:6: R0004 want a text, a number, true, false or a list of texts"},
		{"lines of JSON", `{"sku": "A B", "price": 1}
{"sku": "C", "price": 1, "nme": "x"}
{"sku": "D", "price": 1
[1]
{"sku": "E", "price": 1} {}
{"sku": "F", "price": {"USD": 1, "EUR": 2}}
{"sku": "G", "sku": "H", "price": 1}
{"sku": "I", "name": "", "price": 1}
{"sku": "J", "name": "\u0000", "price": 1}
{"sku": "K" "price": 1}
{"sku": "é", "price": null, "brand": ["a"]}
`, `f:1:10: R0004 "A B" is no SKU: a SKU has 1 to 64 letters, digits, -, _ and .
f:2:27: R0002 unknown key "nme": did you mean "name"?
f:3:24: R0001 the JSON ends here before it is complete: write one object on each line
f:4:1: R0004 want a mapping, got a list
f:5:26: R0001 something follows the JSON value: write one value on each line
f:6:23: R0004 the inventory keeps one amount, in USD
f:7:15: R0005 key "sku" is given twice
f:8:22: R0004 the name is empty: leave the key out for an item that is called by its SKU
f:9:22: R0004 the text contains a NUL character
f:10:13: R0001 this is not JSON: invalid character '"' after object key:value pair
f:11:10: R0004 "é" is no SKU: a SKU has 1 to 64 letters, digits, -, _ and .
f:11:15: R0003 key "price" has no value
f:11:38: R0004 want a text, got a list`},
		{"JSON without a bottom", `{"sku": ` + strings.Repeat("[", 100), "f:1:24: R0001 this nests deeper than 16 levels"},
		{"a line of JSON that is too long", `{"sku": "` + strings.Repeat("x", catalogue.MaxRecord) + "\"}\n{}", `f:1:1: R0107 the line is longer than 1048576 bytes
f:2:1: R0003 key "price" is missing
f:2:1: R0003 key "sku" is missing`},
		{"a cell that never ends", "sku,price\n\"" + strings.Repeat("x", 2*catalogue.MaxRecord), "f:2:1: R0107 the record is longer than 1048576 bytes: look for a quote that is not closed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, faults := read(t, c.text, currency(t, "USD"))
			if diff := cmp.Diff(c.want, faults.Sorted().Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAFileWithoutRecordsHasNoItems(t *testing.T) {
	for _, text := range []string{"", "\n\n", "\uFEFF", "sku,price\n"} {
		if items, faults := read(t, text, currency(t, "USD")); len(items)+len(faults) > 0 {
			t.Errorf("got items %v and faults %v of %q, want none", items, faults, text)
		}
	}
}

func TestWhatAFileDoesNotSayIsKept(t *testing.T) {
	usd := currency(t, "USD")
	known := engine.Item{
		ID: 7, SKU: "A", Name: "a", Price: 1, MinPrice: 2, Stock: 3, Categories: []string{"c"}, Brand: "b", Tags: []string{"t"},
		Attributes: engine.Attributes{"x": engine.TextValue("1"), "y": engine.TextValue("2")},
	}
	for _, c := range []struct {
		name, text string
		want       func(*engine.Item)
	}{
		{"prices alone", "sku,price\nA,5\n", func(*engine.Item) {}},
		{"one attribute", "sku,price,attributes.x\nA,5,9z\n", func(i *engine.Item) {
			i.Attributes = engine.Attributes{"x": engine.TextValue("9z"), "y": engine.TextValue("2")}
		}},
		{"an empty attribute goes", "sku,price,attributes.x\nA,5,\n", func(i *engine.Item) { i.Attributes = engine.Attributes{"y": engine.TextValue("2")} }},
		{"empty cells", "sku,price,min_price,brand,tags,categories\nA,5,,,,\n", func(i *engine.Item) {
			i.MinPrice, i.Brand, i.Tags, i.Categories = 0, "", nil, nil
		}},
		{"all of it", "sku,name,price,min_price,stock,category,brand,tags\nA,n,5,6,7,k,l,m\n", func(i *engine.Item) {
			i.Name, i.MinPrice, i.Stock, i.Categories, i.Brand, i.Tags = "n", 600, 7, []string{"k"}, "l", []string{"m"}
		}},
		{"a line of JSON with its own keys", `{"sku":"A","price":5,"attributes":{"z":1}}`, func(i *engine.Item) {
			one, _ := engine.ParseDecimal("1")
			i.Attributes = engine.Attributes{"z": engine.NumberValue(one)}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := catalogue.NewReader(strings.NewReader(c.text), catalogue.ReaderOptions{Name: "f", Currency: usd})
			if err != nil {
				t.Fatal(err)
			}
			record, err := r.Next()
			if err != nil || len(record.Faults) > 0 {
				t.Fatal(err, record.Faults)
			}
			want := known
			want.Price, want.Attributes = 500, maps.Clone(known.Attributes)
			c.want(&want)
			if diff := cmp.Diff(want, record.Over(&known), sameItems()); diff != "" {
				t.Error(diff)
			}
		})
	}
	items, _ := read(t, "sku,price\nNEW,1\n", usd)
	if diff := cmp.Diff([]engine.Item{{SKU: "NEW", Name: "NEW", Price: 100}}, items, sameItems()); diff != "" {
		t.Error("an item that is new:", diff)
	}
}

// anyText is text that every database keeps. A carriage return before a line end
// does not survive CSV.
func anyText() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.SampledFrom([]string{"", "true", "12.50", "1e400", "null", `"`, `""`, "[", "{}", ";", `\`, `\;`, " a ", "a,b", "\n", "\t", "C:\\tmp", "=1+1", "é;☃", "\uFEFF"}),
		rapid.Map(rapid.String(), func(s string) string {
			return strings.Map(func(r rune) rune {
				if r == 0 || r == '\r' || r == '\uFFFD' {
					return -1
				}
				return r
			}, s)
		}),
	)
}

func anyItems() *rapid.Generator[[]engine.Item] {
	return rapid.Custom(func(rt *rapid.T) []engine.Item {
		items := make([]engine.Item, rapid.IntRange(1, 4).Draw(rt, "n"))
		for i := range items {
			attributes := engine.Attributes{}
			for _, name := range rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b c", "é;,\"", ".", "sku"}), 0, 3).Draw(rt, "attributes") {
				attributes[name] = anyValue(rt)
			}
			items[i] = engine.Item{
				SKU: fmt.Sprintf("S-%d", i), Name: fmt.Sprintf("%s %d", anyText().Draw(rt, "name"), i), Brand: anyText().Draw(rt, "brand"),
				Price:    engine.Amount(rapid.Int64Range(0, int64(engine.MaxAmount)).Draw(rt, "price")),
				MinPrice: engine.Amount(rapid.Int64Range(0, 9).Draw(rt, "min price")),
				Stock:    rapid.Int64Range(0, engine.MaxQuantity).Draw(rt, "stock"),
				Tags:     rapid.SliceOfN(anyText(), 0, 3).Draw(rt, "tags"), Categories: rapid.SliceOfN(anyText(), 0, 3).Draw(rt, "categories"),
				Attributes: attributes,
			}
		}
		return items
	})
}

func anyValue(rt *rapid.T) engine.Value {
	switch rapid.IntRange(0, 4).Draw(rt, "kind") {
	case 0:
		return engine.BoolValue(rapid.Bool().Draw(rt, "bool"))
	case 1:
		d, _ := engine.ParseDecimal(rapid.StringMatching(`-?[0-9]{1,9}(\.[0-9]{1,4})?`).Draw(rt, "number"))
		return engine.NumberValue(d)
	case 2:
		return engine.TextsValue(rapid.SliceOfN(anyText(), 0, 3).Draw(rt, "texts"))
	case 3:
		return engine.Value{}
	default:
		return engine.TextValue(anyText().Draw(rt, "text"))
	}
}

func TestWhatIsWrittenIsReadBackAsItWas(t *testing.T) {
	for _, format := range []catalogue.Format{catalogue.CSV, catalogue.JSONL} {
		for _, code := range []string{"USD", "JPY", "BHD"} {
			t.Run(string(format)+" "+code, func(t *testing.T) {
				rapid.Check(t, func(rt *rapid.T) {
					items := anyItems().Draw(rt, "items")
					var file strings.Builder
					if err := catalogue.Write(&file, format, items, currency(t, code)); err != nil {
						rt.Fatal(err)
					}
					got, faults := read(rt, file.String(), currency(t, code))
					if err := faults.Err(); err != nil {
						rt.Fatalf("%v in\n%s", err, file.String())
					}
					if diff := cmp.Diff(items, got, sameItems()); diff != "" {
						rt.Fatalf("%s in\n%s", diff, file.String())
					}
				})
			})
		}
	}
}

func FuzzReaderKeepsItsPromises(f *testing.F) {
	for _, seed := range []string{
		"sku,name,price\nA,\"a\nb\",1\n", "\uFEFFsku;price\nA;1\n", "sku\tprice\nA\t\"1\n", "sku,price,attributes.x\r\nA,1,[1\r\n\n\nB,2,\"[1]\"",
		`{"sku":"A","price":1,"attributes":{"a":[1,"b"]}}` + "\n\n{", "{\"sku\":\"\xff\"}", "{\"\\ud800\":\"\\u0000\"}", "", ",\n,", "\"", "sku,price\n\xff,\x00",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		items, faults := read(t, text, currency(t, "USD"))
		lines := strings.Count(text, "\n") + 1
		for _, d := range faults {
			if at := d.Range.Start; at.Line < 1 || at.Line > lines || at.Column < 1 || d.Message == "" {
				t.Errorf("got fault %+v, want one with a place in the %d lines and a message", d, lines)
			}
			_ = d.Render()
		}
		seen := make(map[string]bool)
		for _, item := range items {
			if !engine.ValidSKU(item.SKU) || item.Name == "" || seen[item.SKU] || item.Price < 0 || item.Stock < 0 {
				t.Errorf("got item %+v without a fault", item)
			}
			seen[item.SKU] = true
		}
	})
}
