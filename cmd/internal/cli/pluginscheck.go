package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/config"
	"github.com/checkout-promotions/checkout/plugins/conformance"
	"github.com/checkout-promotions/checkout/rules/report"
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
			outputs, err := parseReports(s, formats, contractFormats()...)
			if err != nil {
				return err
			}
			cfg, err := config.Load(config.Sources{Env: s.Env, Flags: cmd.Flags()})
			if err != nil {
				return err
			}
			held, err := conformance.Check(cmd.Context(), paths[0], conformance.Options{
				Settings: string(cfg.Plugins.Settings[pluginName(paths[0])]), StartTimeout: cfg.Plugins.Start,
			})
			if err != nil {
				return err
			}
			err = write(outputs, s.Out, func(w io.Writer, format string) error {
				switch format {
				case formatPretty:
					return writeConformance(w, held)
				case formatJSON:
					return writeJSON(w, struct {
						Version int  `json:"version"`
						OK      bool `json:"ok"`
						*conformance.Report
					}{1, held.OK(), held})
				default:
					return contractReport(commandLine("checkout plugins check", paths), held).Write(w, format)
				}
			})
			if err == nil && !held.OK() {
				return silentError{exitFindings}
			}
			return err
		},
	}
	addOutput(cmd, &formats, contractFormats()...)
	config.BindPluginFlags(cmd.Flags())
	return cmd
}

// contractFormats are those of reports without files.
func contractFormats() []string {
	return []string{report.Compact, report.JUnit, report.TAP, report.GitHub}
}

func contractReport(command string, held *conformance.Report) report.Report {
	promises := make([]report.Promise, len(held.Results))
	for i, r := range held.Results {
		promises[i] = report.Promise{Name: r.Name, Broken: r.Reason}
	}
	return report.ContractReport(command, promises)
}

func writeConformance(w io.Writer, held *conformance.Report) error {
	var b strings.Builder
	failed := 0
	for i := range held.Results {
		r := &held.Results[i]
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
	fmt.Fprintf(&b, "%d passed\n", len(held.Results)-failed)
	_, err := io.WriteString(w, b.String())
	return err
}
