package contract

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/engine/configschema"
	"github.com/checkout-promotions/checkout/plugins/internal/pluginpb"
	"github.com/checkout-promotions/checkout/plugins/internal/wire"
	"github.com/checkout-promotions/checkout/plugins/sdk"
)

const (
	maxName     = 40
	maxOffers   = 50   // kinds of deals, or facts
	maxDoc      = 2000 // bytes
	maxExamples = 20
	maxExample  = 1 << 14 // bytes
)

// Description reads what a plugin says of itself. The error joins all that the contract does not allow.
func Description(response *pluginpb.DescribeResponse) (*sdk.Description, error) {
	d := &sdk.Description{
		Name: response.GetName(), Version: response.GetVersion(), Author: response.GetAuthor(), Homepage: response.GetHomepage(),
		APIVersions: response.GetApiVersions(), Stateful: response.GetStateful(),
		Limits: sdk.Limits{
			MemoryMiB: response.GetLimits().GetMemoryMib(), CPUPercent: response.GetLimits().GetCpuPercent(),
			MaxInFlight: response.GetLimits().GetMaxInFlight(),
			CallTimeout: time.Duration(response.GetLimits().GetCallTimeoutMs()) * time.Millisecond,
		},
	}
	for _, k := range response.GetDeals() {
		kind := sdk.DealKind{Name: k.GetName(), Doc: k.GetDoc(), Effect: sdk.Effect(wire.Word(k.GetEffect())), ConfigSchema: k.GetConfigSchema(), Fields: fieldsOf(k.GetFields())}
		for _, example := range k.GetExamples() {
			kind.Examples = append(kind.Examples, json.RawMessage(example))
		}
		d.Deals = append(d.Deals, kind)
	}
	for _, f := range response.GetFacts() {
		d.Facts = append(d.Facts, sdk.Fact{Name: f.GetName(), Type: sdk.FactType(wire.Word(f.GetType())), Doc: f.GetDoc(), Fields: fieldsOf(f.GetFields())})
	}
	return d, check(d)
}

// fieldsOf returns "" for a field that this version does not know.
func fieldsOf(declared []pluginpb.Field) []sdk.Field {
	fields := make([]sdk.Field, len(declared))
	for i, f := range declared {
		fields[i] = sdk.Field(wire.Word(f))
	}
	return fields
}

// check returns all that is wrong with a description.
func check(d *sdk.Description) error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if !ValidName(d.Name, '-') {
		fault("name %.60q: want 1 to %d lower case letters, digits and '-', beginning with a letter", d.Name, maxName)
	}
	if !validVersion(d.Version) {
		fault("version %.60q: want a semantic version such as 1.4.0", d.Version)
	}
	if engine.CleanPluginText(d.Author) != d.Author {
		fault("author %.60q: want one line of at most %d bytes", d.Author, engine.MaxPluginText)
	}
	if !validHomepage(d.Homepage) {
		fault("homepage %.60q: want an http or https address of at most %d bytes", d.Homepage, engine.MaxPluginText)
	}
	if !slices.Contains(d.APIVersions, wire.Version) {
		fault("api_versions %v: want %d among them", d.APIVersions, wire.Version)
	}
	if len(d.Deals)+len(d.Facts) == 0 {
		fault("it offers neither deals nor facts")
	}
	if len(d.Deals) > maxOffers || len(d.Facts) > maxOffers {
		fault("it offers %d deals and %d facts, at most %d of each", len(d.Deals), len(d.Facts), maxOffers)
		return errors.Join(faults...)
	}
	seen := make(map[string]bool)
	for i := range d.Deals {
		k := &d.Deals[i]
		if seen[k.Name] {
			fault("deal %s is described twice", k.Name)
		}
		seen[k.Name] = true
		for _, err := range checkKind(k) {
			fault("deal %.40s: %w", k.Name, err)
		}
	}
	clear(seen)
	for i := range d.Facts {
		f := &d.Facts[i]
		if seen[f.Name] {
			fault("fact %s is described twice", f.Name)
		}
		seen[f.Name] = true
		for _, err := range checkFact(f) {
			fault("fact %.40s: %w", f.Name, err)
		}
	}
	return errors.Join(faults...)
}

