package compile

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

func (p *promotionCompiler) schedule(v syntax.Value) engine.Schedule {
	if !v.Present() {
		return engine.Schedule{}
	}
	m := given(v, "schedule").Map("from", "until", "timezone", "days", "hours")
	location := p.timezone(m.Get("timezone"))
	s := engine.Schedule{
		Location: location,
		From:     instant(m.Get("from"), location),
		Until:    instant(m.Get("until"), location),
	}
	for _, day := range some(m.Get("days"), "days") {
		d, ok := parseWeekday(day.Text())
		if !ok {
			day.Report(diag.WrongValue, "write mon, tue, wed, thu, fri, sat or sun", "%q is no weekday", day.Text())
			continue
		}
		s.Days = s.Days.With(d)
	}
	for _, hours := range some(m.Get("hours"), "hours") {
		if h, ok := parseHours(hours.Text()); ok {
			s.Hours = append(s.Hours, h)
			continue
		}
		hours.Report(diag.WrongValue, `write "08:00-22:00"; a span may run over midnight`, "%q is no span of hours", hours.Text())
	}
	if !s.From.IsZero() && !s.Until.IsZero() && !s.From.Before(s.Until) {
		m.Get("until").Report(diag.OutOfRange, "until is the first instant after the promotion", "the promotion ends before it begins")
	}
	return s
}

// timezone reads an IANA name. The machine's own zone is no answer, because the
// same rules must mean the same everywhere.
func (c *compiler) timezone(v syntax.Value) *time.Location {
	name, ok := v.WantText()
	if !ok {
		return time.UTC
	}
	if known := c.zones[name]; known != nil {
		return known
	}
	location, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		v.Report(diag.WrongValue, "use an IANA name, such as Europe/London", "unknown timezone %q", name)
		return time.UTC
	}
	c.zones[name] = location
	return location
}

// instant reads a date, which is its first instant in the timezone, or a time.
func instant(v syntax.Value, location *time.Location) time.Time {
	text, ok := v.WantText()
	if !ok {
		return time.Time{}
	}
	for _, layout := range []string{time.DateOnly, "2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02 15:04:05"} {
		if t, err := time.ParseInLocation(layout, text, location); err == nil {
			return t
		}
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		v.Report(diag.WrongValue, "write 2026-12-31, 2026-12-31T18:00 or 2026-12-31T18:00:00Z", "%q is no date or time", text)
	}
	return t
}

func parseHours(text string) (engine.Hours, bool) {
	from, until, ok := strings.Cut(text, "-")
	a, aOK := parseMinute(strings.TrimSpace(from))
	b, bOK := parseMinute(strings.TrimSpace(until))
	return engine.Hours{From: a, Until: b}, ok && aOK && bOK && a < 24*60 && a != b
}

// parseMinute reads 08:30 as the minute of the day; 24:00 is the end of it.
func parseMinute(text string) (int, bool) {
	m := regexp.MustCompile(`^(\d{1,2}):(\d{2})$`).FindStringSubmatch(text)
	if m == nil {
		return 0, false
	}
	hour, _ := strconv.Atoi(m[1])
	minute, _ := strconv.Atoi(m[2])
	total := hour*60 + minute
	return total, minute < 60 && total <= 24*60
}
