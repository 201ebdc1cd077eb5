package lint

import (
	"github.com/expr-lang/expr/ast"

	"github.com/checkout-promotions/checkout/engine"
)

// operandKind is the type of a fact that an expression reads.
type operandKind uint8

const (
	numberOperand operandKind = iota
	textOperand
	weekdayOperand
	categoryOperand
	listOperand
	couponsOperand
	flagOperand
	anyOperand // an attribute, or a fact of a plugin
)

// operand is a fact by the words that name it.
type operand struct {
	key       string
	kind      operandKind
	set, part string
	whole     bool
	optional  bool // it may be missing
	// least and most bound numbers; they are used where bounded says so.
	bounded, topped bool
	least, most     int64
	texts           []string // all that a text can be, nil for any
	present         bool     // a text that is there is not empty
}

func (o operand) isText() bool {
	return o.kind == textOperand || o.kind == weekdayOperand || o.kind == categoryOperand
}

// fact returns the fact with what it may be.
func (e expression) fact(o operand) *fact {
	universe := everything()
	switch {
	case o.bounded && o.topped:
		universe = between(closed(numberPoint(engine.NewDecimal(o.least))), closed(numberPoint(engine.NewDecimal(o.most))))
	case o.bounded:
		universe = between(closed(numberPoint(engine.NewDecimal(o.least))), bound{})
	case o.texts != nil:
		var points []point
		for _, t := range o.texts {
			points = append(points, textPoint(t))
		}
		universe = onlyPoints(points...)
	case o.present:
		universe = between(open(textPoint("")), bound{})
	}
	universe.missing = o.optional
	if o.set != "" && o.part == "quantity" && e.folder.isEmptySet(o.set) {
		universe = onlyPoints(numberPoint(engine.Decimal{}))
	}
	return e.intern(&fact{key: o.key, universe: universe, whole: o.whole, set: o.set, part: o.part})
}

// operand returns the fact that the node reads.
func (e expression) operand(n ast.Node) (operand, bool) {
	switch n := n.(type) {
	case *ast.ChainNode:
		return e.operand(n.Node)
	case *ast.IdentifierNode:
		if e.scope == ofItem {
			return itemOperand(n.Value)
		}
		if n.Value == "coupons" && e.scope == ofCart {
			return operand{key: "coupons", kind: couponsOperand}, true
		}
	case *ast.MemberNode:
		return e.memberOperand(n)
	}
	return operand{}, false
}

func (e expression) memberOperand(n *ast.MemberNode) (operand, bool) {
	property, ok := n.Property.(*ast.StringNode)
	if !ok {
		return operand{}, false
	}
	switch base := n.Node.(type) {
	case *ast.PointerNode:
		if e.scope != ofLine {
			return operand{}, false
		}
		if property.Value == "subtotal" || property.Value == "total" {
			return amount(property.Value), true
		}
		return itemOperand(property.Value)
	case *ast.IdentifierNode:
		if base.Value == "attributes" && e.scope == ofItem {
			return operand{key: "attributes." + property.Value, kind: anyOperand}, true
		}
		if e.scope != ofItem {
			return e.cartOperand(base.Value, property.Value)
		}
	case *ast.MemberNode:
		middle, ok := base.Property.(*ast.StringNode)
		if !ok || middle.Value != "attributes" {
			return operand{}, false
		}
		switch owner := base.Node.(type) {
		case *ast.IdentifierNode:
			return operand{key: owner.Value + ".attributes." + property.Value, kind: anyOperand}, owner.Value == "cart" || owner.Value == "customer"
		case *ast.PointerNode:
			return operand{key: "attributes." + property.Value, kind: anyOperand}, e.scope == ofLine
		}
	}
	return operand{}, false
}

// itemOperand is what an item has.
func itemOperand(name string) (operand, bool) {
	switch name {
	case "sku":
		return operand{key: name, kind: textOperand, present: true}, true
	case "name", "brand":
		return operand{key: name, kind: textOperand}, true
	case "price":
		return amount(name), true
	case "quantity":
		return count(name, 0), true
	case "category":
		return operand{key: name, kind: categoryOperand}, true
	case "categories", "tags":
		return operand{key: name, kind: listOperand}, true
	}
	return operand{}, false
}

func amount(key string) operand { return operand{key: key, kind: numberOperand, bounded: true} }

func count(key string, least int64) operand {
	return operand{key: key, kind: numberOperand, bounded: true, least: least, whole: true}
}

// upTo is a count with an end.
func upTo(key string, least, most int64) operand {
	o := count(key, least)
	o.topped, o.most = true, most
	return o
}

// cartOperand is what the cart, its customer and its sets have.
func (e expression) cartOperand(base, part string) (operand, bool) {
	key := base + "." + part
	if d := e.folder.definitions[base]; d != nil && d.isSet {
		return setOperand(base, part)
	}
	text := operand{key: key, kind: textOperand, optional: true, present: true}
	switch key {
	case "cart.subtotal", "cart.total":
		o := amount(key)
		o.part = part
		return o, true
	case "cart.quantity", "cart.lines":
		o := count(key, 0)
		o.part = part
		return o, true
	case "cart.currency":
		return operand{key: key, kind: textOperand}, true
	case "cart.channel", "customer.id", "shipping.method", "shipping.country", "shipping.region", "payment.method":
		return text, true
	case "customer.groups", "customer.tags":
		return operand{key: key, kind: listOperand}, true
	case "customer.orders":
		return operand{key: key, kind: numberOperand, whole: true}, true // nobody checks what callers say
	case "customer.lifetime_spend":
		return operand{key: key, kind: numberOperand}, true
	case "shipping.price":
		return amount(key), true
	case "now.year":
		return operand{key: key, kind: numberOperand, whole: true}, true
	case "now.month":
		return upTo(key, 1, 12), true
	case "now.day":
		return upTo(key, 1, 31), true
	case "now.hour":
		return upTo(key, 0, 23), true
	case "now.minute":
		return upTo(key, 0, 59), true
	case "now.weekday":
		return operand{key: key, kind: weekdayOperand, texts: []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}}, true
	case "now.date":
		return operand{key: key, kind: textOperand}, true
	}
	if e.folder.isPlugin(base) {
		return operand{key: key, kind: anyOperand}, true
	}
	return operand{}, false
}

func setOperand(set, part string) (operand, bool) {
	o := amount(set + "." + part)
	o.set, o.part = set, part
	switch part {
	case "quantity", "lines":
		o.whole = true
	case "subtotal", "total":
	case "min_price", "max_price":
		o.optional = true
	default:
		return operand{}, false
	}
	return o, true
}
