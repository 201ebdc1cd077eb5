package wire

import (
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// Word returns how a value of the contract is written elsewhere: FIELD_LINE_NAME is line_name. A value that this version does not know
// has none, nor has an unspecified one.
func Word(value protoreflect.Enum) string {
	known := value.Descriptor().Values().ByNumber(value.Number())
	if known == nil || known.Number() == 0 {
		return ""
	}
	return strings.ToLower(strings.TrimPrefix(string(known.Name()), prefix(value)))
}

// Number returns the value that a word is written for, and -1, which no version knows, for another.
func Number[E interface {
	~int32
	protoreflect.Enum
}](word string) E {
	var zero E
	known := zero.Descriptor().Values().ByName(protoreflect.Name(prefix(zero) + strings.ToUpper(word)))
	if known == nil || known.Number() == 0 {
		return -1
	}
	return E(known.Number())
}

// prefix returns what the names of the values of an enum begin with.
func prefix(value protoreflect.Enum) string {
	return strings.TrimSuffix(string(value.Descriptor().Values().ByNumber(0).Name()), "UNSPECIFIED")
}
