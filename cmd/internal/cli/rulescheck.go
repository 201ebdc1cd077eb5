package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/checkout-promotions/checkout/config"
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/rules/catalogue"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/lint"
	"github.com/checkout-promotions/checkout/rules/report"
)

func newRulesCheck(s Streams) *cobra.Command {
	var c ruleCheck
	cmd := &cobra.Command{
		Use:   "check [folder...]",
		Short: "Find the faults of rule files, and what is hardly meant in them",
		Long: `Compile the rule files of each folder, by default of the folder rules, and report
every fault. Of rules that compile, report what is in all likelihood a mistake: conditions
that are never or always true, promotions that another always beats or that nothing but
their ids ranks, steps that no cart reaches, names that nobody uses and more; checkout
rules codes lists and explains all. Where a cart shows a finding, it is told; the engine has
priced it. With an inventory, or the database of checkout run, SKUs, brands, categories and
tags have to be those of items, and with their costs no promotion may go below them; with
the database coupon pools have to be there and to have codes.

A comment lets a finding be, on its line or on the line before; before a promotion it
is about all of it. It has to say why:

  # checkout:allow R0503 the old promotion ends with the month`,
		Example: `  checkout rules check examples/quickstart/rules
  checkout rules check -o json --fail-level note examples/quickstart/rules
  checkout rules check -o pretty -o sarif=rules.sarif examples/quickstart/rules
  checkout rules check --fix --dry-run examples/quickstart/rules
  checkout rules check --inventory examples/online-shop/inventory.yaml --max-stack 100 examples/online-shop/rules`,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
		RunE: func(cmd *cobra.Command, folders []string) error {
			if len(folders) == 0 {
				folders = []string{"rules"}
			}
			return c.run(cmd, s, folders)
		},
	}
	addOutput(cmd, &c.formats, reportFormats()...)
	cmd.Flags().StringVar(&c.failLevel, "fail-level", diag.SeverityWarning.String(), "exit with 1 for findings of the `LEVEL` and graver ones, and show these: error, warning or note")
	cmd.Flags().BoolVar(&c.fix, "fix", false, "change the files where a program can put a finding or a misspelt name right")
	cmd.Flags().BoolVar(&c.dryRun, "dry-run", false, "with --fix, only tell what would be changed")
	cmd.Flags().StringVar(&c.inventory, "inventory", "", "compare with the items of the `FILE`, as --seed of checkout run reads it")
	cmd.Flags().StringVar(&c.cost, "cost", lint.DefaultCost, "the `ATTRIBUTE` of items that says what they cost the shop")
	cmd.Flags().IntVar(&c.maxStack, "max-stack", 0, "report promotions that together take more than `PERCENT` off a line (default is max_stack of policy.yaml)")
	cmd.Flags().StringVar(&c.at, "at", "", "the `TIME` that schedules are compared with, such as 2026-11-27T10:00:00Z (default now)")
	cmd.Flags().StringVar(&c.witnesses, "save-witness", "", "write the carts that show findings into the `FOLDER`, as rule tests that pass")
	cmd.Flags().BoolVar(&c.watch, "watch", false, "check again when files change, and show what is new and what is gone, until Ctrl-C")
	config.BindDatabaseFlags(cmd.Flags())
	cmd.Flags().SortFlags = false
	_ = cmd.RegisterFlagCompletionFunc("fail-level", cobra.FixedCompletions([]string{"error", "warning", "note"}, cobra.ShellCompDirectiveNoFileComp)) // fails only for a flag that is not there
	return cmd
}

// ruleCheck is what checkout rules check is told.
type ruleCheck struct {
	formats                        []string
	failLevel, inventory, cost, at string
	fix, dryRun                    bool
	maxStack                       int
	witnesses                      string
	watch                          bool
	level                          diag.Severity
	options                        lint.Options
	fromDatabase                   bool
}

func (c *ruleCheck) run(cmd *cobra.Command, s Streams, folders []string) error {
	outputs, err := parseReports(s, c.formats, reportFormats()...)
	if err == nil {
		err = c.read(cmd)
	}
	if err != nil {
		return err
	}
	if c.watch {
		w := &checkWatch{screen: newScreen(s, outputs), check: func(ctx context.Context) (findings, error) { return c.all(cmd, s, folders) }}
		return watch(cmd.Context(), func() []string { return c.watched(folders) }, w.again)
	}
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // it makes much garbage and ends soon
	found, err := c.all(cmd, s, folders)
	if err != nil {
		return err
	}
	if err := c.saveWitnesses(found.good); err != nil {
		return err
	}
	if err := write(outputs, s.Out, found.report); err != nil {
		return err
	}
	for _, err := range found.unread {
		writeError(s.Err, err)
	}
	return found.err()
}

