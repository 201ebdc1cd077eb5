package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/engine/audit"
)

func newAudit(s Streams) *cobra.Command {
	f := audit.Filter{Limit: defaultListed}
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Show who changed what",
		Long: `Show the audit log, the newest entry first: who changed what, by which request. An actor
is the id of a key of the API, "password" for whoever has that of the server, "cli" for
commands on keys and promotions, or "server", which removes old entries where audit_keep
says so. Orders and stock have histories of their own; see "checkout orders" and
"checkout items movements".` + overServer + `
The key has to be of the scope admin.`,
		Example: `  checkout audit --since 2026-11-01 --action keys.revoke
  checkout audit --actor 4kq7w2mzpa --limit 100 -o json
  checkout audit --server http://localhost:8000 --key-file key.txt`,
		Args: noArguments,
	}
	flags := cmd.Flags()
	flags.StringVar(&f.Actor, "actor", "", "only what `ACTOR` did: the id of a key, password, cli or server")
	flags.StringVar(&f.Action, "action", "", "only the `ACTION`, such as keys.revoke")
	flags.StringVar(&f.Subject, "subject", "", "only what was done to `ID`, such as that of a key")
	flags.Var(&instant{&f.Since}, "since", "only entries of `TIME` and later, such as 2026-11-01 or 2026-11-01T08:00:00Z")
	flags.Var(&instant{&f.Until}, "until", "only entries before `TIME`")
	flags.IntVar(&f.Limit, "limit", defaultListed, fmt.Sprintf("list at most `N` entries, up to %d", audit.MaxEntries))
	flags.Int64Var(&f.Before, "after", 0, "go on after the entry `ID`, the last one of the page before")
	return bothWays(s, cmd, auditLogs(s), func(ctx context.Context, a auditLog, _ []string) (rendering, error) {
		switch {
		case f.Limit < 1 || f.Limit > audit.MaxEntries:
			return nil, usageError{error: fmt.Errorf("--limit %d: want 1 to %d", f.Limit, audit.MaxEntries)}
		case f.Before < 0:
			return nil, usageError{error: fmt.Errorf("--after %d: want the id of an entry", f.Before)}
		}
		page, err := readAudit(ctx, a, f)
		return inPages(page, len(page.Entries), "no entries", page.Next, page.table), err
	})
}

// auditPage is a page of the audit log. It is version 1 of the JSON form, to which
// fields are only added.
type auditPage struct {
	Version int           `json:"version"`
	Entries []audit.Entry `json:"entries"`
	// Next is what --after wants for the next page, "" when there is none.
	Next string `json:"next,omitempty"`
}

func readAudit(ctx context.Context, a auditLog, f audit.Filter) (auditPage, error) {
	page := auditPage{Version: 1, Entries: []audit.Entry{}}
	entries, err := a.AuditLog(ctx, f)
	if err != nil {
		return page, err
	}
	page.Entries = append(page.Entries, entries...)
	if len(entries) < f.Limit {
		return page, nil
	}
	last := entries[len(entries)-1].ID
	f.Before, f.Limit = last, 1
	more, err := a.AuditLog(ctx, f)
	if len(more) > 0 {
		page.Next = strconv.FormatInt(last, 10)
	}
	return page, err
}

// table writes a line for each entry.
func (p auditPage) table(w io.Writer) error {
	_, err := fmt.Fprintln(w, "ID\tAT\tACTOR\tACTION\tSUBJECT\tREQUEST\tDETAIL")
	for _, e := range p.Entries {
		_, printed := fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t%s\n", e.ID, e.At.Format(time.DateTime), plainText(e.Actor), plainText(e.Action),
			dash(plainText(e.Subject)), dash(plainText(e.RequestID)), plainText(string(e.Detail)))
		err = errors.Join(err, printed)
	}
	return err
}

// plainText quotes a text that came from a request where it would move the cursor.
func plainText(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(text)
	}
	return text
}
