package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

const patience = 30 * time.Second

// checkout is a server of the program that is in this repository, with the rules and the
// goods of the storefront, in a database of its own.
type checkout struct {
	t               *testing.T
	program, folder string
	url             *url.URL
	key, admin      string
	away            atomic.Bool // for the storefront
}

func startCheckout(t *testing.T) *checkout {
	t.Helper()
	c := &checkout{t: t, folder: t.TempDir()}
	c.program = filepath.Join(c.folder, "checkout")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", c.program, "../../cmd/checkout").CombinedOutput(); err != nil {
		t.Fatalf("build checkout: %v\n%s", err, out)
	}
	rules := filepath.Join(c.folder, "rules")
	if err := os.CopyFS(rules, os.DirFS("rules")); err != nil {
		t.Fatal(err)
	}
	c.key = strings.SplitN(c.run("keys", "create", "storefront", "--scope", "quotes:read,inventory:read,orders:write"), "\n", 2)[0]
	port := freePort(t)
	cmd := exec.CommandContext(t.Context(), c.program, "run", "--sqlite", filepath.Join(c.folder, "db"), "--rules", rules, "--seed", "inventory.yaml", "--address", "127.0.0.1", "--port", port)
	var told bytes.Buffer
	cmd.Stderr = &told
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Wait() // ended by the context
		if t.Failed() {
			t.Logf("the server:\n%s", told.String())
		}
	})
	c.url = &url.URL{Scheme: "http", Host: "127.0.0.1:" + port}
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if r, err := http.Get(c.url.String() + "/readyz"); err == nil {
			_ = r.Body.Close()
			if r.StatusCode == http.StatusOK {
				return c
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("the server does not begin:\n%s", told.String())
		}
	}
}

// run runs a command on the database and returns what it tells.
func (c *checkout) run(args ...string) string {
	c.t.Helper()
	cmd := exec.CommandContext(c.t.Context(), c.program, append(args, "--sqlite", filepath.Join(c.folder, "db"))...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		c.t.Fatalf("checkout %s: %v\n%s", strings.Join(args, " "), err, errs.String())
	}
	return out.String()
}

// send sends a request that may do everything, and returns the answer.
func (c *checkout) send(method, path, body string) string {
	c.t.Helper()
	if c.admin == "" {
		c.admin = strings.SplitN(c.run("keys", "create", "test", "--scope", "admin"), "\n", 2)[0]
	}
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.url.String()+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+c.admin)
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode >= 300 {
		c.t.Fatalf("%s %s: got %s %s, error %v", method, path, answer.Status, text, err)
	}
	return string(text)
}

// edit changes the rules, and waits until the server has them.
func (c *checkout) edit(before, after string) {
	c.t.Helper()
	const active = "/v1/rulesets/active"
	file := filepath.Join(c.folder, "rules", "promotions.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		c.t.Fatal(err)
	}
	changed := strings.Replace(string(text), before, after, 1)
	if changed == string(text) {
		c.t.Fatalf("the rules have no %q", before)
	}
	old := c.send("GET", active, "")
	if err := os.WriteFile(file, []byte(changed), 0o600); err != nil {
		c.t.Fatal(err)
	}
	for deadline := time.Now().Add(patience); c.send("GET", active, "") == old; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			c.t.Fatal("the server does not have the new rules")
		}
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// proxy stands between the storefront and the server, which is away when it is told so.
func (c *checkout) proxy() *httptest.Server {
	forward := httputil.NewSingleHostReverseProxy(c.url)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c.away.Load() {
			panic(http.ErrAbortHandler)
		}
		forward.ServeHTTP(w, r)
	}))
	c.t.Cleanup(s.Close)
	return s
}

// tab is the page in a browser.
type tab struct {
	t   *testing.T
	ctx context.Context
}

// consoleFault tells what went wrong in the page: an error that no script has caught, or
// something that its policy forbids.
func consoleFault(event any) string {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		return e.ExceptionDetails.Text
	case *log.EventEntryAdded:
		if e.Entry.Source == log.EntrySourceSecurity {
			return e.Entry.Text
		}
	}
	return ""
}

