package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/checkout-promotions/checkout/api/token"
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/engine/idempotency"
	"github.com/checkout-promotions/checkout/engine/publication"
)

// problem is an error whose text is all there is to say to the caller.
type problem string

// Error implements error.
func (p problem) Error() string { return string(p) }

const (
	errNoPath       problem = "no such path"
	errMethod       problem = "this path does not have the method"
	errUnauthorized problem = "X-Auth-Password is missing or wrong"
	errThrottled    problem = "too many wrong passwords from this address: wait a minute"
	errBodyLate     problem = "body: not received in time"
	errNoKey        problem = "Authorization is missing, or has no key that is valid: want Bearer ck_…"
	errNotJSON      problem = "Content-Type: want application/json"
	errNotCodes     problem = "Content-Type: want application/json or text/csv"
	errNoKeys       problem = "this server does not support Idempotency-Key: send the request without it"
)

const (
	errKeyMissing  problem = "Idempotency-Key is missing: send one, and the same for retries of the request"
	errNoCursor    problem = "after: no cursor of this list"
	errNoRulesets  problem = "this server does not support rulesets and the audit log"
	errNoCoupons   problem = "this server does not support coupon pools"
	errNoWebhooks  problem = "this server does not support webhooks"
	errNoDesk      problem = "this server does not support orders and holds of version 1"
	errNoPauses    problem = "this server does not support pauses of promotions"
	errNoSource    problem = "this server does not keep the files of its rules"
	errNoStockroom problem = "this server does not support the inventory of version 1"
)

// statusCanceled says that the client went away before the answer, as nginx
// does. Nobody reads the answer, but the log and the metrics tell it from a
// fault.
const statusCanceled = 499

// soldOutError says that an item to be priced has no stock.
type soldOutError struct{ sku string }

// Error implements error.
func (e *soldOutError) Error() string { return fmt.Sprintf("item %s: out of stock", e.sku) }

// errorTable says what a caller is told about an error: the first row that
// knows the error decides. The last one knows all: what no other knows is a fault
// of ours.
type errorTable []errorRow

type errorRow struct {
	kind problemKind
	// message returns the text for err, and whether the row knows err.
	message func(err error) (string, bool)
}

func newErrorTable(isUnavailable func(error) bool) errorTable {
	kinds := problemKinds()
	row := func(code string, message func(error) (string, bool)) errorRow {
		return errorRow{kindOf(kinds, code), message}
	}
	return errorTable{
		row("invalid_body", ownText[*invalidError]()),
		row("invalid_cart", kind(func(e *engine.CartError) string { return "skus: " + e.Problem })),
		row("invalid_cart", ownText[*cartError]()),
		row("invalid_cart", ownText[*tooMuchError]()),
		row("invalid_parameter", ownText[idempotency.Error]()),
		row("invalid_parameter", ownText[*parameterError]()),
		row("invalid_parameter", the(errNoCursor)),
		row("idempotency_key_missing", the(errKeyMissing)),
		row("unauthorized", the(errUnauthorized)),
		row("unauthorized", the(errNoKey)),
		row("unauthorized", ownText[*token.InvalidError]()),
		row("forbidden", ownText[*scopeError]()),
		row("not_found", the(errNoPath)),
		row("unknown_item", kind(unknownItem)),
		row("unknown_promotion", ownText[*unknownPromotionError]()),
		row("unknown_pool", ownText[*engine.UnknownPoolError]()),
		row("unknown_codes", ownText[*engine.UnknownCodesError]()),
		row("pool_refused", ownText[*CouponRefusedError]()),
		row("codes_refused", ownText[*CodesRefusedError]()),
		row("changed_meanwhile", ownText[*engine.PoolChangedError]()),
		row("unknown_webhook", ownText[*UnknownWebhookError]()),
		row("webhook_fixed", ownText[*WebhookFixedError]()),
		row("webhook_refused", ownText[*WebhookRefusedError]()),
		row("changed_meanwhile", ownText[*WebhookChangedError]()),
		row("unknown_delivery", ownText[*UnknownDeliveryError]()),
		row("unknown_order", ownText[*engine.UnknownOrderError]()),
		row("unknown_ruleset", ownText[*publication.UnknownError]()),
		row("unknown_hold", ownText[*engine.UnknownHoldError]()),
		row("sold_out", ownText[*soldOutError]()),
		row("method_not_allowed", the(errMethod)),
		row("body_timeout", the(errBodyLate)),
		row("out_of_stock", ownText[*engine.OutOfStockError]()),
		row("price_changed", ownText[*priceChangedError]()),
		row("order_state", ownText[*engine.OrderStateError]()),
		row("hold_state", ownText[*engine.HoldStateError]()),
		row("cannot_reprice", ownText[*repriceError]()),
		row("changed_meanwhile", ownText[*engine.ItemChangedError]()),
		row("changed_meanwhile", ownText[*engine.PromotionChangedError]()),
		row("pause_over", ownText[*engine.PauseOverError]()),
		row("changed_meanwhile", ownText[*publication.ChangedError]()),
		row("rules_from_folder", the(ErrRulesFromFolder)),
		row("no_ruleset_before", the(ErrNoRulesetBefore)),
		row("rules_invalid", ownText[*invalidRulesError]()),
		row("rules_invalid", ownText[filesTwiceError]()),
		row("rules_tests_fail", ownText[*RuleTestsError]()),
		row("rules_unusable", ownText[*UnusableRulesError]()),
		row("item_twice", ownText[*itemsTwiceError]()),
		row("name_taken", ownText[*engine.NameTakenError]()),
		row("request_running", told(idempotency.ErrBusy, idempotency.ErrBusy.Error())),
		row("body_too_large", kind(bodyTooLong)),
		row("unsupported_media_type", the(errNotJSON)),
		row("unsupported_media_type", the(errNotCodes)),
		row("idempotency_key_reused", ownText[*idempotency.ReusedError]()),
		row("unknown_items", ownText[*unknownItemsError]()),
		row("unknown_coupons", ownText[*unknownCouponsError]()),
		row("too_many_units", ownText[*engine.ReturnError]()),
		row("throttled", the(errThrottled)),
		row("coupons_throttled", ownText[*guessedError]()),
		row("rate_limited", the(errKeyRate)),
		row("rate_limited", the(errAddressRate)),
		row("not_supported", the(errNoKeys)),
		row("not_supported", the(errNoDesk)),
		row("not_supported", the(errNoRulesets)),
		row("busy", the(ErrRulesBusy)),
		row("not_supported", the(errNoStockroom)),
		row("not_supported", the(errNoCoupons)),
		row("not_supported", the(errNoWebhooks)),
		row("not_supported", the(errNoPauses)),
		row("not_supported", the(errNoSource)),
		row("canceled", told(context.Canceled, "the request was canceled")),
		row("timeout", told(context.DeadlineExceeded, "the request took too long")),
		row("plugin_failed", kind(pluginFailed)),
		row("issuer_unavailable", kind(issuerAway)),
		row("unavailable", func(err error) (string, bool) {
			return "the store is unavailable: try again later", isUnavailable(err)
		}),
		row("internal", func(error) (string, bool) { return "internal error", true }),
	}
}

