package replay

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Difference is a field in which two quotes differ. A value is JSON, "" for a
// field that is not there.
type Difference struct {
	// Path names the field, lists by what their elements are about, such as
	// lines[120P90].total or promotions[tv-3-for-2].discount.
	Path string
	// Amount says that the values are amounts of money in smallest units.
	Amount bool
	Stored string
	Now    string
}

// compare returns how the quotes differ. Fields that a format later than that of
// the stored quote has added, and that this does not have, make no difference.
func compare(stored, now []byte, format int, since map[string]int) (Result, error) {
	var a, b any
	for _, text := range []struct {
		from []byte
		into *any
	}{{stored, &a}, {now, &b}} {
		decoder := json.NewDecoder(bytes.NewReader(text.from))
		decoder.UseNumber()
		if err := decoder.Decode(text.into); err != nil {
			return Result{}, err
		}
	}
	c := comparison{format: format, since: since}
	c.values("", "", "", a, b)
	result := Result{Verdict: Identical, Added: c.added, Differences: c.found}
	if len(c.found) > 0 {
		result.Verdict, result.Added = Different, nil
	}
	return result, nil
}

// comparison collects differences. A path names a field as Difference does, a
// field as engine.QuoteFieldsSince does, such as lines[].total.
type comparison struct {
	format int
	since  map[string]int
	added  []string
	found  []Difference
}

func (c *comparison) values(path, field, name string, a, b any) {
	switch b := b.(type) {
	case map[string]any:
		if a, ok := a.(map[string]any); ok {
			c.objects(path, field, a, b)
			return
		}
	case []any:
		if a, ok := a.([]any); ok {
			c.lists(path, field, name, a, b)
			return
		}
	}
	if x, y := asText(a), asText(b); x != y {
		c.differ(path, name, x, y)
	}
}

func (c *comparison) objects(path, field string, a, b map[string]any) {
	names := slices.Sorted(maps.Keys(a))
	for name := range b {
		if _, both := a[name]; !both {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		x, stored := a[name]
		y, still := b[name]
		at, what := join(path, name), join(field, name)
		switch {
		case stored && still:
			c.values(at, what, name, x, y)
		case stored:
			c.differ(at, name, asText(x), "")
		case c.isNew(what):
			if !slices.Contains(c.added, what) {
				c.added = append(c.added, what)
			}
		default:
			c.differ(at, name, "", asText(y))
		}
	}
}

// isNew tells whether a format later than the stored quote's has added the field.
func (c *comparison) isNew(field string) bool { return c.since[field] > c.format }

// lists compares lists element by element, those with names by name.
func (c *comparison) lists(path, field, name string, a, b []any) {
	x, y := named(a), named(b)
	for _, key := range inOrder(x, y) {
		at := fmt.Sprintf("%s[%s]", path, key)
		from, stored := x.value[key]
		to, still := y.value[key]
		switch {
		case stored && still:
			c.values(at, field+"[]", name, from, to)
		case stored:
			c.differ(at, "", asText(from), "")
		default:
			c.differ(at, "", "", asText(to))
		}
	}
	if same := slices.Equal(common(x.order, y.value), common(y.order, x.value)); !same {
		c.differ(path+" (order)", "", fmt.Sprint(x.order), fmt.Sprint(y.order))
	}
}

// keyed is a list whose elements have keys.
type keyed struct {
	order []string
	value map[string]any
}

// named gives each element a key: what it is about, else its number.
func named(list []any) keyed {
	k := keyed{value: make(map[string]any, len(list))}
	for i, element := range list {
		key := fmt.Sprint(i)
		if object, ok := element.(map[string]any); ok {
			for _, name := range []string{"sku", "shipment", "method", "promotion", "code"} {
				if text, ok := object[name].(string); ok && text != "" {
					key = text
					break
				}
			}
		}
		for n, base := 2, key; ; n++ {
			if _, taken := k.value[key]; !taken {
				break
			}
			key = fmt.Sprintf("%s#%d", base, n)
		}
		k.order, k.value[key] = append(k.order, key), element
	}
	return k
}

// inOrder returns the keys of both, those of a first.
func inOrder(a, b keyed) []string {
	keys := slices.Clone(a.order)
	for _, key := range b.order {
		if _, known := a.value[key]; !known {
			keys = append(keys, key)
		}
	}
	return keys
}

func common(keys []string, in map[string]any) []string {
	return slices.DeleteFunc(slices.Clone(keys), func(key string) bool { _, there := in[key]; return !there })
}

func (c *comparison) differ(path, name, stored, now string) {
	c.found = append(c.found, Difference{Path: path, Amount: isAmount(name), Stored: stored, Now: now})
}

// isAmount tells the fields of a quote that are money.
func isAmount(name string) bool {
	switch name {
	case "subtotal", "discount", "total", "shipping_discount", "shipping_total", "payable", "bound",
		"unit_price", "price", "worth", "before", "after", "spend", "saves", "costs", "spent":
		return true
	default:
		return false
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// asText writes a decoded value as JSON; objects in the order of names.
func asText(value any) string {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return fmt.Sprint(value) // never happens: it was decoded from JSON
	}
	return string(bytes.TrimSpace(text.Bytes()))
}
