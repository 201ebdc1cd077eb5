package api

import (
	_ "embed"
	"fmt"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/go-json-experiment/json"

	"github.com/checkout-promotions/checkout/engine/apikey"
)

// document is openapi.yaml as JSON, which make generate makes.
//
//go:embed openapi.json
var document []byte

// operation is what the document says of one.
type operation struct {
	method, path string
	scopes       apikey.Scopes
}

// operations reads the operations of a document by their ids.
func operations(document []byte) (map[string]operation, error) {
	var d struct {
		Paths map[string]map[string]struct {
			ID       string                `json:"operationId"`
			Security []map[string][]string `json:"security"`
		} `json:"paths"`
	}
	if err := json.Unmarshal(document, &d); err != nil {
		return nil, fmt.Errorf("read the document of the API: %w", err)
	}
	found := make(map[string]operation)
	for path, methods := range d.Paths {
		for method, o := range methods {
			if len(o.Security) != 1 || len(o.Security[0]["key"]) == 0 {
				return nil, fmt.Errorf("document of the API: %s names no scope", o.ID)
			}
			scopes, err := apikey.ParseScopes(o.Security[0]["key"])
			if err != nil {
				return nil, fmt.Errorf("document of the API: %s: %w", o.ID, err)
			}
			found[o.ID] = operation{strings.ToUpper(method), path, scopes}
		}
	}
	return found, nil
}

// handlers are the operations of version 1 by their ids in the document.
func (s *Server) handlers() map[string]func(http.ResponseWriter, *http.Request) error {
	return map[string]func(http.ResponseWriter, *http.Request) error{
		"createQuote":         s.createQuote,
		"createQuotes":        s.createQuotes,
		"listPrices":          s.listPrices,
		"listOffers":          s.listOffers,
		"createOrder":         s.keyed(s.createOrder),
		"listOrders":          s.listOrdersV1,
		"getOrder":            s.getOrder,
		"cancelOrder":         s.keyed(s.cancelOrder),
		"createReturn":        s.keyed(s.createReturn),
		"createHold":          s.keyed(s.createHold),
		"listHolds":           s.listHolds,
		"getHold":             s.getHold,
		"commitHold":          s.keyed(s.commitHold),
		"releaseHold":         s.keyed(s.releaseHold),
		"listItems":           s.listItems,
		"putItems":            s.keyed(s.putItemBatch),
		"getItem":             s.ofItem(s.getItem),
		"putItem":             s.repeatable(s.ofItem(s.putItem)),
		"deleteItem":          s.repeatable(s.ofItem(s.deleteItem)),
		"restoreItem":         s.keyed(s.ofItem(s.restoreItem)),
		"setStock":            s.repeatable(s.ofItem(s.setStock)),
		"adjustStock":         s.keyed(s.ofItem(s.adjustStock)),
		"listMovements":       s.listMovements,
		"listCouponPools":     s.listCouponPools,
		"getCouponPool":       s.ofPool(s.getCouponPool),
		"putCouponPool":       s.repeatable(s.ofPool(s.putCouponPool)),
		"importCouponCodes":   s.repeatable(s.ofPool(s.importCouponCodes)),
		"listCouponCodes":     s.listCouponCodes,
		"revokeCouponPool":    s.repeatable(s.ofPool(s.changePool(Coupons.RevokePool))),
		"restoreCouponPool":   s.repeatable(s.ofPool(s.changePool(Coupons.RestorePool))),
		"getCoupon":           s.getCoupon,
		"revokeCoupons":       s.repeatable(s.changeCoupons(Coupons.RevokeCodes)),
		"restoreCoupons":      s.repeatable(s.changeCoupons(Coupons.RestoreCodes)),
		"listWebhooks":        s.listWebhooks,
		"createWebhook":       s.keyed(s.createWebhook),
		"getWebhook":          s.ofWebhook(s.getWebhook),
		"putWebhook":          s.repeatable(s.ofWebhook(s.putWebhook)),
		"deleteWebhook":       s.repeatable(s.ofWebhook(s.deleteWebhook)),
		"rotateWebhookSecret": s.keyed(s.ofWebhook(s.rotateWebhookSecret)),
		"testWebhook":         s.ofWebhook(s.testWebhook),
		"listDeliveries":      s.listDeliveries,
		"getDelivery":         s.getDelivery,
		"resendDeliveries":    s.repeatable(s.resendDeliveries),
		"listPromotions":      s.listPromotions,
		"getPromotion":        s.getPromotion,
		"getPromotionSource":  s.getPromotionSource,
		"pausePromotion":      s.repeatable(s.pausePromotion),
		"resumePromotion":     s.repeatable(s.resumePromotion),
		"listPlugins":         s.listPlugins,
		"checkRuleset":        s.checkRuleset,
		"listRulesets":        s.listRulesets,
		"publishRuleset":      s.keyed(s.publishRuleset),
		"activateRuleset":     s.keyed(s.activateRuleset),
		"rollbackRuleset":     s.keyed(s.rollbackRuleset),
		"testRuleset":         s.testRuleset,
		"getRulesetFiles":     s.getRulesetFiles,
		"diffRulesets":        s.diffRulesets,
		"getActiveRuleset":    s.getActiveRuleset,
		"getRuleset":          s.getRuleset,
		"listActivations":     s.listActivations,
		"listAudit":           s.listAudit,
	}
}

// routeV1 routes what the document has. Both have the same operations.
func (s *Server) routeV1(r chi.Router) error {
	known, err := operations(document)
	if err != nil {
		return err
	}
	handlers := s.handlers()
	for id, o := range known {
		handle, ok := handlers[id]
		if !ok {
			return fmt.Errorf("document of the API: no handler for %s", id)
		}
		delete(handlers, id)
		r.Method(o.method, o.path, s.authorized(o.scopes, audited(id, o, s.handle(handle))))
	}
	for id := range handlers {
		return fmt.Errorf("document of the API: no operation %s", id)
	}
	return nil
}
