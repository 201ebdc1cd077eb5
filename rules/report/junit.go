package report

import (
	"encoding/xml"
	"io"
	"slices"
	"strings"
)

// junitSuites is JUnit's XML as the schema of Jenkins has it, which others read too.
type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	Skipped string        `xml:"skipped,omitempty"`
	Failure *junitFailure `xml:"failure,omitempty"`
}

type junitFailure struct {
	Type    string `xml:"type,attr"`
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// junit writes a suite for each file, with every case in it.
func (r Report) junit(w io.Writer) error {
	all := junitSuites{Name: printable(r.Name), Suites: []junitSuite{}}
	for _, c := range r.Cases {
		name := printable(c.File)
		if name == "" {
			name = all.Name
		}
		i := slices.IndexFunc(all.Suites, func(s junitSuite) bool { return s.Name == name })
		if i < 0 {
			i = len(all.Suites)
			all.Suites = append(all.Suites, junitSuite{Name: name})
		}
		suite := &all.Suites[i]
		out := junitCase{Name: oneLine(c.Name), Class: strings.TrimSuffix(name, ".yaml")}
		suite.Tests, all.Tests = suite.Tests+1, all.Tests+1
		switch {
		case c.Skipped != "":
			out.Skipped, suite.Skipped = oneLine(c.Skipped), suite.Skipped+1
		case c.Failure != "":
			out.Failure = &junitFailure{Type: string(c.Code), Message: oneLine(c.Failure), Text: printable(c.Detail)}
			suite.Failures, all.Failures = suite.Failures+1, all.Failures+1
		}
		suite.Cases = append(suite.Cases, out)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}
