package api_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/checkout-promotions/checkout/engine/audit"
)

// itemSteps are told one after the other, on the items of the catalogue.
func itemSteps() []step {
	return []step{
		{"item_list", "GET", "items", ""},
		{"item_list_page", "GET", "items?limit=2&prefix=4", ""},
		{"item_list_next", "GET", "items?limit=1&after=120P90", ""},
		{"item_list_low", "GET", "items?max_stock=5", ""},
		{"item_list_faults", "GET", "items?max_stock=-1", ""},
		{"item_list_deleted_none", "GET", "items?deleted=true", ""},
		{"item_told", "GET", "items/120P90", ""},
		{"item_told_unknown", "GET", "items/nothing", ""},
		{"item_no_sku", "GET", "items/a%20b", ""},
		{"item_made", "PUT If-None-Match=*", "items/NEW-1", `{"name":"Lamp","price":"12.5","min_price":"10","stock":4,"categories":["home/light"],"brand":"Acme","tags":["new"],"attributes":{"watts":9.5,"dimmable":true,"colours":["red"],"ean":"1"}}`},
		{"item_there_already", "PUT If-None-Match=*", "items/NEW-1", `{"name":"Lamp","price":"12.5"}`},
		{"item_replaced", `PUT If-Match="1"`, "items/NEW-1", `{"name":"Lamp 2","price":"11.00"}`},
		{"item_changed_meanwhile", `PUT If-Match="1"`, "items/NEW-1", `{"name":"Lamp 3","price":"11.00"}`},
		{"item_weak_etag", `PUT If-Match=W/"2"`, "items/NEW-1", `{"name":"Lamp 3","price":"11.00"}`},
		{"item_two_etags", `PUT If-Match="1", "2"`, "items/NEW-1", `{"name":"Lamp 3","price":"11.00"}`},
		{"item_gone_meanwhile", `PUT If-Match="1"`, "items/NEW-2", `{"name":"Lamp 3","price":"11.00"}`},
		{"item_name_taken", "PUT", "items/NEW-1", `{"name":"Google TV","price":"11.00"}`},
		{"item_body_faults", "PUT", "items/NEW-1", `{"name":" ","price":"1.005","stock":-1,"categories":[""],"tags":["a",""]}`},
		{"item_with_nul", "PUT", "items/NEW-1", `{"name":"Lamp","price":"1","attributes":{"a":["\u0000"]}}`},
		{"item_no_price", "PUT", "items/NEW-1", `{"name":"Lamp"}`},
		{"item_batch", "POST", "items:batch", `{"items":[{"sku":"NEW-1","name":"Lamp 4","price":"11.00","stock":7},{"sku":"NEW-3","name":"Lamp 5","price":"0"}]}`},
		{"item_batch_twice", "POST", "items:batch", `{"items":[{"sku":"NEW-1","name":"a","price":"1"},{"sku":"NEW-1","name":"b","price":"1"}]}`},
		{"item_batch_faults", "POST", "items:batch", `{"items":[{"sku":"a b","name":"","price":"-1.00"}]}`},
		{"item_batch_none", "POST", "items:batch", `{"items":[]}`},
		{"stock_set", "PUT", "items/NEW-1/stock", `{"stock":10,"reason":"receipt","note":"counted"}`},
		{"stock_set_faults", "PUT", "items/NEW-1/stock", `{"reason":"sale"}`},
		{"stock_adjusted", "POST", "items/NEW-1/stock:adjust", `{"delta":-3}`},
		{"stock_too_few", "POST", "items/NEW-1/stock:adjust", `{"delta":-8}`},
		{"stock_nothing", "POST", "items/NEW-1/stock:adjust", `{"delta":0}`},
		{"stock_unknown", "POST", "items/nothing/stock:adjust", `{"delta":1}`},
		{"movements", "GET", "items/NEW-1/movements", ""},
		{"movements_page", "GET", "items/NEW-1/movements?limit=1", ""},
		{"movements_cursor", "GET", "items/NEW-1/movements?after=x", ""},
		{"movements_unknown", "GET", "items/nothing/movements", ""},
		{"item_not_deleted", `DELETE If-Match="1"`, "items/NEW-1", ""},
		{"item_deleted", `DELETE If-Match="3"`, "items/NEW-1", ""},
		{"item_deleted_again", "DELETE", "items/NEW-1", ""},
		{"item_list_deleted", "GET", "items?deleted=true", ""},
		{"item_restored", "POST", "items/NEW-1/restore", ""},
		{"item_not_restored", "POST", "items/NEW-1/restore", ""},
	}
}

// TestTheStoryOfItemsIsTheGoldenOne tells what becomes of items.
func TestTheStoryOfItemsIsTheGoldenOne(t *testing.T) {
	b := newStory(t)
	for _, x := range itemSteps() {
		method, header, _ := strings.Cut(x.method, " ")
		name, value, conditional := strings.Cut(header, "=")
		var headers []string
		if conditional {
			headers = []string{name, value}
		}
		golden(t, x.name, b.tell(method, x.path, x.body, headers...))
	}
}

func itemGoldens() []string {
	var names []string
	for _, s := range itemSteps() {
		names = append(names, s.name)
	}
	return names
}

