package explain

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/diag"
)

// Explanation is a quote that was priced with an explanation, and what is told
// of it.
type Explanation struct {
	Quote engine.Quote
	// Source returns where a promotion is written, "" where nobody knows.
	Source func(promotion string) string
	// Promotions are those to tell of, all if there are none.
	Promotions []string
	// WhyNot leaves out those that were applied.
	WhyNot bool
	// Parts are told where there are any.
	Parts Parts
}

// Selected returns the outcomes to tell of: the applied ones in the order of
// application, then the others.
func (e *Explanation) Selected() []engine.Outcome {
	var selected []engine.Outcome
	for _, o := range e.Quote.Promotions {
		named := len(e.Promotions) == 0 || slices.Contains(e.Promotions, o.Promotion)
		if named && !(e.WhyNot && o.Reason == engine.Applied) {
			selected = append(selected, o)
		}
	}
	return selected
}

// Pretty writes what each promotion did to the cart, step by step, or what stood
// in its way and what the customer could add.
func (e *Explanation) Pretty(w io.Writer) error {
	var b strings.Builder
	money := e.Quote.Currency.Format
	for _, o := range e.Selected() {
		e.writeHead(&b, o)
		e.Parts.write(&b, compile.Owner{Kind: compile.PromotionSymbol, Name: o.Promotion})
		if o.Reason == engine.Applied {
			e.writeEffects(&b, o)
		} else {
			e.writeObstacle(&b, o)
		}
		b.WriteString("\n")
	}
	for _, owner := range e.Parts.names() {
		fmt.Fprintf(&b, "%s %s\n", owner.Kind, owner.Name)
		e.Parts.write(&b, owner)
		b.WriteString("\n")
	}
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "subtotal\t%s\t\ndiscount\t%s\t\ntotal\t%s\t\n", money(e.Quote.Subtotal), money(e.Quote.Discount), money(e.Quote.Total))
	if len(e.Quote.Shipments) > 0 {
		fmt.Fprintf(table, "shipping\t%s\t\npayable\t%s\t\n", money(e.Quote.ShippingTotal), money(e.Quote.Payable))
	}
	_ = table.Flush() // a Builder has no errors
	b.WriteString(e.proof())
	_, err := io.WriteString(w, b.String())
	return err
}

// proof says whether another choice could save more.
func (e *Explanation) proof() string {
	switch {
	case e.Quote.Optimal:
		return "No other choice between these promotions saves more.\n"
	case e.Quote.Bound > 0:
		return fmt.Sprintf("The best choice found saves %s; none can save more than %s.\n",
			e.Quote.Currency.Format(e.Quote.Saving()), e.Quote.Currency.Format(e.Quote.Bound))
	default:
		return "Promotions that compete are chosen by priority, not by what they save.\n"
	}
}

func (e *Explanation) writeHead(b *strings.Builder, o engine.Outcome) {
	fmt.Fprintf(b, "%s  %s", o.Promotion, o.Reason)
	if o.Applications > 1 {
		fmt.Fprintf(b, " %d times", o.Applications)
	}
	if o.Discount > 0 {
		fmt.Fprintf(b, ", takes %s off", e.Quote.Currency.Format(o.Discount))
	}
	if o.Coupon != "" {
		fmt.Fprintf(b, ", with the coupon %s", o.Coupon)
	}
	if source := e.Source(o.Promotion); source != "" {
		fmt.Fprintf(b, "  (%s)", source)
	}
	b.WriteString("\n")
}

// writeEffects tells what lines cost before and after the promotion, and what it
// gives.
func (e *Explanation) writeEffects(b *strings.Builder, o engine.Outcome) {
	money := e.Quote.Currency.Format
	table := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	for _, l := range o.Lines {
		change := ""
		if l.Change != nil {
			change = fmt.Sprintf("%s -> %s", money(l.Change.Before), money(l.Change.After))
		}
		fmt.Fprintf(table, "  %s%s\t%s\t%s\n", l.SKU, l.Shipment, change, e.unitsChanged(l))
	}
	for _, g := range e.Quote.Gifts {
		if g.Promotion == o.Promotion {
			fmt.Fprintf(table, "  %s\tgift of %d\tworth %s each\n", g.SKU, g.Quantity, money(g.Worth))
		}
	}
	for _, a := range e.Quote.Awards {
		if a.Promotion == o.Promotion {
			fmt.Fprintf(table, "  %s\taward of %s\t\n", a.Kind, a.Amount)
		}
	}
	_ = table.Flush()
}

// unitsChanged says which units of the line got cheaper: 2 of 100.00 now 50.00.
func (e *Explanation) unitsChanged(l engine.OutcomeLine) string {
	if l.Change == nil {
		return fmt.Sprintf("%d for %s less", l.Quantity, e.Quote.Currency.Format(l.Discount))
	}
	var runs []string
	for _, u := range l.Change.Units {
		runs = append(runs, fmt.Sprintf("%d at %s now %s", u.Quantity, e.Quote.Currency.Format(u.Before), e.Quote.Currency.Format(u.After)))
	}
	return strings.Join(runs, ", ")
}

// writeObstacle tells why the promotion was not applied, and what would make it
// apply.
func (e *Explanation) writeObstacle(b *strings.Builder, o engine.Outcome) {
	for _, page := range diag.ReasonPages() {
		if page.Reason == o.Reason.String() {
			fmt.Fprintf(b, "  %s.\n", page.Title)
		}
	}
	if o.Obstacle != nil {
		WriteObstacle(b, "  ", o.Reason, *o.Obstacle)
	}
	for _, h := range e.Quote.Hints {
		if h.Promotion == o.Promotion {
			WriteHint(b, "  ", e.Quote.Currency, h)
		}
	}
}

// WriteHint writes what the customer could add, on a line after the indent. Its amounts
// are in the currency.
func WriteHint(b *strings.Builder, indent string, currency engine.Currency, h engine.Hint) {
	var add []string
	for _, item := range h.Add {
		add = append(add, fmt.Sprintf("%d x %s", item.Quantity, item.SKU))
	}
	fmt.Fprintf(b, "%snearest: %s more saves %s", indent, strings.Join(add, ", "), currency.Format(h.Saves))
	if h.Costs < 0 {
		fmt.Fprintf(b, " and makes the cart %s cheaper\n", currency.Format(-h.Costs))
	} else {
		fmt.Fprintf(b, " and costs %s\n", currency.Format(h.Costs))
	}
}

// WriteObstacle writes what stood in a promotion's way, each line after the indent.
func WriteObstacle(b *strings.Builder, indent string, reason engine.Reason, o engine.Obstacle) {
	for _, clause := range o.Why {
		fmt.Fprintf(b, "%s%-28s %s is false\n", indent, clause.Source, clause.Values)
	}
	if said := slices.DeleteFunc([]string{string(o.Fault), o.Detail}, func(s string) bool { return s == "" }); len(said) > 0 {
		fmt.Fprintf(b, "%s%s\n", indent, strings.Join(said, ": "))
	}
	if len(o.By) > 0 {
		fmt.Fprintf(b, "%s%s by %s\n", indent, reason, strings.Join(o.By, ", "))
	}
}
