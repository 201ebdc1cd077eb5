package api

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/engine/publication"
)

// writeRevision tells the revision of what is answered, as a strong ETag (RFC 9110,
// 8.8.3).
func writeRevision(w http.ResponseWriter, revision int64) {
	w.Header().Set("ETag", etagOf(revision))
}

func etagOf(revision int64) string { return `"` + strconv.FormatInt(revision, 10) + `"` }

// writeDigest tells which ruleset is in force, as a strong ETag, and returns that.
func writeDigest(w http.ResponseWriter, digest string) string {
	tag := `"` + digest + `"`
	w.Header().Set("ETag", tag)
	return tag
}

// knownTo reports whether If-None-Match of a GET has the ETag (RFC 9110, 13.1.2).
func knownTo(r *http.Request, tag string) bool {
	for known := range strings.SplitSeq(strings.Join(r.Header.Values("If-None-Match"), ","), ",") {
		if known = strings.TrimPrefix(strings.TrimSpace(known), "W/"); known == tag || known == "*" {
			return true
		}
	}
	return false
}

// expectedRuleset reads the ruleset that has to be in force, publication.Any where there
// is no If-Match.
func expectedRuleset(r *http.Request) (string, error) {
	match := r.Header.Values("If-Match")
	if len(match) == 0 || len(match) == 1 && match[0] == "*" {
		return publication.Any, nil
	}
	if len(match) > 1 || strings.Contains(match[0], ",") {
		return "", &parameterError{"If-Match", "want one ETag"}
	}
	text, quoted := strings.CutPrefix(match[0], `"`)
	digest, closed := strings.CutSuffix(text, `"`)
	if !quoted || !closed || digest == "" {
		return "W/" + match[0], nil // which no ruleset is called
	}
	return digest, nil
}

// rulesetChanged tells the ETag of now to whoever had another one.
func rulesetChanged(w http.ResponseWriter, err error) error {
	if changed, ok := errors.AsType[*publication.ChangedError](err); ok && changed.Active != "" {
		writeDigest(w, changed.Active)
	}
	return err
}

// expectedRevision reads the revision that what is changed has to have, nil where there
// is no If-Match. It is for what is never made by the request.
func expectedRevision(r *http.Request) (*int64, error) {
	wanted, err := condition(r)
	if err == nil && wanted.Absent {
		err = &parameterError{"If-None-Match", "not known here: want If-Match, or nothing"}
	}
	return wanted.Revision, err
}

// condition reads what the request wants of the item that it changes: If-Match of one
// ETag or *, or If-None-Match: * (RFC 9110, 13.1). A weak ETag, or one that is not ours,
// never matches.
func condition(r *http.Request) (engine.Precondition, error) {
	var c engine.Precondition
	match, none := r.Header.Values("If-Match"), r.Header.Values("If-None-Match")
	switch {
	case len(match) > 0 && len(none) > 0:
		return c, &parameterError{"If-Match", "not together with If-None-Match"}
	case len(none) > 1 || len(none) == 1 && none[0] != "*":
		return c, &parameterError{"If-None-Match", "want *"}
	case len(none) == 1:
		c.Absent = true
	case len(match) > 1 || len(match) == 1 && strings.Contains(match[0], ","):
		return c, &parameterError{"If-Match", "want one ETag"}
	case len(match) == 1:
		revision := int64(-1) // which nothing has
		text, quoted := strings.CutPrefix(match[0], `"`)
		if text, closed := strings.CutSuffix(text, `"`); quoted && closed {
			if n, err := strconv.ParseInt(text, 10, 64); err == nil && n > 0 && etagOf(n) == match[0] {
				revision = n
			}
		}
		c.Revision = &revision
	}
	return c, nil
}
