package mutate

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// finder collects mutants of a folder.
type finder struct {
	observed *compile.Observed
	keys     map[compile.Place]string // the key of each scalar, by where it begins
	ranked   []ranked
	found    []candidate
}

// ranked is a promotion with its priority.
type ranked struct {
	id       string
	value    syntax.Value // the priority, absent for 0
	priority int
}

func (f *finder) add(file string, at diag.Range, text string, owner compile.Owner, format string, args ...any) {
	f.found = append(f.found, candidate{Mutant: Mutant{File: file, Range: at, At: at.Start, New: text, Owner: owner, What: fmt.Sprintf(format, args...)}})
}

func startOf(file string, at diag.Position) compile.Place {
	return compile.Place{File: file, Range: diag.Range{Start: at, End: at}}
}

// read walks a rule file for keys, words, lists and times.
func (f *finder) read(file compile.File) {
	doc := syntax.Parse(file.Name, file.Data)
	root := doc.Root()
	for _, promotion := range elements(root, "promotions") {
		owner := compile.Owner{Kind: compile.PromotionSymbol, Name: promotion.At([]string{"id"}).Text()}
		f.rank(owner.Name, promotion)
		f.walk(promotion, "promotion", owner)
	}
	if strings.HasPrefix(file.Name, "policy.") {
		f.walk(root, "policy", compile.Owner{})
	}
}

// elements are those of a list in a mapping.
func elements(v syntax.Value, key string) []syntax.Value {
	if !v.KeyOf(key).Present() {
		return nil
	}
	list := v.At([]string{key})
	if list.Kind() != syntax.Sequence {
		return nil
	}
	return list.Items()
}

func (f *finder) rank(id string, promotion syntax.Value) {
	r := ranked{id: id}
	if promotion.KeyOf("priority").Present() {
		r.value = promotion.At([]string{"priority"})
		r.priority, _ = strconv.Atoi(r.value.Text()) // it compiles
	}
	f.ranked = append(f.ranked, r)
}

// walk looks at a value that stands under a key.
func (f *finder) walk(v syntax.Value, key string, owner compile.Owner) {
	switch v.Kind() {
	case syntax.Mapping:
		f.mapping(v, owner)
	case syntax.Sequence:
		f.sequence(v, key, owner)
	case syntax.Scalar:
		f.scalar(v, key, owner)
	}
}

// optional are the keys that are left out.
func optional() []string {
	return []string{
		"coupon", "schedule", "from", "until", "days", "hours", "timezone", "redemptions", "per_customer", "per_code", "per_cart", "budget",
		"limits", "max_discount", "max_units", "repeat", "exclusive", "excludes", "group", "cap",
	}
}

func (f *finder) mapping(v syntax.Value, owner compile.Owner) {
	entries := v.Entries()
	for i, e := range entries {
		if slices.Contains(optional(), e.Name) && len(entries) > 1 {
			own := diag.Range{Start: e.Key.Extent().Start, End: e.Value.Extent().End}
			if i+1 < len(entries) {
				f.leaveOut(v.File(), own, own.Start, entries[i+1].Key.Extent().Start, owner, e.Name)
			} else {
				f.leaveOut(v.File(), own, entries[i-1].Value.Extent().End, own.End, owner, e.Name)
			}
		}
		f.walk(e.Value, e.Name, owner)
	}
}

func (f *finder) sequence(v syntax.Value, key string, owner compile.Owner) {
	items := v.Items()
	for i, item := range items {
		if slices.Contains([]string{"excludes", "days", "hours", "methods", "choose_from", "deals", "steps", "currencies"}, key) && len(items) > 1 {
			own, what := item.Extent(), fmt.Sprintf("element %d of %s", i+1, key)
			if i+1 < len(items) {
				f.leaveOut(v.File(), own, own.Start, items[i+1].Extent().Start, owner, what)
			} else {
				f.leaveOut(v.File(), own, items[i-1].Extent().End, own.End, owner, what)
			}
		}
		f.walk(item, key, owner)
	}
}

// leaveOut leaves a part out together with what divides it from its neighbour.
func (f *finder) leaveOut(file string, own diag.Range, from, to diag.Position, owner compile.Owner, what string) {
	f.add(file, diag.Range{Start: from, End: to}, "", owner, "%s is left out", what)
	f.found[len(f.found)-1].At = own.Start
}

