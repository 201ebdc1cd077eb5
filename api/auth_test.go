package api_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/checkout-promotions/checkout/api"
)

func TestOnlyTheExactPasswordOpens(t *testing.T) {
	s := open(t)
	for _, headers := range [][]string{
		nil,
		{"X-Auth-Password", ""},
		{"X-Auth-Password", "wrong"},
		{"X-Auth-Password", password[:len(password)-1]},
		{"X-Auth-Password", password + "x"},
		{"X-Auth-Password", " x" + password},
		{"X-Auth-Password", "Correct horse"},
		{"Authorization", "Bearer " + password},
	} {
		wantError(t, s.do("GET", ordersPath+"?X-Auth-Password=correct+horse", "", headers...), 401,
			"X-Auth-Password is missing or wrong")
	}
	want(t, s.do("GET", ordersPath, "", "X-Auth-Password", password), 200)
	want(t, s.do("HEAD", ordersPath, ""), 401)
}

// untouched is a body that must not be read.
type untouched struct{ t *testing.T }

func (b untouched) Read([]byte) (int, error) {
	b.t.Error("the body was read before the password was checked")
	return 0, io.EOF
}

func TestThePasswordIsCheckedBeforeTheBodyIsRead(t *testing.T) {
	s := open(t)
	want(t, send(s.server, "POST", itemsPath, untouched{t}), 401)
	want(t, send(s.server, "POST", itemsPath, untouched{t}, "X-Auth-Password", "wrong"), 401)
}

func TestAClientThatWaitsForContinueNeverSendsTheBody(t *testing.T) {
	s := open(t)
	server := httptest.NewServer(s.server)
	defer server.Close()
	request, err := http.NewRequest("POST", server.URL+itemsPath, untouched{t})
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Expect", "100-continue")
	client := http.Client{Transport: &http.Transport{ExpectContinueTimeout: time.Minute, DisableKeepAlives: true}}
	answer, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != 401 {
		t.Errorf("got %d, want 401", answer.StatusCode)
	}
}

// from sends a request for the orders from the address.
func (s *shop) from(address, given string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", ordersPath, nil)
	r.RemoteAddr = address
	r.Header.Set("X-Auth-Password", given)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.server.ServeHTTP(w, r)
	return w
}

func limited(n int) func(*shop, *api.Options) {
	return func(_ *shop, o *api.Options) { o.PasswordFailures = n }
}

func TestGuessingIsThrottledPerAddress(t *testing.T) {
	s := open(t, limited(5))
	for range 5 {
		want(t, s.from("192.0.2.1:1000", "guess"), 401)
	}
	w := s.from("192.0.2.1:1001", "guess")
	wantError(t, w, 429, "too many wrong passwords from this address: wait a minute")
	if got := w.Header().Get("Retry-After"); got != "60" {
		t.Errorf("got Retry-After %q, want 60", got)
	}
	want(t, s.from("192.0.2.1:1002", password), 429) // or guessing would go on
	want(t, s.from("192.0.2.2:1000", password), 200)
	want(t, s.do("GET", itemPath+tv, ""), 200)
}

func TestTheRightPasswordIsNeverCounted(t *testing.T) {
	s := open(t, limited(5))
	for range 500 {
		want(t, s.from("192.0.2.1:1000", password), 200)
		want(t, s.from("192.0.2.1:1000", ""), 401) // and no password is no guess
	}
}

func TestThrottlingEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, limited(5))
		for range 10 {
			s.from("192.0.2.1:1000", "guess")
		}
		want(t, s.from("192.0.2.1:1000", password), 429)
		time.Sleep(2 * time.Minute)
		want(t, s.from("192.0.2.1:1000", password), 200)
	})
}

func TestForwardedAddressesAreNotBelieved(t *testing.T) {
	s := open(t, limited(5))
	for i := range 5 {
		want(t, s.from("192.0.2.1:1000", "guess", "X-Forwarded-For", fmt.Sprintf("198.51.100.%d", i),
			"X-Real-IP", fmt.Sprintf("198.51.100.%d", i)), 401)
	}
	want(t, s.from("192.0.2.1:1000", "guess", "X-Forwarded-For", "198.51.100.9"), 429)
}

