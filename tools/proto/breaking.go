package main

import (
	"fmt"

	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
)

// breaking lists what the released contract has and the new one has no longer, or has otherwise: a program that was built for the
// one then misreads the other. What is only new is fine.
func breaking(released, now *descriptorpb.FileDescriptorSet) ([]string, error) {
	before, err := protodesc.NewFiles(released)
	if err != nil {
		return nil, fmt.Errorf("read the released contract: %w", err)
	}
	after, err := protodesc.NewFiles(now)
	if err != nil {
		return nil, fmt.Errorf("read the contract: %w", err)
	}
	c := comparison{after: after}
	before.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		c.messages(f.Messages())
		c.enums(f.Enums())
		c.services(f.Services())
		return true
	})
	return c.faults, nil
}

type comparison struct {
	after  *protoregistry.Files
	faults []string
}

func (c *comparison) fault(format string, args ...any) {
	c.faults = append(c.faults, fmt.Sprintf(format, args...))
}

// find returns what has the full name of d now, nil where it is gone or is something else.
func find[D protoreflect.Descriptor](c *comparison, d D) (now D, ok bool) {
	found, err := c.after.FindDescriptorByName(d.FullName())
	if err == nil {
		now, ok = found.(D)
	}
	if !ok {
		c.fault("%s is gone", d.FullName())
	}
	return now, ok
}

func (c *comparison) messages(messages protoreflect.MessageDescriptors) {
	for i := range messages.Len() {
		if before := messages.Get(i); !before.IsMapEntry() {
			c.message(before)
		}
	}
}

func (c *comparison) message(before protoreflect.MessageDescriptor) {
	now, ok := find(c, before)
	if !ok {
		return
	}
	for i := range before.Fields().Len() {
		field := before.Fields().Get(i)
		same := now.Fields().ByNumber(field.Number())
		switch {
		case same == nil:
			c.fault("field %d of %s, %s, is gone", field.Number(), before.FullName(), field.Name())
		case same.Name() != field.Name():
			c.fault("field %d of %s was %s and is %s", field.Number(), before.FullName(), field.Name(), same.Name())
		case typeOf(same) != typeOf(field):
			c.fault("%s was %s and is %s", field.FullName(), typeOf(field), typeOf(same))
		}
	}
	c.messages(before.Messages())
	c.enums(before.Enums())
}

// typeOf writes how a field is encoded and accessed.
func typeOf(f protoreflect.FieldDescriptor) string {
	text := f.Kind().String()
	switch {
	case f.IsMap():
		return fmt.Sprintf("map<%s, %s>", typeOf(f.MapKey()), typeOf(f.MapValue()))
	case f.Message() != nil:
		text = string(f.Message().FullName())
	case f.Enum() != nil:
		text = string(f.Enum().FullName())
	}
	switch {
	case f.IsList():
		text = "repeated " + text
	case f.HasOptionalKeyword():
		text = "optional " + text
	case f.ContainingOneof() != nil:
		text += " of " + string(f.ContainingOneof().Name())
	}
	return text
}

func (c *comparison) enums(enums protoreflect.EnumDescriptors) {
	for i := range enums.Len() {
		before := enums.Get(i)
		now, ok := find(c, before)
		if !ok {
			continue
		}
		for j := range before.Values().Len() {
			value := before.Values().Get(j)
			same := now.Values().ByNumber(value.Number())
			switch {
			case same == nil:
				c.fault("value %d of %s, %s, is gone", value.Number(), before.FullName(), value.Name())
			case same.Name() != value.Name():
				c.fault("value %d of %s was %s and is %s", value.Number(), before.FullName(), value.Name(), same.Name())
			}
		}
	}
}

func (c *comparison) services(services protoreflect.ServiceDescriptors) {
	for i := range services.Len() {
		before := services.Get(i)
		now, ok := find(c, before)
		if !ok {
			continue
		}
		for j := range before.Methods().Len() {
			method := before.Methods().Get(j)
			same := now.Methods().ByName(method.Name())
			switch {
			case same == nil:
				c.fault("%s is gone", method.FullName())
			case signature(same) != signature(method):
				c.fault("%s was %s and is %s", method.FullName(), signature(method), signature(same))
			}
		}
	}
}

func signature(m protoreflect.MethodDescriptor) string {
	stream := map[bool]string{true: "stream "}
	return fmt.Sprintf("(%s%s) returns (%s%s)", stream[m.IsStreamingClient()], m.Input().FullName(), stream[m.IsStreamingServer()], m.Output().FullName())
}
