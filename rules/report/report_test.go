package report_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"github.com/checkout-promotions/checkout/engine/goldentest"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/report"
)

func span(fromLine, fromColumn, toLine, toColumn int) diag.Range {
	return diag.Range{Start: diag.Position{Line: fromLine, Column: fromColumn}, End: diag.Position{Line: toLine, Column: toColumn}}
}

// everything is a report with one of each, whose texts are such that every format has
// to escape them.
func everything() report.Report {
	return report.Report{
		Name: "checkout rules test <shop> & 'more'",
		Cases: []report.Case{
			{File: "shop/a_test.yaml", Line: 3, Name: "it costs 5 # or <6> \\ \"7\""},
			{File: "shop/a_test.yaml", Line: 9, Name: "later", Skipped: "waits for # the\n spring & <more>"},
			{File: "shop/a_test.yaml", Line: 12, Name: "ten % off\n::error::no", Code: "test-failed",
				Failure: "total: want 10 % \"off\", got\x1b[31m 5 :: <6>", Detail: "  FAIL \\ shop\r\nexplain ]]> & <b>\n\n\x00\xff --- ... # no\n\tends"},
			{File: "shop/b,c: d_test.yaml", Name: "in another file"},
			{Name: "nowhere", Code: "contract-broken", Failure: "it hangs"},
		},
		Findings: diag.List{
			{Code: "R0103", File: "shop/b,c: d%.yaml", Range: span(3, 7, 3, 12), Message: "unknown name \"tvs\" at 5 %\nor so", Hint: "did you mean \"tv\"?"},
			{Code: "R0501", File: "shop/ä b#1?.yaml", Range: span(3, 7, 5, 2), Message: "never true\x07", Severity: diag.SeverityWarning},
			{Code: "R0103", File: "/tmp/shop.yaml", Range: span(4, 1, 4, 1), Message: "again", Severity: diag.SeverityNote},
			{Code: "not-reached", File: "shop/c.yaml", Message: "of no line"},
			{Code: "fail-if", Message: "of no file"},
		},
		Summary: "1 failed, 3 passed, 1 skipped",
	}
}

func written(t *testing.T, r report.Report, format string) string {
	t.Helper()
	var b strings.Builder
	if err := r.Write(&b, format); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestReports(t *testing.T) {
	for format, file := range map[string]string{
		report.Compact: "report.golden.txt", report.JUnit: "report.golden.xml", report.TAP: "report.golden.tap",
		report.SARIF: "report.golden.sarif", report.GitHub: "report_github.golden.txt",
	} {
		t.Run(format, func(t *testing.T) {
			goldentest.Compare(t, "testdata/"+file, written(t, everything(), format))
		})
	}
	if err := everything().Write(&bytes.Buffer{}, "yaml"); err == nil || err.Error() != `there is no report in the format "yaml"` {
		t.Errorf("got %v for a format that there is not", err)
	}
}

// TestSARIFIsAsItsSchemaSays also holds that the schema is looked at.
func TestSARIFIsAsItsSchemaSays(t *testing.T) {
	data, err := os.ReadFile("testdata/schemas/sarif-2.1.0-rtm.5.json")
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("sarif.json", value); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("sarif.json")
	if err != nil {
		t.Fatal(err)
	}
	validate := func(text string) error {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			return err
		}
		return schema.Validate(value)
	}
	for name, r := range map[string]report.Report{"all": everything(), "nothing": {}} {
		if err := validate(written(t, r, report.SARIF)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	good := written(t, everything(), report.SARIF)
	for _, fault := range []struct{ from, to string }{
		{`"level": "error"`, `"level": "fatal"`},
		{`"startLine": 3`, `"startLine": 0`},
		{`"version": "2.1.0"`, `"version": "2.0.0"`},
		{`"ruleIndex"`, `"ruleNumber"`},
	} {
		bad := strings.Replace(good, fault.from, fault.to, 1)
		if bad == good || validate(bad) == nil {
			t.Errorf("the schema has nothing against %s", fault.to)
		}
	}
}

func TestJUnitIsAsTheSchemaOfJenkinsSays(t *testing.T) {
	data, err := os.ReadFile("testdata/schemas/jenkins-junit.xsd")
	if err != nil {
		t.Fatal(err)
	}
	schema := readXSD(t, data)
	for name, r := range map[string]report.Report{"all": everything(), "nothing": {}} {
		if faults := schema.faults([]byte(written(t, r, report.JUnit))); len(faults) > 0 {
			t.Errorf("%s: %v", name, faults)
		}
	}
	good := written(t, everything(), report.JUnit)
	for _, c := range []struct{ from, to, want string }{
		{` classname="`, ` file="`, "testcase has no attribute file"},
		{`<testcase name="`, `<testcase title="`, "testcase has no attribute title; testcase lacks the attribute name"},
		{`<skipped>`, `<skipped message="x">`, "skipped has no attribute message"},
		{`</testsuites>`, `<testcase name="x"></testcase></testsuites>`, "testsuites has no element testcase at 4"},
		{`<failure `, `<skipped></skipped><skipped></skipped><failure `, "testcase has no element skipped at 2"},
		{`<testcase name`, `text<testcase name`, "testsuite has text"},
	} {
		bad := strings.Replace(good, c.from, c.to, 1)
		if diff := cmp.Diff(c.want, strings.Join(schema.faults([]byte(bad)), "; ")); diff != "" {
			t.Errorf("%s: %s", c.to, diff)
		}
	}
}

// TestTAPCanBeRead reads what was written as the protocol says: a plan, a line for each
// test with its directive, and blocks of YAML.
func TestTAPCanBeRead(t *testing.T) {
	lines := strings.Split(strings.TrimSuffix(written(t, everything(), report.TAP), "\n"), "\n")
	if lines[0] != "TAP version 14" || lines[1] != "1..5" {
		t.Fatalf("got %q, want the version and the plan", lines[:2])
	}
	var tests []string
	var blocks []map[string]string
	for i := 2; i < len(lines); i++ {
		if lines[i] != "  ---" {
			tests = append(tests, lines[i])
			continue
		}
		var block []string
		for i++; lines[i] != "  ..."; i++ {
			block = append(block, strings.TrimPrefix(lines[i], "  "))
		}
		var read map[string]string
		if err := yaml.Unmarshal([]byte(strings.Join(block, "\n")+"\n"), &read); err != nil {
			t.Fatal(err)
		}
		blocks = append(blocks, read)
	}
	if diff := cmp.Diff([]string{
		`ok 1 - shop/a_test.yaml:3 it costs 5 \# or <6> \\ "7"`,
		`ok 2 - shop/a_test.yaml:9 later # SKIP waits for \# the spring & <more>`,
		`not ok 3 - shop/a_test.yaml:12 ten % off ::error::no`,
		`ok 4 - shop/b,c: d_test.yaml in another file`,
		`not ok 5 - nowhere`,
	}, tests); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]map[string]string{
		{"message": "total: want 10 % \"off\", got\ufffd[31m 5 :: <6>", "detail": "  FAIL \\ shop\nexplain ]]> & <b>\n\n\ufffd\ufffd --- ... # no\n\tends\n"},
		{"message": "it hangs", "detail": "it hangs\n"},
	}, blocks); diff != "" {
		t.Error(diff)
	}
}

