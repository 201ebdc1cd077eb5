package api

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json"

	v1 "github.com/checkout-promotions/checkout/api/v1"
)

// problemKind is what a code stands for. Version 1 tells code, title and status;
// version 0 the status.
type problemKind struct {
	code   string
	status int
	title  string
	// page is what whoever gets the problem should know and do, as plain text.
	page string
}

// problemKinds is the one table of what can go wrong, by status.
func problemKinds() []problemKind {
	return []problemKind{
		{"invalid_body", http.StatusBadRequest, "The body is not what the operation takes",
			"The body is not JSON, or not as the document of the API has it: a member is missing, not known, of another type, or beyond a limit. errors names each place by a JSON pointer, at most ten. Correct the request; to send it again as it is does not help."},
		{"invalid_cart", http.StatusBadRequest, "The cart cannot be priced",
			"The body is well formed, but no cart: it has too many lines, too many units, or is worth more than can be counted, or an item has no price in the currency; or a batch has more carts than its key may ever send at once."},
		{"invalid_parameter", http.StatusBadRequest, "A parameter of the query or a header is not what the operation takes",
			"The detail names the parameter and what it takes."},
		{"idempotency_key_missing", http.StatusBadRequest, "The operation wants an Idempotency-Key",
			"What the operation does must not be done twice when a request is sent again. Make a key for each request, such as a UUID, and send it with every retry."},
		{"unauthorized", http.StatusUnauthorized, "No valid key",
			"The operation wants a key, Authorization: Bearer ck_…, and there is none, or one that is not known, has expired or was revoked. Make one by checkout keys create, or ask who runs the shop. Where the server takes tokens of an issuer, the detail says what a token has to be; get a new one when it has expired."},
		{"forbidden", http.StatusForbidden, "The key may not do this",
			"The key is valid and lacks a scope, which the detail names. Use a key that has it; the scopes of a key are never changed. The scopes of a token are in it, and the issuer decides on them."},
		{"not_found", http.StatusNotFound, "No such path",
			"There is no operation with this path. /openapi.json has all."},
		{"unknown_item", http.StatusNotFound, "No such item", "No item of the shop has this SKU or name."},
		{"unknown_order", http.StatusNotFound, "No such order", "No order has this reference."},
		{"unknown_hold", http.StatusNotFound, "No such hold", "No hold has this reference."},
		{"unknown_ruleset", http.StatusNotFound, "No such ruleset", "No ruleset with this digest was kept. GET /v1/rulesets lists all."},
		{"unknown_promotion", http.StatusNotFound, "No such promotion", "The rules in force have no promotion with this id."},
		{"unknown_pool", http.StatusNotFound, "No such coupon pool", "No pool has this name."},
		{"unknown_codes", http.StatusNotFound, "No pool has the code", "The detail names the codes, errors where the body has them. Nothing was changed."},
		{"unknown_webhook", http.StatusNotFound, "No such webhook", "No endpoint has this name. GET /v1/webhooks lists all."},
		{"unknown_delivery", http.StatusNotFound, "No such delivery", "The endpoint was not to be told of an event with this id, or the event is older than those that are kept."},
		{"sold_out", http.StatusNotFound, "The item is out of stock", "Version 0 does not price what cannot be bought at all."},
		{"method_not_allowed", http.StatusMethodNotAllowed, "The path does not have the method", "The header Allow names the methods that it has."},
		{"body_timeout", http.StatusRequestTimeout, "The body did not arrive in time", "Nothing was done. Send the request again."},
		{"out_of_stock", http.StatusConflict, "Fewer units are left than were asked for", "Nothing was sold. Ask for fewer units, or later."},
		{"price_changed", http.StatusConflict, "The cart costs something else now", "Nothing was sold. quote is what it costs now: show that, and send a new request, with a new Idempotency-Key."},
		{"order_state", http.StatusConflict, "The order is not in a state for this", "An order that is cancelled or returned stays so, and one of which something has come back is not cancelled: return the rest."},
		{"hold_state", http.StatusConflict, "The hold is over", "A hold is committed, released or expires once. Make a new one."},
		{"cannot_reprice", http.StatusConflict, "The order cannot be priced again", "The rules that priced the order are not kept or cannot be used any more. Return by the policy pro_rata, which needs none."},
		{"name_taken", http.StatusConflict, "Another item has the name", "Names of items are unique. Nothing was changed."},
		{"webhook_fixed", http.StatusConflict, "The webhook cannot be changed here", "It comes from the configuration of the server, or is gone from there. Nothing was changed: change the configuration and start the server again."},
		{"rules_from_folder", http.StatusConflict, "The rules come from a folder", "The server takes its rules from a folder, and not from what is published. Change the files there, or start it with --rules-from database."},
		{"no_ruleset_before", http.StatusConflict, "No ruleset was in force before", "There is nothing to go back to. GET /v1/activations tells what was in force."},
		{"rules_tests_fail", http.StatusConflict, "Tests of the ruleset fail", "Nothing was changed. errors names failures, at most ten; POST /v1/rulesets/{digest}/test tells all. Correct the rules or the tests, or send force: true."},
		{"rules_unusable", http.StatusConflict, "The server cannot use the ruleset", "The rules compile, but are in another currency than the shop, or a plugin of theirs does not run here. Nothing was changed."},
		{"request_running", http.StatusConflict, "A request with this Idempotency-Key is running", "Send the request again after the time that Retry-After tells; it will be answered like the first one."},
		{"changed_meanwhile", http.StatusPreconditionFailed, "It is not as If-Match or If-None-Match has it",
			"Somebody else has changed, made or deleted it meanwhile, and nothing was changed. The header ETag has what stands for it now, where it is there: read it again, and decide what to do."},
		{"body_too_large", http.StatusRequestEntityTooLarge, "The body is too long", "The detail tells the limit. Send several requests."},
		{"unsupported_media_type", http.StatusUnsupportedMediaType, "The body is of another type than the operation takes", "Send Content-Type: application/json, or what the operation takes besides."},
		{"idempotency_key_reused", http.StatusUnprocessableEntity, "The Idempotency-Key was used for another request", "A key stands for one request. Make a new key for each, and keep it for retries of the same request."},
		{"unknown_items", http.StatusUnprocessableEntity, "The cart has items that nobody knows", "errors names the lines. Leave them out, or send unknown: report to have the rest priced."},
		{"unknown_coupons", http.StatusUnprocessableEntity, "The cart has coupon codes that nobody knows", "errors names the codes. Leave them out, or send unknown: report to have the cart priced without them."},
		{"pool_refused", http.StatusUnprocessableEntity, "The pool cannot be so", "The detail says why: its name is none, so many codes of this length could be guessed, or the pool has another format, which is never changed."},
		{"webhook_refused", http.StatusUnprocessableEntity, "There can be no such webhook", "The detail says why: its address is not public or not of https, which the server can be set to allow, or there are as many webhooks as there may be. Nothing was changed."},
		{"codes_refused", http.StatusUnprocessableEntity, "The pool cannot have some of the codes", "errors names them, at most ten: another pool has the code, it is in the list before, or it is not as codes are compared. Nothing was added."},
		{"pause_over", http.StatusUnprocessableEntity, "The pause would be over already", "until is not to come. Send an instant that is, or none for a pause that somebody has to end. Nothing was changed."},
		{"rules_invalid", http.StatusUnprocessableEntity, "The rules do not compile", "Nothing was kept. Two files have one path, or the rules have faults: errors names the faults with file, line and column, at most ten; checkout rules check tells all."},
		{"item_twice", http.StatusUnprocessableEntity, "The batch has an item more than once", "errors names the later ones. Nothing was changed."},
		{"too_many_units", http.StatusUnprocessableEntity, "The order does not have the units", "errors names the units of which the customer has fewer. Nothing was returned."},
		{"throttled", http.StatusTooManyRequests, "Too many wrong passwords or keys from this address", "Wait for the time that Retry-After tells."},
		{"coupons_throttled", http.StatusTooManyRequests, "Too many unknown coupon codes", "The customer, or all customers of the key at this address, have sent too many codes that nobody knows. Carts with codes, right ones too, are refused until the time of Retry-After is over; carts without are priced. Name the customer (customer.id), so that one who guesses does not keep the others waiting."},
		{"rate_limited", http.StatusTooManyRequests, "Too many requests", "The detail says whether the key or the address has sent more than it may, RateLimit-Policy how many that are, RateLimit what is left. Nothing was done. Wait for the time that Retry-After tells."},
		{"canceled", statusCanceled, "The client went away", "Nobody reads this answer; logs and metrics have it."},
		{"internal", http.StatusInternalServerError, "A fault of the server", "Nothing in the request is wrong. The logs tell what happened by the request id; please report it."},
		{"not_supported", http.StatusNotImplemented, "The server does not support this", "The server was started without what the operation needs."},
		{"busy", http.StatusServiceUnavailable, "The server checks other rules", "A server checks one set of rule files at a time. Send the request again after the time that Retry-After tells."},
		{"plugin_failed", http.StatusServiceUnavailable, "A plugin that has to answer fails", "The rules let no price be told without the plugin. Try again later; GET /v1/plugins and the logs tell why."},
		{"issuer_unavailable", http.StatusServiceUnavailable, "The issuer of tokens is unavailable", "The server cannot fetch the keys of the issuer, so it does not know whether the token is valid. Nothing was done. Send the request again after the time that Retry-After tells; keys of the shop, ck_…, are not concerned."},
		{"timeout", http.StatusServiceUnavailable, "The request took too long", "Try again; a write with an Idempotency-Key is safe to repeat."},
		{"unavailable", http.StatusServiceUnavailable, "The store is unavailable", "The database cannot be reached, is too busy, or cannot be written. Try again later; GET /health tells more."},
	}
}

