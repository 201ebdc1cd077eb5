package api_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/checkout-promotions/checkout/api"
)

func TestCodesComeAsCSV(t *testing.T) {
	s := keyed(t, func(_ *shop, o *api.Options) { o.Coupons, o.MaxBody = &pools{}, 4<<20 })
	if w := s.do("PUT", "/v1/coupon-pools/letters", `{}`, asJSON()...); w.Code != 201 {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
	many := func(n int) string {
		var file strings.Builder
		file.WriteString("code\n")
		for i := range n {
			fmt.Fprintf(&file, "M-%d\n", i)
		}
		return file.String()
	}
	const csv = "text/csv"
	for _, x := range []struct {
		name, mediaType, body string
		status                int
		want                  string // that the answer contains
	}{
		{"codes", csv, "name,code\nann,A-1\nbob,A-2\n", 200, `{"changed":2}`},
		{"said with a character set", "text/csv; charset=utf-8", "code\nA-3\n", 200, `{"changed":1}`},
		{"as many as a request may have", csv, many(100_000), 200, `{"changed":100000}`},
		{"one more", csv, many(100_001), 400, `want 1 to 100000 codes, got 100001`},
		{"codes that the pool cannot have", csv, "code\nB-1\n\nb-2\n", 422, `"detail":"line 4: not in capitals","pointer":""`},
		{"no heading", csv, "A-1\n", 400, `line 1: no column is called code`},
		{"an empty code", csv, "code,name\n,ann\n", 400, `line 2: the code is empty`},
		{"a long code", csv, "code\n" + strings.Repeat("A", 201) + "\n", 400, `line 2: the code has more than 200 characters`},
		{"no codes", csv, "code\n", 400, `want 1 to 100000 codes, got 0`},
		{"no body", csv, "", 400, `line 1: the file is empty`},
		{"too long a body", csv, "code\n" + strings.Repeat(strings.Repeat("A", 99)+"\n", 4<<20/100), 413, `"code":"body_too_large"`},
		{"another type", "text/plain", "A-1\n", 415, `Content-Type: want application/json or text/csv`},
		{"as many as a request may have, in JSON", "application/json", `{"codes":["A"` + strings.Repeat(`,"A"`, 99_999) + `]}`, 200, `{"changed":100000}`},
		{"one more in JSON", "application/json", `{"codes":["A"` + strings.Repeat(`,"A"`, 100_000) + `]}`, 400, `want 1 to 100000, got 100001`},
	} {
		for _, key := range [][]string{nil, {"Idempotency-Key", strings.ReplaceAll(x.name, " ", "-")}} {
			t.Run(fmt.Sprint(x.name, key), func(t *testing.T) {
				w := s.do("POST", "/v1/coupon-pools/letters/codes:import", x.body, append(append(authorized(), "Content-Type", x.mediaType), key...)...)
				if w.Code != x.status || !strings.Contains(w.Body.String(), x.want) {
					t.Errorf("got %d %.500s, want %d and %s", w.Code, w.Body, x.status, x.want)
				}
			})
		}
	}
}