// TestACommandForGitHubIsOneLine reads the commands as the runner does.
func TestACommandForGitHubIsOneLine(t *testing.T) {
	unescape := strings.NewReplacer("%0D", "\r", "%0A", "\n", "%3A", ":", "%2C", ",", "%25", "%")
	found := everything().Findings
	lines := strings.Split(strings.TrimSuffix(written(t, everything(), report.GitHub), "\n"), "\n")
	if len(lines) != len(found) {
		t.Fatalf("got %d lines for %d findings:\n%s", len(lines), len(found), strings.Join(lines, "\n"))
	}
	for i, line := range lines {
		command, message, _ := strings.Cut(strings.TrimPrefix(line, "::"), "::")
		_, properties, _ := strings.Cut(command, " ")
		got := make(map[string]string)
		for _, property := range strings.Split(properties, ",") {
			name, value, _ := strings.Cut(property, "=")
			got[name] = unescape.Replace(value)
		}
		wanted := found[i].Message
		if found[i].Hint != "" {
			wanted += ": " + found[i].Hint
		}
		if got["file"] != found[i].File || got["title"] != string(found[i].Code) || strings.ReplaceAll(unescape.Replace(message), "\ufffd", "\a") != wanted {
			t.Errorf("got %q and %q of\n%s", got, unescape.Replace(message), line)
		}
	}
}

func TestAFailedCaseIsAFindingAtItsLine(t *testing.T) {
	want := diag.List{
		{Code: "test-failed", File: "shop/a_test.yaml", Range: span(12, 1, 12, 1), Message: everything().Cases[2].Name + ": " + everything().Cases[2].Failure},
		{Code: "contract-broken", Message: "nowhere: it hangs"},
	}
	if diff := cmp.Diff(want, report.FailedFindings(everything().Cases)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]report.Case{{File: "a.yaml", Line: 3, Name: "3:7 never", Code: "R0501", Failure: "never", Detail: "a.yaml:3:7: R0501 never"}},
		report.FailedCases(diag.List{{Code: "R0501", File: "a.yaml", Range: span(3, 7, 3, 8), Message: "never"}})); diff != "" {
		t.Error(diff)
	}
}
