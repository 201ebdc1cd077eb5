package cli

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/checkout-promotions/checkout/rules/coverage"
)

func TestWithoutGitNothingIsNew(t *testing.T) {
	t.Setenv("PATH", "")
	result := coverage.Result{Points: []coverage.Point{{File: "shop/tv.yaml"}}}
	_, err := changedSince(t.Context(), "main", result)
	if want := "--new-only main: git is not installed, or not in the PATH"; err == nil || err.Error() != want || exitCode(err) != exitEnvironment {
		t.Errorf("got %v with code %d, want %s with code %d", err, exitCode(err), want, exitEnvironment)
	}
}

func TestHunksSayWhichLinesAreNew(t *testing.T) {
	const diff = "diff --git a/tv.yaml b/tv.yaml\n--- a/tv.yaml\n+++ b/tv.yaml\n" +
		"@@ -3 +3 @@ promotions:\n-a\n+b\n@@ -7,2 +6,0 @@\n-a\n-b\n@@ -12,0 +11,3 @@\n+@@ -1 +1 @@\n+b\n+c\n"
	if diff := cmp.Diff([][2]int{{3, 3}, {11, 13}}, addedSpans([]byte(diff))); diff != "" {
		t.Error(diff)
	}
}
