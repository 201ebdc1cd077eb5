package config

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Webhook is an endpoint that is told of events.
type Webhook struct {
	// Name identifies the endpoint: what it has still to get belongs to the name.
	Name string
	// URL is where events are posted to.
	URL string
	// Secrets sign them, each for itself: "whsec_" and the base64 of 24 to 64 bytes.
	Secrets []Secret
	// Events are the types it wants; none means all.
	Events []string
	// Timeout is for one attempt.
	Timeout time.Duration
	// AllowHTTP lets events go unencrypted to a host that is not this one.
	AllowHTTP bool
}

// EventTypes returns the events that a webhook can be told of.
func EventTypes() []string {
	return []string{"order.placed", "order.cancelled", "order.returned", "stock.low", "promotion.exhausted", "promotion.paused", "promotion.resumed", "ruleset.changed"}
}

// webhooks takes a list of endpoints, which only the file can give.
type webhooks struct{}

func (webhooks) want() string { return "a list of endpoints, each with a name, a url and a secret" }

// parse takes no text but that of the empty list.
func (webhooks) parse(text string) (any, bool) { return []Webhook(nil), text == "[]" }

// webhookField is one key of an endpoint.
type webhookField struct {
	key      string
	required bool
	kind     kind
	set      func(*Webhook, any)
}

func webhookFields() []webhookField {
	return []webhookField{
		{"name", true, text{"a name of a-z, 0-9, - and _, which does not begin with wh_", isWebhookName},
			func(w *Webhook, v any) { w.Name = v.(string) }},
		{"url", true, text{"an address such as https://example.com/hooks, without a user or a #", isWebhookURL},
			func(w *Webhook, v any) { w.URL = v.(string) }},
		{"secret", true, webhookSecrets{}, func(w *Webhook, v any) { w.Secrets = v.([]Secret) }},
		{"events", false, eventList{}, func(w *Webhook, v any) { w.Events = v.([]string) }},
		{"timeout", false, duration{}, func(w *Webhook, v any) { w.Timeout = v.(time.Duration) }},
		{"allow_http", false, boolean{}, func(w *Webhook, v any) { w.AllowHTTP = v.(bool) }},
	}
}

// isWebhookName leaves to endpoints that the API makes what their names begin with.
func isWebhookName(name string) bool {
	return regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`).MatchString(name) && !strings.HasPrefix(name, "wh_")
}

// webhookSecrets takes the secrets of Standard Webhooks, by commas where they are a text, and keeps them out of messages.
type webhookSecrets struct{}

func (webhookSecrets) want() string {
	return "whsec_ and the base64 of 24 to 64 bytes, or a list of such"
}

func (webhookSecrets) parse(text string) (any, bool) {
	var all []Secret
	for one := range strings.SplitSeq(text, ",") {
		if !isWebhookSecret(one) {
			return nil, false
		}
		all = append(all, Secret(one))
	}
	return all, true
}

func isWebhookSecret(text string) bool {
	encoded, prefixed := strings.CutPrefix(text, "whsec_")
	key, err := base64.StdEncoding.Strict().DecodeString(encoded)
	return prefixed && err == nil && 24 <= len(key) && len(key) <= 64
}

// eventList takes the names of events, by commas where it is a text.
type eventList struct{}

func (eventList) want() string { return "a list with some of " + strings.Join(EventTypes(), ", ") }

func (eventList) parse(text string) (any, bool) {
	all := strings.Split(text, ",")
	known := EventTypes()
	return all, !slices.ContainsFunc(all, func(name string) bool { return !slices.Contains(known, name) })
}

func isWebhookURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" && u.User == nil && u.Fragment == ""
}

// webhooks takes in the endpoints of a file; place says where a key stands.
func (r *reading) webhooks(s setting, place func(key string) string, value any) {
	list, ok := value.([]any)
	if !ok {
		r.wrong(s, place(s.key), describe(s.kind, value), "")
		return
	}
	var all []Webhook
	names := map[string]bool{}
	before := len(r.faults)
	for i, entry := range list {
		key := fmt.Sprintf("%s[%d]", s.key, i)
		fields, ok := entry.(map[string]any)
		if !ok {
			r.faults = append(r.faults, Fault{Source: place(key), Problem: "want a mapping, got " + describe(s.kind, entry)})
			continue
		}
		w := r.webhook(key, place, fields)
		if names[w.Name] && w.Name != "" {
			r.faults = append(r.faults, Fault{Source: place(key + ".name"), Problem: fmt.Sprintf("%q is the name of an endpoint above", w.Name), Hint: "give each a name of its own"})
		}
		names[w.Name] = true
		all = append(all, w)
	}
	if len(r.faults) == before {
		r.values[s.key], r.names[s.key] = all, place(s.key)
	}
}

// webhook reads one endpoint.
func (r *reading) webhook(key string, place func(string) string, given map[string]any) Webhook {
	w := Webhook{Timeout: defaultWebhookTimeout}
	var known []string
	before := len(r.faults)
	for _, f := range webhookFields() {
		known = append(known, f.key)
		value, is := given[f.key]
		at := key + "." + f.key
		switch {
		case is:
			r.webhookField(f, place(at), value, &w)
		case f.required:
			r.faults = append(r.faults, Fault{Source: place(key), Problem: "has no " + f.key, Hint: "want " + f.kind.want()})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !slices.Contains(known, name) {
			r.faults = append(r.faults, unknown(place(key+"."+name), name, known))
		}
	}
	if u, err := url.Parse(w.URL); err == nil && u.Scheme == "http" && !isLoopback(u.Hostname()) && !w.AllowHTTP && len(r.faults) == before {
		r.faults = append(r.faults, Fault{
			Source: place(key + ".url"), Problem: "events would go unencrypted", Hint: "use https, or set allow_http: true",
		})
	}
	return w
}

// webhookField judges one value and sets it.
func (r *reading) webhookField(f webhookField, place string, value any, w *Webhook) {
	one := reading{values: map[string]any{}, names: map[string]string{}}
	if f.key == "events" || f.key == "secret" {
		value = joined(value)
	}
	if f.key == "secret" || f.key == "url" { // neither may be shown
		text, _ := value.(string)
		if _, ok := f.kind.parse(text); !ok {
			r.faults = append(r.faults, Fault{Source: place, Problem: "want " + f.kind.want() + ", got something else"})
			return
		}
	}
	one.scalar(setting{key: f.key, kind: f.kind}, place, value)
	r.faults = append(r.faults, one.faults...)
	if typed, ok := one.values[f.key]; ok {
		f.set(w, typed)
	}
}

// joined is a list of texts with commas between them; other values stay, the empty list among them, which is a fault: it would be
// read as no event by some and as all by others.
func joined(value any) any {
	list, ok := value.([]any)
	if !ok || len(list) == 0 {
		return value
	}
	texts := make([]string, len(list))
	for i, v := range list {
		if texts[i], ok = v.(string); !ok {
			return value
		}
	}
	return strings.Join(texts, ",")
}

// defaultWebhookTimeout is for one attempt when an endpoint does not say.
const defaultWebhookTimeout = 15 * time.Second

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
