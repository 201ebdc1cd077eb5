package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/config"
	"github.com/checkout-promotions/checkout/plugins/conformance"
)

func newPluginsCheck(s Streams) *cobra.Command {
	var formats []string
	cmd := &cobra.Command{
		Use:   "check PATH",
		Short: "Hold a plugin to the contract",
		Long: `Start the program at the path, in any language, and ask it what a shop asks and what it
should not ask: carts of every size, wrong configs, many calls at once, calls that are
given up. Its settings are those of plugins.settings in the configuration.`,
		Example: `  checkout plugins check plugins/loyalty
  checkout plugins check -o json --config checkout.yaml plugins/loyalty`,
		Args: arguments("the path of a program", 1, 1),

		RunE: func(cmd *cobra.Command, paths []string) error {
			outputs, err := parseOutputs(formats)
			if err != nil {
				return err
			}
			cfg, err := config.Load(config.Sources{Env: s.Env, Flags: cmd.Flags()})
			if err != nil {
				return err
			}
			report, err := conformance.Check(cmd.Context(), paths[0], conformance.Options{
				Settings: string(cfg.Plugins.Settings[pluginName(paths[0])]), StartTimeout: cfg.Plugins.Start,
			})
			if err != nil {
				return err
			}
			err = write(outputs, s.Out, func(w io.Writer, format string) error {
				if format == formatJSON {
					return writeJSON(w, struct {
						Version int  `json:"version"`
						OK      bool `json:"ok"`
						*conformance.Report
					}{1, report.OK(), report})
				}
				return writeConformance(w, report)
			})
			if err == nil && !report.OK() {
				return silentError{exitFindings}
			}
			return err
		},
	}
	addOutput(cmd, &formats)
	config.BindPluginFlags(cmd.Flags())
	return cmd
}

func writeConformance(w io.Writer, report *conformance.Report) error {
	var b strings.Builder
	failed := 0
	for i := range report.Results {
		r := &report.Results[i]
		if r.OK() {
			fmt.Fprintf(&b, "ok    %s\n", r.Name)
			continue
		}
		failed++
		fmt.Fprintf(&b, "FAIL  %s (%s)\n      %s\n", r.Name, r.Took.Round(time.Millisecond), strings.ReplaceAll(r.Reason, "\n", "\n      "))
	}
	if failed > 0 {
		fmt.Fprintf(&b, "%d failed, ", failed)
	}
	fmt.Fprintf(&b, "%d passed\n", len(report.Results)-failed)
	_, err := io.WriteString(w, b.String())
	return err
}
