package engine

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// MaxPluginText is the length in bytes of a text of a plugin, such as Why.
	MaxPluginText = 200
	// maxAwardKind is the length in bytes of what an award names.
	maxAwardKind = 64
)

// checkAnswers returns one answer to each question, in order: the plugin's, or
// the fault in it. What answers no question is left out.
func checkAnswers(cart *Cart, catalog Catalog, questions []Question, answers []Answer, refused func(Question, PluginFault, string)) []Answer {
	type key struct {
		promotion string
		deal      int
	}
	asked := make(map[key]*Question, len(questions))
	for i := range questions {
		asked[key{questions[i].Promotion, questions[i].Deal}] = &questions[i]
	}
	given := make(map[key]Answer, len(answers))
	checked := make([]Answer, len(questions))
	twice := make(map[key]bool)
	for _, a := range answers {
		k := key{a.Promotion, a.Deal}
		_, again := given[k]
		twice[k] = again
		given[k] = a
	}
	for i := range questions {
		q := &questions[i]
		k := key{q.Promotion, q.Deal}
		a, ok := given[k]
		switch {
		case !ok:
			a = Answer{Fault: MissingAnswer, Detail: "the plugin left it out"}
		case twice[k]:
			a = Answer{Fault: ExtraAnswer, Detail: "the plugin answered twice"}
		default:
			if fault, detail := q.Check(cart, catalog, &a); fault != "" {
				a = Answer{Fault: fault, Detail: detail}
			}
		}
		a.Promotion, a.Deal = q.Promotion, q.Deal
		a.Why, a.Detail = CleanPluginText(a.Why), CleanPluginText(a.Detail)
		if a.Fault != "" && given[k].Fault == "" {
			refused(*q, a.Fault, a.Detail)
		}
		checked[i] = a
	}
	return checked
}

// Check tells what is wrong with an answer to the question about the cart, "" for
// nothing. The catalogue has the gifts.
func (q *Question) Check(cart *Cart, catalog Catalog, a *Answer) (fault PluginFault, detail string) {
	if a.Fault != "" {
		return a.Fault, a.Detail
	}
	if detail := q.beyondEffect(a); detail != "" {
		return WrongEffect, detail
	}
	switch q.Effect {
	case ItemEffect:
		return checkUnits(cart, a.Units)
	case OrderEffect:
		return checkOff(a.Off, worthOf(cart), "the order")
	case ShippingEffect:
		return checkOff(a.Off, cart.Shipping.Price(), "shipping")
	case GiftEffect:
		return q.checkGift(catalog, a.Gift)
	default:
		return checkAward(a.Award)
	}
}

// beyondEffect names what the answer gives that a deal of its effect may not.
func (q *Question) beyondEffect(a *Answer) string {
	for _, part := range []struct {
		name    string
		given   bool
		allowed bool
	}{
		{"units", len(a.Units) > 0, q.Effect == ItemEffect},
		{"off", a.Off != 0, q.Effect == OrderEffect || q.Effect == ShippingEffect},
		{"gift", a.Gift != AnswerGift{}, q.Effect == GiftEffect},
		{"award", a.Award != AnswerAward{}, q.Effect == AwardEffect},
	} {
		if part.given && !part.allowed {
			return fmt.Sprintf("%s, of a deal whose effect is %s", part.name, q.Effect)
		}
	}
	return ""
}

func checkUnits(cart *Cart, units []AnswerUnits) (PluginFault, string) {
	if len(units) > MaxLines {
		return TooLarge, fmt.Sprintf("%d lines", len(units))
	}
	seen := make(map[string]bool, len(units))
	for _, u := range units {
		line := lineOf(cart, u.SKU)
		switch {
		case line == nil:
			return UnknownLine, fmt.Sprintf("%.64q is not in the cart", u.SKU)
		case seen[u.SKU]:
			return UnknownLine, u.SKU + " twice"
		case u.Quantity < 0 || u.Each < 0:
			return NegativeAmount, fmt.Sprintf("%d off each of %d units of %s", u.Each, u.Quantity, u.SKU)
		case u.Quantity > line.Quantity:
			return TooManyUnits, fmt.Sprintf("%d units of %s, the cart has %d", u.Quantity, u.SKU, line.Quantity)
		case u.Each > line.Item.Price:
			return AbovePrice, fmt.Sprintf("%d off each unit of %s, which costs %d", u.Each, u.SKU, line.Item.Price)
		}
		seen[u.SKU] = true
	}
	return "", ""
}

func lineOf(cart *Cart, sku string) *Line {
	for i := range cart.Lines {
		if cart.Lines[i].Item.SKU == sku {
			return &cart.Lines[i]
		}
	}
	return nil
}

func worthOf(cart *Cart) Amount {
	var worth Amount
	for _, l := range cart.Lines {
		worth += l.Item.Price * Amount(l.Quantity)
	}
	return worth
}

func checkOff(off, of Amount, what string) (PluginFault, string) {
	switch {
	case off < 0:
		return NegativeAmount, fmt.Sprintf("%d off %s", off, what)
	case off > of:
		return AbovePrice, fmt.Sprintf("%d off %s, which costs %d", off, what, of)
	default:
		return "", ""
	}
}

func (q *Question) checkGift(catalog Catalog, gift AnswerGift) (PluginFault, string) {
	if gift == (AnswerGift{}) {
		return "", ""
	}
	allowed := false
	for _, sku := range q.Gifts {
		allowed = allowed || sku == gift.SKU
	}
	known := false
	if allowed && catalog != nil {
		_, known = catalog.Item(gift.SKU)
	}
	switch {
	case !allowed:
		return UnknownGift, fmt.Sprintf("%.64q is not among the gifts of the rule", gift.SKU)
	case !known:
		return UnknownGift, gift.SKU + " is not in the catalogue"
	case gift.Quantity < 1:
		return NegativeAmount, fmt.Sprintf("%d units of %s", gift.Quantity, gift.SKU)
	case gift.Quantity > MaxQuantity:
		return BadNumber, fmt.Sprintf("%d units of %s", gift.Quantity, gift.SKU)
	default:
		return "", ""
	}
}

func checkAward(award AnswerAward) (PluginFault, string) {
	if award == (AnswerAward{}) {
		return "", ""
	}
	amount, err := ParseDecimal(award.Amount)
	switch {
	case award.Kind == "" || len(award.Kind) > maxAwardKind || CleanPluginText(award.Kind) != award.Kind:
		return WrongEffect, fmt.Sprintf("an award of %.64q", award.Kind)
	case err != nil:
		return BadNumber, fmt.Sprintf("an award of %.64q: no decimal number", award.Amount)
	case amount.Sign() < 0:
		return NegativeAmount, fmt.Sprintf("an award of %s", amount)
	default:
		return "", ""
	}
}

// CleanPluginText returns a text of a plugin as it may be shown and stored: valid,
// in one line, without control characters, and no longer than MaxPluginText bytes.
func CleanPluginText(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, " "))
	text = strings.TrimSpace(text)
	if len(text) <= MaxPluginText {
		return text
	}
	cut := MaxPluginText
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut]
}
