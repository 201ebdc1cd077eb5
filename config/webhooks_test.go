package config_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/checkout-promotions/checkout/config"
)

const (
	webhookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	otherSecret   = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
)

func TestWebhooks(t *testing.T) {
	file := write(t, `
webhooks:
  - name: books
    url: https://books.example/hooks?shop=1
    secret: `+webhookSecret+`
  - {name: stores-2, url: "http://[::1]:8080", secret: `+webhookSecret+`, events: [stock.low, ruleset.changed], timeout: 3s}
  - {name: lan, url: "http://erp.internal", secret: [`+webhookSecret+`, `+otherSecret+`], allow_http: true}
`)
	got, err := config.Load(config.Sources{File: file})
	if err != nil {
		t.Fatal(err)
	}
	want := []config.Webhook{
		{Name: "books", URL: "https://books.example/hooks?shop=1", Secrets: []config.Secret{webhookSecret}, Timeout: 15 * time.Second},
		{Name: "stores-2", URL: "http://[::1]:8080", Secrets: []config.Secret{webhookSecret}, Timeout: 3 * time.Second, Events: []string{"stock.low", "ruleset.changed"}},
		{Name: "lan", URL: "http://erp.internal", Secrets: []config.Secret{webhookSecret, otherSecret}, Timeout: 15 * time.Second, AllowHTTP: true},
	}
	if diff := cmp.Diff(want, got.Webhooks); diff != "" {
		t.Errorf("webhooks (-want +got):\n%s", diff)
	}
}

func TestFaultsOfWebhooks(t *testing.T) {
	const entry = "name: a, url: 'https://a', secret: " + webhookSecret
	for _, tt := range []struct{ name, text, want string }{
		{"no list", "webhooks: yes", ": webhooks: want a list of endpoints, each with a name, a url and a secret, got \"yes\""},
		{"no mapping", "webhooks: [a]", ": webhooks[0]: want a mapping, got \"a\""},
		{"no secret", "webhooks: [{name: a, url: 'https://a'}]", ": webhooks[0]: has no secret; want whsec_ and the base64 of 24 to 64 bytes, or a list of such"},
		{
			"a name twice", "webhooks: [{" + entry + "}, {" + entry + "}]",
			": webhooks[1].name: \"a\" is the name of an endpoint above; give each a name of its own",
		},
		{
			"a name with a space", "webhooks: [{name: a b, url: 'https://a', secret: " + webhookSecret + "}]",
			": webhooks[0].name: want a name of a-z, 0-9, - and _, which does not begin with wh_, got \"a b\"",
		},
		{"an unknown key", "webhooks: [{" + entry + ", timout: 3s}]", ": webhooks[0].timout: no such setting; did you mean timeout?"},
		{
			"an unknown event", "webhooks: [{" + entry + ", events: [order.paid]}]",
			": webhooks[0].events: want a list with some of order.placed, order.cancelled, order.returned, stock.low, promotion.exhausted, promotion.paused, promotion.resumed, ruleset.changed, got \"order.paid\"",
		},
		{
			"no event", "webhooks: [{" + entry + ", events: []}]",
			": webhooks[0].events: want a list with some of order.placed, order.cancelled, order.returned, stock.low, promotion.exhausted, promotion.paused, promotion.resumed, ruleset.changed, got a list",
		},
		{
			"http to another machine", "webhooks: [{name: a, url: 'http://a?key=geheim', secret: " + webhookSecret + "}]",
			": webhooks[0].url: events would go unencrypted; use https, or set allow_http: true",
		},
		{
			"a user in the address", "webhooks: [{name: a, url: 'https://u:geheim@a', secret: " + webhookSecret + "}]",
			": webhooks[0].url: want an address such as https://example.com/hooks, without a user or a #, got something else",
		},
		{
			"a secret that is too short", "webhooks: [{name: a, url: 'https://a', secret: whsec_geheim}]",
			": webhooks[0].secret: want whsec_ and the base64 of 24 to 64 bytes, or a list of such, got something else",
		},
		{
			"one of two secrets that is too short", "webhooks: [{name: a, url: 'https://a', secret: [" + webhookSecret + ", whsec_geheim]}]",
			": webhooks[0].secret: want whsec_ and the base64 of 24 to 64 bytes, or a list of such, got something else",
		},
		{
			"an empty list of secrets", "webhooks: [{name: a, url: 'https://a', secret: []}]",
			": webhooks[0].secret: want whsec_ and the base64 of 24 to 64 bytes, or a list of such, got something else",
		},
		{
			"a secret that is a number", "webhooks: [{name: a, url: 'https://a', secret: 12345678}]",
			": webhooks[0].secret: want whsec_ and the base64 of 24 to 64 bytes, or a list of such, got something else",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := write(t, tt.text)
			_, err := config.Load(config.Sources{File: file})
			if want := "configuration: " + file + ":1" + tt.want; err == nil || err.Error() != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
}

func TestFaultsOfWebhooksNameTheirLines(t *testing.T) {
	file := write(t, "port: 1\nwebhooks:\n  - name: a\n    url: ftp://a\n    name: b\n  - {}\n")
	_, err := config.Load(config.Sources{File: file})
	want := strings.ReplaceAll(`configuration: 6 faults
  FILE:3: webhooks[0]: has no secret; want whsec_ and the base64 of 24 to 64 bytes, or a list of such
  FILE:4: webhooks[0].url: want an address such as https://example.com/hooks, without a user or a #, got something else
  FILE:5: webhooks[0].name: written twice, first on line 3; keep one of them
  FILE:6: webhooks[1]: has no name; want a name of a-z, 0-9, - and _, which does not begin with wh_
  FILE:6: webhooks[1]: has no url; want an address such as https://example.com/hooks, without a user or a #
  FILE:6: webhooks[1]: has no secret; want whsec_ and the base64 of 24 to 64 bytes, or a list of such`, "FILE", file)
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestWebhooksAreSetInAFileOnly(t *testing.T) {
	_, err := config.Load(config.Sources{Env: []string{"CHECKOUT_WEBHOOKS=whsec_geheim"}})
	if want := "configuration: CHECKOUT_WEBHOOKS: a variable has no room for a list; set webhooks in the file"; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}
