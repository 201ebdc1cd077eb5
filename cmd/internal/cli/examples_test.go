package cli_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/cmd/internal/cli"
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/persistence/sqlite"
	"github.com/checkout-promotions/checkout/persistence/storetest"
)

// elsewhere are the commands whose examples this test does not run.
func elsewhere() map[string]string {
	const remote = "asks a server, which TestRulesArePublishedToAServer runs"
	return map[string]string{
		"checkout rules push": remote, "checkout rules activate": remote, "checkout rules rollback": remote, "checkout rules history": remote,
		"checkout plugins dev": "builds with the go command and runs until it is stopped, which a test of its own does",
	}
}

// preparations are what is done, in a copy of the shop, before the examples of a
// command are run there. Commands not listed need no more than the shop.
func preparations() map[string][]string {
	return map[string][]string{
		"checkout coupons generate": {"checkout coupons create spring --count 5"},
		"checkout coupons export":   {"checkout coupons create spring --count 5"},
		"checkout coupons show":     {"checkout coupons create spring --count 5 --prefix SPRING"},
		"checkout coupons revoke":   {"checkout coupons create spring --count 5 --prefix SPRING"},
		"checkout coupons restore":  {"checkout coupons create spring --count 5 --prefix SPRING", "checkout coupons revoke --pool spring"},
		"checkout coupons list":     {"checkout coupons create spring"},
		"checkout keys rotate":      {"checkout keys create storefront --scope quotes:read"},
		"checkout keys revoke":      {"checkout keys create storefront --scope quotes:read"},
		"checkout items restore":    {"checkout items delete 120P90"},
		"checkout plugins verify":   {"checkout plugins lock --plugins plugins --rules rules"},
		"checkout rules backtest":   {"checkout orders export | gzip >november.jsonl.gz"},
		"checkout plugins new":      {"mkdir src"},
		"checkout rules new rule":   {"rm rules/tv.yaml", "rm rules/quickstart_test.yaml"},
	}
}

// codes are the exit codes of examples that are not 0.
func codes() map[string]int {
	return map[string]int{
		// There is no Postgres server; db_postgres.txtar has one.
		"CHECKOUT_DB_PASSWORD=secret checkout db migrate --db-host db.internal --db-user shop":        4,
		"checkout db status --db-host db.internal -o json":                                            4,
		"checkout db unlock --db-host db.internal":                                                    4,
		"checkout db unlock --db-host db.internal --force":                                            4,
		"CHECKOUT_DB_PASSWORD=secret checkout run --db-host db.internal --db-user shop --rules rules": 4,
		// The pool has all of its codes.
		"checkout coupons generate spring": 5,
		// The plugin is not there, which plugins_authors.txtar builds.
		"checkout plugins schema stamps --plugins plugins >stamps.schema.json": 4,
		// Stubs say what the plugin never says.
		"checkout plugins test plugins/loyalty examples/loyalty":                                             1,
		"checkout plugins test plugins/loyalty --run 'test=points*' --config checkout.yaml examples/loyalty": 1,
		// There is something to tell of.
		"checkout rules check -o json --fail-level note examples/quickstart/rules":              1,
		"checkout rules diff examples/promotions/coupons/rules examples/promotions/gifts/rules": 1,
	}
}

// TestExamplesOfTheHelp runs the examples of every command, each command's in a copy of
// a shop that has sold: with the examples, rules in a git repository, a database with
// orders, holds, events and items, and a plugin.
func TestExamplesOfTheHelp(t *testing.T) {
	prepared := prepareShop(t)
	root := cli.Command(cli.Streams{})
	for _, cmd := range append(commands(root), root) {
		if _, is := elsewhere()[cmd.CommandPath()]; is || cmd.Example == "" {
			continue
		}
		t.Run(cmd.CommandPath(), func(t *testing.T) {
			e := prepared.copyFor(t, cmd)
			for _, line := range preparations()[cmd.CommandPath()] {
				if code, output := e.shell(line); code != 0 {
					t.Fatalf("%s: exit code %d\n%s", line, code, output)
				}
			}
			for line := range strings.Lines(cmd.Example) {
				line = strings.TrimSpace(line)
				if code, output := e.shell(line); code != codes()[line] {
					t.Errorf("%s: exit code %d, want %d\n%s", line, code, codes()[line], output)
				}
			}
		})
	}
}

// shopFolder is a folder with a shop, prepared once.
type shopFolder struct {
	folder       string
	hold, order  string // their references
	event        string // the id of one that was given up
	plugin, root string // the program, and the repository
}

