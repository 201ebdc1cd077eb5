package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/config"
)

func newPluginsVerify(s Streams) *cobra.Command {
	var formats []string
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Compare the programs with the lock file",
		Long: `Compare the programs in the folder with plugins.lock.yaml of the rules: their SHA-256,
and what they offer. With --plugins-dev, checksums may be missing.`,
		Example: `  checkout plugins verify --plugins plugins --rules rules
  checkout plugins verify -o json --config checkout.yaml`,
		Args: noArguments,

		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			outputs, err := parseOutputs(formats)
			if err != nil {
				return err
			}
			cfg, err := loadPlugins(cmd, s)
			if err != nil {
				return err
			}
			return verifyPlugins(cmd, s, cfg, outputs)
		},
	}
	addOutput(cmd, &formats)
	config.BindPluginFlags(cmd.Flags())
	return cmd
}

func verifyPlugins(cmd *cobra.Command, s Streams, cfg config.Config, outputs []output) error {
	_, locked, err := readRules(cfg.Rules)
	if err != nil {
		return err
	}
	if len(locked.Plugins) == 0 {
		return codedError{exitNothing, fmt.Errorf("the rules %s have no plugins locked; checkout plugins lock writes the lock file", cfg.Rules)}
	}
	all, err := survey(cmd.Context(), cfg.Plugins, locked, locked.Names())
	if err != nil {
		return err
	}
	err = write(outputs, s.Out, func(w io.Writer, format string) error {
		if format == formatJSON {
			return writePluginsJSON(w, all)
		}
		return writeVerified(w, all, cfg.Plugins.Dev)
	})
	for i := range all {
		if err == nil && !all[i].ok(cfg.Plugins.Dev) {
			return silentError{exitFindings}
		}
	}
	return err
}

func writeVerified(w io.Writer, all []seen, dev bool) error {
	var b strings.Builder
	for i := range all {
		p := &all[i]
		fmt.Fprintf(&b, "%s: %s\n", p.Name, p.State)
		for _, difference := range p.Differences {
			fmt.Fprintf(&b, "  %s\n", difference)
		}
		if remedy := p.remedy(); remedy != "" && !p.ok(dev) {
			fmt.Fprintf(&b, "  = %s\n", remedy)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
