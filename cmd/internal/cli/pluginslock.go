package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/config"
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/plugins/host"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/lock"
)

// lockOptions say what is locked.
type lockOptions struct{ all, add bool }

func newPluginsLock(s Streams) *cobra.Command {
	var o lockOptions
	cmd := &cobra.Command{
		Use:   "lock",
		Short: "Pin the plugins that the rules ask",
		Long: `Start each plugin that the rules ask, and write plugins.lock.yaml into their folder: the
SHA-256 of the programs that a server may run, and what they offer, with which rules are
checked and tested without the programs. Then check the rules with it.

The programs of other machines are added with --add there, or the file is committed from
each. With --plugins-dev no checksums are written: any program runs, in development.`,
		Example: `  checkout plugins lock --plugins plugins --rules rules
  checkout plugins lock --all --plugins plugins
  checkout plugins lock --add --config checkout.yaml`,
		Args: noArguments,

		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := loadPlugins(cmd, s)
			if err != nil {
				return err
			}
			return lockPlugins(cmd.Context(), s, cfg, o)
		},
	}
	cmd.Flags().BoolVar(&o.all, "all", false, "all plugins of the folder, whether rules ask them or not")
	cmd.Flags().BoolVar(&o.add, "add", false, "keep the checksums that are there of the same versions")
	config.BindPluginFlags(cmd.Flags())
	return cmd
}

func lockPlugins(ctx context.Context, s Streams, cfg config.Config, o lockOptions) error {
	files, before, err := readRules(cfg.Rules)
	if errors.As(err, new(diag.List)) && !o.add {
		err = nil // it is written anew
	}
	if err != nil {
		return err
	}
	installed, err := host.Installed(cfg.Plugins.Dir)
	if err != nil {
		return environmentError(err)
	}
	names := installed
	if !o.all {
		names = compile.PluginNames(files, installed)
	}
	if len(names) == 0 && len(before.Plugins) == 0 {
		return codedError{exitNothing, fmt.Errorf("the rules %s ask no plugins; --all locks those of the folder", cfg.Rules)}
	}
	next, err := lockEach(ctx, cfg.Plugins, names, before, o.add)
	if err != nil {
		return err
	}
	if err := writeLock(s, filepath.Join(cfg.Rules, lock.File), next); err != nil {
		return err
	}
	_, err = checkFolder(cfg.Rules)
	return err
}

func lockEach(ctx context.Context, cfg config.Plugins, names []string, before lock.Lock, add bool) (lock.Lock, error) {
	var next lock.Lock
	for _, name := range names {
		p, err := lockOne(ctx, cfg, name)
		if err != nil {
			return next, err
		}
		if old, known := before.Plugin(name); add && known && old.Version == p.Version {
			p.SHA256 = union(old.SHA256, p.SHA256)
		}
		if cfg.Dev {
			p.SHA256 = nil
		}
		next.Plugins = append(next.Plugins, p)
	}
	return next, nil
}

func lockOne(ctx context.Context, cfg config.Plugins, name string) (lock.Plugin, error) {
	program, err := openProgram(ctx, host.Path(cfg.Dir, name), cfg, engine.Currency{})
	if err != nil {
		return lock.Plugin{}, err
	}
	p, err := lockedOf(program)
	return p, environmentError(errors.Join(err, program.Close()))
}

// writeLock writes the file unless it is there already, and says what it has.
func writeLock(s Streams, path string, next lock.Lock) error {
	text, err := lock.Format(next)
	if err != nil {
		return environmentError(err)
	}
	there, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return environmentError(fmt.Errorf("lock plugins: %w", err))
	}
	said := path + " is as it was"
	if !bytes.Equal(there, text) {
		if err := replaceFile(path, 0o644, func(w io.Writer) error {
			_, err := w.Write(text)
			return environmentError(err)
		}); err != nil {
			return err
		}
		said = "wrote " + path
	}
	for _, p := range next.Plugins {
		fmt.Fprintf(s.Out, "%s %s: %s\n", p.Name, p.Version, slices.Concat(p.SHA256, []string{"any program"})[0])
	}
	_, err = fmt.Fprintln(s.Out, said)
	return environmentError(err)
}
