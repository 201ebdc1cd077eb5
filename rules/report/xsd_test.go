package report_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

// xsd is a schema of XML with what the one of JUnit uses: elements of texts, of
// attributes, and of sequences of others. Everything else is refused, so that nothing
// of a schema is passed over.
type xsd struct {
	elements map[string]xsdElement
}

type xsdElement struct {
	Name    string `xml:"name,attr"`
	Type    string `xml:"type,attr"`
	Complex *struct {
		Mixed    bool `xml:"mixed,attr"`
		Sequence struct {
			Parts []xsdPart `xml:"element"`
			Other []xsdAny  `xml:",any"`
		} `xml:"sequence"`
		Attributes []struct {
			Name string `xml:"name,attr"`
			Type string `xml:"type,attr"`
			Use  string `xml:"use,attr"`
		} `xml:"attribute"`
		Other []xsdAny `xml:",any"`
	} `xml:"complexType"`
	Other []xsdAny `xml:",any"`
}

type xsdPart struct {
	Ref string `xml:"ref,attr"`
	Min string `xml:"minOccurs,attr"`
	Max string `xml:"maxOccurs,attr"`
}

type xsdAny struct{ XMLName xml.Name }

func readXSD(t *testing.T, data []byte) xsd {
	t.Helper()
	var file struct {
		Elements []xsdElement `xml:"element"`
		Other    []xsdAny     `xml:",any"`
	}
	if err := xml.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	schema := xsd{elements: make(map[string]xsdElement)}
	other := file.Other
	for _, e := range file.Elements {
		schema.elements[e.Name] = e
		other = append(other, e.Other...)
		if e.Complex == nil && e.Type != "xs:string" {
			t.Fatalf("element %s has the type %q", e.Name, e.Type)
		}
		if e.Complex != nil {
			other = slices.Concat(other, e.Complex.Other, e.Complex.Sequence.Other)
			for _, a := range e.Complex.Attributes {
				if a.Type != "xs:string" {
					t.Fatalf("attribute %s has the type %q", a.Name, a.Type)
				}
			}
		}
	}
	if len(other) > 0 || len(schema.elements) == 0 {
		t.Fatalf("the schema has what this test does not know: %v", other)
	}
	return schema
}

// xmlNode is an element of a document.
type xmlNode struct {
	XMLName    xml.Name
	Attributes []xml.Attr `xml:",any,attr"`
	Text       string     `xml:",chardata"`
	Nodes      []xmlNode  `xml:",any"`
}

// faults returns what of a document is not as the schema says.
func (x xsd) faults(document []byte) []string {
	var root xmlNode
	d := xml.NewDecoder(bytes.NewReader(document))
	if err := d.Decode(&root); err != nil {
		return []string{err.Error()}
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		if _, err := d.Token(); !errors.Is(err, io.EOF) { // the line end
			return []string{"there is more than one document"}
		}
	}
	return x.check(root)
}

func (x xsd) check(n xmlNode) (faults []string) {
	name := n.XMLName.Local
	e, known := x.elements[name]
	if !known {
		return []string{"there is no element " + name}
	}
	if e.Complex == nil {
		if len(n.Nodes) > 0 {
			faults = append(faults, name+" is a text")
		}
		for _, a := range n.Attributes {
			faults = append(faults, fmt.Sprintf("%s has no attribute %s", name, a.Name.Local))
		}
		return faults
	}
	given := make(map[string]bool)
	for _, a := range n.Attributes {
		given[a.Name.Local] = true
	}
	for _, a := range e.Complex.Attributes {
		if a.Use == "required" && !given[a.Name] {
			defer func() { faults = append(faults, fmt.Sprintf("%s lacks the attribute %s", name, a.Name)) }()
		}
		delete(given, a.Name)
	}
	for _, a := range n.Attributes {
		if given[a.Name.Local] {
			faults = append(faults, fmt.Sprintf("%s has no attribute %s", name, a.Name.Local))
		}
	}
	if !e.Complex.Mixed && strings.TrimSpace(n.Text) != "" {
		faults = append(faults, name+" has text")
	}
	faults = append(faults, x.sequence(name, e.Complex.Sequence.Parts, n.Nodes)...)
	for _, part := range n.Nodes {
		faults = append(faults, x.check(part)...)
	}
	return faults
}

// sequence checks that elements come in the order of the parts, each as often as it may.
func (x xsd) sequence(name string, parts []xsdPart, nodes []xmlNode) (faults []string) {
	i := 0
	for _, part := range parts {
		n := 0
		for i < len(nodes) && nodes[i].XMLName.Local == part.Ref && (part.Max == "unbounded" || n == 0) {
			i, n = i+1, n+1
		}
		if n == 0 && part.Min != "0" {
			faults = append(faults, fmt.Sprintf("%s lacks an element %s", name, part.Ref))
		}
	}
	if i < len(nodes) {
		faults = append(faults, fmt.Sprintf("%s has no element %s at %d", name, nodes[i].XMLName.Local, i+1))
	}
	return faults
}
