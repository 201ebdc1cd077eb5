package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/backtest"
)

// The bounds of what is written for people; JSON has everything.
const (
	shownPromotions = 30
	shownPairs      = 15
	shownDays       = 40
	shownWorst      = 20
)

// BacktestPretty writes what came of a backtest for people: sums, promotions,
// pairs, days and the orders that change most, for each currency, then what could
// not be priced.
func BacktestPretty(w io.Writer, r *backtest.Result) error {
	var b strings.Builder
	writeBacktestHead(&b, r)
	for i := range r.Currencies {
		c := &r.Currencies[i]
		p := backtestPart{c, c.Currency}
		p.sums(&b)
		p.promotions(&b)
		p.budgets(&b)
		p.pairs(&b)
		p.days(&b)
		p.distribution(&b)
		p.worst(&b)
	}
	writeInvariants(&b, r)
	writeUnpriced(&b, r)
	if v := r.FailIf; v != nil {
		if len(v.Met) > 0 {
			fmt.Fprintf(&b, "\nfail-if %s: it is so (%s)\n", v.Condition, strings.Join(v.Met, ", "))
		} else {
			fmt.Fprintf(&b, "\nfail-if %s: it is not so\n", v.Condition)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func writeBacktestHead(b *strings.Builder, r *backtest.Result) {
	fmt.Fprintf(b, "%s: %s priced", r.Input.From, counted(int(r.Orders.Priced), "order"))
	if r.Orders.First != nil {
		fmt.Fprintf(b, ", %s to %s", r.Orders.First.Format(time.DateOnly), r.Orders.Last.Format(time.DateOnly))
	}
	if r.Input.Sample > 0 {
		fmt.Fprintf(b, ", a sample of %d (seed %d)", r.Input.Sample, r.Input.Seed)
	}
	if r.Orders.Failed > 0 {
		fmt.Fprintf(b, "; %d COULD NOT BE PRICED", r.Orders.Failed)
	}
	b.WriteString("\n")
	for _, v := range []struct {
		side  string
		rules backtest.Rules
	}{{"old", r.Old}, {"new", r.New}} {
		fmt.Fprintf(b, "%s  %s (%s, %.12s)\n", v.side, v.rules.Name, counted(v.rules.Promotions, "promotion"), v.rules.Digest)
	}
}

// backtestPart writes what is in one currency.
type backtestPart struct {
	*backtest.Currency
	money engine.Currency
}

func (p *backtestPart) amount(a engine.Amount) string { return grouped(p.money.Format(a)) }

// delta writes a change with its sign.
func (p *backtestPart) delta(a engine.Amount) string {
	if a > 0 {
		return "+" + p.amount(a)
	}
	return p.amount(a)
}

func deltaCount(n int64) string {
	if n > 0 {
		return "+" + count(n)
	}
	return count(n)
}

func count(n int64) string { return grouped(fmt.Sprint(n)) }

// grouped puts commas between thousands.
func grouped(number string) string {
	sign := ""
	if strings.HasPrefix(number, "-") {
		sign, number = "-", number[1:]
	}
	whole, fraction, digits := strings.Cut(number, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if digits {
		whole += "." + fraction
	}
	return sign + whole
}

// percentOf writes part of whole in per cent, "" where there is no whole.
func percentOf[N ~int64](part, whole N) string {
	if whole == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f %%", float64(part)/float64(whole)*100)
}

func signedShare[N ~int64](part, whole N) string {
	if text := percentOf(part, whole); part > 0 && text != "" {
		return "+" + text
	} else {
		return text
	}
}

func (p *backtestPart) sums(b *strings.Builder) {
	t := textTable{left: 1}
	t.row(p.money.Code(), "OLD", "NEW", "CHANGE", "")
	money := func(name string, old, now engine.Amount) {
		t.row(name, p.amount(old), p.amount(now), p.delta(now-old), signedShare(now-old, old))
	}
	t.row("list price", p.amount(p.Subtotal), p.amount(p.Subtotal), "", "")
	money("discount", p.Old.Discount, p.New.Discount)
	money("gifts, worth", p.Old.Gifts, p.New.Gifts)
	money("revenue", p.Old.Revenue, p.New.Revenue)
	t.row("orders with a promotion", count(p.Old.Discounted), count(p.New.Discounted), deltaCount(p.New.Discounted-p.Old.Discounted), signedShare(p.New.Discounted-p.Old.Discounted, p.Old.Discounted))
	b.WriteString("\n")
	t.write(b)
	fmt.Fprintf(b, "\n%s of %s change", count(p.Changed), counted(int(p.Orders), "order"))
	if p.Changed > 0 {
		fmt.Fprintf(b, " (%s): %s cheaper, %s dearer, %s otherwise", percentOf(p.Changed, p.Orders), count(p.Cheaper), count(p.Dearer), count(p.Changed-p.Cheaper-p.Dearer))
	}
	b.WriteString("\n")
}

func (p *backtestPart) promotions(b *strings.Builder) {
	t := textTable{left: 1}
	t.row("PROMOTION", "ORDERS OLD", "NEW", "SPEND OLD", "NEW", "CHANGE")
	rest := 0
	for i := range p.Promotions {
		q := &p.Promotions[i]
		if i >= shownPromotions {
			rest++
			continue
		}
		orders := func(s *backtest.Spend) string {
			if s == nil {
				return "-"
			}
			return count(s.Orders)
		}
		spend := func(s *backtest.Spend) string {
			if s == nil {
				return "-"
			}
			return p.amount(s.Total())
		}
		t.row(q.Promotion, orders(q.Old), orders(q.New), spend(q.Old), spend(q.New), p.delta(q.New.Total()-q.Old.Total()))
	}
	b.WriteString("\n")
	t.write(b)
	writeRest(b, rest, "promotion")
}

func writeRest(b *strings.Builder, rest int, noun string) {
	if rest > 0 {
		fmt.Fprintf(b, "and %s more; -o json has all\n", counted(rest, noun))
	}
}

// budgets tells of promotions that ran out, or that nobody could ask.
func (p *backtestPart) budgets(b *strings.Builder) {
	var notes []string
	for i := range p.Promotions {
		q := &p.Promotions[i]
		for _, v := range []struct {
			side  string
			spend *backtest.Spend
		}{{"old", q.Old}, {"new", q.New}} {
			if v.spend != nil {
				notes = append(notes, p.budget(q.Promotion, v.side, v.spend)...)
			}
		}
	}
	if notes != nil {
		b.WriteString("\n" + strings.Join(notes, "\n") + "\n")
	}
}

func (p *backtestPart) budget(promotion, side string, s *backtest.Spend) (notes []string) {
	switch {
	case s.Budget != nil && s.Per == "":
		note := fmt.Sprintf("%s (%s): %s of the budget of %s spent, %s", promotion, side, p.amount(s.Discount), p.amount(*s.Budget), percentOf(s.Discount, *s.Budget))
		if s.LimitedSince != nil {
			note += ", short since " + s.LimitedSince.Format("2006-01-02 15:04")
		}
		notes = append(notes, note)
	case s.LimitedSince != nil:
		notes = append(notes, fmt.Sprintf("%s (%s): a limit kept it from orders, first %s", promotion, side, s.LimitedSince.Format("2006-01-02 15:04")))
	}
	if s.Unanswered > 0 {
		notes = append(notes, fmt.Sprintf("%s (%s): no effect in %s, whose record has no answer of its plugin", promotion, side, counted(int(s.Unanswered), "order")))
	}
	return notes
}

func (p *backtestPart) pairs(b *strings.Builder) {
	if len(p.Pairs) == 0 {
		return
	}
	t := textTable{left: 1}
	t.row("ON THE SAME LINE", "ORDERS OLD", "NEW", "BOTH TAKE OLD", "NEW")
	for i, q := range p.Pairs {
		if i < shownPairs {
			t.row(q.Promotions[0]+" + "+q.Promotions[1], count(q.Old.Orders), count(q.New.Orders), p.amount(q.Old.Discount), p.amount(q.New.Discount))
		}
	}
	b.WriteString("\n")
	t.write(b)
	writeRest(b, len(p.Pairs)-shownPairs, "pair")
}

func (p *backtestPart) days(b *strings.Builder) {
	t := textTable{left: 1}
	t.row("DAY", "ORDERS", "SPEND OLD", "NEW", "CHANGE", "NEW SO FAR")
	var sofar engine.Amount
	for i, d := range p.Days {
		old, now := d.Old.Discount+d.Old.Gifts, d.New.Discount+d.New.Gifts
		if sofar += now; i < shownDays {
			t.row(d.Day, count(d.Orders), p.amount(old), p.amount(now), p.delta(now-old), p.amount(sofar))
		}
	}
	b.WriteString("\n")
	t.write(b)
	writeRest(b, len(p.Days)-shownDays, "day")
}

func (p *backtestPart) distribution(b *strings.Builder) {
	t := textTable{left: 1}
	t.row("TAKEN OFF", "ORDERS OLD", "NEW")
	for _, q := range p.Distribution {
		switch {
		case q.Old == 0 && q.New == 0:
		case q.To == 0:
			t.row("nothing", count(q.Old), count(q.New))
		default:
			t.row(fmt.Sprintf("to %d %%", q.To), count(q.Old), count(q.New))
		}
	}
	b.WriteString("\n")
	t.write(b)
}

func (p *backtestPart) worst(b *strings.Builder) {
	if len(p.Worst) == 0 {
		return
	}
	t := textTable{left: 1}
	t.row("CHANGES MOST", "LIST PRICE", "SAVING OLD", "NEW", "CHANGE")
	for i, q := range p.Worst {
		if i < shownWorst {
			old, now := q.Old.Discount+q.Old.Gifts, q.New.Discount+q.New.Gifts
			t.row(q.Reference, p.amount(q.Subtotal), p.amount(old), p.amount(now), p.delta(now-old))
		}
	}
	b.WriteString("\n")
	t.write(b)
}

func writeInvariants(b *strings.Builder, r *backtest.Result) {
	if len(r.Invariants) == 0 {
		return
	}
	t := textTable{left: 1}
	t.row("ALWAYS", "ORDERS", "BROKEN OLD", "NEW", "BOTH")
	for _, v := range r.Invariants {
		t.row(v.Invariant, count(v.Orders), count(v.Old), count(v.New), count(v.Both))
	}
	b.WriteString("\n")
	t.write(b)
	for _, v := range r.Invariants {
		if v.New == 0 {
			continue
		}
		fmt.Fprintf(b, "\nBROKEN %s (%s)\n", v.Invariant, v.Place)
		writeBreaches(b, v.Examples)
	}
}

func writeBreaches(b *strings.Builder, list []backtest.Breach) {
	for _, e := range list {
		fmt.Fprintf(b, "  %s  %s%s\n", placed(e.Place, e.Reference), e.New, underOld(e))
	}
}

// underOld tells that the old rules break an invariant too.
func underOld(e backtest.Breach) string {
	switch e.Old {
	case "":
		return ""
	case e.New:
		return ", as under the old rules"
	default:
		return ", and under the old rules " + e.Old
	}
}

func writeUnpriced(b *strings.Builder, r *backtest.Result) {
	for _, f := range r.Failures {
		fmt.Fprintf(b, "\nNOT PRICED (%s): %s\n", f.Kind, counted(int(f.Orders), "order"))
		writeExamples(b, f.Examples)
	}
}

func writeExamples(b *strings.Builder, list []backtest.Example) {
	for _, e := range list {
		fmt.Fprintf(b, "  %s  %s\n", placed(e.Place, e.Reference), e.Problem)
	}
}

// placed names an order.
func placed(place, reference string) string {
	return strings.Join(strings.Fields(place+"  "+reference), " ")
}

// textTable lays out columns: the first ones to the left, numbers to the right.
type textTable struct {
	left int
	rows [][]string
}

func (t *textTable) row(cells ...string) { t.rows = append(t.rows, cells) }

func (t *textTable) write(b *strings.Builder) {
	var width []int
	for _, row := range t.rows {
		for i, cell := range row {
			if i == len(width) {
				width = append(width, 0)
			}
			width[i] = max(width[i], len([]rune(cell)))
		}
	}
	for _, row := range t.rows {
		var line strings.Builder
		for i, cell := range row {
			pad := strings.Repeat(" ", width[i]-len([]rune(cell)))
			if i > 0 {
				line.WriteString("  ")
			}
			if i < t.left {
				line.WriteString(cell + pad)
			} else {
				line.WriteString(pad + cell)
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
}
