//go:build linux

package host_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"google.golang.org/grpc/metadata"

	"github.com/checkout-promotions/checkout/plugins/sdk"
)

// TestMain serves a plugin when this program was started as one, and runs a host
// when a test wants one that it can kill. Tests leave nothing: no goroutine, no
// process, and nothing in the folder of temporary files.
func TestMain(m *testing.M) {
	switch {
	case os.Getenv("CHECKOUT_PLUGIN") != "":
		beforeServing()
		// Where only ancestors may debug; elsewhere the kernel does not know it.
		_ = unix.Prctl(unix.PR_SET_PTRACER, ^uintptr(0), 0, 0, 0)
		if fromFile("rogue.fixed", "") != "" {
			os.Exit(sdk.Serve(fixed{}))
		}
		os.Exit(sdk.Serve(rogue{}))
	case os.Getenv(echoVariable) != "":
		os.Exit(serveEcho(os.Getenv(echoVariable)))
	case os.Getenv(debuggerVariable) != "":
		os.Exit(runDebugger(os.Getenv(debuggerVariable)))
	case os.Getenv(victimVariable) != "":
		os.Exit(runVictim(os.Getenv(victimVariable)))
	}
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	temp, err := os.MkdirTemp(tempFolder(), "host")
	if err == nil {
		err = errors.Join(os.Setenv("TMPDIR", temp), os.Setenv("CHECKOUT_DB_PASSWORD", "secret"), build())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	before, err := openFiles()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	if err := errors.Join(goleak.Find(), nothingLeft(temp), nothingOpen(before), os.RemoveAll(temp)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// tempFolder is one in memory if there is one with room that programs can run from:
// each start copies 20 MB, and a slow disk would make tests of time fail. Otherwise it
// is "", the usual one.
func tempFolder() string {
	const shared = "/dev/shm"
	var fs unix.Statfs_t
	if err := unix.Statfs(shared, &fs); err != nil || fs.Flags&unix.ST_NOEXEC != 0 || fs.Bavail*uint64(fs.Bsize) < 2<<30 {
		return ""
	}
	return shared
}

// nothingLeft looks for folders of hosts, and for processes that began in one.
func nothingLeft(temp string) error {
	folders, err := filepath.Glob(filepath.Join(temp, "checkout-*"))
	if err == nil && len(folders) > 0 {
		err = fmt.Errorf("hosts have left %v", folders)
	}
	environments, globErr := filepath.Glob("/proc/[0-9]*/environ")
	errs := []error{err, globErr}
	for _, path := range environments {
		if text, err := os.ReadFile(path); err == nil && bytes.Contains(text, []byte("HOME="+temp)) {
			errs = append(errs, fmt.Errorf("a process is left: %s", filepath.Dir(path)))
		}
	}
	return errors.Join(errs...)
}

// openFiles counts what this process has open: files, pipes and sockets.
func openFiles() (int, error) {
	all, err := os.ReadDir("/proc/self/fd")
	return len(all), err
}

// ofTheRuntime is how many files the runtime of Go opens once, for its poller and the
// like.
const ofTheRuntime = 8

func nothingOpen(before int) error {
	now, err := openFiles()
	if err == nil && now > before+ofTheRuntime {
		err = fmt.Errorf("%d files are open, %d were before the tests", now, before)
	}
	return err
}

// beforeServing is what the rogue does before its handshake.
func beforeServing() {
	switch fromFile("rogue.before", "") {
	case "hang":
		time.Sleep(time.Hour) // who waits for nothing is ended by the runtime
	case "flood":
		for text := bytes.Repeat([]byte("spam"), 1<<14); ; {
			if _, err := os.Stdout.Write(text); err != nil {
				os.Exit(1)
			}
		}
	case "lines":
		for {
			if _, err := fmt.Println("spam"); err != nil {
				os.Exit(1)
			}
		}
	case "eat":
		eat()
	}
}

// eat takes 16 GB.
func eat() [][]byte {
	var kept [][]byte
	for range 1 << 14 {
		kept = append(kept, bytes.Repeat([]byte{1}, 1<<20))
	}
	return kept
}

// unplug ends all connections and lets nobody make another, but does not end the
// program.
func unplug() error {
	own, err := filepath.Glob(filepath.Join(os.Getenv("PLUGIN_UNIX_SOCKET_DIR"), "plugin*"))
	if err != nil {
		return err
	}
	for _, path := range own {
		err = errors.Join(err, os.RemoveAll(path))
	}
	for fd := range maxDescriptors {
		if _, peerErr := unix.Getpeername(fd); peerErr == nil {
			err = errors.Join(err, unix.Shutdown(fd, unix.SHUT_RDWR))
		}
	}
	return err
}

// spinners is how many threads spin.
const spinners = 16

// maxDescriptors is more than how many files a rogue has open.
const maxDescriptors = 100

// rogue does what its config says, most of it wrong. What it is can be changed by
// files in the folder that it runs in.
type rogue struct{}

func fromFile(name, otherwise string) string {
	text, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return otherwise
	}
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(text))
}

func (rogue) Describe() sdk.Description {
	switch fromFile("rogue.start", "") {
	case "hang":
		select {}
	case "exit":
		os.Exit(3)
	}
	kind := sdk.DealKind{Name: "some", Effect: sdk.OffOrderEffect, ConfigSchema: `{"type":"object"}`}
	units := kind
	units.Name, units.Effect = "units", sdk.OffUnitsEffect
	units.Fields = []sdk.Field{sdk.LineNameField, sdk.LineBrandField, sdk.LineCategoriesField, sdk.LineTagsField}
	award := kind
	award.Name, award.Effect = "award", sdk.AwardEffect
	var limits sdk.Limits
	if text := fromFile("rogue.limits", ""); text != "" {
		if err := json.Unmarshal([]byte(text), &limits); err != nil {
			panic(err)
		}
	}
	name := fromFile("rogue.name", "rogue")
	if given := os.Getenv("ROGUE"); given != "" {
		name = given
	}
	return sdk.Description{
		Limits: limits, Name: name, Version: fromFile("rogue.version", "1.0.0"),
		Deals: []sdk.DealKind{kind, units, award}, Facts: []sdk.Fact{
			{Name: "points", Type: sdk.NumberFact, Fields: []sdk.Field{sdk.CustomerField}},
			{Name: "grade", Type: sdk.TextFact, Fields: []sdk.Field{sdk.CustomerField}},
		},
	}
}

func (rogue) Configure(_ context.Context, s sdk.Settings) error {
	var settings struct{ Refuse string }
	if err := s.Decode(&settings); err != nil {
		return err
	}
	if settings.Refuse != "" {
		return errors.New(settings.Refuse)
	}
	return nil
}

func (rogue) Facts(_ context.Context, req sdk.FactsRequest) (map[string]sdk.Value, error) {
	if req.Cart.Customer == nil {
		return nil, nil
	}
	switch req.Cart.Customer.ID {
	case "text":
		return map[string]sdk.Value{"points": sdk.Text("many")}, nil
	case "NaN":
		return map[string]sdk.Value{"points": sdk.Decimal("NaN")}, nil
	case "long":
		return map[string]sdk.Value{"grade": sdk.Text(strings.Repeat("x", 201))}, nil
	case "panic":
		panic("no facts today")
	}
	return map[string]sdk.Value{"points": sdk.Int(120), "unasked": sdk.Int(1)}, nil
}

func (rogue) Evaluate(ctx context.Context, req sdk.Request) ([]sdk.Answer, error) {
	var config struct {
		Do    string
		Off   int64
		Sleep int64 // milliseconds
	}
	var answers []sdk.Answer
	for _, d := range req.Deals {
		if err := d.Decode(&config); err != nil {
			return nil, err
		}
		a := sdk.OffOrder(config.Off)
		switch config.Do {
		case "hang":
			select {}
		case "sleep":
			time.Sleep(time.Duration(config.Sleep) * time.Millisecond)
		case "panic":
			panic("deliberate")
		case "exit":
			os.Exit(7)
		case "fail":
			return nil, errors.New("no deals\ntoday")
		case "trace":
			return nil, fmt.Errorf("traceparents %q", metadata.ValueFromIncomingContext(ctx, "traceparent"))
		case "flood":
			line := strings.Repeat("spam ", 200) + "\n"
			for range 20_000 {
				fmt.Print(line)
				fmt.Fprint(os.Stderr, line)
			}
		case "eat":
			a.Off = int64(len(eat()))
		case "raw": // what programs in other languages print after the handshake
			for text := bytes.Repeat([]byte("spam"), 1<<14); len(text) > 0; text = text[4096:] {
				if n, err := syscall.Write(1, text[:min(len(text), 4096)]); err != nil {
					return nil, fmt.Errorf("%d: %w", n, err)
				}
			}
		case "escape": // a child that leaves the group and holds all that it can
			child := exec.Command("setsid", "sleep", "600")
			child.Stdout, child.Stderr = os.NewFile(1, "stdout"), os.NewFile(2, "stderr")
			if err := child.Start(); err != nil {
				return nil, err
			}
		case "unplug":
			if err := unplug(); err != nil {
				return nil, err
			}
		case "NaN":
			a = sdk.Award("points", "NaN")
		case "award":
			a = sdk.Award("points", "5")
		case "each":
			units := make([]sdk.Units, len(req.Cart.Lines))
			for i, l := range req.Cart.Lines {
				units[i] = sdk.Units{SKU: l.SKU, Quantity: 1, Each: 100}
			}
			a = sdk.OffUnits(units...)
		case "many":
			a = sdk.OffUnits(sdk.Units{SKU: "TV", Quantity: 3, Each: 1})
		case "dear":
			a = sdk.OffUnits(sdk.Units{SKU: "TV", Quantity: 1, Each: 10_001})
		case "below":
			a = sdk.OffUnits(sdk.Units{SKU: "TV", Quantity: 1, Each: -1})
		case "lines":
			units := make([]sdk.Units, 5000)
			for i := range units {
				units[i] = sdk.Units{SKU: "TV", Quantity: 1, Each: 1}
			}
			a = sdk.OffUnits(units...)
		case "spin": // in so many threads that it gets its share of a busy machine
			runtime.GOMAXPROCS(spinners)
			for range spinners {
				go func() {
					for n := uint64(1); n != 0; n++ { // centuries
					}
				}()
			}
		case "child":
			if err := exec.Command("sleep", "600").Start(); err != nil {
				return nil, err
			}
		case "unknown":
			a = sdk.OffUnits(sdk.Units{SKU: "nowhere", Quantity: 1, Each: 1})
		case "huge":
			a = sdk.Nothing(strings.Repeat("x", 3<<20))
		case "stranger":
			answers = append(answers, sdk.Answer{ID: "7:nobody", Off: 1})
		case "twice":
			a.ID = d.ID
			answers = append(answers, a)
		case "mute":
			continue
		}
		a.ID = d.ID
		answers = append(answers, a)
	}
	return answers, nil
}
