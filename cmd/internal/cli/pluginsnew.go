package cli

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"

	"github.com/spf13/cobra"
)

//go:embed newplugin
var newPluginFiles embed.FS

func newPluginsNew(s Streams) *cobra.Command {
	var parent string
	cmd := &cobra.Command{
		Use:   "new NAME",
		Short: "Write a plugin in Go to begin with",
		Long: `Write a plugin in Go, with a test, into a new folder of its name: a deal that takes an
amount off orders from some size on. Change it, test it, and build it into the folder of
plugins; README.md in it says how.`,
		Example: `  checkout plugins new stamps
  checkout plugins new --in src stamps`,
		Args: arguments("the name of a plugin", 1, 1),

		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, names []string) error {
			if !regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`).MatchString(names[0]) {
				return usageError{fmt.Errorf("%q cannot be the name of a plugin: use 1 to 40 lower-case letters, digits and -, the first a letter", names[0]), cmd}
			}
			return writeNewPlugin(s, filepath.Join(parent, names[0]), names[0])
		},
	}
	cmd.Flags().StringVar(&parent, "in", ".", "`folder` to make the new one in")
	return cmd
}

func writeNewPlugin(s Streams, dir, name string) error {
	if err := os.Mkdir(dir, 0o755); err != nil {
		if errors.Is(err, fs.ErrExist) {
			err = fmt.Errorf("%s is there already; choose another name, or remove it", dir)
		}
		return environmentError(fmt.Errorf("new plugin: %w", err))
	}
	templates, err := template.ParseFS(newPluginFiles, "newplugin/*.tmpl")
	if err != nil {
		return err
	}
	values := map[string]string{"Name": name, "Type": strings.ReplaceAll(name, "-", "") + "Plugin", "Version": version()}
	for _, t := range templates.Templates() {
		var text strings.Builder
		if err := t.Execute(&text, values); err != nil {
			return fmt.Errorf("new plugin: %w", err)
		}
		path := filepath.Join(dir, strings.TrimSuffix(t.Name(), ".tmpl"))
		if err := os.WriteFile(path, []byte(text.String()), 0o644); err != nil {
			return environmentError(fmt.Errorf("new plugin: %w", err))
		}
	}
	_, err = fmt.Fprintf(s.Out, "wrote %s; next:\n  cd %s && go mod tidy && go test ./...\n", dir, dir)
	return environmentError(err)
}
