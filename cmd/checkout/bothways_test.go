package main_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// outcome is what a command wrote, and its exit code.
type outcome struct {
	stdout, stderr string
	code           int
}

// do runs a command with a key of the API.
func do(t testing.TB, key string, args ...string) outcome {
	t.Helper()
	program := exec.Command("checkout", args...)
	program.Env = environment("CHECKOUT_KEY="+key, "CHECKOUT_SERVER=http://127.0.0.1:1")
	var out, errs strings.Builder
	program.Stdout, program.Stderr = &out, &errs
	if err := program.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Fatal(err)
	}
	return outcome{out.String(), errs.String(), program.ProcessState.ExitCode()}
}

// local and remote run a command on the database, and over the server on it.
func (s *keptShop) local(args ...string) outcome {
	s.t.Helper()
	return do(s.t, "", append(slices.Clone(args), s.database()...)...)
}

func (s *keptShop) remote(args ...string) outcome {
	s.t.Helper()
	return do(s.t, password, append(slices.Clone(args), "--server", s.url)...)
}

func (s *keptShop) database() []string { return append([]string{"--sqlite", s.file}, s.settings...) }

// same demands that a command that reads writes the same bytes both ways, and something.
func (s *keptShop) same(args ...string) {
	s.t.Helper()
	s.alike(s.local(args...), s.remote(args...), args...)
}

// alike demands the same bytes of a command that went well both ways.
func (s *keptShop) alike(local, remote outcome, args ...string) {
	s.t.Helper()
	if diff := cmp.Diff(local, remote, cmp.AllowUnexported(outcome{})); diff != "" || local.stdout == "" || local.code != 0 {
		s.t.Errorf("%q (-database +server):\n%s\nthe database says %+v", args, diff, local)
	}
}

// refused demands that a command is refused both ways, by the same exit code, and what is
// said of it over the server.
func (s *keptShop) refused(code int, want string, args ...string) {
	s.t.Helper()
	if local := s.local(args...); local.code != code || local.stdout != "" {
		s.t.Errorf("%q on the database: got %+v, want exit code %d", args, local, code)
	}
	s.says(s.remote(args...), code, want, args...)
}

// says demands an error, in which URL stands for that of the server.
func (s *keptShop) says(got outcome, code int, want string, args ...string) {
	s.t.Helper()
	want = strings.ReplaceAll(want, "URL", s.url)
	if got.stdout != "" || got.code != code || got.stderr != "checkout: "+want+"\n" {
		s.t.Errorf("%q: got %+v, want exit code %d and %q", args, got, code, want)
	}
}

// usage demands a wrong command line, and how it is said to be wrong.
func (s *keptShop) usage(want string, args ...string) {
	s.t.Helper()
	got := do(s.t, password, args...)
	if first, _, _ := strings.Cut(got.stderr, "\n"); got.code != 2 || first != "checkout: "+want {
		s.t.Errorf("%q: got %+v, want exit code 2 and %q", args, got, want)
	}
}

const nobody = "019ab4f2-8c1e-7d3a-9b60-5e2f1c7a4d90"

