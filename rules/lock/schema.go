package lock

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/checkout-promotions/checkout/engine/configschema"
	"github.com/checkout-promotions/checkout/rules/diag"
)

// Schema is a compiled JSON Schema, of draft 2020-12 unless it names another. It
// is safe for concurrent use.
type Schema struct {
	compiled *jsonschema.Schema
	known    []string // properties that it names
}

// Violation is a part of a config that the schema does not accept.
type Violation struct {
	// Path leads to the part by keys and indexes. Key is a key of it that should
	// not be there, "" where the part itself is wrong.
	Path []string
	Key  string
	// Message says what is wrong, and Hint what to do, "" where Message says it.
	Message, Hint string
}

// NewSchema compiles a schema that is given as JSON, as package configschema bounds it.
func NewSchema(text string) (*Schema, error) {
	compiled, err := configschema.Compile(text)
	if err != nil {
		return nil, oneLine(err)
	}
	return &Schema{compiled: compiled, known: properties(compiled)}, nil
}

// oneLine returns the first reason that the library gives, which writes trees.
func oneLine(err error) error {
	var invalid *jsonschema.SchemaValidationError
	if errors.As(err, &invalid) {
		err = invalid.Err
	}
	var violated *jsonschema.ValidationError
	if errors.As(err, &violated) {
		first := violations(violated, nil)[0]
		return fmt.Errorf("/%s: %s", strings.Join(first.Path, "/"), cmp.Or(first.Hint, first.Message))
	}
	return errors.New(strings.ReplaceAll(strings.ReplaceAll(err.Error(), "\n", " "), configschema.URL, ""))
}

func properties(s *jsonschema.Schema) []string {
	var names []string
	for name := range s.Properties {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Check returns what of the config, as encoding/json reads it with numbers as
// json.Number, the schema does not accept.
func (s *Schema) Check(config any) []Violation {
	if err := configschema.CheckDepth(config); err != nil {
		return []Violation{{Message: err.Error()}}
	}
	err := s.compiled.Validate(config)
	var invalid *jsonschema.ValidationError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &invalid):
		return violations(invalid, s.known)
	default:
		return []Violation{{Message: "the schema cannot be applied: " + err.Error()}}
	}
}

// violations flattens the library's tree. Of alternatives one violation tells
// what each of them wants.
func violations(e *jsonschema.ValidationError, known []string) []Violation {
	switch k := e.ErrorKind.(type) {
	case *kind.AdditionalProperties:
		var all []Violation
		for _, name := range k.Properties {
			v := Violation{Path: e.InstanceLocation, Key: name, Message: fmt.Sprintf("unknown key %q", name)}
			if len(e.InstanceLocation) == 0 {
				v.Hint = diag.Suggest(name, known)
			}
			all = append(all, v)
		}
		return all
	case *kind.Required:
		var all []Violation
		for _, name := range k.Missing {
			all = append(all, Violation{Path: e.InstanceLocation, Message: fmt.Sprintf("key %q is missing", name)})
		}
		return all
	case *kind.Type:
		return []Violation{{Path: e.InstanceLocation, Message: fmt.Sprintf("want %s, got %s", strings.Join(k.Want, " or "), k.Got)}}
	case *kind.AnyOf, *kind.OneOf:
		return []Violation{{Path: e.InstanceLocation, Message: "this is none of what is possible, or several at once", Hint: alternatives(e, known)}}
	case *kind.PropertyNames:
		return []Violation{{Path: e.InstanceLocation, Key: k.Property, Message: fmt.Sprintf("%q cannot be a key here", k.Property)}}
	}
	if len(e.Causes) == 0 {
		return []Violation{{Path: e.InstanceLocation, Message: e.ErrorKind.LocalizedString(message.NewPrinter(language.English))}}
	}
	var all []Violation
	for _, cause := range e.Causes {
		all = append(all, violations(cause, known)...)
	}
	return all
}

// maxAlternatives is how many alternatives a hint tells.
const maxAlternatives = 4

// alternatives writes what each alternative finds fault with.
func alternatives(e *jsonschema.ValidationError, known []string) string {
	var texts []string
	for _, cause := range e.Causes {
		for _, v := range violations(cause, known) {
			if !slices.Contains(texts, v.Message) && len(texts) < maxAlternatives {
				texts = append(texts, v.Message)
			}
		}
	}
	return strings.Join(texts, ", or ")
}