// checkOffer returns what is wrong with what deals and facts have in common.
func checkOffer(name, doc string, fields []sdk.Field) []error {
	var faults []error
	if !ValidName(name, '_') {
		faults = append(faults, fmt.Errorf("name %.60q: want 1 to %d lower case letters, digits and '_', beginning with a letter", name, maxName))
	}
	if len(doc) > maxDoc {
		faults = append(faults, fmt.Errorf("a doc of %d bytes, at most %d", len(doc), maxDoc))
	}
	if slices.Contains(fields, "") {
		faults = append(faults, errors.New("it needs a field of the cart that this Checkout does not know; a newer one may"))
	}
	return faults
}

func checkFact(f *sdk.Fact) []error {
	faults := checkOffer(f.Name, f.Doc, f.Fields)
	if f.Type == "" {
		faults = append(faults, errors.New("its type is none that this Checkout knows; want number, text or boolean"))
	}
	return faults
}

func checkKind(k *sdk.DealKind) []error {
	faults := checkOffer(k.Name, k.Doc, k.Fields)
	if k.Effect == "" {
		faults = append(faults, errors.New("its effect is none that this Checkout knows; want items, order, shipping, gift or award"))
	}
	schema, err := Schema(k.ConfigSchema)
	if err != nil {
		return append(faults, fmt.Errorf("config_schema: %w", err))
	}
	if len(k.Examples) == 0 || len(k.Examples) > maxExamples {
		faults = append(faults, fmt.Errorf("%d examples of configs; want 1 to %d", len(k.Examples), maxExamples))
	}
	for i, example := range k.Examples {
		if len(example) > maxExample {
			faults = append(faults, fmt.Errorf("example %d has %d bytes, at most %d", i+1, len(example), maxExample))
			continue
		}
		if err := CheckConfig(schema, example); err != nil {
			faults = append(faults, fmt.Errorf("example %d: %w", i+1, err))
		}
	}
	return faults
}

// Schema compiles the schema of a config, as package configschema bounds it. It must be of type object.
func Schema(text string) (*jsonschema.Schema, error) {
	schema, err := configschema.Compile(text)
	if err != nil {
		return nil, err
	}
	if schema.Types == nil || !slices.Equal(schema.Types.ToStrings(), []string{"object"}) {
		return nil, errors.New(`want a JSON Schema with "type": "object"`)
	}
	return schema, nil
}

// CheckConfig tells what a schema does not allow in a config.
func CheckConfig(schema *jsonschema.Schema, config json.RawMessage) error {
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(string(config)))
	if err != nil {
		return fmt.Errorf("no JSON: %w", err)
	}
	if err := configschema.CheckDepth(value); err != nil {
		return err
	}
	return schema.Validate(value)
}

// ValidName reports whether a name has 1 to 40 lower case letters, digits and separators, and begins with a letter.
func ValidName(name string, separator rune) bool {
	const letters = "abcdefghijklmnopqrstuvwxyz"
	return name != "" && len(name) <= maxName && strings.Contains(letters, name[:1]) && strings.Trim(name, letters+"0123456789"+string(separator)) == ""
}

// validVersion reports whether a text is a version of semver.org.
func validVersion(version string) bool {
	if len(version) > engine.MaxPluginText {
		return false
	}
	rest, build, hasBuild := strings.Cut(version, "+")
	core, pre, hasPre := strings.Cut(rest, "-")
	numbers := strings.Split(core, ".")
	if len(numbers) != 3 || hasBuild && !identifiers(build, false) || hasPre && !identifiers(pre, true) {
		return false
	}
	return identifiers(core, true) && strings.Trim(core, "0123456789.") == ""
}

// identifiers reports whether a text is identifiers with dots between; strict ones that are numbers have no zero in front.
func identifiers(text string, strict bool) bool {
	for id := range strings.SplitSeq(text, ".") {
		number := strings.Trim(id, "0123456789") == ""
		if id == "" || strings.Trim(id, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-") != "" || strict && number && len(id) > 1 && id[0] == '0' {
			return false
		}
	}
	return true
}

func validHomepage(homepage string) bool {
	if homepage == "" {
		return true
	}
	u, err := url.Parse(homepage)
	return err == nil && len(homepage) <= engine.MaxPluginText && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}