func TestOrdersAreTheSameOverAServer(t *testing.T) {
	s := startKept(t)
	first, second, third, fourth := s.buy(tv, tv, tv, macbook), s.buy(tv), s.buy(tv), s.buy(macbook, macbook)
	for _, format := range []string{"pretty", "json"} {
		s.same("orders", "list", "-o", format)
		s.same("orders", "list", "--limit", "2", "-o", format)
		s.same("orders", "list", "--limit", "2", "--after", second.Reference, "-o", format)
		s.same("orders", "list", "--until", "2020-01-01", "-o", format)
		s.same("orders", "list", "--since", "2020-01-01", "-o", format)
	}
	s.same("orders", "show", first.Reference)
	s.alike(s.mask(s.local("orders", "cancel", second.Reference, "--reason", "never paid")), s.mask(s.remote("orders", "cancel", third.Reference, "--reason", "never paid")))
	s.same("orders", "show", third.Reference)
	twice := s.buy(tv, tv, tv, macbook)
	s.alike(s.mask(s.local("orders", "return", first.Reference, tv+"=1", "-o", "json")), s.mask(s.remote("orders", "return", twice.Reference, tv+"=1", "-o", "json")))
	s.same("orders", "show", twice.Reference)
	s.alike(s.mask(s.local("orders", "return", fourth.Reference, macbook+"=1", "--policy", "reprice_kept")),
		s.mask(s.remote("orders", "return", s.buy(macbook, macbook).Reference, macbook+"=1", "--policy", "reprice_kept")))
	s.same("orders", "show", first.Reference)
	s.same("orders", "list")

	page := "\n  see URL/docs/problems/"
	s.refused(1, "the server refuses: order \""+nobody+"\" not found (unknown_order)"+page+"unknown_order", "orders", "show", nobody)
	s.refused(1, "the server refuses: order "+third.Reference+" is cancelled (order_state)"+page+"order_state", "orders", "cancel", third.Reference)
	s.refused(1, "the server refuses: return of order "+first.Reference+": 9 units of "+tv+", and the customer has 2 (too_many_units)\n  /units/0/quantity: the customer has 2"+page+"too_many_units",
		"orders", "return", first.Reference, tv+"=9")
	list := []string{"orders", "list", "--server", s.url}
	s.says(do(t, "wrong", list...), 1, "the server refuses: Authorization is missing, or has no key that is valid: want Bearer ck_… (unauthorized)"+page+"unauthorized", list...)
	key := strings.Fields(s.local("keys", "create", "storefront", "--scope", "quotes:read").stdout + " none")[0]
	s.says(do(t, key, list...), 1, "the server refuses: the key lacks the scope orders:read (forbidden)"+page+"forbidden", list...)
	away := do(t, password, "orders", "cancel", nobody, "--server", "http://127.0.0.1:1")
	if want := regexp.MustCompile(`^checkout: ask the server: .*127\.0\.0\.1:1.*; is it running, and --server right\?\n$`); away.code != 4 || !want.MatchString(away.stderr) {
		t.Errorf("a server that is away: got %+v", away)
	}
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte(password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.alike(s.local("orders", "list"), do(t, "", append(list, "--key-file", file)...))
	s.usage("no key of the API: set CHECKOUT_KEY, or name a file with --key-file; checkout keys create makes one", append(list, "--key-file", os.DevNull)...)
	s.usage("--sqlite is for a database, and --server asks a server: leave one of them out", append(list, "--sqlite", s.file)...)
	s.usage("--key-file is for a server: name it with --server", "orders", "list", "--key-file", file)
	s.usage(`-o json of "checkout orders show" tells what servers do not: leave out -o json, or --server`, "orders", "show", nobody, "-o", "json", "--server", s.url)
	s.usage("--dry-run is nothing for a server: leave it out, or --server", "orders", "return", nobody, tv+"=1", "--dry-run", "--server", s.url)
	s.usage("--server shop: want the URL of a server, such as https://shop.example", "orders", "list", "--server", "shop")
	s.usage("--server : want the URL of a server, such as https://shop.example", "orders", "list", "--server", "")
}

// More orders than a page of the API has are followed by its cursors.
func TestListsOverAServerGoOnOverPages(t *testing.T) {
	s := startKept(t)
	s.put(item{"Google TV", tv, "49.99", 1000})
	for range 203 {
		s.buy(tv)
	}
	s.same("orders", "list", "--limit", "201", "-o", "json")
	s.same("orders", "list", "--limit", "203", "-o", "json")
	s.same("orders", "list", "--limit", "1000")
}

// mask hides what two changes alike differ in.
func (s *keptShop) mask(t outcome) outcome {
	t.stdout, t.stderr = masked(t.stdout), masked(t.stderr)
	return t
}

// A request whose key was used is done once, whichever command sends it.
func TestAChangeOverAServerIsDoneOnceForItsKey(t *testing.T) {
	s := startKept(t)
	order := s.buy(tv, tv)
	args := []string{"orders", "return", order.Reference, tv + "=1", "--idempotency-key", "one", "-o", "json"}
	first := s.remote(args...)
	s.alike(first, s.remote(args...), args...)
	if got := s.remote("orders", "show", order.Reference).stdout; strings.Count(got, "1 x "+tv) != 1 {
		t.Errorf("got\n%s\nwant one return", got)
	}
	if status, _ := s.call(http.MethodGet, "/livez", nil); status != http.StatusOK {
		t.Errorf("the server answers %d", status)
	}
}

func TestItemsAreTheSameOverAServer(t *testing.T) {
	s := startKept(t)
	s.settings = []string{"--rules", s.rules}
	file := filepath.Join(t.TempDir(), "items.csv")
	text := "sku,name,price,min_price,stock,categories,brand,tags,attributes.colour,attributes.eol\nMUG,\"A mug, blue\",5.50,1.00,3,kitchen;gifts,Acme,new;blue,blue,true\n"
	for i := range 250 {
		text += fmt.Sprintf("Z%03d,Thing %d,1.00,,%d,,,,,\n", i, i, i)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if imported := s.local("items", "import", file); imported.code != 0 {
		t.Fatalf("items import: %+v", imported)
	}
	for _, format := range []string{"csv", "jsonl"} {
		s.same("items", "export", "--format", format)
	}
	s.buy(tv)
	s.alike(s.local("items", "adjust", tv, "-1", "--reason", "correction", "--note", "broken"), outcome{stdout: tv + ": -1, stock 8\n"})
	s.alike(s.remote("items", "adjust", tv, "-1", "--reason", "correction", "--note", "broken"), outcome{stdout: tv + ": -1, stock 7\n"})
	s.alike(s.local("items", "adjust", tv, "1", "--reason", "receipt", "-o", "json"), outcome{stdout: "{\n  \"sku\": \"120P90\",\n  \"delta\": 1,\n  \"stock\": 8\n}\n"})
	s.alike(s.remote("items", "adjust", tv, "1", "--reason", "receipt", "-o", "json"), outcome{stdout: "{\n  \"sku\": \"120P90\",\n  \"delta\": 1,\n  \"stock\": 9\n}\n"})
	for _, format := range []string{"pretty", "json"} {
		s.same("items", "show", tv, "-o", format)
		s.same("items", "show", "MUG", "-o", format)
		s.same("items", "movements", tv, "-o", format)
		s.same("items", "movements", tv, "--limit", "2", "-o", format)
		s.same("items", "movements", tv, "--from", "3", "-o", format)
	}
	s.alike(s.remote("items", "delete", "MUG"), outcome{stdout: "deleted MUG\n"})
	page := "\n  see URL/docs/problems/"
	unknown := `the server refuses: item "MUG" not found (unknown_item)` + page + "unknown_item"
	s.refused(1, unknown, "items", "show", "MUG")
	s.refused(1, unknown, "items", "delete", "MUG")
	s.same("items", "movements", "MUG")
	s.alike(s.remote("items", "restore", "MUG"), outcome{stdout: "restored MUG\n"})
	s.same("items", "show", "MUG")
	s.refused(1, "the server refuses: insufficient stock for item MUG: requested 4, available 3 (out_of_stock)"+page+"out_of_stock", "items", "adjust", "MUG", "-4", "--reason", "correction")
	s.refused(2, "the server refuses: /reason: want receipt, correction, return or import (invalid_body)"+page+"invalid_body", "items", "adjust", "MUG", "1", "--reason", "sale")
	s.refused(2, "limit: is 0; want 1 to 1000", "items", "movements", "MUG", "--limit", "0")
	s.usage("servers delete and restore one item at a time, and not all or none: name one SKU, or leave out --server", "items", "delete", "A", "B", "--server", s.url)
	s.usage(`"Google TV" is no SKU, and servers find items by SKU alone`, "items", "show", "Google TV", "--server", s.url)
	s.usage("--rules is for a database, and --server asks a server: leave one of them out", "items", "show", tv, "--rules", s.rules, "--server", s.url)
}

func TestPromotionsAreTheSameOverAServer(t *testing.T) {
	s := startKept(t)
	file := filepath.Join(s.rules, "more.yaml")
	before := s.price(tv).Ruleset
	more := "promotions:\n  - {id: late, name: 'Late, \"quoted\"', schedule: {from: 2030-01-01T00:00:00+02:00, until: 2031-01-01T00:00:00+02:00, timezone: Europe/Berlin, days: [mon, fri], hours: [08:00-10:00]}, limits: {redemptions: 10, budget: 100.00, per: day}, deal: {percent_off: {of: order, percent: 10}}}\n"
	for i := range 205 {
		more += fmt.Sprintf("  - {id: p%03d, enabled: false, deal: {percent_off: {of: order, percent: 10}}}\n", i)
	}
	if err := os.WriteFile(file, []byte(more), 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, "new rules", patience, func() bool { return s.price(tv).Ruleset != before })
	s.buy(tv, tv, tv)
	pause := []string{"promotions", "pause", "tv-3-for-2", "--reason", "priced too low"}
	local, remote := s.mask(s.local(pause...)), s.mask(s.remote(pause...))
	s.alike(local, remote, pause...) // which the second one finds done
	for _, format := range []string{"pretty", "json"} {
		s.same("promotions", "list", "-o", format)
		s.same("promotions", "list", "--state", "paused", "-o", format)
		s.same("promotions", "list", "--text", "late", "-o", format)
		s.same("promotions", "list", "--text", "nothing", "-o", format)
		s.same("promotions", "show", "tv-3-for-2", "-o", format)
		s.same("promotions", "show", "late", "-o", format)
	}
	instant := regexp.MustCompile(`"(at|until)": "[^"]*"`)
	pause = append(pause, "--until", "12h", "-o", "json")
	local, remote = s.local(pause...), s.remote(pause...)
	local.stdout = strings.NewReplacer(`"by": "cli"`, `"by": "password"`, `"revision": 2`, `"revision": 3`).Replace(local.stdout)
	local.stdout, remote.stdout = instant.ReplaceAllString(local.stdout, "$1"), instant.ReplaceAllString(remote.stdout, "$1")
	s.alike(local, remote, pause...)
	resumed := outcome{stdout: "promotion tv-3-for-2 is in force\n"}
	s.alike(s.remote("promotions", "resume", "tv-3-for-2"), resumed)
	s.same("promotions", "resume", "tv-3-for-2")
	s.alike(s.remote("promotions", "resume", "tv-3-for-2"), outcome{stdout: "promotion tv-3-for-2 was not paused\n"})
	unknown := `the server refuses: the rules in force have no promotion "nobody" (unknown_promotion)` + "\n  see URL/docs/problems/unknown_promotion"
	s.refused(1, unknown, "promotions", "show", "nobody")
	s.refused(1, unknown, "promotions", "pause", "nobody", "--reason", "why")
	s.refused(1, unknown, "promotions", "resume", "nobody")
	s.usage(`-o json of "checkout promotions resume" tells what servers do not: leave out -o json, or --server`, "promotions", "resume", "late", "-o", "json", "--server", s.url)
}

func TestHoldsAreTheSameOverAServer(t *testing.T) {
	s := startKept(t)
	s.put(item{"Raspberry Pi B", pi, "30.00", 10})
	first, second, third := s.hold(time.Hour), s.hold(time.Hour), s.hold(time.Hour)
	s.alike(s.mask(s.local("holds", "release", first.Reference)), s.mask(s.remote("holds", "release", second.Reference)))
	for _, format := range []string{"pretty", "json"} {
		s.same("holds", "list", "-o", format)
		s.same("holds", "list", "--limit", "2", "-o", format)
		s.same("holds", "list", "--state", "held", "--limit", "1", "-o", format)
		s.same("holds", "list", "--after", third.Reference, "-o", format)
	}
	s.same("holds", "show", second.Reference)
	s.same("holds", "show", third.Reference)
	page := "\n  see URL/docs/problems/"
	s.refused(1, `the server refuses: hold "`+nobody+`" not found (unknown_hold)`+page+"unknown_hold", "holds", "show", nobody)
	s.refused(1, "the server refuses: hold "+first.Reference+" is released (hold_state)"+page+"hold_state", "holds", "release", first.Reference)
	s.usage(`-o json of "checkout holds show" tells what servers do not: leave out -o json, or --server`, "holds", "show", nobody, "-o", "json", "--server", s.url)
}

func TestCouponsAreTheSameOverAServer(t *testing.T) {
	s := startKept(t)
	s.same("coupons", "list")
	for _, pool := range []string{"spring", "summer"} {
		if made := s.local("coupons", "create", pool, "--count", "3", "--prefix", strings.ToUpper(pool)); made.code != 0 {
			t.Fatalf("coupons create: %+v", made)
		}
	}
	codes := regexp.MustCompile(`(?m)^SPRING-[^,]*`).FindAllString(s.local("coupons", "export", "spring").stdout, -1)
	if len(codes) != 3 {
		t.Fatalf("got the codes %q, want 3", codes)
	}
	s.alike(s.local("coupons", "revoke", codes[0]), s.remote("coupons", "revoke", codes[1]))
	s.alike(s.local("coupons", "restore", codes[0], "-o", "json"), s.remote("coupons", "restore", codes[1], "-o", "json"))
	revoked := s.remote("coupons", "revoke", "--pool", "summer", "-o", "json")
	s.alike(s.local("coupons", "show", "summer", "-o", "json"), revoked)
	for _, format := range []string{"pretty", "json"} {
		s.same("coupons", "list", "-o", format)
		s.same("coupons", "show", "spring", "-o", format)
		s.same("coupons", "show", "summer", "-o", format)
		s.same("coupons", "show", strings.ToLower(codes[2]), "-o", format)
	}
	s.alike(s.local("coupons", "restore", "--pool", "summer"), s.remote("coupons", "restore", "--pool", "summer"))
	s.alike(s.remote("coupons", "revoke", codes[0]), outcome{stdout: "1 code revoked\n"})
	day := regexp.MustCompile(`, revoked \d{4}-\d\d-\d\d\n$`)
	local := s.local("coupons", "show", codes[0])
	if !day.MatchString(local.stdout) {
		t.Errorf("the database says %+v, want the day of its end", local)
	}
	local.stdout = day.ReplaceAllString(local.stdout, "\n")
	s.alike(local, s.remote("coupons", "show", codes[0])) // which does not tell the day
	wrong := codes[2] + "X"
	s.refused(1, strings.TrimSuffix(strings.TrimPrefix(s.local("coupons", "show", wrong).stderr, "checkout: "), "\n"), "coupons", "show", wrong)
	page := "\n  see URL/docs/problems/"
	s.refused(1, `the server refuses: coupon pool "winter" not found (unknown_pool)`+page+"unknown_pool", "coupons", "revoke", "--pool", "winter")
	s.refused(1, "the server refuses: no pool has the coupon code NONE-1 (unknown_codes)\n  /codes/0: no pool has it"+page+"unknown_codes", "coupons", "revoke", "NONE-1")
}

func TestCouponsAreMadeTheSameOverAServer(t *testing.T) {
	s := startKept(t)
	// Pools that are alike but for the way, whose name is in what is told.
	both := func(args ...string) (local, remote outcome) {
		t.Helper()
		local = s.local(strings.Split(strings.ReplaceAll(strings.Join(args, "\n"), "NAME", "here"), "\n")...)
		remote = s.remote(strings.Split(strings.ReplaceAll(strings.Join(args, "\n"), "NAME", "afar"), "\n")...)
		remote.stdout = strings.ReplaceAll(remote.stdout, "afar", "here")
		created := regexp.MustCompile(`"created_at": "[^"]*"`)
		for _, o := range []*outcome{&local, &remote} {
			o.stdout = created.ReplaceAllString(o.stdout, `"created_at": "then"`)
		}
		return local, remote
	}
	alike := func(args ...string) {
		t.Helper()
		local, remote := both(args...)
		s.alike(local, remote, args...)
	}
	alike("coupons", "create", "NAME", "--count", "3", "--prefix", "spring", "--length", "9", "--groups", "3")
	alike("coupons", "create", "NAME-many", "--count", "25000", "-o", "json") // which takes several requests
	alike("coupons", "generate", "NAME", "--count", "2")
	alike("coupons", "generate", "NAME", "--count", "1", "-o", "json")
	alike("coupons", "show", "NAME-many", "-o", "json")
	alike("coupons", "create", "NAME-letters")
	for way, run := range map[string]func(...string) outcome{"here": s.local, "afar": s.remote} {
		file := filepath.Join(t.TempDir(), "codes.csv")
		if err := os.WriteFile(file, []byte("name,code\nAnn,"+strings.ToUpper(way)+"-1\nBob,"+strings.ToUpper(way)+"-2\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		s.alike(run("coupons", "import", way+"-letters", file), outcome{stdout: "2 codes imported\n" + way + "-letters: 0 codes made, 2 imported\n"}, way)
	}
	for _, pool := range []string{"here", "afar", "here-letters", "here-many"} {
		s.same("coupons", "export", pool)
	}
	file := filepath.Join(t.TempDir(), "spring.csv")
	if got := s.remote("coupons", "export", "afar", "-o", file); got != (outcome{}) {
		t.Errorf("export to a file: got %+v", got)
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != s.local("coupons", "export", "afar").stdout {
		t.Errorf("export to a file: got %s, %v", text, err)
	}

	codes := filepath.Join(t.TempDir(), "codes.csv")
	if err := os.WriteFile(codes, []byte("code\nAFAR-1\nAFAR-3\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	s.alike(s.remote("coupons", "import", "afar-letters", codes), outcome{stdout: "1 code imported\nafar-letters: 0 codes made, 3 imported\n"})
	s.says(s.remote("coupons", "import", "afar-letters", codes), 5, codes+" has no codes to add")
	page := "\n  see URL/docs/problems/"
	if err := os.WriteFile(codes, []byte("code\nAFAR-1\nA B\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	s.says(s.remote("coupons", "import", "here-letters", codes), 1, "the server refuses: 1 code cannot be added: none was (codes_refused)\n  line 2: AFAR-1 belongs to pool afar-letters"+page+"codes_refused")
	s.says(s.remote("coupons", "create", "afar", "--count", "3"), 1, "there is a coupon pool afar already")
	s.says(s.remote("coupons", "create", "more", "--count", "1000000", "--length", "8"), 1, "the server refuses: 1000000 codes of 8 letters could be guessed: one of 3404 guesses would hit, "+
		"and it has to be one of 10000 or more; use 9 letters or more, or at most 340482 codes (pool_refused)"+page+"pool_refused")
	s.says(s.remote("coupons", "generate", "afar"), 5, "pool afar has all its 6 codes; ask for more with --count")
	s.refused(1, `the server refuses: coupon pool "winter" not found (unknown_pool)`+page+"unknown_pool", "coupons", "export", "winter")
	s.says(s.remote("coupons", "generate", "winter"), 1, `coupon pool "winter" not found`)
	s.usage("--idempotency-key is for a server: name it with --server", append([]string{"coupons", "create", "more", "--idempotency-key", "k"}, s.database()...)...)
}

func TestCartsArePricedTheSameOverAServer(t *testing.T) {
	s := startKept(t)
	for _, cart := range [][]string{
		{"--cart", tv + " x3", "--cart", macbook}, {"--cart", tv, "--cart", tv + " x2"}, {"--cart", macbook + " x2", "--customer", "ann", "--at", "2030-01-01T00:00:00Z"},
	} {
		args := append([]string{"rules", "price"}, cart...)
		s.alike(do(t, "", append(args, "-r", s.rules, "-c", quickstart("inventory.yaml"))...), s.remote(args...), args...)
	}
	page := "\n  see URL/docs/problems/"
	s.says(s.remote("rules", "price", "--cart", "NONE x2"), 1, "the server refuses: 1 of 1 lines are of items that nobody knows (unknown_items)\n  /lines/0/sku: no item has the SKU NONE"+page+"unknown_items")
	s.says(s.remote("rules", "price", "--cart", tv, "--coupon", "NONE"), 1, "the server refuses: 1 of 1 coupon codes are known to nobody (unknown_coupons)\n  /coupons/0: nobody knows this code"+page+"unknown_coupons")
	s.usage(`--cart "TV 3": want a SKU and a quantity, such as 'A304SD x4'`, "rules", "price", "--cart", "TV 3", "--server", s.url)
	s.usage(`--at "noon": want an instant such as 2026-11-27T10:00:00Z`, "rules", "price", "--cart", tv, "--at", "noon", "--server", s.url)
	s.usage("name the lines of the cart with --cart 'SKU x3': a server has rules and items of its own, and takes no file", "rules", "price", "cart.yaml", "--server", s.url)
	s.usage("--rules is nothing for a server: leave it out, or --server", "rules", "price", "--cart", tv, "-r", s.rules, "--server", s.url)
	s.usage(`-o json of "checkout rules price" tells what servers do not: leave out -o json, or --server`, "rules", "price", "--cart", tv, "-o", "json", "--server", s.url)
}

func TestTheAuditLogIsTheSameOverAServer(t *testing.T) {
	s := startKept(t)
	for range 3 {
		if paused := s.remote("promotions", "pause", "tv-3-for-2", "--reason", "why"); paused.code != 0 {
			t.Fatalf("promotions pause: %+v", paused)
		}
		s.remote("promotions", "resume", "tv-3-for-2")
	}
	for _, format := range []string{"pretty", "json"} {
		s.same("audit", "-o", format)
		s.same("audit", "--limit", "2", "-o", format)
		s.same("audit", "--limit", "2", "--after", "4", "-o", format)
		s.same("audit", "--until", "2020-01-01", "-o", format)
		s.same("audit", "--actor", "nobody", "-o", format)
		s.same("audit", "--action", "resumePromotion", "--subject", "tv-3-for-2", "--since", "2020-01-01", "-o", format)
	}
}