// TestForwardedAddressesAreBelievedOfProxies throttles one client, and asks which requests are its own.
func TestForwardedAddressesAreBelievedOfProxies(t *testing.T) {
	const client, proxy = "198.51.100.1", "192.0.2.1:1000"
	s := open(t, limited(5), func(_ *shop, o *api.Options) {
		o.ClientIP = api.ClientBehind([]netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8::1/128")})
	})
	for range 6 {
		s.from(proxy, "guess", "X-Forwarded-For", client)
	}
	for _, tt := range []struct {
		name, from string
		headers    []string
		want       int
	}{
		{"the client", proxy, []string{"X-Forwarded-For", client}, 429},
		{"the client through two proxies", proxy, []string{"X-Forwarded-For", client + ", 192.0.2.7"}, 429},
		{"the client through a proxy of IPv6", "[2001:db8::1]:1000", []string{"X-Forwarded-For", client}, 429},
		{"the client written as IPv6", proxy, []string{"X-Forwarded-For", "::ffff:" + client}, 429},
		{"the client who says it is another", proxy, []string{"X-Forwarded-For", "203.0.113.9, " + client}, 429},
		{"the client who says it comes from a proxy", proxy, []string{"X-Forwarded-For", "203.0.113.9, 192.0.2.9, " + client}, 429},
		{"the client with headers that are not read", proxy, []string{"X-Forwarded-For", client, "X-Real-IP", "203.0.113.9", "Forwarded", "for=203.0.113.9"}, 429},
		{"the client who connects itself", client + ":1000", []string{"X-Forwarded-For", "203.0.113.9"}, 429},
		{"another client", proxy, []string{"X-Forwarded-For", "198.51.100.2"}, 200},
		{"another who says it is the client", proxy, []string{"X-Forwarded-For", client + ", 198.51.100.2"}, 200},
		{"another who connects and says it is the client", "203.0.113.9:1000", []string{"X-Forwarded-For", client}, 200},
		{"a proxy that tells no client", proxy, nil, 200},
	} {
		if got := s.from(tt.from, password, tt.headers...).Code; got != tt.want {
			t.Errorf("%s: got %d, want %d", tt.name, got, tt.want)
		}
	}
}

// TestNoClientIsOneClient sends what tells no address, each time another.
func TestNoClientIsOneClient(t *testing.T) {
	s := open(t, limited(5), func(_ *shop, o *api.Options) {
		o.ClientIP = api.ClientBehind([]netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")})
	})
	for _, header := range []string{"", "unknown", "192.0.2.3", "_hidden", "198.51.100.1:80"} {
		want(t, s.from("192.0.2.1:1000", "guess", "X-Forwarded-For", header), 401)
	}
	want(t, s.from("192.0.2.1:1000", password, "X-Forwarded-For", "nobody"), 429)
	want(t, s.from("192.0.2.1:1000", password, "X-Forwarded-For", "198.51.100.1"), 200)
}

func TestNobodyIsBehindNoProxies(t *testing.T) {
	if api.ClientBehind(nil) != nil {
		t.Error("got a middleware, want nil")
	}
}

func TestAnIPv6ClientIsItsNetwork(t *testing.T) {
	s := open(t, limited(5))
	for i := range 5 {
		want(t, s.from(fmt.Sprintf("[2001:db8::%x]:1000", i), "guess"), 401)
	}
	want(t, s.from("[2001:db8::ffff]:1000", "guess"), 429)
	want(t, s.from("[2001:db8:0:1::1]:1000", "guess"), 401)
}

func TestGuessesTogetherAreCountedOneByOne(t *testing.T) {
	s := open(t, limited(50))
	codes := make(chan int, 400)
	for range 8 {
		go func() {
			for range 50 {
				codes <- s.from("192.0.2.1:1000", "guess").Code
			}
		}()
	}
	counts := make(map[int]int)
	for range 400 {
		counts[<-codes]++
	}
	if counts[401] != 50 || counts[429] != 350 {
		t.Errorf("got %v, want 50 times 401 and 350 times 429", counts)
	}
}

func TestNewRefusesIncompleteOptions(t *testing.T) {
	_, err := api.New(api.Options{})
	want := "api options: Inventory is required\napi options: Orders is required\n" +
		"api options: Rules is required\napi options: Currency is required"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestNewRefusesARegistryThatIsInUse(t *testing.T) {
	s := open(t)
	_, err := api.New(api.Options{Inventory: s, Orders: s, Rules: s.rules,
		Currency: currency(t, "USD"), Registry: s.server.Registry()})
	if err == nil || errors.Unwrap(err) == nil {
		t.Errorf("got %v, want the registry's error", err)
	}
}
