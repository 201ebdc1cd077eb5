package cli

import (
	_ "embed"
	"errors"
	"fmt"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
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
		Version:       version(),
	}
	asGroup(root)
	root.SetOut(s.Out)
	root.SetErr(s.Err)
	root.SetVersionTemplate("checkout {{.Version}}\n")
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(newRun(s), newRules(s), newPlugins(s), newOrders(s), newHolds(s), newCoupons(s), newPromotions(s), newKeys(s), newAudit(s), newDB(s), newWebhooks(s), newItems(s), newVersion(), newExitCodes(), newMan())
	adoptHelp(root)
	adoptCompletion(root)
	adoptCompletions(root, s)
	return root
}

// asGroup makes a command of commands, which shows its help.
func asGroup(cmd *cobra.Command) {
	cmd.Args = unknownCommand
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	cmd.SuggestionsMinimumDistance = 2
}

// adoptHelp makes cobra's help command refuse topics that are no commands.
func adoptHelp(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	help := child(root, "help")
	help.Short = "Show the help of a command"
	help.RunE = func(_ *cobra.Command, args []string) error {
		cmd, rest, err := root.Find(args)
		if err == nil {
			err = unknownCommand(cmd, rest)
		}
		if err != nil {
			return err
		}
		cmd.InitDefaultHelpFlag()
		cmd.InitDefaultVersionFlag()
		return cmd.Help()
	}
}

// adoptCompletion makes cobra's completion command refuse what is no shell.
func adoptCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	completion := child(root, "completion")
	completion.Short = "Print the completion script of a shell"
	asGroup(completion)
	for _, shell := range completion.Commands() {
		shell.Args = noArguments
		shell.Long = strings.ReplaceAll(shell.Long, "#### ", "") // no Markdown in a terminal
		shell.Example = "  checkout completion " + shell.Name()
	}
}

// child returns the command of that name, which exists.
func child(parent *cobra.Command, name string) *cobra.Command {
	for _, cmd := range parent.Commands() {
		if cmd.Name() == name {
			return cmd
		}
	}
	return nil
}

// unknownCommand refuses arguments that are no command, with the nearest one.
func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	message := fmt.Sprintf("unknown command %q for %q", args[0], cmd.CommandPath())
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		message += "; did you mean " + strings.Join(near, " or ") + "?"
	}
	return usageError{errors.New(message), cmd}
}

// noArguments refuses arguments of a command that has none.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return usageError{fmt.Errorf("%q takes no arguments, got %q", cmd.CommandPath(), args[0]), cmd}
}

// arguments wants so many arguments, called what says.
func arguments(what string, least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) >= least && (most < 0 || len(args) <= most) {
			return nil
		}
		return usageError{fmt.Errorf("%q takes %s, got %d arguments", cmd.CommandPath(), what, len(args)), cmd}
	}
}

// flagError names the flag that an unknown one is most like.
func flagError(cmd *cobra.Command, err error) error {
	unknown, ok := errors.AsType[*pflag.NotExistError](err)
	if !ok {
		return usageError{err, cmd}
	}
	if near := nearestFlag(cmd.Flags(), unknown.GetSpecifiedName()); near != "" {
		err = fmt.Errorf("%w; did you mean --%s?", err, near)
	}
	return usageError{err, cmd}
}

func nearestFlag(flags *pflag.FlagSet, name string) string {
	near, least := "", len(name)/3+2
	flags.VisitAll(func(f *pflag.Flag) {
		if d := levenshtein.ComputeDistance(name, f.Name); d < least {
			near, least = f.Name, d
		}
	})
	return near
}

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",

		Example: "  checkout version",
		Args:    noArguments,

		ValidArgsFunction: cobra.NoFileCompletions,
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
		Long:  `Check and test rule files.` + findingsAre("a test failed, rules have findings or are not formatted, a threshold is missed"),
	}
	asGroup(cmd)
	cmd.AddCommand(newRulesTest(s), newRulesCoverage(s), newRulesMutate(s), newRulesCheck(s), newRulesPrice(s), newRulesExplain(s), newRulesRecord(s), newRulesFmt(s), newRulesDiff(s), newRulesBacktest(s), newRulesNew(s), newRulesSchema(s), newRulesPush(s), newRulesActivate(s), newRulesRollback(s), newRulesHistory(s), newRulesDoc(s), newRulesLSP(s), newRulesCodes())
	return cmd
}