func browse(t *testing.T, address string) *tab {
	t.Helper()
	browser := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			browser = path
			break
		}
	}
	if browser == "" {
		t.Fatal("no Chromium is installed; run make browser")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(browser), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.UserDataDir(t.TempDir()), chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.WindowSize(1280, 900), chromedp.WSURLReadTimeout(patience))
	allocated, endBrowser := chromedp.NewExecAllocator(t.Context(), options...)
	ctx, endTab := chromedp.NewContext(allocated)
	limited, cancel := context.WithTimeout(ctx, 3*time.Minute)
	b := &tab{t, limited}
	t.Cleanup(func() { cancel(); endTab(); endBrowser() })
	err := chromedp.Listen(limited, func(event any) {
		if text := consoleFault(event); text != "" {
			t.Errorf("the browser tells of %s", text)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	b.do(chromedp.Navigate(address), chromedp.WaitVisible(chromedp.CSS("body[data-ready]")))
	return b
}

func (b *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// text is what can be read of the elements.
func (b *tab) text(selector string) string {
	b.t.Helper()
	return eval[string](b, `[...document.querySelectorAll('`+selector+`')].filter(e => e.checkVisibility()).map(e => e.innerText).join(' | ').replace(/\s+/g, ' ')`)
}

// eval returns what an expression is in the page.
func eval[T any](b *tab, expression string) T {
	b.t.Helper()
	value, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.t.Fatal(err)
	}
	return value
}

// css is a selector of one element.
func css(selector string) chromedp.CSS { return chromedp.CSS(selector) }

// reload loads the page again.
func (b *tab) reload() {
	b.t.Helper()
	b.do(chromedp.Reload(), chromedp.WaitVisible(css("body[data-ready]")))
}

// reads waits until the elements have the text.
func (b *tab) reads(selector string, want ...string) {
	b.t.Helper()
	var last string
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		last = b.text(selector)
		missing := false
		for _, text := range want {
			missing = missing || !strings.Contains(last, text)
		}
		if !missing {
			return
		}
	}
	b.t.Fatalf("%s: got %q, want %q in it", selector, last, want)
}

// press clicks the button that screen readers call so, once it is there: the page makes
// its lists anew whenever something has changed.
func (b *tab) press(label string) {
	b.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if eval[bool](b, `(b => { b?.click(); return !!b })(document.querySelector('button[aria-label="`+label+`"]:enabled'))`) {
			return
		}
	}
	b.t.Fatalf("there is no button %q", label)
}

// order orders, once that is possible.
func (b *tab) order() {
	b.t.Helper()
	b.do(chromedp.WaitEnabled(css("#order")), chromedp.Click(css("#order")))
}

