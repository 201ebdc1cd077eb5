package cli

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/checkout-promotions/checkout/config"
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/engine/audit"
	"github.com/checkout-promotions/checkout/persistence"
)

// ownRecord are operations of which the order, or the hold, is the record, and unrecorded
// those that write nothing though they are no GET.
func ownRecord() []string { return []string{"createOrder", "createHold"} }

func unrecorded() []string {
	return []string{"createQuote", "createQuotes", "listPrices", "listOffers", "checkRuleset", "testRuleset", "testWebhook"}
}

// writes are requests that change something, in an order in which they can. A path may name
// what an answer before had: {order}, {hold}, {digest}, {webhook}.
func writes() []struct{ operation, method, path, body string } {
	line := `{"lines":[{"sku":"A","quantity":2}]`
	return []struct{ operation, method, path, body string }{
		{"putItems", "POST", "/v1/items:batch", `{"items":[{"sku":"A","name":"a","price":"10.00","stock":50},{"sku":"B","name":"b","price":"1.00"}]}`},
		{"putItem", "PUT", "/v1/items/B", `{"name":"bb","price":"1.00"}`},
		{"setStock", "PUT", "/v1/items/B/stock", `{"stock":7}`},
		{"adjustStock", "POST", "/v1/items/B/stock:adjust", `{"delta":1}`},
		{"deleteItem", "DELETE", "/v1/items/B", ""},
		{"restoreItem", "POST", "/v1/items/B/restore", ""},
		{"createOrder", "POST", "/v1/orders", line + "}"},
		{"createReturn", "POST", "/v1/orders/{order}/returns", `{"units":[{"sku":"A","quantity":1}]}`},
		{"createOrder", "POST", "/v1/orders", line + "}"},
		{"cancelOrder", "POST", "/v1/orders/{order}/cancel", `{}`},
		{"createHold", "POST", "/v1/holds", line + `,"ttl_seconds":60}`},
		{"commitHold", "POST", "/v1/holds/{hold}/commit", ""},
		{"createHold", "POST", "/v1/holds", line + `,"ttl_seconds":60}`},
		{"releaseHold", "POST", "/v1/holds/{hold}/release", ""},
		{"putCouponPool", "PUT", "/v1/coupon-pools/spring", `{}`},
		{"importCouponCodes", "POST", "/v1/coupon-pools/spring/codes:import", `{"codes":["SECRET-CODE-1"]}`},
		{"revokeCoupons", "POST", "/v1/coupons:revoke", `{"codes":["SECRET-CODE-1"]}`},
		{"restoreCoupons", "POST", "/v1/coupons:restore", `{"codes":["SECRET-CODE-1"]}`},
		{"revokeCouponPool", "POST", "/v1/coupon-pools/spring/revoke", ""},
		{"restoreCouponPool", "POST", "/v1/coupon-pools/spring/restore", ""},
		{"createWebhook", "POST", "/v1/webhooks", `{"url":"https://a.example/in?token=hidden"}`},
		{"putWebhook", "PUT", "/v1/webhooks/{webhook}", `{"url":"https://a.example/in?token=hidden","description":"d"}`},
		{"rotateWebhookSecret", "POST", "/v1/webhooks/{webhook}/secret:rotate", `{}`},
		{"pausePromotion", "POST", "/v1/promotions/folder/pause", `{"reason":"r"}`},
		{"resumePromotion", "POST", "/v1/promotions/folder/resume", ""},
		{"resendDeliveries", "POST", "/v1/webhooks/{webhook}/deliveries:resend", `{"ids":["{event}"]}`},
		{"deleteWebhook", "DELETE", "/v1/webhooks/{webhook}", ""},
		{"publishRuleset", "POST", "/v1/rulesets", `{"files":[{"path":"a.yaml","content":"promotions:\n  - {id: off, name: Off, deal: {percent_off: {percent: 10, of: order}}}\n"}]}`},
		{"activateRuleset", "POST", "/v1/rulesets/{digest}/activate", `{"force":true}`},
		{"rollbackRuleset", "POST", "/v1/rulesets:rollback", `{}`},
		{"putItems", "POST", "/v0/inventory/items", `{"items":[{"sku":"A","name":"a","price":12.00,"inventory_quantity":50}]}`},
	}
}

// Every operation that writes leaves an entry in the audit log, with who did it and what it
// was about, or is a record itself. None has what is secret.
func TestEveryWriteIsAudited(t *testing.T) {
	for name, sales := range map[string]bool{"sales are their own record": false, "sales have entries too": true} {
		t.Run(name, func(t *testing.T) { testAudited(t, sales) })
	}
}

