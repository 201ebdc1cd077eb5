// Command storefront is a small shop in the browser, on a Checkout server. It shows how a
// page uses version 1 of the API: prices of a listing, a cart with what applies to it and
// what nearly does, why the rest does not, and an order that costs what was shown.
//
//	CHECKOUT_KEY=ck_… storefront [-server http://localhost:8000] [-listen localhost:8080]
//
// The page talks to this program alone, which talks to the server: the key stays here, and
// what a shipment costs is not for a page to say. See README.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	server := flag.String("server", "http://localhost:8000", "address of the Checkout server")
	listen := flag.String("listen", "localhost:8080", "address to serve the shop on")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, *server, *listen, os.Getenv("CHECKOUT_KEY"))
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "storefront:", err)
		os.Exit(1)
	}
}

// run serves the shop until ctx is done.
func run(ctx context.Context, server, listen, key string) error {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	shop, err := newShop(server, key, log)
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w; choose another address with -listen", listen, err)
	}
	s := &http.Server{Handler: shop.handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second}
	fmt.Printf("The shop is at http://%s\n", listener.Addr())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(listener) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := s.Shutdown(drain); err != nil {
		return err
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