// all checks the folders, which it puts right before where that is asked for.
func (c *ruleCheck) all(cmd *cobra.Command, s Streams, folders []string) (findings, error) {
	found := findings{level: c.level, command: commandLine("checkout rules check", folders)}
	for _, folder := range folders {
		if c.fix {
			if err := c.fixFolder(s, folder); err != nil {
				return found, err
			}
		}
		checked, err := c.check(cmd, s, folder)
		found.add(checked, err)
		if err := cmd.Context().Err(); err != nil {
			return found, err
		}
	}
	return found, nil
}

// watched are the files and folders that a check depends on.
func (c *ruleCheck) watched(folders []string) []string {
	if c.inventory == "" {
		return folders
	}
	return append(slices.Clone(folders), c.inventory)
}

// read reads the flags.
func (c *ruleCheck) read(cmd *cobra.Command) (err error) {
	if c.level, err = diag.ParseSeverity(c.failLevel); err != nil {
		return usageError{error: fmt.Errorf("--fail-level: %w", err)}
	}
	c.options = lint.Options{At: time.Now(), Cost: c.cost, MaxStack: c.maxStack}
	if c.at != "" {
		if c.options.At, err = time.Parse(time.RFC3339, c.at); err != nil {
			return usageError{error: fmt.Errorf("--at %q: want a time such as 2026-11-27T10:00:00Z", c.at)}
		}
	}
	database := pflag.NewFlagSet("", pflag.ContinueOnError)
	config.BindDatabaseFlags(database)
	database.VisitAll(func(f *pflag.Flag) { c.fromDatabase = c.fromDatabase || cmd.Flags().Changed(f.Name) })
	switch {
	case c.dryRun && !c.fix:
		return usageError{error: errors.New("--dry-run goes with --fix")}
	case c.watch && (c.fix || c.witnesses != ""):
		return usageError{error: errors.New("--watch goes neither with --fix nor with --save-witness, which write what is watched")}
	case c.maxStack < 0 || c.maxStack > 100:
		return usageError{error: fmt.Errorf("--max-stack %d: want a percentage from 1 to 100", c.maxStack)}
	case c.fromDatabase && c.inventory != "":
		return usageError{error: errors.New("name an inventory file or a database, not both")}
	}
	return nil
}

// check compiles one folder and looks for more in it.
func (c *ruleCheck) check(cmd *cobra.Command, s Streams, folder string) (report.Checked, error) {
	checked, err := checkFolder(folder)
	if err != nil {
		return checked, err
	}
	options := c.options
	if err := c.shop(cmd, s, checked.Ruleset.Currency(), &options); err != nil {
		return checked, err
	}
	files, err := compile.Read(os.DirFS(folder))
	if err != nil {
		return checked, fmt.Errorf("check %s: %w", folder, err)
	}
	checked.Findings, err = lint.Check(files, options)
	for i, f := range checked.Findings {
		checked.Findings[i].Diagnostic = diag.List{f.Diagnostic}.InFolder(filepath.ToSlash(folder))[0]
	}
	return checked, err
}

// shop reads what rules are compared with: items of the inventory file, or items and
// coupon pools of the database, if one is named.
func (c *ruleCheck) shop(cmd *cobra.Command, s Streams, currency engine.Currency, options *lint.Options) (err error) {
	switch {
	case c.inventory != "":
		data, err := os.ReadFile(c.inventory)
		if err != nil {
			return environmentError(fmt.Errorf("read the inventory: %w", err))
		}
		options.Inventory, err = catalogue.Parse(filepath.ToSlash(c.inventory), data, currency)
		return err
	case !c.fromDatabase:
		return nil
	}
	cfg, err := config.Load(config.Sources{Env: s.Env, Flags: cmd.Flags()})
	if err == nil && cfg.Database.Kind == config.KindSQLite {
		err = existing(cfg.Database)
	}
	if err == nil {
		err = lasting(cfg.Database)
	}
	if err != nil {
		return err
	}
	data, err := openMigrated(cmd.Context(), cfg.Database, persistence.Options{Currency: currency})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, environmentError(data.Close())) }()
	if options.Inventory, err = data.Items(cmd.Context()); err != nil {
		return environmentError(err)
	}
	pools, err := data.Pools(cmd.Context())
	options.Pools = make(map[string]lint.Pool)
	for _, p := range pools {
		options.Pools[p.Name] = lint.Pool{Codes: p.Issued + p.Imported - p.Revoked, Revoked: !p.RevokedAt.IsZero()}
	}
	return environmentError(err)
}

