package main_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// root is the top of the repository, from which every README is written.
var root = filepath.Join("..", "..")

// in runs a shell's command line in a folder. The program is on the path as
// checkout; pages may call it bin/checkout, where make puts it.
func in(t *testing.T, dir, line string) (code int, output string) {
	t.Helper()
	command := exec.Command("sh", "-c", strings.ReplaceAll(line, "bin/checkout ", "checkout "))
	command.Dir, command.Env = dir, environment()
	text, err := command.CombinedOutput()
	if command.ProcessState == nil {
		t.Fatal(err)
	}
	return command.ProcessState.ExitCode(), string(text)
}

func wantSuccess(t *testing.T, line string) {
	t.Helper()
	if code, output := in(t, root, line); code != 0 {
		t.Errorf("%s: exit code %d\n%s", line, code, output)
	}
}

// examples are the shops; the folder of plugins has programs, that of editors what makes
// them know the language server, and that of observability what watches a server.
func examples(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(root, "examples"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		if entry.IsDir() && !slices.Contains([]string{"plugins", "editors", "observability"}, entry.Name()) {
			names = append(names, entry.Name())
		}
	}
	if len(names) == 0 {
		t.Fatal("there are no examples")
	}
	return names
}

// copyExamples copies the examples, but for the modules of npm: these are a thousand
// files that no script needs.
func copyExamples(to string) error {
	from := os.DirFS(filepath.Join(root, "examples"))
	return fs.WalkDir(from, ".", func(name string, entry fs.DirEntry, err error) error {
		switch target := filepath.Join(to, name); {
		case err != nil:
			return err
		case entry.IsDir() && entry.Name() == "node_modules":
			return fs.SkipDir
		case entry.IsDir():
			return os.MkdirAll(target, 0o755)
		default:
			data, err := fs.ReadFile(from, name)
			if err != nil {
				return err
			}
			return os.WriteFile(target, data, 0o644)
		}
	})
}

func TestExamplesKeepTheirPromises(t *testing.T) {
	for _, name := range examples(t) {
		t.Run(name, func(t *testing.T) {
			folder := filepath.Join("examples", name)
			wantSuccess(t, "checkout rules test "+folder)
			for _, rules := range rulesFolders(t, folder) {
				wantSuccess(t, "checkout rules check "+rules)
			}
			page := read(t, filepath.Join(folder, "README.md"))
			if lines := strings.Count(page, "\n"); lines > 40 {
				t.Errorf("README.md has %d lines, want at most 40", lines)
			}
			commands := rulesCommands(page)
			if len(commands) == 0 {
				t.Error("README.md shows no checkout rules command")
			}
			for _, line := range commands {
				wantSuccess(t, line)
			}
		})
	}
}

// rulesFolders returns the folders called rules, of which an example has at
// least one.
func rulesFolders(t *testing.T, folder string) []string {
	t.Helper()
	var found []string
	err := fs.WalkDir(os.DirFS(root), filepath.ToSlash(folder), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && entry.Name() == "rules" {
			found = append(found, path)
		}
		return err
	})
	if err != nil || len(found) == 0 {
		t.Fatalf("%s: got no folder called rules (%v)", folder, err)
	}
	return found
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// rulesCommands returns the commands in a page's code blocks, fenced or
// indented, that need nothing but the repository. Those of recordings have a test of
// their own.
func rulesCommands(page string) []string {
	consoles := regexp.MustCompile("(?ms)^```console\n.*?^```\n")
	var commands []string
	fenced := false
	for line := range strings.Lines(consoles.ReplaceAllString(page, "")) {
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
		}
		code, indented := strings.CutPrefix(line, "    ")
		code = strings.TrimPrefix(strings.TrimSpace(code), "$ ")
		if (fenced || indented) && regexp.MustCompile(`^(bin/)?checkout rules `).MatchString(code) {
			commands = append(commands, code)
		}
	}
	return commands
}

func TestSeedsOfTheExamplesLoad(t *testing.T) {
	for _, name := range examples(t) {
		seed := filepath.Join(root, "examples", name, "inventory.yaml")
		if _, err := os.Stat(seed); err != nil {
			continue
		}
		t.Run(name, func(t *testing.T) {
			s := start(t, "--memory-db", "--rules", filepath.Join(root, "examples", name, "rules"), "--seed", seed)
			s.logged("loaded the seed")
		})
	}
}

func TestCommandsOfTheReadmeRun(t *testing.T) {
	commands := rulesCommands(read(t, "README.md"))
	if len(commands) == 0 {
		t.Error("README.md shows no checkout rules command")
	}
	for _, line := range commands {
		wantSuccess(t, line)
	}
}

