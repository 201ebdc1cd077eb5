package cli

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

//go:embed version.txt
var versionText string

func version() string { return strings.TrimSpace(versionText) }

func newRoot(s Streams) *cobra.Command {
	root := &cobra.Command{
		Use:   "checkout",
		Short: "Price shopping carts with promotions written in rule files",
		Long: "Checkout prices shopping carts. Promotions are rule files that take effect\nwhile the server runs.\n\n" +
			"VERSION:\n  " + version(),
		Example: `  checkout run --memory-db --rules examples/quickstart/rules --seed examples/quickstart/inventory.yaml
  checkout rules test examples
  checkout rules check examples/quickstart/rules`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          unknownCommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		Version:       version(),
	}
	root.SetVersionTemplate("checkout {{.Version}}\n")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(newRun(s), newRules(s), newVersion())
	return root
}

// unknownCommand refuses arguments that are no command, with the nearest one.
func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	message := fmt.Sprintf("unknown command %q for %q", args[0], cmd.CommandPath())
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		message += ": did you mean " + strings.Join(near, " or ") + "?"
	}
	return usageError{fmt.Errorf("%s", message)}
}

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "checkout %s\n", version())
			return err
		},
	}
}

func newRules(s Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "Check and test rule files",
		Args:  unknownCommand,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newRulesTest(s), newRulesCheck(s))
	return cmd
}
