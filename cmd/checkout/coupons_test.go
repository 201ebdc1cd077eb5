package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestCodesSurviveEveryEnd makes a pool in three runs, of which the first is
// interrupted and the second killed.
func TestCodesSurviveEveryEnd(t *testing.T) {
	shop := filepath.Join(t.TempDir(), "shop.db")
	tool(t, "db", "migrate", "--sqlite", shop) // so that its pools can be listed from the start
	interrupted := begin(t, shop, "create", "big", "--count", fmt.Sprint(manyCodes))
	interrupted.signalOnce(syscall.SIGINT, func(issued int64) bool { return issued > 0 })
	if code := interrupted.cmd.ProcessState.ExitCode(); code != 130 {
		t.Errorf("exit code after SIGINT: got %d, want 130", code)
	}
	first := issued(t, shop)
	want := fmt.Sprintf("checkout: interrupted: pool big has %d of %d codes; make the others with: checkout coupons generate big\n", first, manyCodes)
	if got := interrupted.stderr.String(); got != want {
		t.Errorf("message after SIGINT: got %q, want %q", got, want)
	}

	killed := begin(t, shop, "generate", "big")
	killed.signalOnce(syscall.SIGKILL, func(issued int64) bool { return issued > first })
	second := issued(t, shop)
	codes := exported(t, shop)
	if int64(len(codes)) != second || second <= first {
		t.Errorf("after SIGKILL: got %d codes where %d are counted, want the same and more than %d", len(codes), second, first)
	}

	coupons(t, shop, "generate", "big")
	all := exported(t, shop)
	if got := len(slices.Compact(slices.Sorted(slices.Values(all)))); got != manyCodes || len(all) != manyCodes {
		t.Errorf("in the end: got %d codes, %d of them distinct, want %d", len(all), got, manyCodes)
	}
	if !slices.Equal(all[:len(codes)], codes) {
		t.Error("in the end: the codes that were there before the kill are not the first ones")
	}
}

// couponTool is a command on coupons that runs.
type couponTool struct {
	t      *testing.T
	shop   string
	cmd    *exec.Cmd
	stderr bytes.Buffer
}

func couponCommand(shop string, args ...string) *exec.Cmd {
	cmd := exec.Command("checkout", append([]string{"coupons"}, append(args, "--sqlite", shop)...)...)
	cmd.Env = environment()
	return cmd
}

func begin(t *testing.T, shop string, args ...string) *couponTool {
	r := &couponTool{t: t, shop: shop, cmd: couponCommand(shop, args...)}
	r.cmd.Stderr = &r.stderr
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return r
}

// signalOnce sends the signal when the number of codes is right, and waits for
// the end.
func (r *couponTool) signalOnce(sig os.Signal, right func(int64) bool) {
	r.t.Helper()
	eventually(r.t, "codes", time.Minute, func() bool { return right(issued(r.t, r.shop)) })
	if err := r.cmd.Process.Signal(sig); err != nil {
		r.t.Fatal(err)
	}
	if err := r.cmd.Wait(); err == nil {
		r.t.Fatalf("the command was done before %v came; want more codes", sig)
	}
}

// coupons runs a command that must succeed.
func coupons(t *testing.T, shop string, args ...string) string {
	t.Helper()
	cmd := couponCommand(shop, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("coupons %v: %v", args, err)
	}
	return string(out)
}

// issued is how many codes the pool has, 0 when there is none yet.
func issued(t *testing.T, shop string) int64 {
	t.Helper()
	var list struct{ Pools []struct{ Issued int64 } }
	if err := json.Unmarshal([]byte(coupons(t, shop, "list", "-o", "json")), &list); err != nil {
		t.Fatal(err)
	}
	if len(list.Pools) == 0 {
		return 0
	}
	return list.Pools[0].Issued
}

func exported(t *testing.T, shop string) []string {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(coupons(t, shop, "export", "big"), "\n"), "\n")
	line := regexp.MustCompile(`^([2346789CDFGHJKMPQRTVWXY]{4}-[2346789CDFGHJKMPQRTVWXY]{4}),big,available,`)
	codes := make([]string, len(lines)-1)
	for i, text := range lines[1:] {
		found := line.FindStringSubmatch(text)
		if found == nil {
			t.Fatalf("got line %q, want a code", text)
		}
		codes[i] = found[1]
	}
	return codes
}
