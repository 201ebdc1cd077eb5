//go:build linux

package host_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/plugins/host"
)

func TestCloseEndsAStart(t *testing.T) {
	f := newFolder(t, host.Options{Start: time.Hour}, "rogue.before", "hang")
	f.host.Use([]host.Pin{f.pin})
	child := 0
	f.until("a process", func(host.Status) bool {
		child = processIn(t, f.dir)
		return child != 0
	})
	began := time.Now()
	if err := f.host.Close(); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 5*time.Second || syscall.Kill(child, 0) == nil {
		t.Errorf("it took %s, and the process has ended: %v", took, syscall.Kill(child, 0))
	}
}

// processIn returns a process whose working folder it is, 0 for none.
func processIn(t *testing.T, dir string) int {
	folders, err := filepath.Glob("/proc/[0-9]*/cwd")
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		if at, err := os.Readlink(folder); err == nil && at == dir { // it may have ended
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(folder)))
			if err != nil {
				t.Fatal(err)
			}
			return pid
		}
	}
	return 0
}

func TestManyPluginsStartAtOnce(t *testing.T) {
	f := newFolder(t, host.Options{Start: patience})
	var pins []host.Pin
	for i := range 12 {
		name := fmt.Sprintf("plugin-%d", i)
		f.write(name, fmt.Sprintf("#!/bin/sh\nROGUE=%s exec %s\n", name, built("")))
		pin := f.pin
		pin.Name, pin.Digests = name, []string{digestOf(t, filepath.Join(f.dir, name))}
		pins = append(pins, pin)
	}
	f.host.Use(pins)
	if err := f.host.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, s := range f.host.Status() {
		if s.State != host.Running {
			t.Errorf("got %+v, want it to run", s)
		}
	}
}

func TestWhatIsNoProgram(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		make   func(path string) error
		state  host.State
		detail string
	}{
		{"a pipe", func(path string) error { return syscall.Mkfifo(path, 0o755) }, host.Refused, "is no file"},
		{"a folder", func(path string) error { return os.Mkdir(path, 0o755) }, host.Refused, "is no file"},
		{"a text", func(path string) error { return os.WriteFile(path, nil, 0o644) }, host.Refused, "is not executable; chmod +x it"},
		{"a link that leads to itself", func(path string) error { return os.Symlink(path, path) }, host.Waiting, "too many levels"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFolder(t, host.Options{})
			path := filepath.Join(f.dir, "rogue")
			if err := errors.Join(os.Remove(path), c.make(path)); err != nil {
				t.Fatal(err)
			}
			f.use()
			f.wantFault(`{"off":1}`, engine.NotRunning, c.detail)
			if s := f.status(); s.State != c.state {
				t.Errorf("got %+v, want %s", s, c.state)
			}
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			f.install("")
			f.wantServed()
		})
	}
}

func TestAProgramThatIsNoLongerPinnedIsEnded(t *testing.T) {
	f := newFolder(t, host.Options{})
	f.use()
	f.wantServed()
	pid := f.status().PID
	good, other := f.pin, f.pin
	other.Facts = nil
	f.host.Use([]host.Pin{other})
	other.Digests = []string{strings.Repeat("0", 64)}
	f.wantServed()
	if now := f.status().PID; now != pid {
		t.Errorf("a pin that the program fits has ended it: %d, %d", pid, now)
	}
	f.host.Use([]host.Pin{other})
	f.until("refusal", func(s host.Status) bool { return s.State == host.Refused })
	f.wantFault(`{"off":1}`, engine.BadChecksum, "plugins.lock.yaml does not have")
	f.wantGone(pid)
	f.host.Use([]host.Pin{good})
	f.wantServed()
}

func TestAProgramMayWantLessThanItMay(t *testing.T) {
	f := newFolder(t, host.Options{Timeout: patience}, "rogue.limits", `{"CallTimeout":200000000,"MaxInFlight":1}`)
	f.use()
	f.wantFault(`{"do":"hang"}`, engine.TimedOut, "no answer within 200ms")
	l := f.customers(4, "some", `{"do":"hang"}`)
	l.until("waiting", func(l *load) bool { return l.faults[engine.Overloaded] > 0 })
	l.end()
}

