package api_test

import (
	"net/url"
	"path/filepath"
	"strings"
	"testing"
)

// Databases keep no year before the first, and answers tell none of five digits.
func TestInstantsAreOfYearsThatEverybodyKnows(t *testing.T) {
	s := open(t, on(database(t, filepath.Join(t.TempDir(), "shop.db")), &wrapper{}))
	for _, c := range []struct {
		name, instant string
		status        int
	}{
		{"the year before the first", "0000-12-31T23:59:59Z", 400},
		{"the year before the first in UTC", "0001-01-01T00:30:00+01:00", 400},
		{"the instant that stands for none", "0001-01-01T00:00:00Z", 400},
		{"the first second", "0001-01-01T00:00:01Z", 200},
		{"the last second", "9999-12-31T23:59:59Z", 200},
		{"the year after the last in UTC", "9999-12-31T23:59:59-01:00", 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			body := `{"lines":[{"sku":"120P90","quantity":1}],"at":"` + c.instant + `"}`
			for what, got := range map[string]string{
				"quote":  want(t, s.do("POST", quotesPath, body, asJSON()...), c.status),
				"orders": want(t, s.do("GET", "/v1/orders?until="+url.QueryEscape(c.instant), "", asJSON()...), c.status),
			} {
				if c.status == 400 && !strings.Contains(got, "want an instant of the years 1 to 9999") {
					t.Errorf("%s: got %s", what, got)
				}
			}
		})
	}
}
