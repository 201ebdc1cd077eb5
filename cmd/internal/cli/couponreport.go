package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
)

// jsonPool is a pool as -o json shows it.
type jsonPool struct {
	Name      string    `json:"name"`
	Prefix    string    `json:"prefix"`
	Length    int       `json:"length"`
	Groups    int       `json:"groups"`
	Wanted    int64     `json:"wanted"`
	Issued    int64     `json:"issued"`
	Imported  int64     `json:"imported"`
	Revoked   int64     `json:"revoked"`
	CreatedAt time.Time `json:"created_at"`
	RevokedAt time.Time `json:"revoked_at,omitzero"`
}

func jsonOfPool(p persistence.CouponPool) jsonPool {
	return jsonPool{
		Name: p.Name, Prefix: p.Format.Prefix, Length: p.Format.Length, Groups: p.Format.Group,
		Wanted: p.Wanted, Issued: p.Issued, Imported: p.Imported, Revoked: p.Revoked,
		CreatedAt: p.CreatedAt, RevokedAt: p.RevokedAt,
	}
}

// jsonCode is a code as -o json shows it.
type jsonCode struct {
	Code        string                 `json:"code"`
	Pool        string                 `json:"pool"`
	State       persistence.CodeState  `json:"state"`
	Redemptions int64                  `json:"redemptions"`
	Source      persistence.CodeSource `json:"source"`
	IssuedAt    time.Time              `json:"issued_at"`
	RevokedAt   time.Time              `json:"revoked_at,omitzero"`
}

// reported makes a report of what JSON shows and a text for people.
func reported(value any, text string) func(io.Writer, string) error {
	return func(w io.Writer, format string) error {
		if format == formatJSON {
			encoder := json.NewEncoder(w)
			encoder.SetIndent("", "  ")
			return encoder.Encode(value)
		}
		_, err := io.WriteString(w, text)
		return err
	}
}

func poolReport(p persistence.CouponPool) func(io.Writer, string) error {
	return reported(jsonOfPool(p), poolLine(p)+"\n")
}

// poolLine tells of a pool in a line, such as
// "spring: 20 of 30 codes made, 5 imported, 1 revoked".
func poolLine(p persistence.CouponPool) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s: ", p.Name)
	if p.Unfinished() > 0 {
		fmt.Fprintf(&text, "%d of %s made", p.Issued, plural(p.Wanted, "code"))
	} else {
		fmt.Fprintf(&text, "%s made", plural(p.Issued, "code"))
	}
	if p.Imported > 0 {
		fmt.Fprintf(&text, ", %d imported", p.Imported)
	}
	if p.Revoked > 0 {
		fmt.Fprintf(&text, ", %d revoked", p.Revoked)
	}
	if !p.RevokedAt.IsZero() {
		text.WriteString(", the whole pool is revoked")
	}
	return text.String()
}

func importReport(p persistence.CouponPool, added int64) func(io.Writer, string) error {
	value := struct {
		Added int64    `json:"added"`
		Pool  jsonPool `json:"pool"`
	}{added, jsonOfPool(p)}
	return reported(value, fmt.Sprintf("%s imported\n%s\n", plural(added, "code"), poolLine(p)))
}

func revocationReport(done string, n int64) func(io.Writer, string) error {
	return reported(map[string]int64{done: n}, fmt.Sprintf("%s %s\n", plural(n, "code"), done))
}

func poolsReport(pools []persistence.CouponPool) func(io.Writer, string) error {
	list := make([]jsonPool, len(pools))
	for i, p := range pools {
		list[i] = jsonOfPool(p)
	}
	if len(pools) == 0 {
		return reported(map[string]any{"pools": list}, "no pools\n")
	}
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "POOL\tCODES\tWANTED\tIMPORTED\tREVOKED\tCREATED")
	for _, p := range pools {
		revoked := fmt.Sprint(p.Revoked)
		if !p.RevokedAt.IsZero() {
			revoked = "all"
		}
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%s\t%s\n", p.Name, p.Codes(), p.Wanted, p.Imported, revoked, p.CreatedAt.Format(time.DateOnly))
	}
	_ = table.Flush() // a strings.Builder takes everything
	return reported(map[string]any{"pools": list}, text.String())
}

func codeReport(c persistence.CouponCode) func(io.Writer, string) error {
	text := fmt.Sprintf("%s: %s, pool %s, %s %s", c.Code, c.State, c.Pool, c.Source, c.IssuedAt.Format(time.DateOnly))
	if !c.RevokedAt.IsZero() {
		text += ", revoked " + c.RevokedAt.Format(time.DateOnly)
	}
	return reported(jsonCode(c), text+"\n")
}

// plural counts things: 1 code, 2 codes.
func plural(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// hasPrefix tells whether a text, as codes are compared, begins with the prefix of
// a pool.
func hasPrefix(text, prefix string) bool {
	return strings.HasPrefix(engine.NormalizeCoupon(text), prefix+"-")
}
