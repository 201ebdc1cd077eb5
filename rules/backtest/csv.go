package backtest

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/catalogue"
)

// CSV says how to read orders of which each line is a row. The rows of an order
// follow each other.
type CSV struct {
	// Columns are the names of the columns in the file's first row, by Field.
	// A field that is not here has the column of its own name, where there is
	// one.
	Columns map[Field]string
	// Currency is that of the prices.
	Currency engine.Currency
	// Items have the facts of items by SKU, nil for none. Without them an item
	// has what its row says. A row's price, and name, goes before theirs.
	Items engine.CatalogMap
	// Countries are the codes of the countries as the file writes them.
	Countries map[string]string
}

// Field is what a column may hold.
type Field string

// The fields. Order, At, SKU and Quantity must be there, and Price unless there
// are Items.
const (
	FieldOrder    Field = "order"
	FieldAt       Field = "at"
	FieldSKU      Field = "sku"
	FieldName     Field = "name"
	FieldQuantity Field = "quantity"
	FieldPrice    Field = "price"
	FieldCustomer Field = "customer"
	FieldCountry  Field = "country"
	FieldChannel  Field = "channel"
	FieldCoupons  Field = "coupons" // several are separated by blanks
)

// Fields returns every field.
func Fields() []Field {
	return []Field{FieldOrder, FieldAt, FieldSKU, FieldName, FieldQuantity, FieldPrice, FieldCustomer, FieldCountry, FieldChannel, FieldCoupons}
}

// recentOrders is how many orders back a row of an order that has ended is
// noticed.
const recentOrders = 4096

// table reads orders of CSV.
type table struct {
	csv   CSV
	rows  *rows
	items *tableItems
	meter *meter
	// The columns of the fields, -1 for none: that of the order's name, those that
	// say something of the order, those of a line of it.
	order  int
	head   [headCells]int
	cells  [rowCells]int
	row    [][]byte
	line   int64 // of row
	index  int64
	ended  map[string]int64
	recent []string
}

// ColumnError says that a table lacks a column.
type ColumnError struct {
	Field Field
	Named string
	Has   []string
}

// Error implements error.
func (e *ColumnError) Error() string {
	return fmt.Sprintf("the table has no column %q for %s; it has %s: name the column with --columns %s=NAME", e.Named, e.Field, strings.Join(e.Has, ", "), e.Field)
}

// FieldError says that columns name a field that orders do not have.
type FieldError struct{ Field Field }

// Error implements error.
func (e *FieldError) Error() string {
	return fmt.Sprintf("there is no field %q; the fields are %v", e.Field, Fields())
}

// NewCSV reads orders of CSV. Size is how many bytes there are, below 0 where
// that is not known. A column that is missing is a *ColumnError, and one for no
// field a *FieldError.
func NewCSV(in io.Reader, size int64, options CSV) (Source, error) {
	for _, f := range slices.Sorted(maps.Keys(options.Columns)) {
		if !slices.Contains(Fields(), f) {
			return nil, &FieldError{f}
		}
	}
	m := &meter{in: in, size: size}
	t := &table{csv: options, rows: newRows(m), items: &tableItems{items: make(map[string]*engine.Item)}, meter: m, ended: make(map[string]int64), recent: make([]string, recentOrders)}
	first, _, err := t.rows.next()
	if err != nil {
		return nil, fmt.Errorf("read the first row: %w", err)
	}
	header := make([]string, len(first))
	for i, name := range first {
		header[i] = string(name)
	}
	header[0] = strings.TrimPrefix(header[0], "\ufeff")
	columns := make(map[Field]int)
	for _, f := range Fields() {
		name, named := options.Columns[f]
		if !named {
			name = string(f)
		}
		at := slices.Index(header, name)
		needed := f == FieldOrder || f == FieldAt || f == FieldSKU || f == FieldQuantity || f == FieldPrice && options.Items == nil
		if at < 0 && (named || needed) {
			return nil, &ColumnError{Field: f, Named: name, Has: header}
		}
		columns[f] = at
	}
	t.order = columns[FieldOrder]
	t.head = [headCells]int{cellAt: columns[FieldAt], cellCustomer: columns[FieldCustomer], cellCountry: columns[FieldCountry], cellChannel: columns[FieldChannel], cellCoupons: columns[FieldCoupons]}
	t.cells = [rowCells]int{cellSKU: columns[FieldSKU], cellName: columns[FieldName], cellPrice: columns[FieldPrice], cellQuantity: columns[FieldQuantity]}
	return t, t.advance()
}

