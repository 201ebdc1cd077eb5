//go:build !windows

package conformance_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/checkout-promotions/checkout/plugins/conformance"
)

func TestABareNameIsAFileOfThisFolder(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	// PATH has a program of this name, too
	if err := os.WriteFile("sh", []byte("#!/bin/sh\nexit 7\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	report, err := conformance.Check(t.Context(), "sh", conformance.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := report.Results[0].Reason, "its exit code is 7, want 2"; report.Path != "sh" || got != want {
		t.Errorf("got %q of %s, want %q of sh", got, report.Path, want)
	}
	last := report.Results[len(report.Results)-1]
	if want := "start: it ended before it had written a line to stdout"; last.Reason != want {
		t.Errorf("got %q, want %q", last.Reason, want)
	}
}

// Programs are started as the host does, with a certificate, below a shell too, and what they print is told.
func TestHowProgramsAreStarted(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, ends, want string }{
		{"one that needs a certificate", `[ -n "$CHECKOUT_PLUGIN" ] && [ -z "$PLUGIN_CLIENT_CERT" ]`, ""},
		{"one that ends below a shell", `[ "$(ps -o pgid= -p $$ | tr -d ' ')" != $$ ]`,
			"it ends when its parent is killed: it ended before it had written a line to stdout; it printed:\n  not here"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			program, script := filepath.Join(dir, "real", "honest"), filepath.Join(dir, "honest")
			text := "#!/bin/sh\nif " + c.ends + "; then echo 'not here' >&2; exit 3; fi\nexec " + program + "\n"
			err := errors.Join(os.Mkdir(filepath.Dir(program), 0o755), os.Symlink(self, program), os.WriteFile(script, []byte(text), 0o755))
			if err != nil {
				t.Fatal(err)
			}
			report, err := conformance.Check(t.Context(), script, conformance.Options{})
			if err != nil {
				t.Fatal(err)
			}
			var faults []string
			for _, r := range report.Results {
				if !r.OK() {
					faults = append(faults, r.Name+": "+r.Reason)
				}
			}
			if got := strings.Join(faults, "\n"); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestAFileThatMayNotBeExecutedIsNotChecked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notes")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := conformance.Check(t.Context(), path, conformance.Options{})
	if want := "check plugin: " + path + " is not executable; chmod +x it"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestWhatIsNoProgramIsNotChecked(t *testing.T) {
	dir := t.TempDir()
	for _, path := range []string{dir, filepath.Join(dir, "nothing")} {
		_, err := conformance.Check(t.Context(), path, conformance.Options{})
		if want := "check plugin: there is no program " + path; err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// A script that runs a program is two processes.
func TestWhatAProgramHasStartedEndsWithACheckThatIsGivenUp(t *testing.T) {
	dir := t.TempDir()
	path, child := filepath.Join(dir, "script"), filepath.Join(dir, "child")
	script := "#!/bin/sh\nsleep 600 &\necho $! >" + child + ".new && mv " + child + ".new " + child + "\nwait\n"
	if err := os.WriteFile(path, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := conformance.Check(ctx, path, conformance.Options{})
		ended <- err
	}()
	text, err := os.ReadFile(child)
	for end := time.Now().Add(10 * time.Second); err != nil && time.Now().Before(end); text, err = os.ReadFile(child) {
		time.Sleep(time.Millisecond)
	}
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that it was given up", err)
	}
	if !gone(pid) {
		t.Errorf("process %d is left", pid)
	}
}

// gone waits until a process that was killed is no more, or waits for its parent.
func gone(pid int) bool {
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if syscall.Kill(pid, 0) != nil || err == nil && strings.Contains(string(stat), ") Z ") {
			return true
		}
	}
	return false
}
