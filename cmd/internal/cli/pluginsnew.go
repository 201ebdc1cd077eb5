package cli

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"text/template"

	"github.com/spf13/cobra"
)

//go:embed newplugin
var newPluginFiles embed.FS

// module is what plugins in Go import.
const module = "github.com/checkout-promotions/checkout"

func newPluginsNew(s Streams) *cobra.Command {
	var parent, source string
	cmd := &cobra.Command{
		Use:   "new NAME",
		Short: "Write a plugin in Go to begin with",
		Long: `Write a plugin in Go, with a test, into a new folder of its name: a deal that takes an
amount off orders from some size on. Change it, test it, and build it into the folder of
plugins; README.md in it says how.

It imports the module of this Checkout. With --source that is the folder of its source,
which a program needs that was built from a version which is not published.`,
		Example: `  checkout plugins new stamps
  checkout plugins new --source ~/checkout --in src stamps`,
		Args: arguments("the name of a plugin", 1, 1),

		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, names []string) error {
			if err := wantName(cmd, names[0]); err != nil {
				return err
			}
			folder, err := sourceFolder(source)
			if err != nil {
				return err
			}
			return writeNewPlugin(s, filepath.Join(parent, names[0]), names[0], folder)
		},
	}
	cmd.Flags().StringVar(&parent, "in", ".", "`folder` to make the new one in")
	cmd.Flags().StringVar(&source, "source", "", "`folder` of the source of Checkout, in place of the published module")
	return cmd
}

// sourceFolder is the absolute path of the source of Checkout, "" for none.
func sourceFolder(dir string) (string, error) {
	if dir == "" {
		return "", nil
	}
	text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil || !strings.HasPrefix(string(text), "module "+module+"\n") {
		return "", environmentError(fmt.Errorf("%s is not the source of Checkout: it has no go.mod of the module %s", dir, module))
	}
	dir, err = filepath.Abs(dir)
	return dir, environmentError(err)
}

func writeNewPlugin(s Streams, dir, name, source string) error {
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
	values := map[string]string{
		"Name": name, "Type": strings.ReplaceAll(name, "-", "") + "Plugin", "Module": module, "Version": version(), "Source": source,
	}
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
	replace := ""
	if source == "" && !published() {
		replace = fmt.Sprintf("go mod edit -replace %s=SOURCE && ", module)
		fmt.Fprintf(s.Err, "this Checkout was built from source: SOURCE is the folder of that source; none is needed once version %s is published, and --source names it at once\n", version())
	}
	_, err = fmt.Fprintf(s.Out, "wrote %s; next:\n  cd %s && %sgo mod tidy && go test ./...\n", dir, dir, replace)
	return environmentError(err)
}

// published tells whether the program was built from a published version of the module.
func published() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && info.Main.Version == "v"+version()
}
