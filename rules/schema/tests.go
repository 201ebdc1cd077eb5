package schema

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/catalogue"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/invariant"
	"github.com/checkout-promotions/checkout/rules/reference"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

// object is a part of a schema.
type object = map[string]any

// tests makes the schema of rule tests, and cart that of carts of their own. The keys
// are those that the reader of tests has, and what is said of them is its
// documentation, so that both are written once.
type tests struct {
	keys   map[string][]string
	manual reference.Manual
	defs   object
}

func newTests() *tests {
	t := &tests{keys: ruletest.Keys(), manual: reference.Comment(ruletest.Documentation)}
	t.defs = object{
		"text":    object{"type": []string{"string", "number", "boolean"}},
		"texts":   anyOf(ref("text"), listOf(ref("text"))),
		"amount":  object{"description": "An amount of money, which is compared exactly.", "type": []string{"number", "string"}},
		"count":   object{"type": []string{"integer", "string"}},
		"instant": object{"description": "A time with its offset, such as 2026-12-24T10:00:00Z.", "type": "string"},
		"named":   object{"description": "The name of a fixture.", "type": "string"},
		"fact":    object{"type": []string{"string", "number", "boolean", "null"}},
	}
	t.addGiven()
	t.addExpect()
	t.addStubs()
	t.defs["item"] = closed(catalogue.Keys(), object{
		"sku":        about(ref("text"), "1 to 64 letters, digits, -, _ and ."),
		"name":       about(ref("text"), "What customers see; the SKU without it."),
		"price":      ref("price"),
		"min_price":  about(ref("price"), "What no promotion may go below."),
		"stock":      about(ref("count"), "How many units there are; plenty without it."),
		"category":   about(ref("text"), "A path, such as tv/oled."),
		"categories": ref("texts"),
		"brand":      ref("text"),
		"tags":       ref("texts"),
		"attributes": ref("attributes"),
	}, "sku", "price")
	t.defs["price"] = anyOf(ref("amount"), object{"description": "A price for each currency.", "type": "object", "additionalProperties": ref("amount"), "propertyNames": object{"pattern": "^[A-Z]{3}$"}})
	t.defs["attributes"] = object{"description": "The shop's own facts.", "type": "object", "additionalProperties": anyOf(ref("fact"), listOf(ref("text")))}
	return t
}

// file makes the schema of a test file.
func (t *tests) file() object {
	return t.whole("Rule tests of Checkout, version "+ruletest.Version, "file", "A file", object{
		"version":   object{"enum": []any{1, ruletest.Version}},
		"rules":     object{"type": "string"},
		"catalogue": anyOf(object{"type": "string"}, listOf(ref("item"))),
		"defaults":  ref("given"),
		"stubs":     ref("stubs"),
		"fixtures": anyOf(object{"type": "string"}, closed(t.keys["fixtures"], object{
			"carts":     object{"type": "object", "additionalProperties": listOf(ref("units"))},
			"customers": object{"type": "object", "additionalProperties": ref("customer")},
		})),
		"always": listOf(anyOf(ref("text"), closed([]string{"permute"}, object{"permute": object{"enum": invariant.Permutable()}}, "permute"))),
		"tests":  listOf(t.test()),
	}, "tests")
}

// cart makes the schema of a cart of its own.
func (t *tests) cart() object {
	types := maps.Clone(t.given())
	maps.Copy(types, object{
		"rules":     about(object{"type": "string"}, "The folder of the rules, from that of the cart; without it the cart's own."),
		"catalogue": about(anyOf(object{"type": "string"}, listOf(ref("item"))), "Items, or the path of an inventory file."),
		"stubs":     about(ref("stubs"), "What plugins answer."),
	})
	root := t.described("given", "given", append(slices.Clone(t.keys["given"]), t.keys["cart"]...), types, "cart")
	root["title"], root["$schema"], root["$defs"] = "A cart for checkout rules price and explain", dialect, t.defs
	return root
}

const dialect = "https://json-schema.org/draft/2020-12/schema"

func (t *tests) whole(title, mapping, section string, types object, required ...string) object {
	root := t.described(mapping, section, t.keys[mapping], types, required...)
	root["title"], root["$schema"], root["$defs"] = title, dialect, t.defs
	return root
}

// described is closed, with what the documentation says of each key.
func (t *tests) described(mapping, section string, keys []string, types object, required ...string) object {
	told := make(object)
	for key, typed := range types {
		told[key] = typed
		for _, e := range t.manual.Section(section, "") {
			if e.Name == key && e.Text != "" {
				told[key] = about(typed.(object), e.Text)
			}
		}
	}
	return closed(keys, told, required...)
}

