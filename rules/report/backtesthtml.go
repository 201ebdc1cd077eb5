package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"strings"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/backtest"
)

// The page of a backtest: a template, the script of its charts, and Chart.js as
// make charts copies it from npm.
//
//go:embed backtest.html
var backtestPage string

//go:embed backtest.js
var backtestScript string

//go:embed chart.umd.min.js
var chartLibrary string

// The bounds of what the charts show; the tables have everything.
const (
	chartPromotions = 12
	chartSteps      = 62 // days; of more, weeks are shown
	chartBudgets    = 6
)

// BacktestHTML writes what came of a backtest as one page that needs nothing
// else: it opens from a file and asks no server for anything. It has no personal
// fields of orders but their references.
func BacktestHTML(w io.Writer, r *backtest.Result) error {
	page, err := template.New("backtest").Funcs(template.FuncMap{
		"count":  countAny,
		"day":    func(at *time.Time) string { return at.Format(time.DateOnly) },
		"moment": moment,
		"old":    underOld,
		"join":   func(list []string) string { return strings.Join(list, ", ") },
		"orders": func(s *backtest.Spend) int64 {
			if s == nil {
				return 0
			}
			return s.Orders
		},
	}).Parse(backtestPage)
	if err != nil {
		return err
	}
	view := backtestView{Result: r, Library: template.JS(chartLibrary), Script: template.JS(backtestScript), Data: []chartData{}}
	for i := range r.Currencies {
		part := newHTMLPart(&r.Currencies[i])
		view.Parts = append(view.Parts, part)
		view.Data = append(view.Data, part.data)
	}
	return page.Execute(w, view)
}

func countAny(n any) string { return grouped(fmt.Sprint(n)) }

func moment(at any) string {
	const layout = "2006-01-02 15:04 UTC"
	if at, ok := at.(*time.Time); ok {
		return at.UTC().Format(layout)
	}
	return at.(time.Time).UTC().Format(layout)
}

// backtestView is what the template shows.
type backtestView struct {
	*backtest.Result
	Parts           []htmlPart
	Data            []chartData
	Library, Script template.JS
}

// htmlPart is what the page has of one currency.
type htmlPart struct {
	backtestPart
	Step    string // day or week
	Budgets []htmlBudget
	data    chartData
}

type htmlBudget struct {
	Promotion     string
	Spent, Budget engine.Amount
	Since         *time.Time
}

// chartData are the numbers of the charts, in whole units of the currency.
type chartData struct {
	Currency     string        `json:"currency"`
	Digits       int           `json:"digits"`
	Labels       []string      `json:"labels"`
	Old          []float64     `json:"old"`
	New          []float64     `json:"new"`
	OldSoFar     []float64     `json:"oldSoFar"`
	NewSoFar     []float64     `json:"newSoFar"`
	Promotions   []chartSpend  `json:"promotions"`
	Buckets      []string      `json:"buckets"`
	BucketsOld   []int64       `json:"bucketsOld"`
	BucketsNew   []int64       `json:"bucketsNew"`
	Budgets      []chartBudget `json:"budgets"`
	wholeDivisor float64
}

type chartSpend struct {
	ID  string  `json:"id"`
	Old float64 `json:"old"`
	New float64 `json:"new"`
}

type chartBudget struct {
	Budget float64   `json:"budget"`
	SoFar  []float64 `json:"soFar"`
}

func newHTMLPart(c *backtest.Currency) htmlPart {
	p := htmlPart{backtestPart: backtestPart{c, c.Currency}, Step: "day"}
	steps := daySteps(c.Days)
	if len(steps) > chartSteps {
		p.Step, steps = "week", weekSteps(c.Days)
	}
	p.data = chartData{Currency: c.Currency.Code(), Digits: c.Digits, wholeDivisor: math.Pow10(c.Digits)}
	d := &p.data
	var old, now engine.Amount
	for _, s := range steps {
		old, now = old+s.old, now+s.now
		d.Labels = append(d.Labels, s.label)
		d.Old, d.New = append(d.Old, d.whole(s.old)), append(d.New, d.whole(s.now))
		d.OldSoFar, d.NewSoFar = append(d.OldSoFar, d.whole(old)), append(d.NewSoFar, d.whole(now))
	}
	for _, q := range c.Promotions[:min(len(c.Promotions), chartPromotions)] {
		d.Promotions = append(d.Promotions, chartSpend{q.Promotion, d.whole(q.Old.Total()), d.whole(q.New.Total())})
	}
	last := 0
	for i, b := range c.Distribution {
		if b.Old+b.New > 0 {
			last = i
		}
	}
	for _, b := range c.Distribution[:last+1] {
		label := "none"
		if b.To > 0 {
			label = fmt.Sprintf("≤ %d %%", b.To)
		}
		d.Buckets = append(d.Buckets, label)
		d.BucketsOld, d.BucketsNew = append(d.BucketsOld, b.Old), append(d.BucketsNew, b.New)
	}
	p.budgetCharts(steps)
	return p
}

