package cli

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/config"
	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

// What cannot be read completes nothing: a shell has no place for errors.

// completionOrders is how many orders are offered, completionTime how long a database
// may take to tell them.
const (
	completionOrders = 20
	completionTime   = time.Second
)

// completeFolder has a flag offer folders.
func completeFolder(cmd *cobra.Command, flag string) {
	_ = cmd.RegisterFlagCompletionFunc(flag, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return nil, cobra.ShellCompDirectiveFilterDirs
	}) // fails only for a flag that is not there
}

// completePromotions offers the ids of promotions in the folder of the flag --rules,
// or else in rules.
func completePromotions(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	folder := "rules"
	if flag := cmd.Flags().Lookup("rules"); flag != nil {
		folder = cmp.Or(flag.Value.String(), folder)
	}
	files, err := compile.Read(os.DirFS(folder))
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var ids []string
	for _, s := range compile.OutlineOf(files).Symbols {
		if s.Kind == compile.PromotionSymbol {
			ids = append(ids, cobra.CompletionWithDesc(s.Name, s.File))
		}
	}
	return ids, cobra.ShellCompDirectiveNoFileComp
}

// completeOrders offers the latest orders of the configured database for the first
// arguments, for all where most is negative.
func completeOrders(s Streams, most int) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if most >= 0 && len(args) >= most {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), completionTime)
		defer cancel()
		return latestOrders(ctx, s, cmd), cobra.ShellCompDirectiveNoFileComp
	}
}

func latestOrders(ctx context.Context, s Streams, cmd *cobra.Command) (references []string) {
	cfg, err := config.Load(config.Sources{Env: s.Env, Flags: cmd.Flags()})
	if err != nil || asksServer(cmd) {
		return nil
	}
	a, err := openArchive(ctx, cfg.Database)
	if err != nil {
		return nil
	}
	defer func() { _ = a.Close() }() // nothing was written
	for record, err := range a.Records(ctx, persistence.Listing{Limit: completionOrders}) {
		if err != nil {
			return references
		}
		references = append(references, cobra.CompletionWithDesc(record.Reference, record.PlacedAt.Format(time.DateTime)))
	}
	return references
}

// completeTests offers test files and the folders on the way to them.
func completeTests(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
	found, err := filepath.Glob(begun + "*")
	if err != nil {
		return nil, cobra.ShellCompDirectiveDefault
	}
	var paths []string
	directive := cobra.ShellCompDirectiveNoFileComp
	for _, path := range found {
		info, err := os.Stat(path)
		switch {
		case err == nil && info.IsDir():
			paths = append(paths, path+string(filepath.Separator))
			directive |= cobra.ShellCompDirectiveNoSpace
		case ruletest.IsTestFile(path):
			paths = append(paths, path)
		}
	}
	return paths, directive
}