func testAudited(t *testing.T, sales bool) {
	data := testShop(t, persistence.Options{})
	r := newReplica(t, data)
	sender, err := newSender(config.Default(), outbox{data}, nil, prometheus.NewRegistry(), nil, slog.New(slog.DiscardHandler))
	must(t, err)
	cfg := config.Default()
	cfg.AuditSales = sales
	cfg.Password, cfg.RulesFrom, cfg.Rules = "sesame", config.FromDatabase, filepath.Join("..", "..", "..", "examples", "quickstart", "rules")
	watcher, err := openRules(cfg, &publisher{live: engine.New(nil)}, slog.New(slog.DiscardHandler))
	must(t, err)
	handler, err := newHandler(cfg, r.live, watcher, r.book.follow, data, apiWebhooks{data: data, sender: sender}, &pluginRunner{}, nil, prometheus.NewRegistry(), nil, slog.New(slog.DiscardHandler))
	must(t, err)
	known := map[string]string{}
	audited := map[string]bool{}
	last := int64(0)
	for i, x := range writes() {
		path, body := x.path, x.body
		for name, value := range known {
			path, body = strings.ReplaceAll(path, "{"+name+"}", value), strings.ReplaceAll(body, "{"+name+"}", value)
		}
		if x.operation == "resendDeliveries" { // something that was given up
			claimed, err := data.Claim(t.Context(), known["webhook"], 1, 1e9)
			must(t, err)
			body = strings.ReplaceAll(body, "{event}", claimed[0].UID)
			must(t, data.Settle(t.Context(), claimed[0], persistence.Settlement{State: persistence.DeliveryDead}))
		}
		q := httptest.NewRequest(x.method, path, strings.NewReader(body))
		q.Header.Set("Content-Type", "application/json")
		q.Header.Set("X-Auth-Password", "sesame")
		q.Header.Set("Idempotency-Key", "write-"+string(rune('A'+i)))
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, q)
		if w.Code >= 300 {
			t.Fatalf("%s: got %d %s", x.operation, w.Code, w.Body)
		}
		var answer struct {
			Reference, Digest string
			Webhook           json.RawMessage
		}
		if w.Body.Len() > 0 {
			_ = json.Unmarshal(w.Body.Bytes(), &answer) // a list has no such members
		}
		var webhook struct{ Name string }
		_ = json.Unmarshal(answer.Webhook, &webhook)
		for name, value := range map[string]string{
			"order": answer.Reference, "hold": answer.Reference, "digest": answer.Digest, "webhook": webhook.Name,
		} {
			if value != "" {
				known[name] = value
			}
		}
		log, err := data.AuditLog(t.Context(), audit.Filter{Limit: 100})
		must(t, err)
		log = slices.DeleteFunc(log, func(e audit.Entry) bool { return e.ID <= last })
		if !sales && slices.Contains(ownRecord(), x.operation) {
			if len(log) != 0 {
				t.Errorf("%s: got the entries %+v, want none", x.operation, log)
			}
			continue
		}
		if len(log) != 1 {
			t.Errorf("%s: got %d entries, want one", x.operation, len(log))
			continue
		}
		e := log[0]
		last, audited[x.operation] = e.ID, true
		ofMany := slices.Contains([]string{"putItems", "revokeCoupons", "restoreCoupons"}, x.operation)
		if e.Action != x.operation || e.Actor != audit.Password || e.RequestID == "" || (e.Subject == "") != ofMany && x.operation != "rollbackRuleset" {
			t.Errorf("%s: got the entry %+v", x.operation, e)
		}
		for _, secret := range []string{"SECRET-CODE-1", "hidden", "whsec_", "sesame"} {
			if text := e.Subject + string(e.Detail); strings.Contains(text, secret) {
				t.Errorf("%s: the entry has %q: %s", x.operation, secret, text)
			}
		}
	}
	none := unrecorded()
	if !sales {
		none = append(none, ownRecord()...)
	}
	for _, operation := range writingOperations(t, handler) {
		if audited[operation] == slices.Contains(none, operation) {
			t.Errorf("%s: audited: %t; add it to the writes here, or to those that need no entry", operation, audited[operation])
		}
	}
}

// writingOperations are those of the document that are no GET.
func writingOperations(t *testing.T, handler http.Handler) []string {
	t.Helper()
	var document struct {
		Paths map[string]map[string]struct {
			ID string `json:"operationId"`
		} `json:"paths"`
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/openapi.json", http.NoBody))
	must(t, json.Unmarshal(w.Body.Bytes(), &document))
	var all []string
	for _, methods := range document.Paths {
		for method, o := range methods {
			if method != "get" {
				all = append(all, o.ID)
			}
		}
	}
	return all
}
