package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/rules/archive"
	"github.com/checkout-promotions/checkout/rules/compile"
)

func newOrdersRules(s Streams) *cobra.Command {
	var folder string
	cmd := &cobra.Command{
		Use:   "rules REF -d DIR",
		Short: "Write the rules that priced an order into a folder",
		Long: `Write the rule files that priced an order into a folder, which must be new or
empty. What is written is what was in force, byte by byte.`,
		Example: `  checkout orders rules --sqlite data/db 019ab4f2-8c1e-7d3a-9b60-5e2f1c7a4d90 -d old-rules
  checkout rules check old-rules`,
		Args: arguments("the reference of an order", 1, 1),

		ValidArgsFunction: completeOrders(s, 1),
	}
	cmd.Flags().StringVarP(&folder, "dir", "d", "", "write into the folder `DIR`")
	return onArchive(s, cmd, func(ctx context.Context, a *persistence.Archive, args []string) error {
		if folder == "" {
			return usageError{error: errors.New("no folder given; name one with -d DIR")}
		}
		record, err := a.Record(ctx, args[0])
		if err != nil {
			return err
		}
		kept, err := a.Ruleset(ctx, record.Ruleset)
		if err != nil {
			return err
		}
		files, err := archive.Unpack(kept.Files, record.Ruleset)
		if err != nil {
			return codedError{exitFindings, err}
		}
		if err := writeFiles(folder, files); err != nil {
			return environmentError(fmt.Errorf("write rules: %w", err))
		}
		_, err = fmt.Fprintf(s.Out, "%s: %d files of the ruleset %.12s, in force since %s\n", folder, len(files), kept.Digest,
			kept.FirstUsedAt.Format("2006-01-02 15:04:05 UTC"))
		return environmentError(err)
	})
}

// writeFiles writes the files into a folder that is new or empty. No name leads
// out of it.
func writeFiles(folder string, files []compile.File) error {
	entries, err := os.ReadDir(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	case len(entries) > 0:
		return fmt.Errorf("the folder %s is not empty; name a new one", folder)
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	for _, f := range files {
		name := filepath.FromSlash(f.Name)
		if err = root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			break
		}
		if err = root.WriteFile(name, f.Data, 0o644); err != nil {
			break
		}
	}
	return errors.Join(err, root.Close())
}