// prepareShop makes a shop, and has customers buy in it.
func prepareShop(t *testing.T) shopFolder {
	root, err := filepath.Abs(filepath.Join("..", "..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	p := shopFolder{folder: t.TempDir(), root: root, plugin: filepath.Join(t.TempDir(), "loyalty")}
	built := make(chan error, 1)
	go func() { built <- buildLoyalty(root, p.plugin) }()
	endpoint := refusing(t, 2)
	t.Chdir(p.folder)
	copyTree(t, filepath.Join(root, "examples/quickstart/rules"), "rules")
	if err := os.Mkdir("plugins", 0o755); err != nil {
		t.Fatal(err)
	}
	copyTree(t, "rules", "old")
	copyTree(t, "rules", "new")
	write(t, map[string]string{
		"checkout.yaml":  "plugins: {dir: plugins, settings: {loyalty: {points: {ann: 1200, bob: 20}}}}\nwebhooks:\n  - {name: books, url: " + endpoint + ", secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw, events: [order.placed]}\n",
		"inventory.yaml": read(t, filepath.Join(root, "examples/quickstart/inventory.yaml")),
		"cart.yaml":      "rules: rules\ncatalogue: inventory.yaml\ncart: [120P90]\n",
		"items.csv":      "sku,name,price,stock\n120P90,Google TV,49.99,10\nMUG,Mug,5.00,3\n",
		"stock.csv":      "sku,price,stock\n120P90,49.99,34\n",
		"key.txt":        "hunter2\n",
		"codes.csv":      "code\nAUTUMN-1\nAUTUMN-2\n",
		"orders.csv":     "invoice,sku,quantity,unit_price,ordered_at\n1,120P90,3,49.99,2026-11-02T10:00:00Z\n",
	})
	p.sell(t)
	if err := <-built; err != nil {
		t.Fatal(err)
	}
	return p
}

// sell runs the server, buys, and leaves a hold.
func (p *shopFolder) sell(t *testing.T) {
	serving := newServing(t)
	done := make(chan int, 1)
	go func() {
		defer close(serving.up)
		done <- cli.Run(serving.ctx, strings.Fields("run --config checkout.yaml --rules rules --seed inventory.yaml --port 0"), cli.Streams{Out: io.Discard, Err: serving})
	}()
	url := "http://" + serving.address() + "/v0/inventory/items/purchase"
	for range 2 {
		answer, err := http.Post(url, "application/json", strings.NewReader(`{"skus": ["120P90", "120P90", "120P90", "43N23P"]}`))
		if err != nil {
			t.Fatal(err)
		}
		var bought struct {
			Order string `json:"order_reference"`
		}
		err = json.NewDecoder(answer.Body).Decode(&bought)
		_ = answer.Body.Close()
		if err != nil || bought.Order == "" {
			t.Fatalf("got %v and status %s, want an order", err, answer.Status)
		}
		p.order = bought.Order
	}
	e := examples{t: t, shop: *p}
	for until := time.Now().Add(20 * time.Second); p.event == ""; { // until both have been sent and given up
		if time.Now().After(until) {
			t.Fatalf("the events were not given up:\n%s", &serving.log)
		}
		_, output := e.shell("checkout webhooks list --state dead --config checkout.yaml -o json")
		if found := regexp.MustCompile(`"id": ?"([0-9a-f-]{36})"`).FindAllStringSubmatch(output, -1); len(found) == 2 {
			p.event = found[0][1]
		}
	}
	serving.stop()
	if code := <-done; code != 0 {
		t.Fatalf("the server ends with %d", code)
	}
	p.holdOne(t)
}

func (p *shopFolder) holdOne(t *testing.T) {
	usd, err := engine.ParseCurrency("USD")
	if err != nil {
		t.Fatal(err)
	}
	db, err := sqlite.Open(t.Context(), "data/db")
	if err != nil {
		t.Fatal(err)
	}
	store, err := persistence.New(db, persistence.Options{Currency: usd})
	if err != nil {
		t.Fatal(err)
	}
	hold, err := store.Hold(t.Context(), storetest.Sale([]string{"120P90"}, nil, func(map[string]*engine.Item) (engine.Quote, error) {
		return engine.Quote{Ruleset: "test", Currency: usd, Subtotal: 4999, Total: 4999, Lines: []engine.QuoteLine{{
			SKU: "120P90", Name: "Google TV", Quantity: 1, UnitPrice: 4999, Subtotal: 4999, Total: 4999, Units: []engine.Units{{Quantity: 1, Price: 4999}},
		}}}, nil
	}), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	p.hold = hold.Reference
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
}

// refusing is an endpoint that gives up the first events, and takes all others.
func refusing(t *testing.T, first int64) string {
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) <= first {
			w.WriteHeader(http.StatusGone)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// buildLoyalty builds the plugin of the examples.
func buildLoyalty(root, program string) error {
	build := exec.Command("go", "build", "-o", program, "./examples/plugins/loyalty")
	build.Dir = root
	output, err := build.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w\n%s", err, output)
	}
	return nil
}

// examples are run in a copy of the shop.
type examples struct {
	t    *testing.T
	shop shopFolder
}

// copyFor copies the shop, with what the examples of the command name.
func (p shopFolder) copyFor(t *testing.T, cmd *cobra.Command) examples {
	folder := t.TempDir()
	t.Chdir(folder)
	copyTree(t, p.folder, ".")
	text := strings.Join(append(preparations()[cmd.CommandPath()], cmd.Example), "\n")
	isPlugin := strings.HasPrefix(cmd.CommandPath(), "checkout plugins ")
	all := regexp.MustCompile(`(?m) examples$`).MatchString(text) // of which two are enough
	for _, name := range []string{"quickstart", "loyalty", "online-shop", "promotions"} {
		if strings.Contains(text, "examples/"+name) || all && name == "quickstart" || all && name == "loyalty" && cmd.Name() != "mutate" {
			copyTree(t, filepath.Join(p.root, "examples", name), filepath.Join("examples", name))
		}
	}
	if isPlugin {
		copyTree(t, filepath.Join(p.root, "examples/loyalty/rules"), "rules")
		if err := os.Link(p.plugin, "plugins/loyalty"); err != nil {
			t.Fatal(err)
		}
	}
	if strings.Contains(text, "HEAD:") || strings.Contains(text, "--new-only") {
		for _, args := range []string{"init -q -b main", "add -A", "-c user.name=a -c user.email=a@example.com commit -qm rules"} {
			if output, err := exec.CommandContext(t.Context(), "git", strings.Fields(args)...).CombinedOutput(); err != nil {
				t.Fatalf("git %s: %v\n%s", args, err, output)
			}
		}
	}
	return examples{t, p}
}

// shell runs a line as a shell does, as far as examples need it: quotes, variables
// before the command, an output that goes to a file, and there through gzip. What
// stands for something of the reader's shop is replaced.
func (e examples) shell(line string) (code int, output string) {
	e.t.Helper()
	words := split(e.t, e.here(line))
	if do := map[string]func(string) error{"rm": os.Remove, "mkdir": func(name string) error { return os.Mkdir(name, 0o755) }}[words[0]]; do != nil {
		if err := do(words[1]); err != nil {
			e.t.Fatal(err)
		}
		return 0, ""
	}
	var out, errs bytes.Buffer
	s := cli.Streams{In: strings.NewReader(conversation), Out: &out, Err: &errs, Env: []string{"CHECKOUT_PORT=0", "HOME=" + e.shop.folder}}
	if at := slices.Index(words, "http://localhost:8000"); at >= 0 {
		address, stop := e.serve()
		defer stop()
		words[at] = "http://" + address
	}
	for strings.Contains(words[0], "=") {
		s.Env, words = append(s.Env, words[0]), words[1:]
	}
	file, zipped := "", false
	for i, word := range words {
		name, redirected := strings.CutPrefix(word, ">")
		switch {
		case word == "|":
			words, zipped, file = words[:i], true, strings.TrimPrefix(words[i+2], ">")
		case redirected:
			words, file = words[:i], name
		default:
			continue
		}
		break
	}
	ctx := e.t.Context()
	if words[1] == "run" {
		serving := newServing(e.t)
		ctx, s.Err = serving.ctx, io.MultiWriter(&errs, serving)
		serving.stopWhenUp = true
	}
	if slices.Contains(words, "--watch") { // goes on until it is told to stop, here once it has said something
		var stop context.CancelFunc
		ctx, stop = context.WithCancel(ctx)
		defer stop()
		s.Out = io.MultiWriter(&out, stopper(stop))
	}
	code = cli.Run(ctx, words[1:], s)
	if slices.Contains(words, "--watch") && code == 130 {
		code = 0 // it was stopped before it had said all
	}
	if file != "" {
		save(e.t, file, out.Bytes(), zipped)
	}
	return code, out.String() + errs.String()
}

// serve runs a server on the shop, with the password of key.txt.
func (e examples) serve() (address string, stop func()) {
	serving, done := newServing(e.t), make(chan int, 1)
	go func() {
		defer close(serving.up)
		done <- cli.Run(serving.ctx, strings.Fields("run --config checkout.yaml --rules rules --port 0"),
			cli.Streams{Out: io.Discard, Err: serving, Env: []string{"CHECKOUT_PASSWORD=hunter2"}})
	}()
	return serving.address(), func() {
		serving.stop()
		if code := <-done; code != 0 {
			e.t.Errorf("the server ends with %d\n%s", code, &serving.log)
		}
	}
}

// here puts what there is in the shop in place of what the examples call it.
func (e examples) here(line string) string {
	reference := e.shop.order
	if strings.Contains(line, "checkout holds") {
		reference = e.shop.hold
	}
	line = strings.NewReplacer(
		"019ab4f2-8c1e-7d3a-9b60-5e2f1c7a4d90", reference, "01997c2e-7f00-7000-8000-000000000001", e.shop.event,
		"2026-11-01", time.Now().AddDate(0, 0, -1).Format(time.DateOnly), "2026-12-01", time.Now().AddDate(0, 0, 2).Format(time.DateOnly),
		"db.internal", filepath.Join(e.shop.folder, "nowhere"), "--port 8000", "--port 0", "~/checkout", e.shop.root,
		"bench loyalty --plugins", "bench loyalty --for 20ms --plugins", "--for 200ms", "--for 20ms",
	).Replace(line)
	if example := "4kq7w2mzpa"; strings.Contains(line, "keys") && strings.Contains(line, example) {
		_, all := e.shell("checkout keys list")
		line = strings.ReplaceAll(line, example, regexp.MustCompile(`(?m)^[a-z2-7]{10} `).FindString(all))
	}
	code := regexp.MustCompile(`(?i)SPRING-7KQ4-MH2T`)
	if !code.MatchString(line) {
		return line
	}
	_, all := e.shell("checkout coupons export spring -o made.csv")
	made := regexp.MustCompile(`SPRING-[0-9A-Z]{4}-[0-9A-Z]{4}`).FindString(read(e.t, "made.csv"))
	if made == "" {
		e.t.Fatalf("there is no code: %s", all)
	}
	return code.ReplaceAllString(line, made)
}

// conversation is what an editor says to a language server.
var conversation = message(`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}`) + message(`{"jsonrpc":"2.0","id":2,"method":"shutdown"}`) + message(`{"jsonrpc":"2.0","method":"exit"}`)

func message(text string) string { return fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(text), text) }

// split splits a line into words.
func split(t *testing.T, line string) []string {
	t.Helper()
	var words []string
	for _, word := range regexp.MustCompile(`(?:[^\s'"]|'[^']*'|"[^"]*")+`).FindAllString(line, -1) {
		words = append(words, strings.NewReplacer("'", "", `"`, "").Replace(word))
	}
	if len(words) < 2 {
		t.Fatalf("%q is no command", line)
	}
	return words
}

func save(t *testing.T, name string, text []byte, zipped bool) {
	t.Helper()
	var b bytes.Buffer
	if zipped {
		z := gzip.NewWriter(&b)
		_, _ = z.Write(text) // into memory
		_ = z.Close()
		text = b.Bytes()
	}
	if err := os.WriteFile(name, text, 0o666); err != nil {
		t.Fatal(err)
	}
}

// serving is the log of a server, which tells where it listens.
type serving struct {
	t          *testing.T
	ctx        context.Context
	stop       context.CancelFunc
	stopWhenUp bool
	up         chan string
	log        bytes.Buffer
}

func newServing(t *testing.T) *serving {
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	return &serving{t: t, ctx: ctx, stop: stop, up: make(chan string, 1)}
}

// Write implements io.Writer: a record of the log each time.
func (s *serving) Write(record []byte) (int, error) {
	s.log.Write(record)
	if at := regexp.MustCompile(`msg=listening address=(\S+)`).FindSubmatch(record); at != nil {
		s.up <- string(at[1])
		if s.stopWhenUp {
			s.stop()
		}
	}
	return len(record), nil
}

func (s *serving) address() string {
	s.t.Helper()
	select {
	case at, is := <-s.up:
		if !is {
			s.t.Fatalf("the server has ended:\n%s", &s.log)
		}
		return strings.Replace(at, "[::]", "127.0.0.1", 1)
	case <-time.After(20 * time.Second):
		s.t.Fatal("the server does not listen")
		return ""
	}
}

// stopper stops what writes to it.
type stopper context.CancelFunc

// Write implements io.Writer.
func (s stopper) Write(text []byte) (int, error) { s(); return len(text), nil }

func write(t *testing.T, files map[string]string) {
	t.Helper()
	for name, text := range files {
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// copyTree copies a folder over another one, without modules of npm.
func copyTree(t *testing.T, from, to string) {
	t.Helper()
	err := filepath.WalkDir(from, func(name string, entry fs.DirEntry, err error) error {
		inside, relative := filepath.Rel(from, name)
		switch target := filepath.Join(to, inside); {
		case err != nil || relative != nil:
			return err
		case entry.IsDir() && entry.Name() == "node_modules":
			return fs.SkipDir
		case entry.IsDir():
			return os.MkdirAll(target, 0o755)
		default:
			return os.WriteFile(target, []byte(read(t, name)), 0o644)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}
