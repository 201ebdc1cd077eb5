package lint

import (
	"fmt"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/diag"
)

// maxRun is from how long on a promotion has each weekday and each hour in it.
const maxRun = 9 * 24 * time.Hour

// idle finds a promotion whose days and hours leave no instant between its dates.
func (l *linter) idle(p *promotion) {
	s := &p.Schedule
	if s.From.IsZero() || s.Until.IsZero() || s.Until.Sub(s.From) > maxRun || everRuns(s) {
		return
	}
	finding := l.report(p.Get("schedule"), diag.SeverityWarning, diag.NeverRuns, "compare days and hours with from and until, in the timezone",
		"%s never runs: none of its days and hours is between its dates", p.ID)
	finding.Promotions = []string{p.ID}
	again, timeless := *p, *p.Promotion
	timeless.Schedule = engine.Schedule{}
	again.Promotion = &timeless
	l.carts([]*promotion{&again}, constant(true), nil, func(request engine.Request) bool {
		request.At, request.Explain = s.From, true
		request, q, ok := price(l.rules, request)
		if !ok || outcomeOf(&q, p.ID).Reason != engine.OutsideHours {
			return true
		}
		finding.Witness = &Witness{Shows: fmt.Sprintf("%s is not applied at the instant from which it is to run", p.ID), Request: request, Quote: q, NotApplied: []string{p.ID}}
		return false
	})
}

// everRuns reports whether there is an instant at which the schedule runs. It begins to
// run where its dates begin, at a midnight, or where one of its spans begins.
func everRuns(s *engine.Schedule) bool {
	if s.Runs(s.From) {
		return true
	}
	location := s.Location
	if location == nil {
		location = time.UTC
	}
	starts := []int{0}
	for _, h := range s.Hours {
		starts = append(starts, h.From)
	}
	year, month, day := s.From.In(location).Date()
	for i := 0; ; i++ {
		if time.Date(year, month, day+i, 0, 0, 0, 0, location).After(s.Until) {
			return false
		}
		for _, minute := range starts {
			if s.Runs(time.Date(year, month, day+i, 0, minute, 0, 0, location)) {
				return true
			}
		}
	}
}
