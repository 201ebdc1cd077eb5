package main_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// TestPlugins runs tests of a shop whose plugin is built once.
func TestPlugins(t *testing.T) {
	made := makeShopOfPlugins(t)
	for _, tt := range []struct {
		name string
		test func(t *testing.T, rules, plugins string)
	}{
		{"a server asks its plugins and keeps them running", aServerAsksItsPlugins},
		{"new rules come into force with their plugins", newRulesComeWithTheirPlugins},
		{"a server without the program prices the rest", aServerWithoutTheProgram},
		{"dev builds and swaps with each change", devBuildsAndSwaps},
	} {
		t.Run(tt.name, func(t *testing.T) {
			work := filepath.Join(t.TempDir(), "work")
			if err := os.CopyFS(work, os.DirFS(made)); err != nil {
				t.Fatal(err)
			}
			tt.test(t, filepath.Join(work, "rules"), filepath.Join(work, "plugins"))
		})
	}
}

// makeShopOfPlugins returns a folder with rules, whose only promotion asks a plugin: 5.00
// off orders from 50.00 on; and with plugins, both as their authors make them.
func makeShopOfPlugins(t *testing.T) string {
	t.Helper()
	work := t.TempDir()
	repository, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"mkdir rules plugins",
		"echo 'currency: USD' >rules/policy.yaml",
		"echo 'promotions: [{id: big, deal: {plugin: {name: stamps, config: {from: 99.98, off: 5}}}}]' >rules/big.yaml",
		"checkout plugins new stamps",
		"go work init stamps '" + repository + "' && go work edit -replace github.com/checkout-promotions/checkout@v0.1.0='" + repository + "'",
		"GOPROXY=off go build -o plugins/stamps ./stamps",
		"checkout plugins lock --plugins plugins --rules rules",
	} {
		if code, output := in(t, work, line); code != 0 {
			t.Fatalf("%s: exit code %d\n%s", line, code, output)
		}
	}
	return work
}

// pluginsNow is what GET /v1/plugins answers.
type pluginsNow struct {
	Plugins []struct {
		Name, State, Version, Fault string
		Calls, Restarts             int64
		Failures                    map[string]int64
	}
}

func (s *server) plugins() pluginsNow {
	s.t.Helper()
	status, text := s.call(http.MethodGet, "/v1/plugins", nil, "X-Auth-Password", password)
	var now pluginsNow
	if err := json.Unmarshal([]byte(text), &now); status != http.StatusOK || err != nil {
		s.t.Fatalf("GET /v1/plugins: %d %s", status, text)
	}
	return now
}

// stateBecomes waits until the one plugin is in a state.
func (s *server) stateBecomes(state string) {
	s.t.Helper()
	eventually(s.t, "state "+state, patience, func() bool { now := s.plugins(); return len(now.Plugins) == 1 && now.Plugins[0].State == state })
}

func (s *server) wantTotal(want string, skus ...string) {
	s.t.Helper()
	if got := s.price(skus...).TotalWithDiscount.String(); got != want {
		s.t.Errorf("price of %v: got %s, want %s", skus, got, want)
	}
}

func aServerAsksItsPlugins(t *testing.T, folder, plugins string) {
	s := start(t, "--memory-db", "--rules", folder, "--plugins", plugins)
	s.wantTotal("49.99", tv)
	s.wantTotal("94.98", tv, tv)
	if now := s.plugins(); len(now.Plugins) != 1 || now.Plugins[0].State != "running" || now.Plugins[0].Version != "0.1.0" || now.Plugins[0].Calls != 2 {
		t.Errorf("GET /v1/plugins: got %+v, want stamps 0.1.0 running with 2 calls", now)
	}
	for metric, want := range map[string]string{
		`checkout_plugin_state{plugin="stamps",state="running"}`: "1", `checkout_plugin_state{plugin="stamps",state="waiting"}`: "0",
		`checkout_plugin_calls_total{plugin="stamps"}`: "2", `checkout_plugin_circuit_open{plugin="stamps"}`: "0",
		`checkout_plugin_call_duration_seconds_count{plugin="stamps"}`: "2",
	} {
		if got := s.metric(metric); got != want {
			t.Errorf("%s: got %s, want %s", metric, got, want)
		}
	}

	// other rules go on with the same process
	pid := int(s.logged("plugin runs")["pid"].(float64))
	rules(folder).write(t, "big.yaml", "promotions: [{id: big, deal: {plugin: {name: stamps, config: {from: 40, off: 6}}}}]\n")
	eventually(t, "the new rules", patience, func() bool { return s.price(tv).TotalWithDiscount == "43.99" })
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	s.metricBecomes(`checkout_plugin_restarts_total{plugin="stamps"}`, "1")
	eventually(t, "the plugin again", patience, func() bool { return s.price(tv).TotalWithDiscount == "43.99" })

	if starts := strings.Count(s.log.String(), `"plugin runs"`); starts != 2 {
		t.Errorf("got %d starts, want one, and one after the end of the first", starts)
	}

	// a program that is not pinned does not take the place of one that is
	replaceProgram(t, filepath.Join(plugins, "stamps"))
	s.logged("plugin is not replaced")
	s.wantTotal("43.99", tv)

	pid = int(s.logged("plugin runs")["pid"].(float64))
	s.stop()
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("the plugin has process %d after the server ended: %v", pid, err)
	}
}