// fixFolder changes the files of a folder, and tells what it does. Files that
// cannot be put right as a whole keep what could be.
func (c *ruleCheck) fixFolder(s Streams, folder string) error {
	if err := wantFolder(folder); err != nil {
		return environmentError(err)
	}
	files, err := compile.Read(os.DirFS(folder))
	if err != nil {
		return environmentError(fmt.Errorf("fix %s: %w", folder, err))
	}
	fixed, done, err := lint.Fix(files, c.options)
	if err != nil && !errors.As(err, new(diag.List)) {
		return err
	}
	for _, d := range done {
		did := "fixed"
		if c.dryRun {
			did = "would fix"
		}
		d = diag.List{d}.InFolder(filepath.ToSlash(folder))[0]
		fmt.Fprintf(s.Err, "%s: %s %s: %s\n", d.Location(), did, d.Code, d.Fix.Title)
	}
	for i, f := range files {
		if c.dryRun || bytes.Equal(f.Data, fixed[i].Data) {
			continue
		}
		path := filepath.Join(folder, filepath.FromSlash(f.Name))
		info, err := os.Stat(path)
		if err != nil {
			return environmentError(err)
		}
		if err := replaceFile(path, info.Mode().Perm(), func(w io.Writer) error {
			_, err := w.Write(fixed[i].Data)
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

// saveWitnesses writes the witness of each finding that is shown, under the code and
// the promotion that it is about. Files that are there are written anew.
func (c *ruleCheck) saveWitnesses(checked []report.Checked) error {
	if c.witnesses == "" {
		return nil
	}
	if err := os.MkdirAll(c.witnesses, 0o755); err != nil {
		return environmentError(err)
	}
	names := make(map[string]int)
	for _, folder := range checked {
		for _, f := range folder.Findings {
			if f.Witness == nil || !f.Severity.AtLeast(c.level) {
				continue
			}
			test, err := f.Test(folder.Ruleset)
			if err != nil {
				return err
			}
			name := strings.ToLower(string(f.Code)) + "-" + f.Promotions[0]
			if names[name]++; names[name] > 1 {
				name += fmt.Sprintf("-%d", names[name])
			}
			err = replaceFile(filepath.Join(c.witnesses, name+"_test.yaml"), 0o644, func(w io.Writer) error {
				_, err := w.Write(withRules(test, c.witnesses, folder.Folder))
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// withRules says where the rules of a test are, unless they are beside it.
func withRules(test []byte, folder, rules string) []byte {
	from, err := filepath.Abs(folder)
	to, err2 := filepath.Abs(rules)
	if err == nil && err2 == nil {
		if between, err := filepath.Rel(from, to); err == nil && between != "." {
			first, rest, _ := bytes.Cut(test, []byte("\n"))
			return fmt.Appendf(nil, "%s\nrules: %q\n%s", first, filepath.ToSlash(between), rest)
		}
	}
	return test
}

// findings are what a check of several folders found.
type findings struct {
	command string        // with its folders
	level   diag.Severity // findings at least as grave are a failure
	good    []report.Checked
	faults  diag.List
	unread  []error // folders that could not be checked
}

func (f *findings) add(checked report.Checked, err error) {
	var faults diag.List
	switch {
	case errors.As(err, &faults):
		f.faults = append(f.faults, faults...).Sorted()
	case err != nil:
		f.unread = append(f.unread, err)
	default:
		f.good = append(f.good, checked)
	}
}

func (f *findings) report(w io.Writer, format string) error {
	switch {
	case format == formatJSON:
		return report.CheckJSON(w, f.good, f.faults)
	case format != formatPretty:
		return report.CheckReport(f.command, f.good, f.faults, f.level).Write(w, format)
	case len(f.faults) > 0:
		return report.FaultsPretty(w, f.faults)
	default:
		return report.CheckPretty(w, f.good, f.level)
	}
}

// err returns how the check ended. Folders without rules are nothing to do,
// unless there is worse.
func (f *findings) err() error {
	isFault := func(d diag.Diagnostic) bool { return d.Code != diag.NothingToLoad }
	switch {
	case len(f.unread) > 0:
		return silentError{exitEnvironment}
	case slices.ContainsFunc(f.faults, isFault):
		return silentError{exitRules}
	case len(f.faults) > 0:
		return silentError{exitNothing}
	case slices.ContainsFunc(f.good, f.fails):
		return silentError{exitFindings}
	default:
		return nil
	}
}

// fails reports whether a folder has a finding that is grave enough.
func (f *findings) fails(c report.Checked) bool {
	return slices.ContainsFunc(c.Findings, func(found lint.Finding) bool { return found.Severity.AtLeast(f.level) })
}

// checkFolder compiles one folder. Faults name files from where the user
// stands.
func checkFolder(folder string) (report.Checked, error) {
	if err := wantFolder(folder); err != nil {
		return report.Checked{}, err
	}
	files, err := compile.Read(os.DirFS(folder))
	if err != nil {
		return report.Checked{}, fmt.Errorf("check %s: %w", folder, err)
	}
	ruleset, err := compile.Compile(files)
	var faults diag.List
	if errors.As(err, &faults) {
		return report.Checked{}, faults.InFolder(filepath.ToSlash(folder))
	}
	checked := report.Checked{Folder: folder, Ruleset: ruleset}
	for _, f := range files {
		checked.Files = append(checked.Files, filepath.ToSlash(filepath.Join(folder, f.Name)))
	}
	return checked, err
}

func wantFolder(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no folder %s; name the folder of the rule files", path)
	case err != nil:
		return fmt.Errorf("check rules: %w", err)
	case !info.IsDir():
		return fmt.Errorf("%s is a file; name its folder, because rule files share their sets and conditions", path)
	default:
		return nil
	}
}
