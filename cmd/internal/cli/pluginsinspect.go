package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/config"
	"github.com/checkout-promotions/checkout/plugins/host"
	"github.com/checkout-promotions/checkout/plugins/sdk"
)

func newPluginsInspect(s Streams) *cobra.Command {
	var formats []string
	cmd := &cobra.Command{
		Use:   "inspect NAME",
		Short: "Show what a plugin offers",
		Long:  `Show what a plugin says of itself: deals with their configs and examples, facts, limits.`,
		Example: `  checkout plugins inspect loyalty --plugins plugins
  checkout plugins inspect loyalty -o json --plugins plugins`,
		Args: arguments("the name of a plugin", 1, 1),

		ValidArgsFunction: completePlugins(s),
		RunE: func(cmd *cobra.Command, names []string) error {
			outputs, err := parseOutputs(formats)
			if err != nil {
				return err
			}
			return withInstalled(cmd, s, names[0], func(p *host.Program) error {
				return write(outputs, s.Out, func(w io.Writer, format string) error {
					if format == formatJSON {
						return writeJSON(w, described(p))
					}
					return writeDescription(w, p)
				})
			})
		},
	}
	addOutput(cmd, &formats)
	config.BindPluginFlags(cmd.Flags())
	return cmd
}

// The form of -o json.
type (
	descriptionJSON struct {
		Version     int        `json:"format"`
		Name        string     `json:"name"`
		Of          string     `json:"version"`
		Author      string     `json:"author"`
		Homepage    string     `json:"homepage"`
		APIVersions []uint32   `json:"api_versions"`
		SHA256      string     `json:"sha256"`
		Stateful    bool       `json:"stateful"`
		Deals       []kindJSON `json:"deals"`
		Facts       []factJSON `json:"facts"`
		Limits      limitsJSON `json:"limits"`
	}
	kindJSON struct {
		Name     string            `json:"name"`
		Doc      string            `json:"doc"`
		Effect   string            `json:"effect"`
		Schema   json.RawMessage   `json:"config_schema"`
		Examples []json.RawMessage `json:"examples"`
		Fields   []string          `json:"fields"`
	}
	factJSON struct {
		Name   string   `json:"name"`
		Type   string   `json:"type"`
		Doc    string   `json:"doc"`
		Fields []string `json:"fields"`
	}
	limitsJSON struct {
		Memory      uint32 `json:"memory_mib"`
		CPU         uint32 `json:"cpu_percent"`
		CallTimeout int64  `json:"call_timeout_ms"`
		MaxInFlight uint32 `json:"max_in_flight"`
	}
)

func described(p *host.Program) descriptionJSON {
	d := p.Description()
	out := descriptionJSON{
		Version: 1, Name: d.Name, Of: d.Version, Author: d.Author, Homepage: d.Homepage, APIVersions: d.APIVersions, SHA256: p.Digest(),
		Stateful: d.Stateful, Deals: []kindJSON{}, Facts: []factJSON{},
		Limits: limitsJSON{d.Limits.MemoryMiB, d.Limits.CPUPercent, d.Limits.CallTimeout.Milliseconds(), d.Limits.MaxInFlight},
	}
	for _, k := range d.Deals {
		out.Deals = append(out.Deals, kindJSON{k.Name, k.Doc, string(k.Effect), json.RawMessage(k.ConfigSchema), k.Examples, append([]string{}, fieldNames(k.Fields)...)})
	}
	for _, f := range d.Facts {
		out.Facts = append(out.Facts, factJSON{f.Name, string(f.Type), f.Doc, append([]string{}, fieldNames(f.Fields)...)})
	}
	return out
}

func writeDescription(w io.Writer, p *host.Program) error {
	d := p.Description()
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", d.Name, d.Version)
	line := func(label, value string) {
		if value != "" {
			fmt.Fprintf(&b, "  %-9s %s\n", label, value)
		}
	}
	line("by", d.Author)
	line("homepage", d.Homepage)
	line("contract", strings.Trim(fmt.Sprint(d.APIVersions), "[]"))
	line("sha256", p.Digest())
	line("limits", limitsText(d.Limits))
	if d.Stateful {
		line("state", "the same cart may be answered otherwise later")
	}
	for _, k := range d.Deals {
		fmt.Fprintf(&b, "\ndeal %s (%s)\n", k.Name, k.Effect)
		line("", k.Doc)
		line("sees", strings.Join(fieldNames(k.Fields), ", "))
		line("config", compact(json.RawMessage(k.ConfigSchema)))
		for _, example := range k.Examples {
			fmt.Fprintf(&b, "  %-9s deal: {plugin: {name: %s, kind: %s, config: %s}}\n", "example", d.Name, k.Name, compact(example))
		}
	}
	for _, f := range d.Facts {
		fmt.Fprintf(&b, "\nfact %s.%s (%s)\n", strings.ReplaceAll(d.Name, "-", "_"), f.Name, f.Type)
		line("", f.Doc)
		line("sees", strings.Join(fieldNames(f.Fields), ", "))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// limitsText writes what a plugin asks for.
func limitsText(l sdk.Limits) string {
	var parts []string
	add := func(asked bool, format string, value any) {
		if asked {
			parts = append(parts, fmt.Sprintf(format, value))
		}
	}
	add(l.MemoryMiB > 0, "%d MiB of memory", l.MemoryMiB)
	add(l.CPUPercent > 0, "%d %% of a processor", l.CPUPercent)
	add(l.CallTimeout > 0, "%s a call", l.CallTimeout)
	add(l.MaxInFlight > 0, "%d calls at once", l.MaxInFlight)
	return strings.Join(parts, ", ")
}