// test makes the schema of a test, of which each kind has its own given and expect.
func (t *tests) test() object {
	test := t.described("test", "A test", t.keys["test"], object{
		"name": ref("text"),
		"tags": ref("texts"),
		"skip": object{"type": []string{"string", "number"}, "minLength": 1},
		"given": object{
			"type": "object", // more below
		},
		"stubs":  ref("stubs"),
		"expect": object{},
		"table":  object{"type": "array", "minItems": 1, "items": ref("row")},
		"matrix": object{"type": "object", "minProperties": 1, "additionalProperties": ref("texts")},
		"steps": object{"type": "array", "minItems": 1, "items": t.described("step", "steps", t.keys["step"], object{
			"do":     object{"enum": ruletest.StepsDo()},
			"ref":    ref("count"),
			"given":  ref("given"),
			"expect": ref("expect"),
		}, "do")},
		"compile_error": anyOf(ref("fault"), object{"type": "array", "minItems": 1, "items": ref("fault")}),
	}, "name", "given")
	refused := object{"given": closed(t.keys["faulty rules"], object{
		"rules": about(anyOf(ref("text"), object{"type": "object", "additionalProperties": ref("text")}), "The text of a rule file, or {file: text}."),
	}, "rules")}
	cells := closed(append(slices.Clone(t.keys["expect"]), t.keys["row"]...), with(t.expect(), object{
		"when": about(object{"type": "object", "minProperties": 1, "additionalProperties": ref("texts")}, "For which cells the row is."),
		"else": about(object{"const": true}, "For all cells that are left."),
	}))
	cells["oneOf"] = []object{{"required": []string{"when"}}, {"required": []string{"else"}}}
	t.defs["fault"] = t.described("fault", "compile_error", t.keys["fault"], object{
		"code": object{"enum": codes()},
		"at":   ref("text"),
		"text": ref("text"),
	}, "code")
	row := t.described("expect", "expect", t.keys["expect"], t.expect())
	row["additionalProperties"] = about(ref("text"), "A variable, which stands as ${name} in given and expect.")
	t.defs["row"] = row
	kind := func(key string, properties object, not ...string) object {
		then := object{"properties": properties}
		if len(not) > 0 {
			then["not"] = anyRequired(not...)
		}
		return object{"if": object{"required": []string{key}}, "then": then}
	}
	test["allOf"] = []object{
		kind("compile_error", refused, "expect", "table", "matrix", "steps"),
		kind("steps", object{"given": ref("given")}, "expect", "table", "matrix"),
		kind("matrix", object{"given": ref("given"), "expect": anyOf(ref("expect"), listOf(cells))}, "table"),
		kind("table", object{"given": ref("given"), "expect": ref("expect")}),
		{
			"if":   object{"not": anyRequired("compile_error", "steps", "matrix", "table")},
			"then": object{"properties": object{"given": ref("given"), "expect": ref("expect")}, "required": []string{"expect"}},
		},
		{"if": object{"required": []string{"matrix"}}, "then": object{"required": []string{"expect"}}},
	}
	return test
}

func anyRequired(keys ...string) object {
	any := make([]object, len(keys))
	for i, key := range keys {
		any[i] = object{"required": []string{key}}
	}
	return object{"anyOf": any}
}

func (t *tests) addGiven() {
	t.defs["units"] = anyOf(about(ref("text"), `"SKU" or "SKU x3"`), closed(t.keys["units"], object{"sku": ref("text"), "quantity": ref("count")}, "sku"))
	t.defs["customer"] = closed(t.keys["customer"], object{
		"id":             ref("text"),
		"groups":         ref("texts"),
		"tags":           ref("texts"),
		"orders":         about(ref("count"), "How many orders the customer has made."),
		"lifetime_spend": about(ref("amount"), "What the customer has paid in all of them."),
		"attributes":     ref("attributes"),
	})
	t.defs["given"] = t.described("given", "given", t.keys["given"], t.given())
}

func (t *tests) given() object {
	return object{
		"cart":     anyOf(listOf(ref("units")), ref("named")),
		"customer": anyOf(ref("customer"), ref("named")),
		"coupons":  ref("texts"),
		"at":       ref("instant"),
		"now":      ref("instant"),
		"stock":    object{"type": "object", "additionalProperties": ref("count")},
		"channel":  ref("text"),
		"shipping": closed(t.keys["shipping"], object{
			"method": ref("text"), "price": ref("amount"), "country": ref("text"), "region": ref("text"),
			"shipments": listOf(closed(t.keys["shipment"], object{"method": ref("text"), "price": ref("amount")})),
		}),
		"payment":    anyOf(ref("text"), closed(t.keys["payment"], object{"method": ref("text")}, "method")),
		"attributes": ref("attributes"),
		"currency":   object{"type": "string"},
		"usage": object{"type": "object", "additionalProperties": closed(t.keys["usage"], object{
			"redemptions": ref("count"), "by_customer": ref("count"), "spent": ref("amount"),
		})},
		"codes":  object{"type": "object", "additionalProperties": closed(t.keys["code"], object{"pool": ref("text"), "redemptions": ref("count")})},
		"paused": ref("texts"),
	}
}