// problemPage is where the page of a code is.
func problemPage(code string) string { return "/docs/problems/" + code }

// newProblem is what version 1 tells of an error.
func (s *Server) newProblem(err error, requestID string) *v1.Problem {
	kind, detail := s.errors.lookUp(err)
	problem := &v1.Problem{Type: problemPage(kind.code), Title: kind.title, Status: kind.status, Detail: detail, Code: kind.code, RequestID: requestID}
	if located, ok := err.(interface{ places() []v1.ProblemError }); ok {
		problem.Errors = located.places()
	}
	if changed, ok := err.(*priceChangedError); ok {
		problem.Quote = newQuote(&priced{quote: changed.quote}, v1.QuoteRequestExplainNone)
	}
	return problem
}

// places implements what newProblem asks for.
func (e *invalidError) places() []v1.ProblemError {
	places := make([]v1.ProblemError, len(e.faults))
	for i, f := range e.faults {
		places[i] = v1.ProblemError{Pointer: f.pointer, Detail: f.problem}
	}
	return places
}

// sendProblem answers a problem as RFC 9457 has it.
func sendProblem(w http.ResponseWriter, problem *v1.Problem) {
	text, err := json.Marshal(problem, answerOptions())
	if err != nil { // texts can always be written
		http.Error(w, problem.Title, problem.Status)
		return
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)+1))
	w.WriteHeader(problem.Status)
	_, _ = w.Write(append(text, '\n')) // a client that went away does not care
}

// kindOf returns what the code stands for.
func kindOf(kinds []problemKind, code string) problemKind {
	return kinds[slices.IndexFunc(kinds, func(k problemKind) bool { return k.code == code })]
}
