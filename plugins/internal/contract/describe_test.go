package contract_test

import (
	"fmt"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/checkout-promotions/checkout/plugins/internal/contract"
	"github.com/checkout-promotions/checkout/plugins/internal/pluginpb"
)

func described() *pluginpb.DescribeResponse {
	return &pluginpb.DescribeResponse{
		Name: "loyalty", Version: "1.4.0-rc.1+b7", Author: "Someone", Homepage: "https://example.com", ApiVersions: []uint32{1},
		Deals: []*pluginpb.DealKind{{
			Name: "spend", Effect: pluginpb.Effect_EFFECT_ORDER, Examples: []string{`{"rate": 1}`}, Fields: []pluginpb.Field{pluginpb.Field_FIELD_CUSTOMER},
			ConfigSchema: `{"type": "object", "properties": {"rate": {"type": "number"}}}`,
		}},
		Facts: []*pluginpb.Fact{{Name: "points", Type: pluginpb.FactType_FACT_TYPE_NUMBER}},
	}
}

func TestDescription(t *testing.T) {
	tests := []struct {
		name string
		with func(*pluginpb.DescribeResponse)
		want string
	}{
		{"it is valid", func(*pluginpb.DescribeResponse) {}, ""},
		{"a name in upper case", func(d *pluginpb.DescribeResponse) { d.Name = "Loyalty" }, `name "Loyalty": want 1 to 40 lower case letters, digits and '-', beginning with a letter`},
		{"a name that is a path", func(d *pluginpb.DescribeResponse) { d.Name = "../x" }, `name "../x": want 1 to 40 lower case letters, digits and '-', beginning with a letter`},
		{"a version of two numbers", func(d *pluginpb.DescribeResponse) { d.Version = "1.4" }, `version "1.4": want a semantic version such as 1.4.0`},
		{"a version with a zero in front", func(d *pluginpb.DescribeResponse) { d.Version = "1.04.0" }, `version "1.04.0": want a semantic version such as 1.4.0`},
		{"an author of two lines", func(d *pluginpb.DescribeResponse) { d.Author = "a\nb" }, `author "a\nb": want one line of at most 200 bytes`},
		{"a homepage that runs", func(d *pluginpb.DescribeResponse) { d.Homepage = "javascript:alert(1)" }, `homepage "javascript:alert(1)": want an http or https address of at most 200 bytes`},
		{"another version of the contract", func(d *pluginpb.DescribeResponse) { d.ApiVersions = []uint32{2} }, "api_versions [2]: want 1 among them"},
		{"nothing on offer", func(d *pluginpb.DescribeResponse) { d.Deals, d.Facts = nil, nil }, "it offers neither deals nor facts"},
		{"a deal twice", func(d *pluginpb.DescribeResponse) { d.Deals = append(d.Deals, d.Deals[0]) }, "deal spend is described twice"},
		{"a fact without a type", func(d *pluginpb.DescribeResponse) { d.Facts[0].Type = 0 }, "fact points: its type is none that this Checkout knows; want number, text or boolean"},
		{"a newer effect", func(d *pluginpb.DescribeResponse) { d.Deals[0].Effect = 99 }, "deal spend: its effect is none that this Checkout knows; want items, order, shipping, gift or award"},
		{"a newer field", func(d *pluginpb.DescribeResponse) { d.Deals[0].Fields = []pluginpb.Field{99} }, "deal spend: it needs a field of the cart that this Checkout does not know; a newer one may"},
		{"a schema of no object", func(d *pluginpb.DescribeResponse) { d.Deals[0].ConfigSchema = "true" }, `deal spend: config_schema: want a JSON Schema with "type": "object"`},
		{
			"a schema without an end", func(d *pluginpb.DescribeResponse) {
				d.Deals[0].ConfigSchema = `{"type": "object", "allOf": [{"$ref": "#"}]}`
			},
			"deal spend: config_schema: its parts refer to each other so often that it may look at one value more than 10000 times",
		},
		{
			"a schema that reads a file", func(d *pluginpb.DescribeResponse) {
				d.Deals[0].ConfigSchema = `{"type": "object", "$ref": "file:///etc/passwd"}`
			},
			"deal spend: config_schema: it refers to file:///etc/passwd, and may refer to itself alone",
		},
		{
			"an example that nests too deep", func(d *pluginpb.DescribeResponse) {
				d.Deals[0].Examples = []string{strings.Repeat(`{"a": `, 9) + "1" + strings.Repeat("}", 9)}
			},
			"deal spend: example 1: it nests 9 deep, at most 8 are allowed",
		},
		{"no examples", func(d *pluginpb.DescribeResponse) { d.Deals[0].Examples = nil }, "deal spend: 0 examples of configs; want 1 to 20"},
		{
			"an example that is too long", func(d *pluginpb.DescribeResponse) { d.Deals[0].Examples[0] += strings.Repeat(" ", 1<<14) },
			fmt.Sprintf("deal spend: example 1 has %d bytes, at most 16384", len(described().Deals[0].Examples[0])+(1<<14)),
		},
		{"an example that is no JSON", func(d *pluginpb.DescribeResponse) { d.Deals[0].Examples = []string{"{"} }, "deal spend: example 1: no JSON: unexpected EOF"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := proto.CloneOf(described())
			tt.with(d)
			got := ""
			if _, err := contract.Description(d); err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}