func (t *tests) addExpect() {
	var refusals []string
	for _, reason := range engine.Reasons() {
		if reason != engine.Applied {
			refusals = append(refusals, reason.String())
		}
	}
	t.defs["reason"] = orVariable(refusals)
	t.defs["outcome"] = orVariable(append(slices.Clone(refusals), engine.Applied.String(), engine.UnknownCode.String()))
	t.defs["pluginFault"] = orVariable(pluginFaults())
	t.defs["awards"] = listOf(anyOf(about(ref("text"), `"points 12.5"`), closed(t.keys["award"], object{"kind": ref("text"), "amount": ref("text")}, "kind", "amount")))
	t.defs["expect"] = t.described("expect", "expect", t.keys["expect"], t.expect())
}

func (t *tests) expect() object {
	types := object{
		"applied": ref("texts"),
		"not_applied": object{"type": "object", "additionalProperties": anyOf(ref("reason"), closed(t.keys["refusal"], object{
			"reason": ref("reason"), "by": ref("texts"), "fault": ref("pluginFault"),
		}, "reason"))},
		"lines": object{"type": "object", "additionalProperties": anyOf(ref("amount"), closed(t.keys["line"], object{
			"quantity": ref("count"), "discount": ref("amount"), "total": ref("amount"), "unit_prices": anyOf(ref("amount"), listOf(ref("amount"))),
		}))},
		"gifts": listOf(ref("units")),
		"shipments": object{"type": "object", "additionalProperties": anyOf(ref("amount"), closed(t.keys["shipment cost"], object{
			"discount": ref("amount"), "total": ref("amount"),
		}))},
		"awards":  ref("awards"),
		"coupons": object{"type": "object", "additionalProperties": ref("outcome")},
		"optimal": object{"type": "boolean"},
		"hints": listOf(closed(t.keys["hint"], object{
			"promotion": ref("text"), "add": listOf(ref("units")), "saves": ref("amount"),
		}, "promotion", "add")),
		"rejected": anyOf(ref("text"), closed(t.keys["rejection"], object{"promotion": ref("text"), "fault": ref("pluginFault")}, "promotion")),
		"includes": closed(t.keys["includes"], object{"applied": ref("texts"), "gifts": listOf(ref("units")), "awards": ref("awards")}),
		"explain":  ref("text"),
	}
	for _, sum := range []string{"subtotal", "discount", "total", "shipping_discount", "shipping_total", "payable"} {
		types[sum] = ref("amount")
	}
	return types
}

func (t *tests) addStubs() {
	answer := closed(t.keys["answer"], object{
		"units": listOf(closed(t.keys["answer units"], object{"sku": ref("text"), "quantity": ref("count"), "each": ref("amount")}, "sku", "each")),
		"off":   ref("amount"),
		"gift":  closed(t.keys["units"], object{"sku": ref("text"), "quantity": ref("count")}, "sku"),
		"award": closed(t.keys["award"], object{"kind": ref("text"), "amount": ref("text")}, "kind", "amount"),
		"none":  about(ref("text"), "Why nothing is given."),
		"fault": ref("pluginFault"),
	})
	answer["minProperties"], answer["maxProperties"] = 1, 1
	t.defs["answer"] = answer
	t.defs["stubs"] = object{"type": "object", "additionalProperties": closed(t.keys["stub"], object{
		"facts": about(object{"type": "object", "additionalProperties": anyOf(ref("fact"), object{"type": "object", "additionalProperties": ref("fact")})},
			"A value for everybody, or by the id of the customer, with * for others."),
		"deals": about(object{"type": "object", "additionalProperties": anyOf(ref("answer"), object{"type": "object", "additionalProperties": ref("answer"), "minProperties": 1})},
			"An answer for all promotions, or for each."),
	})}
}

// codes are those of all faults.
func codes() []string {
	var all []string
	for _, page := range diag.Pages() {
		all = append(all, string(page.Code))
	}
	return all
}

func pluginFaults() []string {
	var all []string
	for _, fault := range engine.PluginFaults() {
		all = append(all, string(fault))
	}
	return all
}

// orVariable is one of the words, or a text with a variable.
func orVariable(words []string) object {
	return anyOf(object{"enum": words}, object{"type": "string", "pattern": `\$\{`})
}

func ref(def string) object { return object{"$ref": "#/$defs/" + def} }

func listOf(items object) object { return object{"type": "array", "items": items} }

func anyOf(parts ...object) object { return object{"anyOf": parts} }

// about adds what a part means.
func about(part object, text string) object {
	told := maps.Clone(part)
	told["description"] = text
	return told
}

func with(a, b object) object {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// closed is a mapping that has the keys of the reader, each of its type, and no others.
// A key without a type could be anything, which a test refuses.
func closed(keys []string, types object, required ...string) object {
	properties := make(object, len(keys))
	for _, key := range keys {
		properties[key] = object{}
		if typed, known := types[key]; known {
			properties[key] = typed
		}
	}
	made := object{"type": "object", "additionalProperties": false, "properties": properties}
	if len(required) > 0 {
		made["required"] = required
	}
	return made
}

// written is the schema as text.
func written(root object) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(root)
	return b.Bytes(), err
}
