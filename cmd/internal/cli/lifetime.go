package cli

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// lifetime is a flag for when something is over: after a time, or at an instant.
type lifetime struct {
	text   string
	given  bool
	length time.Duration
	at     time.Time
}

// String implements pflag.Value.
func (l *lifetime) String() string { return l.text }

// Set implements pflag.Value.
func (l *lifetime) Set(text string) error {
	read := lifetime{text: text, given: true}
	if (&instant{&read.at}).Set(text) == nil {
		*l = read
		return nil
	}
	var err error
	if days, isDays := strings.CutSuffix(text, "d"); isDays {
		const day, most = 24 * time.Hour, 100 * 366
		n, failed := strconv.ParseUint(days, 10, 64)
		if err = failed; n > most {
			return errors.New("want at most 36600 days")
		}
		read.length = time.Duration(n) * day
	} else {
		read.length, err = time.ParseDuration(text)
	}
	if err != nil || read.length < 0 {
		return errors.New("want a time such as 90d or 12h, a day such as 2027-06-30 or an instant such as 2027-06-30T08:00:00Z")
	}
	*l = read
	return nil
}

// Type implements pflag.Value.
func (l *lifetime) Type() string { return "time" }

// after returns the instant at which something that begins now is over, the zero
// time where the flag was not given.
func (l *lifetime) after(now time.Time) time.Time {
	switch {
	case !l.given:
		return time.Time{}
	case !l.at.IsZero():
		return l.at
	default:
		return now.Add(l.length)
	}
}