// lookUp returns what err is and the message for it; the last row knows all.
func (t errorTable) lookUp(err error) (kind problemKind, message string) {
	for _, row := range t {
		if message, ok := row.message(err); ok {
			return row.kind, message
		}
	}
	return problemKind{}, ""
}

// kind knows errors of a type, wherever they are in the chain. Only they make
// the text, so that nothing wrapped around them gets out.
func kind[E error](text func(E) string) func(error) (string, bool) {
	return func(err error) (string, bool) {
		if e, ok := errors.AsType[E](err); ok {
			return text(e), true
		}
		return "", false
	}
}

func ownText[E error]() func(error) (string, bool) { return kind(E.Error) }

func told(target error, text string) func(error) (string, bool) {
	return func(err error) (string, bool) { return text, errors.Is(err, target) }
}

func the(p problem) func(error) (string, bool) { return told(p, string(p)) }

func unknownItem(e *engine.UnknownItemError) string {
	return fmt.Sprintf("item %.200q not found", e.Key)
}

// pluginFailed leaves what the plugin said to the log.
func pluginFailed(e *engine.PluginError) string {
	return fmt.Sprintf("the cart cannot be priced: plugin %s of promotion %s failed (%s): try again later", e.Plugin, e.Promotion, e.Fault)
}

// issuerAway leaves what the issuer answered to the log.
func issuerAway(*token.UnavailableError) string {
	return "the issuer of the token does not tell its keys: try again later"
}

func bodyTooLong(e *http.MaxBytesError) string {
	return fmt.Sprintf("body: more than %d bytes", e.Limit)
}

type errorAnswer struct {
	Error string `json:"error"`
}

// refuse answers err, as the version of the path has it. What caused a fault of
// ours is left to the access log.
func (s *Server) refuse(w http.ResponseWriter, err error) {
	kind, message := s.errors.lookUp(err)
	rec, ok := w.(*record)
	_, refused := errors.AsType[*token.InvalidError](err)
	if ok && (refused || kind.status >= http.StatusInternalServerError) {
		rec.cause = err
	}
	if late, told := errors.AsType[interface {
		error
		retryAfter() int
	}](err); told {
		w.Header().Set("Retry-After", strconv.Itoa(late.retryAfter()))
	}
	if ok && rec.problems {
		sendProblem(w, s.newProblem(err, rec.id))
		return
	}
	_ = s.answer(w, kind.status, &errorAnswer{message}) // a text can always be answered
}
