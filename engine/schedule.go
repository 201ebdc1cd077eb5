package engine

import "time"

// Schedule says when a promotion runs. The zero value is always. Instants are
// half-open: From is in, Until is out.
type Schedule struct {
	From, Until time.Time // zero: unbounded
	// Location is the timezone of Days and Hours, and of now in the
	// promotion's expressions; nil is UTC.
	Location *time.Location
	// Days are the weekdays on which the promotion runs; none means every day.
	Days Weekdays
	// Hours are the spans of local time in which it runs; none means all day.
	Hours []Hours
}

// Weekdays is a set of days of the week.
type Weekdays uint8

// With returns the set with d added.
func (w Weekdays) With(d time.Weekday) Weekdays { return w | 1<<d }

// Has reports whether d is in the set.
func (w Weekdays) Has(d time.Weekday) bool { return w&(1<<d) != 0 }

// Hours is a half-open span of the local day in minutes after midnight. A span
// whose end is not after its start runs over midnight into the next day, and
// belongs to the weekday on which it began.
type Hours struct{ From, Until int }

// local returns at in the schedule's timezone.
func (s *Schedule) local(at time.Time) time.Time {
	if s.Location == nil {
		return at.UTC()
	}
	return at.In(s.Location)
}

// always reports whether the schedule has no bounds.
func (s *Schedule) always() bool {
	return s.From.IsZero() && s.Until.IsZero() && s.Days == 0 && len(s.Hours) == 0
}

// Runs reports whether at is within the schedule.
func (s *Schedule) Runs(at time.Time) bool { return s.check(at) == Applied }

// check returns Applied when at is within the schedule, else the reason.
func (s *Schedule) check(at time.Time) Reason {
	switch reason := s.dates(at); {
	case reason != Applied:
		return reason
	case s.Days == 0 && len(s.Hours) == 0:
		return Applied
	case s.open(s.local(at)):
		return Applied
	default:
		return OutsideHours
	}
}

// dates returns Applied when at is between From and Until, else the reason.
func (s *Schedule) dates(at time.Time) Reason {
	switch {
	case !s.From.IsZero() && at.Before(s.From):
		return NotStarted
	case !s.Until.IsZero() && !at.Before(s.Until):
		return Ended
	default:
		return Applied
	}
}

func (s *Schedule) open(local time.Time) bool {
	today, yesterday := local.Weekday(), (local.Weekday()+6)%7
	if len(s.Hours) == 0 {
		return s.runsOn(today)
	}
	minute := local.Hour()*60 + local.Minute()
	for _, h := range s.Hours {
		overnight := h.Until <= h.From
		switch {
		case !overnight && h.From <= minute && minute < h.Until && s.runsOn(today):
			return true
		case overnight && minute >= h.From && s.runsOn(today):
			return true
		case overnight && minute < h.Until && s.runsOn(yesterday):
			return true
		}
	}
	return false
}

func (s *Schedule) runsOn(d time.Weekday) bool { return s.Days == 0 || s.Days.Has(d) }
