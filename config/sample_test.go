package config_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/checkout-promotions/checkout/config"
	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
)

// sampleLines returns the settings of the sample file, without the # before them.
func sampleLines(t *testing.T) []string {
	t.Helper()
	sample, err := os.ReadFile("checkout.sample.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, m := range regexp.MustCompile(`(?m)^#([a-z_]+:.*)$`).FindAllStringSubmatch(string(sample), -1) {
		lines = append(lines, m[1])
	}
	return lines
}

func TestSampleChangesNothing(t *testing.T) {
	got, err := config.Load(config.Sources{File: "checkout.sample.yaml"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(config.Default(), got); diff != "" {
		t.Errorf("the sample as it stands changes the defaults (-want +got):\n%s", diff)
	}
}

func TestSampleShowsEveryDefault(t *testing.T) {
	for _, line := range sampleLines(t) {
		got, err := config.Load(config.Sources{File: write(t, line)})
		if err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		got.Database.Kind = config.Default().Database.Kind // to name a database is to choose it
		if diff := cmp.Diff(config.Default(), got); diff != "" {
			t.Errorf("%s is not the default (-want +got):\n%s", line, diff)
		}
	}
}

func TestSampleHasEverySettingOnce(t *testing.T) {
	flags := pflag.NewFlagSet("run", pflag.ContinueOnError)
	flags.SortFlags = false
	config.BindFlags(flags)
	var want, got []string
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Name != "config" && f.Name != "plugins-dev" { // which stands in plugins
			want = append(want, strings.ReplaceAll(f.Name, "-", "_"))
		}
	})
	want = slices.Insert(want, slices.Index(want, "tracing_endpoint"), "webhooks") // which is no flag
	for _, line := range sampleLines(t) {
		got = append(got, line[:strings.Index(line, ":")])
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("keys of the sample differ from the flags (-want +got):\n%s", diff)
	}
}
