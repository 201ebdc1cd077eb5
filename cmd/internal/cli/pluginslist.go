package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/config"
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/plugins/host"
	"github.com/checkout-promotions/checkout/rules/lock"
)

func newPluginsList(s Streams) *cobra.Command {
	return pluginTable(s, &cobra.Command{
		Use:   "list",
		Short: "List the plugins of the folder and of the lock file",
		Long: `List the plugins that are installed or that plugins.lock.yaml of the rules has: what
they offer, and whether they are the ones that are pinned. Each is started once.`,
		Example: `  checkout plugins list --plugins plugins --rules rules
  checkout plugins list -o json --config checkout.yaml`,
		Args: noArguments,

		ValidArgsFunction: cobra.NoFileCompletions,
	}, listPlugins, func(w io.Writer, all []seen, _ config.Plugins) error { return writePlugins(w, all) })
}

// pluginTable makes the command one on all plugins that find returns: it writes them as
// JSON or as the text.
func pluginTable(
	s Streams, cmd *cobra.Command, find func(context.Context, config.Config) ([]seen, error), text func(io.Writer, []seen, config.Plugins) error,
	judge ...func([]seen, config.Plugins) error,
) *cobra.Command {
	var formats []string
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		outputs, err := parseOutputs(formats)
		if err != nil {
			return err
		}
		cfg, err := loadPlugins(cmd, s)
		if err != nil {
			return err
		}
		all, err := find(cmd.Context(), cfg)
		if err != nil {
			return err
		}
		err = write(outputs, s.Out, func(w io.Writer, format string) error {
			if format == formatJSON {
				return writePluginsJSON(w, all)
			}
			return text(w, all, cfg.Plugins)
		})
		for _, verdict := range judge {
			if err == nil {
				err = verdict(all, cfg.Plugins)
			}
		}
		return err
	}
	addOutput(cmd, &formats)
	config.BindPluginFlags(cmd.Flags())
	return cmd
}

// listPlugins looks at all plugins. There need be no rules.
func listPlugins(ctx context.Context, cfg config.Config) ([]seen, error) {
	locked, err := lockIfAny(cfg.Rules)
	if err != nil {
		return nil, err
	}
	installed, err := host.Installed(cfg.Plugins.Dir)
	if err != nil {
		return nil, environmentError(err)
	}
	return survey(ctx, cfg.Plugins, locked, union(installed, locked.Names()))
}

// lockIfAny reads the lock file of a folder that need not be there.
func lockIfAny(dir string) (lock.Lock, error) {
	if err := wantFolder(dir); err != nil {
		return lock.Lock{}, nil
	}
	_, locked, err := readRules(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return lock.Lock{}, nil
	}
	return locked, err
}

func writePlugins(w io.Writer, all []seen) error {
	if len(all) == 0 {
		_, err := fmt.Fprintln(w, "no plugins")
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tVERSION\tAPI\tDEALS\tFACTS\tSTATE\tHEALTH") // Flush reports its error
	for _, p := range all {
		api := ""
		if p.API > 0 {
			api = strconv.Itoa(p.API)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", p.Name, dash(p.Version), dash(api), orDash(p.Deals), orDash(p.Facts), p.State, dash(engine.CleanPluginText(p.Health)))
	}
	return table.Flush()
}

func writePluginsJSON(w io.Writer, all []seen) error {
	return writeJSON(w, struct {
		Version int    `json:"version"`
		Plugins []seen `json:"plugins"`
	}{1, all})
}
