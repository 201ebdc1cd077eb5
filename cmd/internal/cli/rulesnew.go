package cli

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/rules/record"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

// Promotions to begin with, one for each kind of deal, and their tests. Where a file
// says NAME the id goes.
//
//go:embed newrule
var newRuleFiles embed.FS

func newRulesNew(s Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "new",
		Short: "Write a promotion or a test to begin with",
		Long:  "Write a promotion with a test that passes, or a test of the rules as they are.",
	}
	asGroup(cmd)
	cmd.AddCommand(newRulesNewRule(s), newRulesNewTest(s))
	return cmd
}

func newRulesNewRule(s Streams) *cobra.Command {
	var folder, kind string
	kinds := dealKinds()
	cmd := &cobra.Command{
		Use:   "rule ID",
		Short: "Write a promotion with a test that passes",
		Long: `Write a promotion of the id into the file ID.yaml of a folder of rules, which is made if
it is missing, and its test into ID_test.yaml. Both are complete: change them to what you
want, the test first. Kinds of deals are ` + strings.Join(kinds, ", ") + `.`,
		Example: `  checkout rules new rule tv-3-for-2
  checkout rules new rule free-mug --deal gift -d rules`,
		Args:              arguments("the id of a promotion", 1, 1),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, ids []string) error {
			id := ids[0]
			switch {
			case !regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`).MatchString(id):
				return usageError{fmt.Errorf("%q cannot be an id: use 1 to 64 letters, digits, -, _ and ., the first a letter or digit", id), cmd}
			case !slices.Contains(kinds, kind):
				return usageError{fmt.Errorf("there is no deal %q; want one of %s", kind, strings.Join(kinds, ", ")), cmd}
			}
			return writeNewRule(s, folder, id, kind)
		},
	}
	cmd.Flags().StringVarP(&folder, "dir", "d", "rules", "the `FOLDER` of the rules")
	cmd.Flags().StringVar(&kind, "deal", "multibuy", "the `KIND` of the deal")
	complete := cobra.FixedCompletions(kinds, cobra.ShellCompDirectiveNoFileComp)
	_ = cmd.RegisterFlagCompletionFunc("deal", complete) // fails only for a flag that is not there
	return cmd
}

// dealKinds are the kinds of deals for which there is a promotion.
func dealKinds() []string {
	entries, err := fs.ReadDir(newRuleFiles, "newrule")
	if err != nil {
		return nil // the folder is part of the program
	}
	var kinds []string
	for _, e := range entries {
		if kind, ok := strings.CutSuffix(e.Name(), ".yaml"); ok && !strings.HasSuffix(kind, "_test") {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

func writeNewRule(s Streams, folder, id, kind string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return environmentError(fmt.Errorf("new rule: %w", err))
	}
	for _, end := range []string{".yaml", "_test.yaml"} {
		if file := filepath.Join(folder, id+end); fileExists(file) {
			return environmentError(fmt.Errorf("%s is there already; choose another id, or remove it", file))
		}
	}
	for _, end := range []string{".yaml", "_test.yaml"} {
		text, err := newRuleFiles.ReadFile("newrule/" + kind + end)
		if err != nil {
			return err
		}
		file := filepath.Join(folder, id+end)
		if err := createFile(file, bytes.ReplaceAll(text, []byte("NAME"), []byte(id))); err != nil {
			return err
		}
		fmt.Fprintln(s.Out, file)
	}
	return nil
}

func fileExists(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

func newRulesNewTest(s Streams) *cobra.Command {
	var o cartOptions
	var file string
	cmd := &cobra.Command{
		Use:   "test NAME [CART]",
		Short: "Write a test of a cart as it is priced now",
		Long: `Write a test that expects of a cart what the rules make of it now. Read what it expects
before you keep it.

` + cartHelp,
		Example: `  checkout rules new test 'two for one' -r rules -c inventory.yaml --cart '120P90 x2' -f rules/two_test.yaml
  checkout rules new test 'a large order' cart.yaml`,
		Args: arguments("the name of a test, and the file of a cart", 1, 2),
	}
	addCart(cmd, &o)
	cmd.Flags().StringVarP(&file, "file", "f", "", "write to the new `FILE` beside the rules (default is standard output)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if file != "" && !ruletest.IsTestFile(file) {
			return usageError{error: fmt.Errorf("%s would not be found: tests are files called *_test.yaml", file)}
		}
		return writeNewTest(cmd.Context(), s, o, args[0], args[1:], file)
	}
	return cmd
}

func writeNewTest(ctx context.Context, s Streams, o cartOptions, name string, carts []string, file string) error {
	cart, err := o.read(ctx, s, carts)
	if err != nil {
		return err
	}
	recorded, err := record.Test(cart.Rules, cart.Request, name)
	if err != nil {
		return codedError{exitFindings, err}
	}
	if file == "" {
		_, err := s.Out.Write(recorded.File)
		return environmentError(err)
	}
	return createFile(file, recorded.File)
}