// TestChangesAreInTheAuditLog finds every writing operation of orders, holds and items
// in the log, with who did it. Orders and holds that are made are their own record.
func TestChangesAreInTheAuditLog(t *testing.T) {
	store := database(t, filepath.Join(t.TempDir(), "shop.db"))
	s := open(t, on(store, &wrapper{}))
	step := 0
	do := func(method, path, body string, status int) string {
		t.Helper()
		step++
		w := s.do(method, "/v1/"+path, body, append(asJSON(), "X-Request-Id", fmt.Sprint("r", step), "Idempotency-Key", fmt.Sprint(step))...)
		want(t, w, status)
		return filepath.Base(w.Header().Get("Location"))
	}
	do("PUT", "items/A", `{"name":"a","price":"1","stock":9}`, 201)
	do("POST", "items:batch", `{"items":[{"sku":"B","name":"b","price":"1"}]}`, 200)
	do("PUT", "items/A/stock", `{"stock":8}`, 200)
	do("POST", "items/A/stock:adjust", `{"delta":-1}`, 200)
	do("POST", "items/A/stock:adjust", `{"delta":-100}`, 409)
	do("DELETE", "items/B", "", 204)
	do("POST", "items/B/restore", "", 200)
	order := do("POST", "orders", `{"lines":[{"sku":"A","quantity":2}]}`, 201)
	do("POST", "orders/"+order+"/returns", `{"units":[{"sku":"A","quantity":1}]}`, 201)
	other := do("POST", "orders", `{"lines":[{"sku":"A","quantity":1}]}`, 201)
	do("POST", "orders/"+other+"/cancel", "", 200)
	hold := do("POST", "holds", `{"lines":[{"sku":"A","quantity":1}],"ttl_seconds":60}`, 201)
	do("POST", "holds/"+hold+"/commit", "", 201)
	given := do("POST", "holds", `{"lines":[{"sku":"A","quantity":1}],"ttl_seconds":60}`, 201)
	do("POST", "holds/"+given+"/release", "", 200)
	do("GET", "items/A", "", 200)

	entries, err := store.AuditLog(t.Context(), audit.Filter{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(entries)
	var got []string
	for _, e := range entries {
		got = append(got, strings.Join([]string{e.Actor, e.Action, e.Subject, e.RequestID}, " "))
	}
	wanted := []string{
		"password putItem A r1", "password putItems  r2", "password setStock A r3", "password adjustStock A r4",
		"password deleteItem B r6", "password restoreItem B r7",
		"password createReturn " + order + " r9", "password cancelOrder " + other + " r11",
		"password commitHold " + hold + " r13", "password releaseHold " + given + " r15",
	}
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Errorf("audit log: -want +got\n%s", diff)
	}
}

// TestEditsAndSalesLoseNothing edits an item while it is sold: no unit is lost, and of
// editors with the same ETag one wins.
func TestEditsAndSalesLoseNothing(t *testing.T) {
	s := keyed(t)
	want(t, s.do("PUT", "/v1/items/A", `{"name":"a","price":"1","stock":100}`, asJSON()...), 201)
	var all sync.WaitGroup
	edited := make(chan int, 40)
	for i := range 40 {
		all.Go(func() {
			w := s.do("POST", "/v1/orders", `{"lines":[{"sku":"A","quantity":1}]}`, append(asJSON(), withKey(fmt.Sprint("sale", i))...)...)
			if w.Code != 201 {
				t.Errorf("sale: got %d %s", w.Code, w.Body)
			}
		})
		all.Go(func() {
			headers := asJSON()
			if i < 20 {
				headers = append(headers, "If-Match", `"1"`)
			}
			w := s.do("PUT", "/v1/items/A", fmt.Sprintf(`{"name":"a","price":"1","brand":"%d"}`, i), headers...)
			if i < 20 {
				edited <- w.Code
			} else if w.Code != 200 {
				t.Errorf("edit: got %d %s", w.Code, w.Body)
			}
		})
	}
	all.Wait()
	close(edited)
	won := 0
	for code := range edited {
		switch code {
		case 200:
			won++
		case 412:
		default:
			t.Errorf("conditional edit: got %d", code)
		}
	}
	if won > 1 {
		t.Errorf("%d editors with the same ETag won", won)
	}
	if w := s.do("GET", "/v1/items/A", "", asJSON()...); !strings.Contains(w.Body.String(), `"stock":60`) {
		t.Errorf("got %s, want a stock of 60", w.Body)
	}
}

// TestAServerWithoutAStoreSaysSo asks for items and coupons where nobody keeps them.
func TestAServerWithoutAStoreSaysSo(t *testing.T) {
	s := open(t)
	for _, x := range []struct{ method, path string }{
		{"GET", "items"}, {"GET", "items/A"}, {"GET", "items/A/movements"}, {"DELETE", "items/A"},
		{"GET", "coupon-pools"}, {"GET", "coupon-pools/A"}, {"GET", "coupon-pools/A/codes"}, {"GET", "coupons/A"},
	} {
		want(t, s.do(x.method, "/v1/"+x.path, "", asJSON()...), 501)
	}
}
