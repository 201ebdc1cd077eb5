package api_test

import (
	"strings"
	"testing"
)

func TestTheMetricsTellWhatQuotesCostByStage(t *testing.T) {
	s := open(t)
	want(t, s.do("POST", "/v1/quotes", `{"lines":[{"sku":"`+tv+`","quantity":1}]}`, asJSON()...), 200)
	want(t, s.do("POST", "/v1/prices", `{"skus":["`+tv+`"]}`, asJSON()...), 200) // a listing, not a cart
	body := want(t, s.do("GET", "/metrics", ""), 200)
	for _, line := range []string{
		`checkout_quote_stage_duration_seconds_count{stage="basis"} 1`,
		`checkout_quote_stage_duration_seconds_count{stage="plugins"} 1`,
		`checkout_quote_stage_duration_seconds_count{stage="price"} 1`,
		`checkout_quote_stage_duration_seconds_count{stage="encode"} 1`,
		`checkout_quotes_total{proven="yes"} 1`,
		`checkout_quotes_total{proven="no"} 0`,
		`checkout_http_requests_in_flight 1`,
	} {
		if !strings.Contains(body, line+"\n") {
			t.Errorf("got no %s in\n%s", line, body)
		}
	}
}
