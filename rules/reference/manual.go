package reference

import (
	"regexp"
	"slices"
	"strings"

	"github.com/checkout-promotions/checkout/rules"
)

// Entry is what documentation says about a word.
type Entry struct {
	Name string
	// Text is what the word means, in Markdown.
	Text string
	// Without is what holds where a key is left out, "" where nothing is said.
	Without string
	// Section is the heading that the entry is below.
	Section string
	// In is the key in which the key stands, "" for those of the section itself.
	In string
}

// Markdown writes the entry as an editor shows it.
func (e Entry) Markdown() string {
	b := "**" + e.Name + "**"
	if e.Text != "" {
		b += ": " + e.Text
	}
	switch e.Without {
	case "":
	case "refused":
		b += "\n\nRequired."
	default:
		b += "\n\nWithout it: " + e.Without
	}
	return b
}

// Manual is documentation taken apart into what it says of each word, in its order.
type Manual []Entry

// Language returns what the tables of language.md say: a row speaks of the words in
// backticks of its first cell, which may say in which key they are.
func Language() Manual {
	var m Manual
	inBackticks := regexp.MustCompile("`([^`]+)`")
	section, rows := "", 0 // of the table so far
	for line := range strings.Lines(rules.Language) {
		line = strings.TrimSpace(line)
		if title := strings.TrimLeft(line, "#"); title != line && strings.HasPrefix(title, " ") {
			section = strings.Trim(strings.TrimSpace(title), "`")
		}
		row, isRow := cutRow(line)
		switch {
		case !isRow:
			rows = 0
			continue
		case rows > 1: // after the heading and the line below it
			m = append(m, entriesOf(section, strings.Split(row, " | "), inBackticks)...)
		}
		rows++
	}
	return m
}

// cutRow takes the bars off a row of a table.
func cutRow(line string) (string, bool) {
	if len(line) < 2 || line[0] != '|' || line[len(line)-1] != '|' {
		return "", false
	}
	return line[1 : len(line)-1], true
}

func entriesOf(section string, cells []string, inBackticks *regexp.Regexp) []Entry {
	if len(cells) < 2 {
		return nil
	}
	names, in, _ := strings.Cut(strings.TrimSpace(cells[0]), " in `")
	e := Entry{Section: section, In: strings.Trim(in, "`"), Text: strings.TrimSpace(cells[1])}
	if len(cells) > 2 {
		e.Without = strings.TrimSpace(cells[2])
	}
	var found []Entry
	for _, name := range inBackticks.FindAllStringSubmatch(names, -1) {
		e.Name = name[1]
		found = append(found, e)
	}
	return found
}

// Comment returns what the lists of words in a package comment say, each of which
// stands below a heading: a word or several, two blanks or more, and what they mean,
// which may go on in the next lines.
func Comment(source string) Manual {
	var m Manual
	words := regexp.MustCompile(`^//\t([a-z_]+(?:, [a-z_]+)*) {2,}(\S.*)$`)
	more := regexp.MustCompile(`^//\t {8,}(\S.*)$`)
	section, last := "", 0 // how many entries the last line has made
	for line := range strings.Lines(source) {
		line = strings.TrimRight(line, "\r\n")
		if title, ok := strings.CutPrefix(line, "// # "); ok {
			section, last = title, 0
			continue
		}
		if found := more.FindStringSubmatch(line); found != nil {
			for i := range m[len(m)-last:] {
				m[len(m)-last+i].Text += " " + found[1]
			}
			continue
		}
		last = 0
		if found := words.FindStringSubmatch(line); found != nil && section != "" {
			for _, name := range strings.Split(found[1], ", ") {
				m = append(m, Entry{Name: name, Text: found[2], Section: section})
				last++
			}
		}
	}
	return m
}

// Section returns what a section says about the words in a key, "" for its own.
func (m Manual) Section(title, in string) []Entry {
	var found []Entry
	for _, e := range m {
		if e.Section == title && e.In == in {
			found = append(found, e)
		}
	}
	return found
}

// Find returns what is said about a word in a section; an entry with the name alone
// where nothing is.
func (m Manual) Find(title, name string) Entry {
	if i := slices.IndexFunc(m, func(e Entry) bool { return e.Section == title && e.Name == name }); i >= 0 {
		return m[i]
	}
	return Entry{Name: name, Section: title}
}
