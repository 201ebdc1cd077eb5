package lsp_test

import (
	"fmt"
	"strings"
	"testing"
)

// manyPromotions is a file of 1,000 lines.
func manyPromotions() string {
	var b strings.Builder
	b.WriteString("sets:\n  hats: category == \"hats\"\nconditions:\n  many: hats.quantity > 2\npromotions:\n")
	for i := range 249 {
		fmt.Fprintf(&b, "  - id: p-%d\n    when: many and cart.subtotal > %d\n    deal: {percent_off: {of: hats, percent: %d}}\n    limits: {budget: 1000}\n", i, 10+i, 1+i%50)
	}
	return b.String()
}

// BenchmarkDiagnostics is the time from a keystroke in a file of 1,000 lines to the
// diagnostics of what it broke, the wait for further keystrokes of a millisecond
// included.
func BenchmarkDiagnostics(b *testing.B) {
	folder := files(b, "rules/shop.yaml", manyPromotions(), "rules/shop_test.yaml", strings.ReplaceAll(shopTest, "hats-10", "p-1"))
	e := open(b, folder)
	name := folder + "/rules/shop.yaml"
	e.opened(name, "")
	e.diagnostics(name)
	insert := func(line int, text string, to int) anyMap {
		at := func(c int) anyMap { return anyMap{"line": line, "character": c} }
		return anyMap{"range": anyMap{"start": at(8), "end": at(to)}, "text": text}
	}
	for b.Loop() {
		e.edited(name, "", insert(3, "hatz", 12))
		if got := e.diagnostics(name); len(got) != 1 {
			b.Fatalf("got %v", got)
		}
		b.StopTimer()
		e.edited(name, "", insert(3, "hats", 12))
		e.diagnostics(name)
		e.notes = nil
		b.StartTimer()
	}
}

// BenchmarkCompletion is the time from a keystroke to what it can become.
func BenchmarkCompletion(b *testing.B) {
	folder := files(b, "rules/shop.yaml", manyPromotions())
	e := open(b, folder)
	name := folder + "/rules/shop.yaml"
	e.opened(name, "")
	e.diagnostics(name)
	for b.Loop() {
		at := anyMap{"line": 3, "character": 12}
		e.edited(name, "", anyMap{"range": anyMap{"start": at, "end": at}, "text": ""})
		var list completions
		e.call("textDocument/completion", anyMap{"textDocument": anyMap{"uri": uri(name)}, "position": at}, &list)
		if len(list.Items) == 0 {
			b.Fatal("nothing is offered")
		}
		e.notes = nil
	}
}
