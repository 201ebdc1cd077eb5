package compile_test

import (
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/diag"
)

func TestInspectingIsCompilingAndOutlining(t *testing.T) {
	good := filesOf("a.yaml", "sets: {hats: category == \"hats\"}\npromotions: [{id: a, deal: {percent_off: {of: hats, percent: 10}}}]\n", "a_test.yaml", "tests: [{name: a, expect: {applied: [a]}}]\n")
	bad := filesOf("a.yaml", "sets: {hats: category == \"hats\" and}\npromotions: [{id: a, deal: {percent_off: {of: hatz, percent: 10}}}]\n")
	for name, files := range map[string][]compile.File{"good": good, "bad": bad} {
		t.Run(name, func(t *testing.T) {
			in, err := compile.Inspect(files)
			if err != nil {
				t.Fatal(err)
			}
			ruleset, err := compile.Compile(files[:1])
			if diff := cmp.Diff(compile.OutlineOf(files), in.Outline); diff != "" {
				t.Errorf("outline, -want +got:\n%s", diff)
			}
			var faults diag.List
			errors.As(err, &faults)
			if diff := cmp.Diff(faults.Error(), in.Faults.Error()); diff != "" {
				t.Errorf("faults, -want +got:\n%s", diff)
			}
			if (ruleset == nil) != (in.Ruleset == nil) || ruleset != nil && ruleset.Digest() != in.Ruleset.Digest() {
				t.Errorf("got %v, want %v", in.Ruleset, ruleset)
			}
		})
	}
}

func TestSetsOfFilesWithFaultsAreThoseWithout(t *testing.T) {
	in, err := compile.Inspect(filesOf("a.yaml", `sets:
  hats: category == "hats"
  also_hats: category == 'hats'
  dear_hats: hats and price > 5
  wrong: hats and
  unknown: caps
conditions: {many: hats.quantity >}
`, "b.yaml", "sets: [}"))
	if err != nil {
		t.Fatal(err)
	}
	sets := in.Sets
	names := slices.Sorted(maps.Keys(sets))
	if diff := cmp.Diff([]string{"also_hats", "dear_hats", "hats"}, names); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	hat := &engine.Item{SKU: "HAT", Price: 400, Categories: []string{"hats"}}
	for name, want := range map[string]bool{"hats": true, "also_hats": true, "dear_hats": false} {
		if got := sets[name].Match(hat, 1); got != want {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}
