package sdk

import (
	"context"
	"encoding/json"
	"time"
)

// Plugin is what an author writes. Its methods are called from many goroutines at once.
type Plugin interface {
	// Describe says what the plugin offers. It returns the same whenever it is asked.
	Describe() Description
	// Evaluate answers every deal of the request. An error fails them all; Each fails them one by one. It returns soon after the
	// context ends, and does the same for the same request unless the description says Stateful.
	Evaluate(ctx context.Context, req Request) ([]Answer, error)
}

// Configurer is a Plugin with settings. Configure is called once, before Evaluate and Facts; its error refuses the settings, and the
// plugin is not used.
type Configurer interface {
	Configure(ctx context.Context, settings Settings) error
}

// FactSource is a Plugin with facts. Facts returns the values of those wanted, of the types described. One that cannot be told is left
// out: in expressions it is then missing.
type FactSource interface {
	Facts(ctx context.Context, req FactsRequest) (map[string]Value, error)
}

// Description is what a plugin is and offers.
type Description struct {
	// Name is also the name of the program's file: 1 to 40 lower case letters, digits and '-', beginning with a letter.
	Name string
	// Version is a semantic version such as 1.4.0.
	Version string
	// Author and Homepage say who answers for the plugin; they may be empty.
	Author   string
	Homepage string
	// APIVersions are the versions of the contract that it speaks. The SDK sets them.
	APIVersions []uint32
	// Deals are the kinds of deals it offers, at most 50.
	Deals []DealKind
	// Facts are the values it offers to expressions, at most 50; a plugin with some is a FactSource.
	Facts []Fact
	// Limits are what it asks for.
	Limits Limits
	// Stateful says that the same request may be answered otherwise later.
	Stateful bool
}

// DealKind is a kind of deal that rules may use.
type DealKind struct {
	// Name is 1 to 40 lower case letters, digits and '_', beginning with a letter.
	Name string
	// Doc says what it does, to people who write rules.
	Doc string
	// Effect is what it may give.
	Effect Effect
	// ConfigSchema is the JSON Schema of its config, an object. Configs are checked with it when rules are compiled.
	ConfigSchema string
	// Examples are valid configs, at least one.
	Examples []json.RawMessage
	// Fields are the parts of the cart that it needs beyond SKU, quantity and price.
	Fields []Field
}

// Fact is a value that a plugin offers to expressions.
type Fact struct {
	// Name is as that of a DealKind.
	Name string
	Type FactType
	// Doc says what it means, to people who write rules.
	Doc string
	// Fields are the parts of the cart that it needs.
	Fields []Field
}

// Limits are what a plugin asks for; what is zero is left to Checkout, which may give less.
type Limits struct {
	MemoryMiB   uint32
	CPUPercent  uint32 // of one core
	CallTimeout time.Duration
	MaxInFlight uint32 // calls at once
}

// Effect is what a kind of deal may give.
type Effect string

// The effects, with what gives them.
const (
	OffUnitsEffect    Effect = "items"    // OffUnits
	OffOrderEffect    Effect = "order"    // OffOrder
	OffShippingEffect Effect = "shipping" // OffShipping
	GiftEffect        Effect = "gift"     // Gift
	AwardEffect       Effect = "award"    // Award
)

// FactType is the type of a fact.
type FactType string

// The types of facts.
const (
	NumberFact  FactType = "number"
	TextFact    FactType = "text"
	BooleanFact FactType = "boolean"
)

// Field is a part of the cart that is sent only to those who declare it.
type Field string

// The fields. CustomerField is all of the customer but the attributes.
const (
	LineNameField           Field = "line_name"
	LineBrandField          Field = "line_brand"
	LineCategoriesField     Field = "line_categories"
	LineTagsField           Field = "line_tags"
	LineAttributesField     Field = "line_attributes"
	CustomerField           Field = "customer"
	CustomerAttributesField Field = "customer_attributes"
	CouponsField            Field = "coupons"
	ShippingField           Field = "shipping"
	ChannelField            Field = "channel"
	PaymentField            Field = "payment"
	AttributesField         Field = "attributes"
)

// Settings are what the shop says to the plugin.
type Settings struct {
	// JSON is the object under plugins.settings.NAME in the configuration of the server, {} where there is none.
	JSON json.RawMessage
	// Currency is that of the shop, zero where it has none.
	Currency Currency
}

// Decode reads the settings into a struct. A setting that the struct does not have is an error.
func (s Settings) Decode(into any) error { return decodeObject("settings", s.JSON, into) }
