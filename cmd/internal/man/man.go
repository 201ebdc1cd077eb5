// Package man writes manual pages of a tree of commands.
//
// # Design
//
// 2026-11-23: The pages are written here, in the few macros of man(7) that every
// reader of pages has. Rejected: github.com/spf13/cobra/doc, which takes the texts of
// commands for Markdown, so that *_test.yaml becomes italic and what stands in columns
// runs together, and needs two more modules in the program.
package man

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// ExitCode is a row of the exit status.
type ExitCode struct {
	Code    int
	Meaning string
}

// Options say what is the same in all pages.
type Options struct {
	// Date is that of the pages, none for the zero time.
	Date time.Time
	// ExitCodes are those of all commands.
	ExitCodes []ExitCode
}

// Write writes the page of each command of the tree that helps and is not hidden into
// the folder, which is made if need be, and returns the names of the files.
func Write(root *cobra.Command, folder string, o Options) ([]string, error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, fmt.Errorf("write manual pages: %w", err)
	}
	var names []string
	var each func(cmd *cobra.Command) error
	each = func(cmd *cobra.Command) error {
		name := pageName(cmd) + ".1"
		if err := os.WriteFile(filepath.Join(folder, name), []byte(Page(cmd, o)), 0o644); err != nil {
			return fmt.Errorf("write manual pages: %w", err)
		}
		names = append(names, name)
		for _, child := range documented(cmd) {
			if err := each(child); err != nil {
				return err
			}
		}
		return nil
	}
	err := each(root)
	return names, err
}

// documented are the commands of a command that have pages: topics have.
func documented(cmd *cobra.Command) []*cobra.Command {
	return slices.DeleteFunc(slices.Clone(cmd.Commands()), func(c *cobra.Command) bool {
		return !c.IsAvailableCommand() && !c.IsAdditionalHelpTopicCommand()
	})
}

func pageName(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

// Page returns the page of a command.
func Page(cmd *cobra.Command, o Options) string {
	cmd.InitDefaultHelpFlag()
	cmd.InitDefaultVersionFlag()
	p := &page{}
	date := ""
	if !o.Date.IsZero() {
		date = o.Date.UTC().Format(time.DateOnly)
	}
	root := cmd.Root()
	p.line(`.TH "%s" "1" "%s" "%s" "%s"`, escape(strings.ToUpper(pageName(cmd))), date, escape(strings.TrimSpace(root.Name()+" "+root.Version)), escape(root.Name()))
	p.line(".nh") // what is copied has no hyphens that a line has made
	p.line(".ad l")
	p.section("NAME")
	p.line("%s \\- %s", escape(pageName(cmd)), escape(cmd.Short))
	if cmd.Runnable() {
		p.section("SYNOPSIS")
		p.synopsis(cmd)
	}
	p.section("DESCRIPTION")
	if cmd.Long != "" {
		p.text(cmd.Long)
	} else {
		p.text(cmd.Short + ".")
	}
	if cmd.Runnable() {
		p.flags(cmd.Flags())
	}
	p.commands(cmd)
	if cmd.Example != "" {
		p.section("EXAMPLES")
		p.asIs(strings.Split(strings.Trim(cmd.Example, "\n"), "\n"))
	}
	if cmd.Runnable() && len(o.ExitCodes) > 0 {
		p.section("EXIT STATUS")
		for _, e := range o.ExitCodes {
			p.line(".TP")
			p.line("%s", bold(fmt.Sprint(e.Code)))
			p.line("%s", escape(e.Meaning))
		}
	}
	if cmd.HasParent() {
		p.section("SEE ALSO")
		p.line("%s(1)", bold(pageName(cmd.Parent())))
	}
	return p.b.String()
}

// page is a page that is being written.
type page struct{ b strings.Builder }

func (p *page) line(format string, args ...any) { fmt.Fprintf(&p.b, format+"\n", args...) }

func (p *page) section(name string) { p.line(".SH %s", name) }

// synopsis writes how the command is called, its own words in bold.
func (p *page) synopsis(cmd *cobra.Command) {
	p.line("%s %s", bold(cmd.CommandPath()), escape(strings.TrimPrefix(strings.TrimPrefix(cmd.UseLine(), cmd.CommandPath()), " ")))
}

// text writes paragraphs. Lines that begin with two blanks or a tab stay as they are.
func (p *page) text(text string) {
	text = strings.ReplaceAll(text, "\t", "    ")
	between := ""
	for _, paragraph := range strings.Split(strings.Trim(text, "\n"), "\n\n") {
		if between != "" {
			p.line("%s", between)
		}
		between = ".PP"
		lines := strings.Split(strings.Trim(paragraph, "\n"), "\n")
		for len(lines) > 0 {
			indented := strings.HasPrefix(lines[0], "  ")
			n := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "  ") != indented })
			if n < 0 {
				n = len(lines)
			}
			if indented {
				p.asIs(lines[:n])
			} else {
				p.line("%s", escape(strings.Join(lines[:n], "\n")))
			}
			lines = lines[n:]
		}
	}
}

