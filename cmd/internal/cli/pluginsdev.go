package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/config"
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/plugins/host"
)

// devLook is how often sources and states are looked at.
const devLook = 200 * time.Millisecond

func newPluginsDev(s Streams) *cobra.Command {
	var name string
	cmd := &cobra.Command{
		Use:   "dev DIR",
		Short: "Build a plugin in Go with each change, and run it",
		Long: `Build the Go program in the folder into the folder of plugins, run it, and do so again
whenever its Go or JSON files change, until told to stop (Ctrl-C), which is its good end. A server
with --plugins-dev that uses the same folder of plugins changes to each build, too.

Builds are for debuggers, and the line to attach one with is printed. A server has a
process of its own, whose pid is in its log ("plugin runs"). While a debugger holds a
program that need not be pinned, it is not taken for one that hangs.`,
		Example: `  checkout plugins dev --plugins plugins stamps
  checkout plugins dev --plugins plugins --name stamps .`,
		Args: arguments("the folder of a program in Go", 1, 1),

		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
		RunE: func(cmd *cobra.Command, dirs []string) error {
			cfg, err := loadPlugins(cmd, s)
			if err != nil {
				return err
			}
			source, err := filepath.Abs(dirs[0])
			if err == nil {
				err = wantDirectory("the program", source)
			}
			if err != nil {
				return environmentError(err)
			}
			if name == "" {
				name = filepath.Base(source)
			}
			if err := wantName(cmd, name); err != nil {
				return err
			}
			return develop(cmd.Context(), &developer{streams: s, cfg: cfg.Plugins, source: source, name: name})
		},
	}
	cmd.Flags().StringVar(&name, "name", "", "`name` of the plugin, that of the folder when left out")
	config.BindPluginFlags(cmd.Flags())
	return cmd
}

// developer builds and runs one plugin.
type developer struct {
	streams      Streams
	cfg          config.Plugins
	source, name string

	built string // sources that were built, as sources tells them
	said  string // state that was told last
}

// develop returns when the context ends.
func develop(ctx context.Context, d *developer) (err error) {
	usd, err := engine.ParseCurrency("USD")
	if err != nil {
		return err
	}
	options := hostOptions(d.cfg, usd, quiet())
	options.Dev = true
	running, err := host.New(options)
	if err != nil {
		return environmentError(err)
	}
	defer func() { err = errors.Join(err, environmentError(running.Close())) }()
	ticks := time.NewTicker(devLook)
	defer ticks.Stop()
	for used := false; ; {
		if err := d.buildIfChanged(ctx); err != nil {
			return err
		}
		if _, err := os.Stat(host.Path(d.cfg.Dir, d.name)); err == nil && !used {
			running.Use([]host.Pin{{Name: d.name}})
			used = true
		}
		for _, status := range running.Status() {
			d.tell(status)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticks.C:
		}
	}
}

// buildIfChanged builds the program when its sources are not those of the last build.
// A program that does not compile is the author's to see, and no error.
func (d *developer) buildIfChanged(ctx context.Context) error {
	now, err := d.sources()
	if err != nil || now == d.built {
		return environmentError(err)
	}
	d.built = now
	program, began := host.Path(d.cfg.Dir, d.name), time.Now()
	next := filepath.Join(d.cfg.Dir, ".next-"+d.name)
	target, err := filepath.Abs(next)
	if err != nil {
		return environmentError(err)
	}
	defer func() { _ = os.Remove(target) }() // where the build was not put in place
	build := exec.CommandContext(ctx, "go", "build", "-gcflags=-N -l", "-o", target, ".")
	build.Dir, build.Env = d.source, d.streams.Env
	output, err := build.CombinedOutput()
	switch {
	case ctx.Err() != nil:
		return nil
	case errors.As(err, new(*exec.ExitError)):
		fmt.Fprintf(d.streams.Out, "%s does not build:\n%s", d.name, output)
		return nil
	case err != nil:
		return environmentError(fmt.Errorf("build %s: %w", d.name, err))
	}
	if err := os.Rename(target, program); err != nil {
		return environmentError(fmt.Errorf("build %s: %w", d.name, err))
	}
	_, err = fmt.Fprintf(d.streams.Out, "built %s in %s\n", d.name, time.Since(began).Round(10*time.Millisecond))
	return environmentError(err)
}

// sources tells one state of the files that the program is built of from another: of Go,
// of go.mod and the like, and of JSON, which it may embed.
func (d *developer) sources() (string, error) {
	var all strings.Builder
	err := filepath.WalkDir(d.source, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist): // an editor has just replaced it
			return nil
		case err != nil:
			return err
		case entry.IsDir() && path != d.source && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata"):
			return fs.SkipDir
		case entry.IsDir() || !slices.Contains([]string{".go", ".json"}, filepath.Ext(path)) && !strings.HasPrefix(entry.Name(), "go."):
			return nil
		}
		if info, err := entry.Info(); err == nil {
			fmt.Fprintf(&all, "%s %d %d\n", path, info.Size(), info.ModTime().UnixNano())
		}
		return nil
	})
	return all.String(), err
}

// tell writes a state that is not the one that was told last.
func (d *developer) tell(s host.Status) {
	text := fmt.Sprintf("%s is %s", s.Name, s.State)
	if s.State == host.Running {
		text = fmt.Sprintf("%s %s runs; a debugger attaches with\n  dlv attach %d", s.Name, s.Version, s.PID)
	}
	if s.State != host.Starting && (s.Fault != "" || s.Detail != "") {
		text += fmt.Sprintf("\n  %s %s", s.Fault, s.Detail)
	}
	if text == d.said {
		return
	}
	d.said = text
	fmt.Fprintln(d.streams.Out, text)
}
