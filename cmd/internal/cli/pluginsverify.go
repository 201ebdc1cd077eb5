package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/config"
)

func newPluginsVerify(s Streams) *cobra.Command {
	return pluginTable(s, &cobra.Command{
		Use:   "verify",
		Short: "Compare the programs with the lock file",
		Long: `Compare the programs in the folder with plugins.lock.yaml of the rules: their SHA-256,
and what they offer. With --plugins-dev, checksums may be missing.`,
		Example: `  checkout plugins verify --plugins plugins --rules rules
  checkout plugins verify -o json --config checkout.yaml`,
		Args: noArguments,

		ValidArgsFunction: cobra.NoFileCompletions,
	}, lockedPlugins, writeVerified, judgeVerified)
}

// lockedPlugins looks at the plugins of the lock file.
func lockedPlugins(ctx context.Context, cfg config.Config) ([]seen, error) {
	_, locked, err := readRules(cfg.Rules)
	if err != nil {
		return nil, err
	}
	if len(locked.Plugins) == 0 {
		return nil, codedError{exitNothing, fmt.Errorf("the rules %s have no plugins locked; checkout plugins lock writes the lock file", cfg.Rules)}
	}
	return survey(ctx, cfg.Plugins, locked, locked.Names())
}

// judgeVerified is an error where a program is not the one that was locked.
func judgeVerified(all []seen, plugins config.Plugins) error {
	for i := range all {
		if !all[i].ok(plugins.Dev) {
			return silentError{exitFindings}
		}
	}
	return nil
}

func writeVerified(w io.Writer, all []seen, plugins config.Plugins) error {
	var b strings.Builder
	for i := range all {
		p := &all[i]
		fmt.Fprintf(&b, "%s: %s\n", p.Name, p.State)
		for _, difference := range p.Differences {
			fmt.Fprintf(&b, "  %s\n", difference)
		}
		if remedy := p.remedy(); remedy != "" && !p.ok(plugins.Dev) {
			fmt.Fprintf(&b, "  = %s\n", remedy)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