// asIs writes lines that are not filled, without the blanks that all begin with.
func (p *page) asIs(lines []string) {
	blanks := -1
	for _, line := range lines {
		if own := len(line) - len(strings.TrimLeft(line, " ")); strings.TrimSpace(line) != "" && (blanks < 0 || own < blanks) {
			blanks = own
		}
	}
	p.line(".RS 4")
	p.line(".nf")
	for _, line := range lines {
		p.line("%s", escape(line[min(max(blanks, 0), len(line)):]))
	}
	p.line(".fi")
	p.line(".RE")
}

// flags writes the section of flags.
func (p *page) flags(flags *pflag.FlagSet) {
	p.section("OPTIONS")
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		value, usage := pflag.UnquoteUsage(f)
		name := bold("--" + f.Name)
		if f.Shorthand != "" {
			name = bold("-"+f.Shorthand) + ", " + name
		}
		switch {
		case value == "":
		case f.NoOptDefVal != "":
			name += "[=" + italic(value) + "]"
		default:
			name += " " + italic(value)
		}
		if !isZero(f.DefValue) {
			usage += " (default " + f.DefValue + ")"
		}
		p.line(".TP")
		p.line("%s", name)
		p.line("%s", escape(usage))
	})
}

// isZero reports whether a default is none to speak of.
func isZero(value string) bool {
	return slices.Contains([]string{"", "0", "false", "[]", "0s", "<nil>"}, value)
}

// commands writes the commands of a command, with their pages.
func (p *page) commands(cmd *cobra.Command) {
	children := documented(cmd)
	if len(children) == 0 {
		return
	}
	p.section("COMMANDS")
	for _, child := range children {
		p.line(".TP")
		p.line("%s(1)", bold(pageName(child)))
		p.line("%s", escape(child.Short))
	}
}

func bold(text string) string { return `\fB` + escape(text) + `\fR` }

func italic(text string) string { return `\fI` + escape(text) + `\fR` }

// escape writes a text so that it is shown as it stands: quotes and dashes that can be
// copied into a shell, and no line that is taken for a request.
func escape(text string) string {
	var b strings.Builder
	begin := true // of a line
	for _, r := range text {
		switch {
		case begin && r == '.':
			b.WriteString(`\&.`)
		case r == '\\':
			b.WriteString(`\e`)
		case r == '-':
			b.WriteString(`\-`)
		case r == '\'':
			b.WriteString(`\(aq`)
		case r == '"':
			b.WriteString(`\(dq`)
		case r == '`':
			b.WriteString(`\(ga`)
		case r == '^':
			b.WriteString(`\(ha`)
		case r == '~':
			b.WriteString(`\(ti`)
		case r > 0x7E:
			fmt.Fprintf(&b, `\[u%04X]`, r)
		default:
			b.WriteRune(r)
		}
		begin = r == '\n'
	}
	return b.String()
}