// The outputs that the tour in the README shows are those of the program.
func TestTourOfTheReadmeShowsWhatIsPrinted(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	tests := []struct {
		name     string
		file     string
		old, new string
		command  string
		code     int
	}{
		{"a broken rule", "tv.yaml",
			`category == "tv", quantity: 3, pay_for: 2`, `categry == "tv", quantity: 3, pay_for: 1`,
			"checkout rules check examples/quickstart/rules", 3},
		{"a failed test", "quickstart_test.yaml",
			"{qty: 3,  total: 328.50, applied: [], not_applied: {speakers-10: condition_false}}", "{qty: 3, total: 295.65, applied: [speakers-10]}",
			"checkout rules test examples/quickstart", 1},
	}
	page := read(t, "README.md")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := copyExamples(filepath.Join(dir, "examples")); err != nil {
				t.Fatal(err)
			}
			replace(t, filepath.Join(dir, "examples", "quickstart", "rules", tt.file), tt.old, tt.new)
			code, output := in(t, dir, tt.command)
			if code != tt.code {
				t.Errorf("exit code: got %d, want %d", code, tt.code)
			}
			shown, _, _ := strings.Cut(output, "\n\n") // what follows is the count
			if indented := "    " + strings.ReplaceAll(shown, "\n", "\n    "); !strings.Contains(page, indented) {
				t.Errorf("README.md does not show what is printed:\n%s", indented)
			}
		})
	}
}

// The pages on plugins can be followed to the end. Without a network, a workspace stands for what go mod tidy would fetch.
func TestToursOfPluginsRun(t *testing.T) {
	repository, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		page, total string
		skus        []string
	}{
		{"README.md", "94.98", []string{tv, tv}},
		{"examples/loyalty/README.md", "64.00", []string{"ATLAS"}},
	}
	for _, tt := range tests {
		t.Run(tt.page, func(t *testing.T) {
			work := t.TempDir()
			err := copyExamples(filepath.Join(work, "examples"))
			if err := errors.Join(err, os.Mkdir(filepath.Join(work, "bin"), 0o755)); err != nil { // as make does
				t.Fatal(err)
			}
			instead := strings.NewReplacer(
				"make plugins", "(cd '"+repository+"' && go build -o '"+work+"/bin/plugins/' ./examples/plugins/loyalty)",
				"--source .", "--source '"+repository+"'",
				"go mod tidy", "go work init . '"+repository+"' && export GOPROXY=off")
			commands, runs := pluginCommands(read(t, tt.page))
			for _, line := range commands {
				if code, output := in(t, work, instead.Replace(line)); code != 0 {
					t.Fatalf("%s: exit code %d\n%s", line, code, output)
				}
			}
			if len(commands) < 5 || len(runs) != 1 {
				t.Fatalf("got %d commands and %d that serve, want at least 5 and 1", len(commands), len(runs))
			}
			args := strings.Fields(strings.TrimPrefix(runs[0], "bin/checkout run "))
			for i, arg := range args {
				if strings.HasPrefix(arg, "bin/") || strings.HasPrefix(arg, "examples/") {
					args[i] = filepath.Join(work, arg)
				}
			}
			s := start(t, args...)
			s.wantTotal(tt.total, tt.skus...)
		})
	}
}

// pluginCommands returns the commands about plugins in a page's indented code blocks, and after them those that run a server with plugins.
func pluginCommands(page string) (commands, runs []string) {
	for line := range strings.Lines(page) {
		code, indented := strings.CutPrefix(line, "    ")
		code = strings.TrimSpace(code)
		switch {
		case !indented:
		case strings.HasPrefix(code, "bin/checkout run ") && strings.Contains(code, "--plugins "):
			runs = append(runs, code)
		case regexp.MustCompile(`^(make plugins|mkdir -p bin/shop |\(cd bin/|bin/checkout plugins )`).MatchString(code):
			commands = append(commands, code)
		}
	}
	return commands, runs
}

// The recording in the README is what a new user sees in an empty folder, from the
// first command to tests that pass and reach the whole rule.
func TestTheRecordingOfTheReadmeIsWhatHappens(t *testing.T) {
	recording := regexp.MustCompile("(?ms)^```console\n(.*?)^```\n").FindStringSubmatch(read(t, "README.md"))
	if recording == nil {
		t.Fatal("README.md has no recording")
	}
	commands := regexp.MustCompile(`(?m)^\$ (.*)$`).FindAllStringSubmatch(recording[1], -1)
	if len(commands) < 5 || len(commands) >= 10 {
		t.Errorf("got %d commands, want 5 to 9", len(commands))
	}
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	dir, shown, last := t.TempDir(), "", 0
	for _, command := range commands {
		code, output := in(t, dir, command[1])
		shown, last = shown+command[0]+"\n"+output, code
	}
	if shown != recording[1] || last != 0 {
		t.Errorf("the last exit code is %d, and README.md does not show what is printed:\n%s", last, shown)
	}
}

// replace changes text in a file, which has it.
func replace(t *testing.T, file, old, replacement string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(text), old) {
		t.Fatalf("edit %s: no %q in it (%v)", file, old, err)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(text), old, replacement, 1)), 0o666); err != nil {
		t.Fatal(err)
	}
}
