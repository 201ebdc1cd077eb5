package config

import (
	"net/netip"
	"net/url"
	"regexp"
	"strings"
)

// Tracing says whether requests are traced, and where their spans are sent. The variables of OpenTelemetry, OTEL_, are not
// read: what is set here, and only that, is what counts.
type Tracing struct {
	// Endpoint is the URL of a collector that takes OTLP over HTTP, such as http://localhost:4318; empty traces nothing. Where it has
	// no path, /v1/traces is asked.
	Endpoint string `koanf:"tracing_endpoint"`
	// Headers are sent to the collector, as [Tracing.HeaderMap] returns them.
	Headers Secret `koanf:"tracing_headers"`
	// Percent is how many of the requests are traced, 0 to 100, of those that no trusted caller has decided about.
	Percent int `koanf:"tracing_percent"`
	// Service is the name that the spans are under.
	Service string `koanf:"tracing_service"`
	// TrustedCallers are those whose traceparent is believed: addresses and networks between commas, as [Tracing.Callers] returns
	// them. Empty believes nobody.
	TrustedCallers string `koanf:"tracing_trusted_callers"`
}

// Callers returns the networks of TrustedCallers; an address is a network of its own.
func (t Tracing) Callers() []netip.Prefix {
	networks, _ := parseProxies(t.TrustedCallers)
	return networks
}

// HeaderMap returns Headers by their names.
func (t Tracing) HeaderMap() map[string]string {
	headers, _ := parseHeaders(t.Headers.Reveal())
	return headers
}

func isHeaders(text string) bool {
	_, ok := parseHeaders(text)
	return ok
}

// parseHeaders reads name=value between commas.
func parseHeaders(text string) (headers map[string]string, ok bool) {
	name, value := regexp.MustCompile("^[0-9A-Za-z!#$%&'*+.^_`|~-]+$"), regexp.MustCompile("^[ -~]*$") // RFC 9110, without obsolete texts
	headers = map[string]string{}
	if strings.TrimSpace(text) == "" {
		return headers, true
	}
	for part := range strings.SplitSeq(text, ",") {
		key, text, found := strings.Cut(part, "=")
		key, text = strings.TrimSpace(key), strings.TrimSpace(text)
		if !found || !name.MatchString(key) || !value.MatchString(text) {
			return nil, false
		}
		headers[key] = text
	}
	return headers, true
}

// isCollector accepts URLs of collectors, and "" for none. Who is to be let in is told by headers.
func isCollector(s string) bool {
	u, err := url.Parse(s)
	return s == "" || err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil && u.RawQuery == "" && u.Fragment == ""
}

func isServiceName(s string) bool { return s != "" && len(s) <= 255 && strings.TrimSpace(s) == s }