// otherWords says for the words of a key what they become.
func otherWords() map[string]map[string]string {
	return map[string]map[string]string{
		"pick":       {"cheapest": "dearest", "dearest": "cheapest"},
		"base":       {"list": "current", "current": "list"},
		"mode":       {"graduated": "reached", "reached": "graduated", "half_even": "half_up", "half_up": "half_even"},
		"rounding":   {"half_even": "half_up", "half_up": "half_even"},
		"target":     {"discount": "price", "price": "discount"},
		"per":        {"unit": "selection", "line": "unit", "selection": "unit", "day": "month", "week": "day", "month": "day", "year": "month"},
		"by":         {"spend": "quantity", "quantity": "spend"},
		"combine":    {"all": "best", "best": "all", "best_per_line": "best", "first": "best"},
		"resolution": {"best": "priority", "priority": "best"},
		"exclusive":  {"group": "cart", "level": "cart", "cart": "group", "true": "group"},
		"repeat":     {"true": "false", "false": "true"},
		"on_failure": {"skip": "reject", "reject": "skip"},
	}
}

func (f *finder) scalar(v syntax.Value, key string, owner compile.Owner) {
	f.keys[startOf(v.File(), v.Range().Start)] = key
	if other, known := otherWords()[key][v.Text()]; known {
		f.add(v.File(), v.Range(), other, owner, "%s %s becomes %s", key, v.Text(), other)
	}
	switch key {
	case "of": // a condition of items that stands here is made wider as such
		if text := v.Text(); text != "order" && text != "true" && strings.Trim(strings.ToLower(text), "abcdefghijklmnopqrstuvwxyz0123456789_") == "" {
			f.add(v.File(), v.Range(), "order", owner, "of %s becomes order", text)
		}
	case "from", "until":
		for _, moved := range movedTimes(v.Text()) {
			f.add(v.File(), v.Range(), moved, owner, "%s %s becomes %s", key, v.Text(), moved)
		}
	case "hours":
		for _, moved := range movedHours(v.Text()) {
			f.add(v.File(), v.Range(), moved, owner, "%s %s becomes %s", key, v.Text(), moved)
		}
	}
}

// movedTimes are a date a day before and after, or an instant a minute.
func movedTimes(text string) []string {
	step := time.Minute
	for _, layout := range []string{time.DateOnly, "2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02 15:04:05", time.RFC3339} {
		at, err := time.Parse(layout, text)
		if err != nil {
			continue
		}
		if layout == time.DateOnly {
			step = 24 * time.Hour
		}
		return []string{at.Add(-step).Format(layout), at.Add(step).Format(layout)}
	}
	return nil
}

// movedHours are a span of hours with one end a minute before or after.
func movedHours(text string) []string {
	from, until, ok := strings.Cut(text, "-")
	a, errA := time.Parse("15:04", strings.TrimSpace(from))
	b, errB := time.Parse("15:04", strings.TrimSpace(until))
	if !ok || errA != nil || errB != nil {
		return nil
	}
	var moved []string
	for _, by := range []time.Duration{-time.Minute, time.Minute} {
		moved = append(moved, a.Add(by).Format("15:04")+"-"+b.Format("15:04"), a.Format("15:04")+"-"+b.Add(by).Format("15:04"))
	}
	return moved
}

// priorities lets each promotion go behind the next one by priority, the last one
// before the one that it comes after.
func (f *finder) priorities() {
	for _, p := range f.ranked {
		if !p.value.Present() {
			continue
		}
		below, hasBelow, above, hasAbove := 0, false, 0, false
		for _, other := range f.ranked {
			switch {
			case other.priority < p.priority && (!hasBelow || other.priority > below):
				below, hasBelow = other.priority, true
			case other.priority > p.priority && (!hasAbove || other.priority < above):
				above, hasAbove = other.priority, true
			}
		}
		other := below - 1
		if !hasBelow {
			other = above + 1
		}
		if hasBelow || hasAbove {
			owner := compile.Owner{Kind: compile.PromotionSymbol, Name: p.id}
			f.add(p.value.File(), p.value.Range(), strconv.Itoa(other), owner, "priority %d becomes %d", p.priority, other)
		}
	}
}