// advance reads a row; t.row is nil at the end.
func (t *table) advance() error {
	var err error
	if t.row, t.line, err = t.rows.next(); errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// Next implements Source.
func (t *table) Next(buf []byte) (Entry, []byte, error) {
	if t.row == nil {
		return Entry{}, buf, io.EOF
	}
	reference := string(t.field(t.order))
	e := Entry{Line: t.line, Index: t.index, Reference: reference}
	if line, again := t.ended[reference]; again {
		return Entry{}, buf, fmt.Errorf("line %d: the order %s ended at line %d already; sort the table by orders", t.line, reference, line)
	}
	start := len(buf)
	last := t.line
	for _, i := range t.head {
		buf = appendField(buf, t.field(i))
	}
	for t.row != nil && string(t.field(t.order)) == reference {
		for _, i := range t.cells {
			buf = appendField(buf, t.field(i))
		}
		last = t.line
		if len(buf)-start > MaxLine {
			return Entry{}, buf, fmt.Errorf("line %d: the order %s is longer than %d bytes", t.line, reference, MaxLine)
		}
		if err := t.advance(); err != nil {
			return Entry{}, buf, err
		}
	}
	t.end(reference, last)
	t.index++
	e.Text = buf[start:]
	return e, buf, nil
}

// end remembers an order for a while.
func (t *table) end(reference string, line int64) {
	at := t.index % recentOrders
	delete(t.ended, t.recent[at])
	t.recent[at] = reference
	t.ended[reference] = line
}

// field returns the cell of a column of the row, nothing where there is none.
func (t *table) field(column int) []byte {
	if column < 0 {
		return nil
	}
	return t.row[column]
}

// Decoder implements Source.
func (t *table) Decoder() Decoder {
	return &tableDecoder{csv: t.csv, shared: t.items, items: make(map[string]*engine.Item), countries: make(map[string]string),
		layouts: [...]string{time.RFC3339, time.DateTime, time.DateOnly}}
}

// Progress implements Source.
func (t *table) Progress() (done, total int64) { return t.meter.progress() }

// tableDecoder reads the orders of a table.
type tableDecoder struct {
	csv       CSV
	shared    *tableItems
	items     map[string]*engine.Item // by the row's cells for them
	countries map[string]string
	layouts   [3]string     // of times
	lines     []orderedLine // of the order at hand
}

// maxItems is how many items are remembered.
const maxItems = 1 << 16

// tableItems are the items of all decoders of a table. That each content has one item
// spares the rulesets that price it from comparing contents.
type tableItems struct {
	mu    sync.Mutex
	items map[string]*engine.Item
}

// The order of an entry's fields: those of the order once, then those of each row.
// Those that an item is made of follow each other.
const (
	cellAt = iota
	cellCustomer
	cellCountry
	cellChannel
	cellCoupons
	headCells
)

const (
	cellSKU = iota
	cellName
	cellPrice
	cellQuantity
	rowCells
)

// appendField appends a field with its length.
func appendField(buf, field []byte) []byte {
	return append(binary.LittleEndian.AppendUint32(buf, uint32(len(field))), field...)
}

// cutField returns the first field and the rest.
func cutField(text []byte) (field, rest []byte) {
	end := 4 + binary.LittleEndian.Uint32(text)
	return text[4:end], text[end:]
}

// PlacedAt implements Decoder.
func (d *tableDecoder) PlacedAt(e Entry) (time.Time, error) {
	at, _ := cutField(e.Text)
	return d.time(at)
}

// Decode implements Decoder.
func (d *tableDecoder) Decode(e Entry) (Order, error) {
	o := Order{Reference: e.Reference, Place: place("line ", e.Line)}
	var head [headCells][]byte
	rest := e.Text
	for i := range head {
		head[i], rest = cutField(rest)
	}
	var err error
	if o.PlacedAt, err = d.time(head[cellAt]); err != nil {
		return o, err
	}
	o.Request.At = o.PlacedAt
	cart := &o.Request.Cart
	cart.Currency = d.csv.Currency
	cart.Customer.ID = string(head[cellCustomer])
	cart.Channel = string(head[cellChannel])
	cart.Shipping.Country = d.country(head[cellCountry])
	if coupons := strings.Fields(string(head[cellCoupons])); len(coupons) > 0 {
		cart.Coupons = coupons
	}
	d.lines = d.lines[:0]
	for len(rest) > 0 {
		var line engine.Line
		if line, rest, err = d.line(rest); err != nil {
			return o, err
		}
		d.lines = append(d.lines, orderedLine{beginning(line.Item.SKU), line})
	}
	cart.Lines = d.sorted()
	if d.csv.Items != nil {
		o.Request.Catalog = d.csv.Items
	}
	return o, onePrice(cart.Lines)
}

// place names a place of the input.
func place(what string, n int64) string { return what + strconv.FormatInt(n, 10) }

// orderedLine is a line with the beginning of its SKU, which is compared faster.
type orderedLine struct {
	beginning uint64
	line      engine.Line
}

// sorted returns the lines of the order at hand in the order of items, which is no
// matter to the price: both rulesets would sort them.
func (d *tableDecoder) sorted() []engine.Line {
	slices.SortStableFunc(d.lines, func(a, b orderedLine) int {
		if a.beginning != b.beginning {
			return cmp.Compare(a.beginning, b.beginning)
		}
		return strings.Compare(a.line.Item.SKU, b.line.Item.SKU)
	})
	lines := make([]engine.Line, len(d.lines))
	for i := range d.lines {
		lines[i] = d.lines[i].line
	}
	return lines
}

// beginning is the first eight bytes of a text, as a number of the same order.
func beginning(text string) uint64 {
	var first [8]byte
	copy(first[:], text)
	return binary.BigEndian.Uint64(first[:])
}

// onePrice refuses an order with the same item at two prices: pricing has one line
// for an item.
func onePrice(lines []engine.Line) error {
	for i := 1; i < len(lines); i++ {
		if a, b := lines[i-1].Item, lines[i].Item; a.SKU == b.SKU && a.Price != b.Price {
			return &Problem{TwoPrices, fmt.Sprintf("it has the item %s at two prices", a.SKU)}
		}
	}
	return nil
}

// line reads a row and returns what follows it.
func (d *tableDecoder) line(text []byte) (engine.Line, []byte, error) {
	var row [rowCells][]byte
	rest, key := text, 0
	for i := range row {
		if i == cellQuantity {
			key = len(text) - len(rest)
		}
		row[i], rest = cutField(rest)
	}
	n, err := strconv.ParseInt(string(row[cellQuantity]), 10, 64)
	if err != nil {
		return engine.Line{}, nil, &Problem{Unreadable, fmt.Sprintf("quantity %.40q: want a whole number", row[cellQuantity])}
	}
	item := d.items[string(text[:key])]
	if item == nil {
		if item, err = d.share(string(text[:key]), &row); err != nil {
			return engine.Line{}, nil, err
		}
		remember(d.items, string(text[:key]), item)
	}
	return engine.Line{Item: item, Quantity: n}, rest, nil
}

// share returns the item that all decoders have for the row.
func (d *tableDecoder) share(key string, row *[rowCells][]byte) (*engine.Item, error) {
	d.shared.mu.Lock()
	defer d.shared.mu.Unlock()
	if item := d.shared.items[key]; item != nil {
		return item, nil
	}
	item, err := d.item(row)
	if err == nil {
		remember(d.shared.items, key, item)
	}
	return item, err
}

// remember keeps the item, with as many others as there is room for.
func remember(items map[string]*engine.Item, key string, item *engine.Item) {
	if len(items) >= maxItems {
		clear(items)
	}
	items[key] = item
}

// item makes the item of a row.
func (d *tableDecoder) item(row *[rowCells][]byte) (*engine.Item, error) {
	sku := string(row[cellSKU])
	if !engine.ValidSKU(sku) {
		return nil, &Problem{Unreadable, fmt.Sprintf("%.70q is no SKU: it has 1 to %d letters, digits, -, _ and .", sku, engine.MaxSKU)}
	}
	item := engine.Item{SKU: sku, Name: sku, Stock: catalogue.Plenty}
	known, ok := d.csv.Items[sku]
	if ok {
		item = *known
	}
	if len(row[cellName]) > 0 {
		item.Name = string(row[cellName])
	}
	if len(row[cellPrice]) == 0 {
		if !ok {
			return nil, &Problem{UnknownItem, fmt.Sprintf("the item %s has no price and is not in the inventory", sku)}
		}
		return &item, nil
	}
	price, err := d.csv.Currency.Parse(string(row[cellPrice]))
	if err != nil {
		return nil, &Problem{Unreadable, fmt.Sprintf("price of %s: %v", sku, err)}
	}
	item.Price, item.Prices, item.MinPrices = price, nil, nil
	return &item, nil
}

func (d *tableDecoder) country(cell []byte) string {
	if code, known := d.countries[string(cell)]; known {
		return code
	}
	name := string(cell)
	code, named := d.csv.Countries[name]
	if !named {
		code = name
	}
	if len(d.countries) < maxItems {
		d.countries[name] = code
	}
	return code
}

// time reads an instant, or a day, or a day with a time of day, in UTC. A table has
// mostly one form, which is tried first.
func (d *tableDecoder) time(text []byte) (time.Time, error) {
	for i, layout := range d.layouts {
		if at, err := time.Parse(layout, string(text)); err == nil {
			d.layouts[0], d.layouts[i] = d.layouts[i], d.layouts[0]
			return at.UTC(), nil
		}
	}
	return time.Time{}, &Problem{Unreadable, fmt.Sprintf("time %.40q: want one such as 2026-11-01T08:00:00Z", text)}
}
