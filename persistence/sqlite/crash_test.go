package sqlite_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/persistence/sqlite"
	"github.com/checkout-promotions/checkout/persistence/storetest"
)

const crashStock = 1_000_000

// TestCrash kills a process in the middle of its sales, several times on one
// file. Every order it had acknowledged must be there, and not a unit may be
// missing from the stock that no order has.
func TestCrash(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shop.db")
	var acknowledged []string
	for range 5 {
		acknowledged = append(acknowledged, killWhileSelling(t, path)...)
		checkAfterCrash(t, path, acknowledged)
	}
}

// sellForEver is the child: it sells to four customers at once and prints the
// reference of every order once the store has acknowledged it.
func sellForEver(ctx context.Context, path string) error {
	store, err := openStore(ctx, path)
	if err != nil {
		return err
	}
	if n, err := store.CountItems(ctx); err != nil || n == 0 {
		items := []engine.Item{{SKU: "TV", Name: "Google TV", Price: 4999, Stock: crashStock}, {SKU: "PI", Name: "Pi", Stock: crashStock}}
		if _, err := store.Upsert(ctx, items); err != nil {
			return err
		}
	}
	failed := make(chan error)
	for range 4 {
		go func() {
			for {
				order, err := store.Purchase(ctx, storetest.Sale([]string{"TV", "TV"}, []string{"PI"}, priceWithGift))
				if err != nil {
					failed <- err
				}
				fmt.Println(order.Reference)
			}
		}()
	}
	return <-failed
}

func priceWithGift(items map[string]*engine.Item) (engine.Quote, error) {
	currency, err := engine.ParseCurrency("USD")
	price := items["TV"].Price
	return engine.Quote{
		Currency: currency, Subtotal: 2 * price, Total: 2 * price,
		Lines: []engine.QuoteLine{{SKU: "TV", Quantity: 2, UnitPrice: price, Subtotal: 2 * price, Total: 2 * price}},
		Gifts: []engine.Gift{{SKU: "PI", Quantity: 1}},
	}, err
}

// killWhileSelling returns the references that the child has printed before it
// was killed.
func killWhileSelling(t *testing.T, path string) []string {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), self)
	child.Env = append(os.Environ(), crashFile+"="+path)
	child.Stderr = os.Stderr
	output, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var references []string
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if references = append(references, lines.Text()); len(references) == 50 {
			if err := child.Process.Kill(); err != nil { // SIGKILL
				t.Fatal(err)
			}
		}
	}
	if err := child.Wait(); err == nil || child.ProcessState.Exited() {
		t.Fatalf("got a child that ended by itself (%v), want one that was killed", child.ProcessState)
	}
	return references
}

func checkAfterCrash(t *testing.T, path string, acknowledged []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	store, err := openStore(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	orders, err := store.Orders(ctx)
	if err != nil {
		t.Fatal(err)
	}
	stored := make(map[string]bool, len(orders))
	sold := make(map[string]int64)
	for _, order := range orders {
		stored[order.Reference] = true
		for _, sku := range order.SKUs {
			sold[sku]++
		}
	}
	for _, reference := range acknowledged {
		if !stored[reference] {
			t.Errorf("got no order %s, want it: it was acknowledged", reference)
		}
	}
	items, err := store.Items(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range items {
		if item.Stock+sold[item.SKU] != crashStock {
			t.Errorf("got %d of %s in stock and %d sold, want %d together", item.Stock, item.SKU, sold[item.SKU], crashStock)
		}
	}
	if len(orders) < len(acknowledged) || len(acknowledged) == 0 {
		t.Errorf("got %d orders for %d acknowledged", len(orders), len(acknowledged))
	}
}

// openStore opens and migrates the file.
func openStore(ctx context.Context, path string) (*persistence.Store, error) {
	db, err := sqlite.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	currency, err := engine.ParseCurrency("USD")
	if err != nil {
		return nil, err
	}
	store, err := persistence.New(db, persistence.Options{Currency: currency})
	if err != nil {
		return nil, err
	}
	return store, store.Migrate(ctx)
}