func openShop(t *testing.T) (*checkout, *tab) {
	t.Helper()
	c := startCheckout(t)
	s, err := newShop(c.proxy().URL, c.key, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(s.handler())
	t.Cleanup(front.Close)
	return c, browse(t, front.URL)
}

// A shopper fills a cart, follows a hint, tries codes, learns why, and orders.
func TestAShopperOrders(t *testing.T) {
	c, b := openShop(t)
	b.reads("#goods", "Stoneware mug €9.60€12.00 Sale", "House blend 500 g €14.00", "Kettle with a long spout €69.00 Sold out", "Only 3 left")
	b.reads("#empty", "Nothing in it yet.")

	b.press("Add House blend 500 g to cart")
	b.press("One House blend 500 g more")
	b.reads("#totals", "Goods €28.00 Delivery €4.90 To pay €32.90")
	b.reads("#hints", "you save €")
	b.do(chromedp.Click(css("#hints button")))
	b.reads("#totals", "Three bags of beans for the price of two −€")
	if hint := b.text("#hints"); strings.Contains(hint, "you save €14.00") {
		t.Errorf("got the hint %q for what is applied", hint)
	}

	b.do(chromedp.SendKeys(css("#coupon"), "nonsense\n"))
	b.reads("#coupons", "NONSENSE – Nobody knows this code.")
	b.press("Remove the code NONSENSE")
	b.do(chromedp.SendKeys(css("#coupon"), " welcome \n"))
	b.reads("#coupons", "WELCOME – Your cart does not meet its condition yet.")
	b.do(chromedp.Click(css("#why summary")))
	b.reads("#others", "20 % off all cups Nothing in your cart takes part.", "Free shipping from 60 Your cart does not meet its condition yet.")

	b.press("Add Hand grinder to cart")
	b.reads("#lines", "1 × Taster bag 60 g Gift")
	b.reads("#coupons", "WELCOME is applied.")
	b.reads("#totals", "Delivery €4.90", "Free shipping from 60 −€4.90", "10 off with the code WELCOME, from 50 −€10.00")

	b.order()
	b.reads("#placed", "Thank you! Your order")
	b.reads("#empty", "Nothing in it yet.")
	if orders := c.run("orders", "list", "-o", "json"); strings.Count(orders, `"reference"`) != 1 || !strings.Contains(orders, `"total": 10700,`) {
		t.Errorf("got the orders %s, want one of 107.00", orders)
	}
}

func TestAShopperIsToldWhatHasChanged(t *testing.T) {
	c, b := openShop(t)
	b.press("Add Espresso cup to cart")
	b.reads("#totals", "To pay €11.70")

	// The price of the cup goes up while it is in the cart.
	c.edit("category == \"cups\", percent: 20", "category == \"cups\", percent: 10")
	b.order()
	b.reads("#notice", "Prices have changed meanwhile.")
	b.reads("#totals", "To pay €12.55")

	// More than there is.
	for range 3 {
		b.press("One Espresso cup more")
	}
	b.reads("#totals", "Goods €34.00")
	b.order()
	b.reads("#lines .fault", "3 left")
	b.press("One Espresso cup less")
	b.order()
	b.reads("#placed", "Thank you!")

	// The server goes away, and comes back.
	b.press("Add Stoneware mug to cart")
	b.reads("#totals", "Goods €12.00")
	c.away.Store(true)
	b.press("One Stoneware mug more")
	b.reads("#notice", "The shop does not answer. Your cart is kept")
	eval[any](b, `document.querySelector('#notice').textContent = ''`) // so that the next is that of the order
	b.order()
	b.reads("#notice", "The shop does not answer.")
	c.away.Store(false)
	b.press("One Stoneware mug more")
	b.reads("#totals", "Goods €36.00")
	if got := b.text("#notice"); got != "" {
		t.Errorf("got the notice %q, want none", got)
	}

	// An item that is sold no more.
	eval[any](b, `localStorage.setItem('cart', '{"lines":{"MUG":1,"OLD":2}}')`)
	b.reload()
	b.reads("#lines", "OLD is not sold any more.", "Stoneware mug €12.00")
}

func TestTheShopIsForEverybody(t *testing.T) {
	c, b := openShop(t)
	for _, name := range []string{"House blend 500 g", "Filter roast 500 g", "Stoneware mug", "Hand grinder"} {
		b.press("Add " + name + " to cart")
	}
	b.do(chromedp.SendKeys(css("#coupon"), "ANOTHER\n"))
	b.reads("#totals", "To pay €126.10")
	b.reads("#coupons", "ANOTHER")
	b.do(chromedp.Click(css("#why summary")))
	for _, width := range []int64{360, 1280} {
		b.do(chromedp.EmulateViewport(width, 800))
		if eval[bool](b, `document.documentElement.scrollWidth > innerWidth`) {
			t.Errorf("at %d pixels the page has to be moved sideways", width)
		}
		if folder := os.Getenv("STOREFRONT_PICTURES"); folder != "" {
			picture, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
			if err == nil {
				err = os.WriteFile(filepath.Join(folder, fmt.Sprintf("storefront-%d.png", width)), picture, 0o600)
			}
			if err != nil {
				t.Error(err)
			}
		}
	}
	unnamed := eval[int](b, `[...document.querySelectorAll('button, input, select')].filter(e => !(e.getAttribute('aria-label') ?? '') && !e.innerText && !(e.labels?.length)).length`)
	if unnamed > 0 {
		t.Errorf("%d controls have no name", unnamed)
	}

	// A name with markup is shown as it is.
	c.send("PUT", "/v1/items/MUG", `{"name":"<img src=x onerror=\"document.title='taken'\"> mug","price":"12.00","categories":["cups"]}`)
	b.reload()
	b.reads("#goods", `<img src=x onerror="document.title='taken'"> mug`)
	if title := eval[string](b, "document.title"); strings.Contains(title, "taken") {
		t.Error("markup of a name was run")
	}
}
