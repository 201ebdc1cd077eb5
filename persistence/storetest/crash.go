package storetest

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
)

// crashStock is more than a child can sell.
const crashStock = 1_000_000

// Crash kills a process in the middle of its sales, several times on one
// database. Every order it had acknowledged must be there, and not a unit may be
// missing from the stock that no order has.
//
// The process is the test's own binary, whose TestMain has to call SellForEver
// with the store of the database that the variable names. Open opens the database
// again.
func Crash(t *testing.T, variable, database string, open func(context.Context, string) (*persistence.Store, error)) {
	var acknowledged []string
	for range 4 {
		acknowledged = append(acknowledged, killWhileSelling(t, variable+"="+database)...)
		store, err := open(t.Context(), database)
		must(t, err)
		CheckSales(t, store, acknowledged)
		must(t, store.Close())
	}
}

// SellForEver sells to four customers at once and prints the reference of every
// order once the store has acknowledged it. It returns what went wrong.
func SellForEver(ctx context.Context, store *persistence.Store) error {
	if n, err := store.CountItems(ctx); err != nil || n == 0 {
		if err := AddForSale(ctx, store); err != nil {
			return err
		}
	}
	failed := make(chan error)
	for range 4 {
		go func() {
			for {
				order, err := store.Purchase(ctx, SaleWithGift())
				if err != nil {
					failed <- err
				}
				fmt.Println(order.Reference)
			}
		}()
	}
	return <-failed
}

// AddForSale adds what SaleWithGift sells, more than any test can.
func AddForSale(ctx context.Context, store *persistence.Store) error {
	_, err := store.Upsert(ctx, []engine.Item{
		{SKU: "TV", Name: "Google TV", Price: 4999, Stock: crashStock}, {SKU: "PI", Name: "Pi", Stock: crashStock},
	})
	return err
}

// SaleWithGift is a sale in US dollars of two TVs, SKU TV, with a Pi, SKU PI, for
// a gift.
func SaleWithGift() engine.Sale {
	return Sale([]string{"TV", "TV"}, []string{"PI"}, func(items map[string]*engine.Item) (engine.Quote, error) {
		currency, err := engine.ParseCurrency("USD")
		price := items["TV"].Price
		return engine.Quote{
			Currency: currency, Subtotal: 2 * price, Total: 2 * price,
			Lines: []engine.QuoteLine{{SKU: "TV", Quantity: 2, UnitPrice: price, Subtotal: 2 * price, Total: 2 * price}},
			Gifts: []engine.Gift{{SKU: "PI", Quantity: 1}},
		}, err
	})
}

// CheckSales wants the acknowledged orders among those of the store, and stock
// and orders to agree, when all that was added is what AddForSale adds.
func CheckSales(t *testing.T, store *persistence.Store, acknowledged []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	orders, err := store.Orders(ctx)
	must(t, err)
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
	must(t, err)
	for _, item := range items {
		if item.Stock+sold[item.SKU] != crashStock {
			t.Errorf("got %d of %s in stock and %d sold, want %d together", item.Stock, item.SKU, sold[item.SKU], crashStock)
		}
	}
	if len(items) != 2 || len(acknowledged) == 0 {
		t.Errorf("got %d items and %d acknowledged orders, want 2 and some", len(items), len(acknowledged))
	}
}

// killWhileSelling returns the references that the child has printed before it
// was killed.
func killWhileSelling(t *testing.T, environment string) []string {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	child := exec.CommandContext(t.Context(), self)
	child.Env = append(os.Environ(), environment)
	child.Stderr = os.Stderr
	child.WaitDelay = 10 * time.Second
	output, err := child.StdoutPipe()
	must(t, err)
	must(t, child.Start())
	var references []string
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if references = append(references, lines.Text()); len(references) == 50 {
			must(t, child.Process.Kill()) // SIGKILL
		}
	}
	if err := child.Wait(); err == nil || child.ProcessState.Exited() {
		t.Fatalf("got a child that ended by itself (%v), want one that was killed", child.ProcessState)
	}
	return references
}

// must ends the test on an error that should not be.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("got error %v, want none", err)
	}
}