func TestAChildThatLeavesTheGroupIsEnded(t *testing.T) {
	f := newFolder(t, host.Options{})
	f.use()
	f.price(f.rules(`{"do":"escape"}`, false), "c")
	pid := f.status().PID
	children := childrenOf(t, pid)
	if len(children) != 1 {
		t.Fatalf("got the children %v, want one", children)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	f.until("end of the child", func(host.Status) bool { return syscall.Kill(children[0], 0) != nil || zombie(children[0]) })
	f.wantServed()
}

func TestAConnectionThatIsLostWhileNobodyAsks(t *testing.T) {
	f := newFolder(t, host.Options{})
	f.use()
	before := f.status().PID
	f.wantFault(`{"do":"unplug"}`, engine.Crashed, "the connection is lost")
	s := f.until("another process", func(s host.Status) bool { return s.State == host.Running && s.PID != before })
	if s.Restarts != 1 || !strings.Contains(f.log.String(), "it runs, but the connection is lost") {
		t.Errorf("got %d restarts, want one of which the log says why: %s", s.Restarts, f.log)
	}
	f.wantGone(before)
	f.wantServed()
}

func TestAFactThatIsNoNumberIsUnknown(t *testing.T) {
	f := newFolder(t, host.Options{})
	f.use()
	req, quote := f.price(f.rules(`{"off":1}`, false), "NaN")
	if len(req.Facts) != 0 || quote.Discount != 2001 || f.status().Failures[engine.BadNumber] != 1 {
		t.Errorf("got the facts %v and %d off, %+v", req.Facts, quote.Discount, f.status())
	}
}

func TestAFactThatIsTooLongIsUnknown(t *testing.T) {
	f := newFolder(t, host.Options{})
	f.use()
	asked := cart(dollars(t), "long").Cart
	got := f.host.Facts(t.Context(), &asked, time.Now(), []engine.FactKey{{Plugin: "rogue", Name: "grade"}})
	if failures := f.status().Failures; len(got) != 0 || failures[engine.TooLarge] != 1 || failures[engine.BadNumber] != 0 {
		t.Errorf("got the facts %v and the failures %v, want %s alone", got, failures, engine.TooLarge)
	}
}

// A host that is killed leaves no plugin, and the next one ends what that has left
// and removes its folder, but not that of a host that lives.
func TestAHostThatIsKilled(t *testing.T) {
	f := newFolder(t, host.Options{})
	f.use()
	mine := folderOf(t, f.status().PID)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	victim := exec.Command(self)
	victim.Env, victim.Stderr = append(os.Environ(), victimVariable+"="+f.dir), os.Stderr
	out, err := victim.StdoutPipe()
	if err == nil {
		err = victim.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var pid, child int
	if _, err := fmt.Sscan(line, &pid, &child); err != nil {
		t.Fatal(err)
	}
	theirs := folderOf(t, pid)
	if err := victim.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := victim.Wait(); err == nil {
		t.Error("it was not killed")
	}
	f.until("end of the plugin", func(host.Status) bool { return syscall.Kill(pid, 0) != nil || zombie(pid) })
	next, err := host.New(host.Options{Dir: f.dir, Currency: dollars(t), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	f.until("end of its child", func(host.Status) bool { return syscall.Kill(child, 0) != nil || zombie(child) })
	if _, err := os.Stat(theirs); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder of the killed host: got %v, want none", err)
	}
	if _, err := os.Stat(mine); err != nil {
		t.Errorf("the folder of a host that lives: %v", err)
	}
	if err := errors.Join(next.Close(), next.Close()); err != nil {
		t.Error(err)
	}
	f.wantServed()
}

// folderOf is the folder of the host of a plugin.
func folderOf(t *testing.T, pid int) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if err != nil {
		t.Fatal(err)
	}
	for v := range strings.SplitSeq(string(text), "\x00") {
		if home, found := strings.CutPrefix(v, "HOME="); found {
			return filepath.Dir(home)
		}
	}
	t.Fatal("a plugin has no home")
	return ""
}

const victimVariable = "CHECKOUT_TEST_VICTIM"

// runVictim is the main of a host that is killed. It tells the plugin and a child of
// that.
func runVictim(dir string) int {
	usd, err := engine.ParseCurrency("USD")
	if err != nil {
		panic(err)
	}
	h, err := host.New(host.Options{Dir: dir, Currency: usd, Dev: true, Timeout: patience, Memory: memory(1 << 30), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		panic(err)
	}
	h.Use([]host.Pin{{Name: "rogue"}})
	var pid int
	for pid == 0 {
		time.Sleep(5 * time.Millisecond)
		pid = h.Status()[0].PID
	}
	cart := cart(usd, "c").Cart
	h.Evaluate(context.Background(), &cart, time.Now(), []engine.Question{{Promotion: "p", Plugin: "rogue", Kind: "some", Config: `{"do":"escape"}`}})
	t := new(testing.T)
	fmt.Println(pid, childrenOf(t, pid)[0])
	select {}
}
