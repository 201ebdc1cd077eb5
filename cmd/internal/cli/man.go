package cli

import (
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/cmd/internal/man"
)

// newMan is for those who install the program: make man runs it.
func newMan() *cobra.Command {
	return &cobra.Command{
		Use:     "man FOLDER",
		Short:   "Write the manual pages of all commands into a folder",
		Long:    "Write the manual pages of all commands into a folder, which is made if need be.",
		Example: "  checkout man share/man/man1",
		Hidden:  true,
		Args:    arguments("the folder", 1, 1),

		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o := man.Options{Date: builtFrom()}
			for _, e := range exitCodes() {
				o.ExitCodes = append(o.ExitCodes, man.ExitCode{Code: e.code, Meaning: e.meaning})
			}
			_, err := man.Write(cmd.Root(), args[0], o)
			return environmentError(err)
		},
	}
}

// builtFrom is the time of the commit that the program was built from, zero where that
// is not known.
func builtFrom() time.Time {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return time.Time{}
	}
	for _, s := range info.Settings {
		if at, err := time.Parse(time.RFC3339, s.Value); s.Key == "vcs.time" && err == nil {
			return at
		}
	}
	return time.Time{}
}
