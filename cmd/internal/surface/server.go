package surface

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/checkout-promotions/checkout/api"
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

// server serves a case at a time. It is for one goroutine.
type server struct {
	url     string
	client  *http.Client
	handler atomic.Pointer[api.Server]
	shops   map[engine.Currency]*shop
	end     func() error
}

func newServer(ctx context.Context) (*server, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("test over HTTP: %w", err)
	}
	s := &server{
		url: "http://" + listener.Addr().String(), client: &http.Client{Transport: &http.Transport{}},
		shops: make(map[engine.Currency]*shop),
	}
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.handler.Load().ServeHTTP(w, r) })
	go func() { ended <- api.Serve(serving, listener, handler, api.ServeOptions{}) }()
	s.end = func() error {
		stop()
		return <-ended
	}
	return s, nil
}

// Close ends the server and its databases.
func (s *server) Close() error {
	s.client.CloseIdleConnections()
	err := s.end()
	for _, shop := range s.shops {
		err = errors.Join(err, shop.store.Close())
	}
	return err
}

// serve makes the rules, the clock, the plugins and the items those of the case.
func (s *server) serve(ctx context.Context, asked ruletest.Asked, further func(*api.Options)) error {
	req := asked.Request
	shop, err := s.shop(ctx, req.Cart.Currency)
	if err != nil {
		return err
	}
	if err := shop.stock(ctx, &req); err != nil {
		return err
	}
	options := api.Options{
		Inventory: shop.store, Orders: shop.store, Rules: engine.New(asked.Rules), Plugins: asked.Plugins,
		Currency: req.Cart.Currency, Now: func() time.Time { return req.At }, MaxBody: maxBody,
	}
	further(&options)
	handler, err := api.New(options)
	if err != nil {
		return err
	}
	s.handler.Store(handler)
	return nil
}