// No cart meets rules without the plugins that they ask.
func newRulesComeWithTheirPlugins(t *testing.T, folder, plugins string) {
	aside := t.TempDir()
	move := func(name, from, to string) {
		t.Helper()
		if err := os.Rename(filepath.Join(from, name), filepath.Join(to, name)); err != nil {
			t.Fatal(err)
		}
	}
	move("big.yaml", folder, aside)
	move("plugins.lock.yaml", folder, aside)
	rules(folder).write(t, "none.yaml", "promotions: [{id: none, deal: {percent_off: {of: order, percent: 0.01}}}]\n")
	s := start(t, "--memory-db", "--rules", folder, "--plugins", plugins)
	s.wantTotal("99.97", tv, tv)
	move("plugins.lock.yaml", aside, folder)
	move("big.yaml", aside, folder)
	eventually(t, "the new rules", patience, func() bool {
		status, text := s.call(http.MethodPost, "/v0/inventory/items/price", cart([]string{tv, tv}))
		if status != http.StatusOK || strings.Contains(text, "plugin_failures") {
			t.Fatalf("a price without the plugin: %d %s", status, text)
		}
		return strings.Contains(text, `"total_with_discount":94.97`)
	})
}

// replaceProgram makes another program of one, which does the same.
func replaceProgram(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path+".next", append(text, "more"...), 0o755)
	}
	if err := errors.Join(err, os.Rename(path+".next", path)); err != nil {
		t.Fatal(err)
	}
}

func (r rules) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(string(r), name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func aServerWithoutTheProgram(t *testing.T, folder, plugins string) {
	rules(folder).write(t, "all.yaml", "promotions: [{id: all, deal: {percent_off: {of: order, percent: 10}}}]\n")
	t.Run("no folder of plugins", func(t *testing.T) {
		s := start(t, "--memory-db", "--rules", folder)
		s.wantTotal("89.98", tv, tv)
		const want = "the rules ask plugins, and there is no folder of plugins: their deals fail; set plugins.dir or --plugins"
		if got := s.logged(want)["plugins"]; got == nil {
			t.Errorf("the warning does not name the plugins")
		}
		if now := s.plugins(); len(now.Plugins) != 0 {
			t.Errorf("GET /v1/plugins: got %+v, want none", now)
		}
	})
	t.Run("another program than the one that is pinned", func(t *testing.T) {
		replaceProgram(t, filepath.Join(plugins, "stamps"))
		s := start(t, "--memory-db", "--rules", folder, "--plugins", plugins)
		s.wantTotal("89.98", tv, tv)
		s.stateBecomes("refused")
		if now := s.plugins(); now.Plugins[0].Fault != "bad_checksum" || now.Plugins[0].Failures["bad_checksum"] != 1 {
			t.Errorf("GET /v1/plugins: got %+v, want one failure bad_checksum", now)
		}
	})
	t.Run("another program in development", func(t *testing.T) {
		s := start(t, "--memory-db", "--rules", folder, "--plugins", plugins, "--plugins-dev")
		s.wantTotal("84.98", tv, tv)
	})
}

func devBuildsAndSwaps(t *testing.T, _, plugins string) {
	work := filepath.Dir(plugins)
	output := new(logbook)
	dev := exec.Command("checkout", "plugins", "dev", "--plugins", "plugins", "stamps")
	dev.Dir, dev.Env, dev.Stdout, dev.Stderr = work, environment("GOPROXY=off"), output, output
	if err := dev.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- dev.Wait() }()
	t.Cleanup(func() { _ = dev.Process.Kill() }) // it may have ended
	says := func(text string) {
		t.Helper()
		eventually(t, text+" in\n"+output.String(), 3*patience, func() bool { return strings.Contains(output.String(), text) })
	}
	says("stamps 0.1.0 runs; a debugger attaches with\n  dlv attach ")
	wrong := rules(filepath.Join(work, "stamps"))
	wrong.write(t, "wrong.go", "package main\n\nvar _ = nothing\n")
	says("stamps does not build:\n# stamps\n./wrong.go:3:9: undefined: nothing")
	replace(t, filepath.Join(work, "stamps", "main.go"), "0.1.0", "0.2.0")
	if err := os.Remove(filepath.Join(work, "stamps", "wrong.go")); err != nil {
		t.Fatal(err)
	}
	says("stamps 0.2.0 runs; ")
	if err := dev.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Errorf("after SIGTERM: %v, want the exit code 0", err)
	}
	pids := regexp.MustCompile(`dlv attach (\d+)`).FindAllStringSubmatch(output.String(), -1)
	last, err := strconv.Atoi(pids[len(pids)-1][1])
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(last, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("the plugin has process %d after the end: %v", last, err)
	}
}
