package catalogue

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strconv"

	"github.com/checkout-promotions/checkout/engine"
)

// Write writes the items so that a Reader reads them back as they are, with all
// that there is to say of each: also what is empty, so that reading the file back
// undoes every change since. CSV has a column for each attribute that any item
// has. One thing is lost in CSV: a line end of two characters, CR and LF, inside
// of a text is read as LF.
func Write(out io.Writer, format Format, items []engine.Item, currency engine.Currency) error {
	if format == JSONL {
		return writeLines(out, items, currency)
	}
	return writeCSV(out, items, currency)
}

// line is an item of JSON Lines.
type line struct {
	SKU        string            `json:"sku"`
	Name       string            `json:"name"`
	Price      json.Number       `json:"price"`
	MinPrice   json.Number       `json:"min_price"`
	Stock      int64             `json:"stock"`
	Categories []string          `json:"categories"`
	Brand      string            `json:"brand"`
	Tags       []string          `json:"tags"`
	Attributes engine.Attributes `json:"attributes"`
}

func writeLines(out io.Writer, items []engine.Item, currency engine.Currency) error {
	buffered := bufio.NewWriter(out)
	encoder := json.NewEncoder(buffered)
	encoder.SetEscapeHTML(false)
	for i := range items {
		item := &items[i]
		l := line{
			SKU: item.SKU, Name: item.Name, Stock: item.Stock, Brand: item.Brand,
			Price: json.Number(currency.Format(item.Price)), MinPrice: json.Number(currency.Format(item.MinPrice)),
			Categories: append([]string{}, item.Categories...), Tags: append([]string{}, item.Tags...), Attributes: item.Attributes,
		}
		if l.Attributes == nil {
			l.Attributes = engine.Attributes{}
		}
		if err := encoder.Encode(l); err != nil {
			return err
		}
	}
	return buffered.Flush()
}

func writeCSV(out io.Writer, items []engine.Item, currency engine.Currency) error {
	names := make(map[string]bool)
	for i := range items {
		for name := range items[i].Attributes {
			names[name] = true
		}
	}
	attributes := slices.Sorted(maps.Keys(names))
	header := []string{"sku", "name", "price", "min_price", "stock", "categories", "brand", "tags"}
	for _, name := range attributes {
		header = append(header, attributePrefix+name)
	}
	w := csv.NewWriter(out)
	if err := w.Write(header); err != nil {
		return err
	}
	for i := range items {
		record, err := csvRecord(&items[i], attributes, currency)
		if err != nil {
			return err
		}
		if err := w.Write(record); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

func csvRecord(item *engine.Item, attributes []string, currency engine.Currency) ([]string, error) {
	record := []string{
		item.SKU, item.Name, currency.Format(item.Price), "", strconv.FormatInt(item.Stock, 10),
		joinList(item.Categories), item.Brand, joinList(item.Tags),
	}
	if item.MinPrice > 0 {
		record[3] = currency.Format(item.MinPrice)
	}
	for _, name := range attributes {
		value, there := item.Attributes[name]
		text, isText := value.Text()
		if there && (!isText || text == "" || json.Valid([]byte(text))) {
			encoded, err := json.Marshal(value)
			if err != nil {
				return nil, err
			}
			text = string(encoded)
		}
		record = append(record, text)
	}
	return record, nil
}
