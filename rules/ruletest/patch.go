package ruletest

import (
	"fmt"
	"strings"

	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// patch is how an expected value has to be changed; nil for one that is right.
type patch struct {
	text    *string           // a scalar
	word    bool              // which may need quotes
	entries map[string]*patch // of a mapping, those that are not right
	list    []listItem        // all elements of a list, nil for another value
	isList  bool
	drop    bool // what is expected is not there
}

// listItem is an element as it stands, or a new one.
type listItem struct {
	kept int // the index, -1 for a new one
	text string
}

// textPatch writes an amount, a number or a name that never needs quotes.
func textPatch(text string) *patch { return &patch{text: &text} }

// wordPatch writes any text.
func wordPatch(text string) *patch { return &patch{text: &text, word: true} }

// wrong reports whether something has to be changed.
func (p *patch) wrong() bool { return p != nil }

// entry notes what has to be changed in an entry of a mapping.
func (p *patch) entry(name string, change *patch) {
	if !change.wrong() {
		return
	}
	if p.entries == nil {
		p.entries = make(map[string]*patch)
	}
	p.entries[name] = change
}

// orNil is the patch of a mapping, nil where nothing of it has to be changed.
func (p *patch) orNil() *patch {
	if len(p.entries) == 0 {
		return nil
	}
	return p
}

// listPatch is what makes a list of the wanted elements of the elements there are, with
// as many of these kept as can be; nil where it is that list.
func listPatch(there int, wanted []string, same func(have, want int) bool) *patch {
	common := make([][]int, there+1) // of the rests
	for i := range common {
		common[i] = make([]int, len(wanted)+1)
	}
	for i := there - 1; i >= 0; i-- {
		for j := len(wanted) - 1; j >= 0; j-- {
			common[i][j] = max(common[i+1][j], common[i][j+1])
			if same(i, j) {
				common[i][j] = common[i+1][j+1] + 1
			}
		}
	}
	if common[0][0] == there && there == len(wanted) {
		return nil
	}
	p := &patch{isList: true}
	for i, j := 0, 0; j < len(wanted); {
		switch {
		case i < there && same(i, j):
			p.list = append(p.list, listItem{kept: i})
			i, j = i+1, j+1
		case i < there && common[i+1][j] >= common[i][j+1]:
			i++
		default:
			p.list = append(p.list, listItem{kept: -1, text: wanted[j]})
			j++
		}
	}
	return p
}

// flow writes a value as it is once the patch is made, on one line in brackets.
func flow(v syntax.Value, p *patch) string {
	switch {
	case p != nil && p.text != nil:
		return styled(v, p, true)
	case p != nil && p.isList:
		items, parts := elements(v), []string{}
		for _, item := range p.list {
			if item.kept >= 0 {
				item.text = flow(items[item.kept], nil)
			}
			parts = append(parts, item.text)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case v.Kind() == syntax.Mapping:
		var parts []string
		for _, e := range v.Entries() {
			var change *patch
			if p != nil {
				change = p.entries[e.Name]
			}
			if change == nil || !change.drop {
				parts = append(parts, flow(e.Key, nil)+": "+flow(e.Value, change))
			}
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case v.Kind() == syntax.Sequence:
		var parts []string
		for _, item := range v.Items() {
			parts = append(parts, flow(item, nil))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case v.Quoted() || strings.ContainsAny(v.Text(), "\n,[]{}:#"):
		return syntax.Quoted(v.Text())
	default:
		return v.Text()
	}
}

// elements are those of a list, or the value that stands for a list of one.
func elements(v syntax.Value) []syntax.Value {
	if v.Kind() == syntax.Scalar || v.Kind() == syntax.Mapping {
		return []syntax.Value{v}
	}
	return v.Items()
}

// styled writes the text of a patch in the quotes that the value has.
func styled(v syntax.Value, p *patch, oneLine bool) string {
	text, quoted := *p.text, v.Kind() == syntax.Scalar && v.Quoted()
	switch {
	case strings.Contains(text, "\n") && (oneLine || quoted):
		return syntax.Quoted(text)
	case quoted && strings.HasPrefix(firstCharacter(v), "'"):
		return "'" + strings.ReplaceAll(text, "'", "''") + "'"
	case quoted:
		return syntax.Quoted(text)
	case p.word:
		return syntax.Word(text)
	default:
		return text
	}
}

func firstCharacter(v syntax.Value) string {
	line := []rune(v.SourceLine(v.Position().Line))
	return string(line[min(v.Position().Column-1, len(line)):])
}

// editor turns patches into edits of a file. What it cannot do without losing a comment
// is a fault, and makes no edits.
type editor struct {
	edits []diag.Edit
	// drops are the entries to be taken out of the mapping at a place.
	drops map[diag.Position]*dropped
	fault string
}

// dropped are entries of a mapping.
type dropped struct {
	of    syntax.Value
	names map[string]bool
}

func (e *editor) replace(v syntax.Value, from, to diag.Position, text string) {
	e.edits = append(e.edits, diag.Edit{File: v.File(), Range: diag.Range{Start: from, End: to}, Text: text})
}

// cannot notes a comment that would get lost.
func (e *editor) cannot(at diag.Position) {
	e.fault = fmt.Sprintf("a comment in line %d would get lost", at.Line)
}

// value makes the patch of a value, which stands below the key.
func (e *editor) value(key, v syntax.Value, p *patch) {
	switch {
	case !p.wrong():
	case p.text != nil && strings.Contains(*p.text, "\n") && !v.Quoted():
		e.block(key, v, *p.text)
	case p.text != nil:
		e.replace(v, v.Extent().Start, v.Extent().End, styled(v, p, false))
	case p.isList && (v.Kind() != syntax.Sequence || v.Flow()):
		e.flowList(key, v, p)
	case p.isList:
		e.blockList(key, v, p)
	default:
		for _, entry := range v.Entries() {
			change := p.entries[entry.Name]
			switch {
			case !change.wrong():
			case change.drop:
				e.drop(v, entry.Name)
			default:
				e.value(entry.Key, entry.Value, change)
			}
		}
	}
}

// block writes a text of several lines below the key.
func (e *editor) block(key, v syntax.Value, text string) {
	line := key.SourceLine(key.Position().Line)
	if !v.Block() && strings.ContainsAny(line, "{[") {
		e.replace(v, v.Extent().Start, v.Extent().End, syntax.Quoted(text))
		return
	}
	var b strings.Builder
	b.WriteString("|")
	indent := strings.Repeat(" ", key.Position().Column+1)
	for line := range strings.Lines(text) {
		b.WriteString("\n")
		if line = strings.TrimRight(line, "\n"); line != "" {
			b.WriteString(indent + line)
		}
	}
	e.replace(v, v.Extent().Start, v.Extent().End, b.String())
}

// flowList writes a list in brackets anew.
func (e *editor) flowList(key, v syntax.Value, p *patch) {
	if at := v.Extent(); v.Kind() != syntax.Null || at.End != at.Start {
		if comment, found := commentIn(v, at); found {
			e.cannot(comment)
			return
		}
		e.replace(v, at.Start, at.End, flow(v, p))
		return
	}
	end := afterColon(key)
	e.replace(key, end, end, " "+flow(v, p))
}

// afterColon is the place after a key and its colon.
func afterColon(key syntax.Value) diag.Position {
	end := key.Extent().End
	line := []rune(key.SourceLine(end.Line))
	for end.Column <= len(line) && line[end.Column-1] != ':' {
		end.Column++
	}
	end.Column++
	return end
}

// commentIn finds a comment in a stretch.
func commentIn(v syntax.Value, at diag.Range) (diag.Position, bool) {
	for n := at.Start.Line; n <= at.End.Line; n++ {
		line := []rune(v.SourceLine(n))
		from, to := 0, len(line)
		if n == at.Start.Line {
			from = min(at.Start.Column-1, len(line))
		}
		if n == at.End.Line {
			to = min(at.End.Column-1, len(line))
		}
		if i := strings.Index(" "+string(line[from:max(from, to)]), " #"); i >= 0 {
			return diag.Position{Line: n, Column: from + i + 1}, true
		}
	}
	return diag.Position{}, false
}

// blockList changes the lines of a list that are not right.
func (e *editor) blockList(key, v syntax.Value, p *patch) {
	items := v.Items()
	if len(p.list) == 0 {
		for _, item := range items {
			e.dropLines(item, item)
		}
		end := afterColon(key)
		e.replace(key, end, end, " []")
		return
	}
	dash := strings.Index(v.SourceLine(items[0].Position().Line), "-")
	indent := strings.Repeat(" ", dash)
	next, before := 0, diag.Position{Line: items[0].Position().Line, Column: 1}
	var fresh []string
	flush := func(until int) { // the new elements take the places of old ones, as far as there are any
		for ; next < until; next++ {
			item := items[next]
			if len(fresh) > 0 {
				if comment, found := commentIn(item, item.Extent()); found {
					e.cannot(comment)
				}
				e.replace(item, item.Extent().Start, item.Extent().End, fresh[0])
				fresh = fresh[1:]
			} else {
				e.dropLines(item, item)
			}
			before = diag.Position{Line: item.Extent().End.Line + 1, Column: 1}
		}
		var lines strings.Builder
		for _, text := range fresh {
			fmt.Fprintf(&lines, "%s- %s\n", indent, text)
		}
		if lines.Len() > 0 {
			e.replace(v, before, before, lines.String())
		}
		fresh = nil
	}
	for _, item := range p.list {
		if item.kept < 0 {
			fresh = append(fresh, item.text)
			continue
		}
		flush(item.kept)
		next = item.kept + 1
		before = diag.Position{Line: items[item.kept].Extent().End.Line + 1, Column: 1}
	}
	flush(len(items))
}

// dropLines takes out the lines from the first value to the end of the last. A comment
// at the end of the last line stays.
func (e *editor) dropLines(first, last syntax.Value) {
	start, end := first.Position(), last.Extent().End
	if !last.Present() || last.Kind() == syntax.Null {
		end = afterColon(first)
	}
	if comment, found := commentIn(first, diag.Range{Start: start, End: end}); found {
		e.cannot(comment)
		return
	}
	line := []rune(first.SourceLine(end.Line))
	rest := strings.TrimSpace(string(line[min(end.Column-1, len(line)):]))
	if rest != "" {
		whole := first.SourceLine(start.Line)
		rest = whole[:len(whole)-len(strings.TrimLeft(whole, " "))] + rest + "\n"
	}
	e.replace(first, diag.Position{Line: start.Line, Column: 1}, diag.Position{Line: end.Line + 1, Column: 1}, rest)
}

// drop takes an entry out of a mapping, once close is called.
func (e *editor) drop(of syntax.Value, name string) {
	if e.drops == nil {
		e.drops = make(map[diag.Position]*dropped)
	}
	d := e.drops[of.Position()]
	if d == nil {
		d = &dropped{of: of, names: make(map[string]bool)}
		e.drops[of.Position()] = d
	}
	d.names[name] = true
}

// close takes out what is dropped.
func (e *editor) close() {
	for _, d := range e.drops {
		entries := d.of.Entries()
		for i := 0; i < len(entries); i++ {
			if !d.names[entries[i].Name] {
				continue
			}
			last := i
			for last+1 < len(entries) && d.names[entries[last+1].Name] {
				last++
			}
			e.dropEntries(d.of, entries, i, last)
			i = last
		}
	}
	e.drops = nil
}

// dropEntries takes out the entries from the first to the last, which are not all.
func (e *editor) dropEntries(of syntax.Value, entries []syntax.Entry, first, last int) {
	key := entries[first].Key
	before := []rune(of.SourceLine(key.Position().Line))[:key.Position().Column-1]
	if !of.Flow() && strings.TrimSpace(string(before)) == "" {
		for _, entry := range entries[first : last+1] {
			e.dropLines(entry.Key, entry.Value)
		}
		return
	}
	var stretch diag.Range
	switch {
	case last+1 < len(entries):
		stretch = diag.Range{Start: key.Position(), End: entries[last+1].Key.Position()}
	case first > 0:
		stretch = diag.Range{Start: entries[first-1].Value.Extent().End, End: entries[last].Value.Extent().End}
	default:
		e.fault = "nothing would be left to expect"
		return
	}
	if comment, found := commentIn(of, stretch); found {
		e.cannot(comment)
		return
	}
	e.replace(of, stretch.Start, stretch.End, "")
}

// add writes a further entry at the end of a mapping.
func (e *editor) add(of syntax.Map, key, text string) {
	entries := of.Value.Entries()
	if of.Flow() {
		at := of.Extent().End
		at.Column--
		if len(entries) > 0 {
			at = entries[len(entries)-1].Value.Extent().End
			text = ", " + key + ": " + text
		} else {
			text = key + ": " + text
		}
		e.replace(of.Value, at, at, text)
		return
	}
	last := entries[len(entries)-1]
	at := diag.Position{Line: last.Value.Extent().End.Line + 1, Column: 1}
	e.replace(of.Value, at, at, fmt.Sprintf("%s%s: %s\n", strings.Repeat(" ", entries[0].Key.Position().Column-1), key, text))
}