// budgetCharts adds a chart for each promotion with a budget that does not begin
// anew.
func (p *htmlPart) budgetCharts(steps []step) {
	for _, q := range p.Promotions {
		if q.New == nil || q.New.Budget == nil || q.New.Per != "" || len(p.Budgets) == chartBudgets {
			continue
		}
		p.Budgets = append(p.Budgets, htmlBudget{q.Promotion, q.New.Discount, *q.New.Budget, q.New.LimitedSince})
		chart := chartBudget{Budget: p.data.whole(*q.New.Budget)}
		var sofar engine.Amount
		for _, s := range steps {
			sofar += s.promotions[q.Promotion]
			chart.SoFar = append(chart.SoFar, p.data.whole(sofar))
		}
		p.data.Budgets = append(p.data.Budgets, chart)
	}
}

func (d *chartData) whole(a engine.Amount) float64 { return float64(a) / d.wholeDivisor }

// step is a day or a week of the charts.
type step struct {
	label      string
	old, now   engine.Amount
	promotions map[string]engine.Amount // what each takes off under the new rules
}

// daySteps are all days from the first to the last, also those without orders;
// too many are cut, because weeks are shown then.
func daySteps(days []backtest.Day) []step {
	var steps []step
	for _, d := range days {
		for at := stepAfter(steps); at != "" && at < d.Day && len(steps) <= chartSteps; at = stepAfter(steps) {
			steps = append(steps, step{label: at, promotions: map[string]engine.Amount{}})
		}
		s := step{label: d.Day, promotions: map[string]engine.Amount{}}
		s.add(&d)
		steps = append(steps, s)
	}
	return steps
}

// stepAfter is the day after the last one, "" where there is none.
func stepAfter(steps []step) string {
	if len(steps) == 0 {
		return ""
	}
	at, err := time.Parse(time.DateOnly, steps[len(steps)-1].label)
	if err != nil {
		return ""
	}
	return at.AddDate(0, 0, 1).Format(time.DateOnly)
}

// weekSteps are the weeks with orders, by their Mondays.
func weekSteps(days []backtest.Day) []step {
	var steps []step
	for _, d := range days {
		label := d.Day
		if at, err := time.Parse(time.DateOnly, d.Day); err == nil {
			label = at.AddDate(0, 0, -(int(at.Weekday())+6)%7).Format(time.DateOnly)
		}
		if n := len(steps); n == 0 || steps[n-1].label != label {
			steps = append(steps, step{label: label, promotions: map[string]engine.Amount{}})
		}
		steps[len(steps)-1].add(&d)
	}
	return steps
}

func (s *step) add(d *backtest.Day) {
	s.old += d.Old.Discount + d.Old.Gifts
	s.now += d.New.Discount + d.New.Gifts
	for _, p := range d.Promotions {
		s.promotions[p.Promotion] += p.New
	}
}

// What the template asks for. Methods of backtestPart with small names are not
// seen by templates.

// Money writes an amount.
func (p htmlPart) Money(a engine.Amount) string { return p.amount(a) }

// Delta writes a change with its sign.
func (p htmlPart) Delta(a engine.Amount) string { return p.delta(a) }

// Percent writes a change in per cent of what was, after a comma.
func (p htmlPart) Percent(part, whole engine.Amount) string {
	if text := signedShare(part, whole); text != "" {
		return ", " + text
	}
	return ""
}

// NewOff is how much more is taken off.
func (p htmlPart) NewOff() engine.Amount { return p.New.Discount - p.Old.Discount }

// NewRevenue is how much more customers pay.
func (p htmlPart) NewRevenue() engine.Amount { return p.New.Revenue - p.Old.Revenue }

// NewGifts is how much more the gifts are worth.
func (p htmlPart) NewGifts() engine.Amount { return p.New.Gifts - p.Old.Gifts }

// Change is how much more a promotion spends.
func (p htmlPart) Change(q backtest.Promotion) engine.Amount { return q.New.Total() - q.Old.Total() }

// Spent is what promotions give.
func (p htmlPart) Spent(s backtest.Sums) engine.Amount { return s.Discount + s.Gifts }

// Saving is how much more the customer saves.
func (p htmlPart) Saving(c backtest.Changed) engine.Amount {
	return c.New.Discount + c.New.Gifts - c.Old.Discount - c.Old.Gifts
}

// Given is what a promotion gives to an order.
func (p htmlPart) Given(a backtest.Applied) string {
	if a.Gifts > 0 {
		return fmt.Sprintf("%s and gifts worth %s", p.amount(a.Discount), p.amount(a.Gifts))
	}
	return p.amount(a.Discount)
}

// Notes tell what is special of a promotion under the new rules.
func (p htmlPart) Notes(q backtest.Promotion) []string {
	if q.New == nil {
		return []string{"not in the new rules"}
	}
	notes := p.budget(q.Promotion, "new", q.New)
	for i, note := range notes { // the row names the promotion
		_, notes[i], _ = strings.Cut(note, ": ")
	}
	if q.Old == nil {
		notes = append(notes, "not in the old rules")
	}
	return notes
}

// BarHeight is how high the chart of promotions is, in pixels.
func (p htmlPart) BarHeight() int { return max(300, 70+36*len(p.data.Promotions)) }
