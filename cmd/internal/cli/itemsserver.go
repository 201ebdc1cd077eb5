package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/spf13/cobra"

	v1 "github.com/checkout-promotions/checkout/api/v1"
	"github.com/checkout-promotions/checkout/cmd/internal/readback"
	"github.com/checkout-promotions/checkout/config"
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
)

// stockroom is where items are read and changed: a database or a server. Deleting and
// restoring is of all items or none.
type stockroom interface {
	Items(ctx context.Context) ([]engine.Item, error)
	// ItemByKey finds an item by its SKU, or else its name.
	ItemByKey(ctx context.Context, key string) (engine.Item, error)
	// Currency is that of the items that were read.
	Currency() engine.Currency
	AdjustStock(ctx context.Context, sku string, delta int64, reason persistence.Reason, note string) (int64, error)
	Movements(ctx context.Context, sku string, from int64, limit int) ([]persistence.Movement, error)
	DeleteItems(ctx context.Context, skus []string) error
	RestoreItems(ctx context.Context, skus []string) error
}

// stockrooms are the ways to items.
func stockrooms(s Streams, writes bool) ways[stockroom] {
	return ways[stockroom]{
		settings: config.BindShopFlags, writes: writes,
		database: func(cmd *cobra.Command, run func(context.Context, stockroom) error) (err error) {
			data, err := openShop(cmd, s, false)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, environmentError(data.Close())) }()
			return run(cmd.Context(), data)
		},
		server: func(c *caller) stockroom { return &serverItems{caller: c} },
	}
}

// serverItems are those of a server.
type serverItems struct {
	*caller
	currency engine.Currency
}

// Currency implements stockroom.
func (i *serverItems) Currency() engine.Currency { return i.currency }

// Items implements stockroom.
func (i *serverItems) Items(ctx context.Context) (items []engine.Item, err error) {
	err = inPagesOf("", 0, func(after *string, n int) ([]v1.Item, string, error) {
		r, err := i.ListItemsWithResponse(ctx, &v1.ListItemsParams{Limit: &n, After: after})
		if err != nil {
			return nil, "", unanswered(err)
		}
		page, err := asked(r.JSON200, r.ApplicationProblemJSONDefault, r.HTTPResponse)
		if err != nil {
			return nil, "", err
		}
		return page.Items, page.Next, nil
	}, func(told *v1.Item) (bool, error) {
		item, err := i.read(told)
		items = append(items, item)
		return true, err
	})
	return items, err
}

// ItemByKey implements stockroom; a server finds items by SKU alone.
func (i *serverItems) ItemByKey(ctx context.Context, key string) (engine.Item, error) {
	if !engine.ValidSKU(key) {
		return engine.Item{}, usageError{error: fmt.Errorf("%q is no SKU, and servers find items by SKU alone", key)}
	}
	r, err := i.GetItemWithResponse(ctx, key)
	if err != nil {
		return engine.Item{}, unanswered(err)
	}
	told, err := asked(r.JSON200, r.ApplicationProblemJSONDefault, r.HTTPResponse)
	if err != nil {
		return engine.Item{}, err
	}
	return i.read(told)
}

// read is the item that a server tells.
func (i *serverItems) read(told *v1.Item) (engine.Item, error) {
	var err error
	i.currency, err = engine.ParseCurrency(told.Currency)
	money := &readback.Amounts{Currency: i.currency, Err: err}
	item := engine.Item{
		SKU: told.Sku, Name: told.Name, Price: money.Of(told.Price), Stock: told.Stock,
		Categories: told.Categories, Brand: told.Brand, Tags: told.Tags, Attributes: told.Attributes,
	}
	if told.MinPrice != nil {
		item.MinPrice = money.Of(*told.MinPrice)
	}
	return item, environmentError(money.Err)
}

// AdjustStock implements stockroom.
func (i *serverItems) AdjustStock(ctx context.Context, sku string, delta int64, reason persistence.Reason, note string) (int64, error) {
	why := v1.StockReason(reason)
	r, err := i.AdjustStockWithResponse(ctx, sku, &v1.AdjustStockParams{IdempotencyKey: i.key}, v1.StockAdjustment{Delta: delta, Reason: &why, Note: note})
	if err != nil {
		return 0, i.unanswered(err)
	}
	stock, err := asked(r.JSON200, r.ApplicationProblemJSONDefault, r.HTTPResponse)
	if err != nil {
		return 0, err
	}
	return stock.Stock, nil
}

// Movements implements stockroom.
func (i *serverItems) Movements(ctx context.Context, sku string, from int64, limit int) ([]persistence.Movement, error) {
	if limit < 1 || limit > persistence.MaxMovements {
		return nil, &persistence.InvalidError{Field: "limit", Problem: fmt.Sprintf("is %d; want 1 to %d", limit, persistence.MaxMovements)}
	}
	begin := ""
	if from > 0 {
		begin = strconv.FormatInt(from, 10)
	}
	movements := []persistence.Movement{}
	err := inPagesOf(begin, limit, func(after *string, n int) ([]v1.Movement, string, error) {
		r, err := i.ListMovementsWithResponse(ctx, sku, &v1.ListMovementsParams{Limit: &n, After: after})
		if err != nil {
			return nil, "", unanswered(err)
		}
		page, err := asked(r.JSON200, r.ApplicationProblemJSONDefault, r.HTTPResponse)
		if err != nil {
			return nil, "", err
		}
		return page.Movements, page.Next, nil
	}, func(m *v1.Movement) (bool, error) {
		movements = append(movements, persistence.Movement{
			ID: m.ID, SKU: sku, Delta: m.Delta, StockAfter: m.StockAfter, Reason: persistence.Reason(m.Reason), Note: m.Note, Order: m.Order, At: m.At,
		})
		return true, nil
	})
	return movements, err
}

// oneItem is the item to delete or restore. A server takes one at a time, and several
// would not be all or none.
func oneItem(skus []string) (string, error) {
	if len(skus) > 1 {
		return "", usageError{error: fmt.Errorf("servers delete and restore one item at a time, and not all or none: name one SKU, or leave out --%s", serverFlag)}
	}
	return skus[0], nil
}

// DeleteItems implements stockroom.
func (i *serverItems) DeleteItems(ctx context.Context, skus []string) error {
	sku, err := oneItem(skus)
	if err != nil {
		return err
	}
	r, err := i.DeleteItemWithResponse(ctx, sku, &v1.DeleteItemParams{IdempotencyKey: &i.key})
	if err != nil {
		return i.unanswered(err)
	}
	if r.StatusCode() == http.StatusNoContent {
		return nil
	}
	_, err = asked[v1.Item](nil, r.ApplicationProblemJSONDefault, r.HTTPResponse)
	return err
}

// RestoreItems implements stockroom.
func (i *serverItems) RestoreItems(ctx context.Context, skus []string) error {
	sku, err := oneItem(skus)
	if err != nil {
		return err
	}
	r, err := i.RestoreItemWithResponse(ctx, sku, &v1.RestoreItemParams{IdempotencyKey: i.key})
	if err != nil {
		return i.unanswered(err)
	}
	_, err = asked(r.JSON200, r.ApplicationProblemJSONDefault, r.HTTPResponse)
	return err
}
