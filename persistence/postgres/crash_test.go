package postgres_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/persistence/postgres/pgtest"
	"github.com/checkout-promotions/checkout/persistence/storetest"
)

const crashStock = 1_000_000

// TestCrash kills a process in the middle of its sales, several times on one
// database. Every order it had acknowledged must be there, and not a unit may be
// missing from the stock that no order has.
func TestCrash(t *testing.T) {
	dsn := pgtest.CreateSchema(t)
	var acknowledged []string
	for range 3 {
		acknowledged = append(acknowledged, killWhileSelling(t, dsn)...)
		store, err := openStore(t.Context(), dsn)
		check(t, err)
		checkSales(t, store, acknowledged)
		check(t, store.Close())
	}
}

// sellForEver is the child: it sells to four customers at once and prints the
// reference of every order once the store has acknowledged it.
func sellForEver(ctx context.Context, dsn string) error {
	store, err := openStore(ctx, dsn)
	if err != nil {
		return err
	}
	if n, err := store.CountItems(ctx); err != nil || n == 0 {
		if err := addItems(ctx, store); err != nil {
			return err
		}
	}
	failed := make(chan error)
	for range 4 {
		go func() {
			for {
				reference, err := sell(ctx, store)
				if err != nil {
					failed <- err
				}
				fmt.Println(reference)
			}
		}()
	}
	return <-failed
}

func addItems(ctx context.Context, store *persistence.Store) error {
	_, err := store.Upsert(ctx, []engine.Item{
		{SKU: "TV", Name: "Google TV", Price: 4999, Stock: crashStock}, {SKU: "PI", Name: "Pi", Stock: crashStock},
	})
	return err
}

// sell sells two TVs with a Pi for a gift and returns the order's reference.
func sell(ctx context.Context, store *persistence.Store) (string, error) {
	order, err := store.Purchase(ctx, storetest.Sale([]string{"TV", "TV"}, []string{"PI"}, priceWithGift))
	return order.Reference, err
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
func killWhileSelling(t *testing.T, dsn string) []string {
	self, err := os.Executable()
	check(t, err)
	child := exec.CommandContext(t.Context(), self)
	child.Env = append(os.Environ(), crashDatabase+"="+dsn)
	child.Stderr = os.Stderr
	output, err := child.StdoutPipe()
	check(t, err)
	check(t, child.Start())
	var references []string
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if references = append(references, lines.Text()); len(references) == 50 {
			check(t, child.Process.Kill()) // SIGKILL
		}
	}
	if err := child.Wait(); err == nil || child.ProcessState.Exited() {
		t.Fatalf("got a child that ended by itself (%v), want one that was killed", child.ProcessState)
	}
	return references
}

// checkSales demands the acknowledged orders, and that stock and orders agree.
func checkSales(t *testing.T, store *persistence.Store, acknowledged []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	orders, err := store.Orders(ctx)
	check(t, err)
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
	check(t, err)
	for _, item := range items {
		if item.Stock+sold[item.SKU] != crashStock {
			t.Errorf("got %d of %s in stock and %d sold, want %d together", item.Stock, item.SKU, sold[item.SKU], crashStock)
		}
	}
	if len(items) != 2 || len(acknowledged) == 0 {
		t.Errorf("got %d items and %d acknowledged orders, want 2 and some", len(items), len(acknowledged))
	}
}
