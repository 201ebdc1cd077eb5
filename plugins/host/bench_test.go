//go:build linux

package host_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/plugins/host"
	"github.com/checkout-promotions/checkout/plugins/internal/contract"
	"github.com/checkout-promotions/checkout/plugins/internal/pluginpb"
	"github.com/checkout-promotions/checkout/plugins/sdk"
)

const echoVariable = "CHECKOUT_TEST_ECHO"

// fixed is a plugin that gives the same to every deal and computes nothing.
type fixed struct{ rogue }

func (fixed) Evaluate(_ context.Context, req sdk.Request) ([]sdk.Answer, error) {
	answers := make([]sdk.Answer, len(req.Deals))
	for i, d := range req.Deals {
		units := make([]sdk.Units, benchLines)
		for line := range units {
			units[line] = sdk.Units{SKU: fixedSKUs[line], Quantity: 1, Each: 100}
		}
		answers[i] = sdk.OffUnits(units...)
		answers[i].ID = d.ID
	}
	return answers, nil
}

// fixedSKUs are those of the lines of the cart.
var fixedSKUs = func() (all [benchLines]string) {
	for i := range all {
		all[i] = fmt.Sprintf("SKU-%06d", i)
	}
	return all
}()

// service keeps what is registered with it.
type service struct{ server pluginpb.PluginServer }

func (s *service) RegisterService(_ *grpc.ServiceDesc, server any) {
	s.server = server.(pluginpb.PluginServer)
}

// fixedResponse is what the SDK sends of the answer of fixed.
func fixedResponse() (*pluginpb.EvaluateResponse, error) {
	var s service
	sdk.Register(&s, fixed{})
	return s.server.Evaluate(context.Background(), &pluginpb.EvaluateRequest{Deals: []*pluginpb.Deal{{Id: theirs()[0].Promotion}}})
}

// echo is a bare gRPC service: it answers each request with the same message.
type echo struct {
	pluginpb.UnimplementedPluginServer
	response *pluginpb.EvaluateResponse
}

func (e *echo) Evaluate(context.Context, *pluginpb.EvaluateRequest) (*pluginpb.EvaluateResponse, error) {
	return e.response, nil
}

// serveEcho is the main of the echo, on a socket in a folder, until its stdin ends.
func serveEcho(folder string) int {
	listener, err := net.Listen("unix", filepath.Join(folder, "s"))
	var response *pluginpb.EvaluateResponse
	var secured *tls.Config
	if err == nil {
		response, err = fixedResponse()
	}
	if err == nil {
		secured, err = mutual(folder)
	}
	if err != nil {
		panic(err)
	}
	server := grpc.NewServer(grpc.Creds(transport(secured)))
	pluginpb.RegisterPluginServer(server, &echo{response: response})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // its end is the end, with or without an error
		server.Stop()
	}()
	fmt.Println("serving")
	if err := server.Serve(listener); err != nil {
		panic(err)
	}
	return 0
}

// certify writes a certificate for both sides into a folder.
func certify(folder string) error {
	key, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader) // as go-plugin
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}
	public, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	text := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: public}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})...)
	return os.WriteFile(filepath.Join(folder, "pem"), text, 0o600)
}

// mutual returns the TLS of both sides with the certificate in a folder, as AutoMTLS
// has it, and nil where there is none.
func mutual(folder string) (*tls.Config, error) {
	text, err := os.ReadFile(filepath.Join(folder, "pem"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(text, text)
	if err != nil {
		return nil, err
	}
	known := x509.NewCertPool()
	known.AppendCertsFromPEM(text)
	return &tls.Config{
		Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: known, RootCAs: known,
		ServerName: "localhost", MinVersion: tls.VersionTLS12,
	}, nil
}

func transport(secured *tls.Config) credentials.TransportCredentials {
	if secured == nil {
		return insecure.NewCredentials()
	}
	return credentials.NewTLS(secured)
}

// benchLines makes messages of the size of real ones: a cart of ten lines, and an
// answer for each.
const benchLines = 10

func benchCart(usd engine.Currency) engine.Cart {
	cart := engine.Cart{Currency: usd, Customer: engine.Customer{ID: "c-42"}}
	for i := range benchLines {
		item := &engine.Item{
			SKU: fixedSKUs[i], Name: "A product with a name of usual length", Brand: "Brand", Categories: []string{"food", "drinks"},
			Tags: []string{"new"}, Price: engine.Amount(1000 + int64(i)), Attributes: engine.Attributes{"colour": engine.TextValue("blue"), "size": engine.TextValue("XL")},
		}
		cart.Lines = append(cart.Lines, engine.Line{Item: item, Quantity: 2})
	}
	return cart
}

// theirs are the questions of a quote, of which there is one.
func theirs() []engine.Question {
	return []engine.Question{{Promotion: "theirs", Plugin: "rogue", Kind: "units", Config: `{"do":"each"}`}}
}

// startEcho starts the echo, with TLS or without, and returns a client of it.
func startEcho(b *testing.B, secure bool) pluginpb.PluginClient {
	folder := b.TempDir()
	self, err := os.Executable()
	if err == nil && secure {
		err = certify(folder)
	}
	if err != nil {
		b.Fatal(err)
	}
	server := exec.Command(self)
	server.Env, server.Stderr = append(os.Environ(), echoVariable+"="+folder), os.Stderr
	in, err := server.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := server.StdoutPipe()
	if err == nil {
		err = server.Start()
	}
	if err == nil {
		_, err = bufio.NewReader(out).ReadString('\n')
	}
	var secured *tls.Config
	if err == nil {
		secured, err = mutual(folder)
	}
	if err != nil {
		b.Fatal(err)
	}
	conn, err := grpc.NewClient("unix://"+filepath.Join(folder, "s"), grpc.WithTransportCredentials(transport(secured)))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := errors.Join(conn.Close(), in.Close(), server.Wait()); err != nil {
			b.Error(err)
		}
	})
	return pluginpb.NewPluginClient(conn)
}

// measured is what calls took.
type measured struct {
	p50, p99 time.Duration
	perSec   float64
}

// measure calls from so many goroutines for a while.
func measure(inFlight int, duration time.Duration, call func()) measured {
	var all sync.WaitGroup
	var mu sync.Mutex
	var took []time.Duration
	end := time.Now().Add(duration)
	for range inFlight {
		all.Go(func() {
			var mine []time.Duration
			for now := time.Now(); now.Before(end); {
				call()
				next := time.Now()
				mine = append(mine, next.Sub(now))
				now = next
			}
			mu.Lock()
			defer mu.Unlock()
			took = append(took, mine...)
		})
	}
	all.Wait()
	slices.Sort(took)
	return measured{took[len(took)/2], took[len(took)*99/100], float64(len(took)) / duration.Seconds()}
}

// median returns the measurement in the middle, of each figure.
func median(all []measured) measured {
	figure := func(of func(measured) float64) float64 {
		var figures []float64
		for _, m := range all {
			figures = append(figures, of(m))
		}
		slices.Sort(figures)
		return figures[len(figures)/2]
	}
	return measured{
		time.Duration(figure(func(m measured) float64 { return float64(m.p50) })),
		time.Duration(figure(func(m measured) float64 { return float64(m.p99) })),
		figure(func(m measured) float64 { return m.perSec }),
	}
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

const (
	rounds = 9
	slice  = 200 * time.Millisecond
)

// candidate is a way to ask, with what its rounds took.
type candidate struct {
	name string
	all  []measured
}

// ratio returns the median of the ratios of p50 to those of another, round by round.
func (c *candidate) ratio(to *candidate) float64 {
	ratios := make([]float64, len(c.all))
	for i := range ratios {
		ratios[i] = float64(c.all[i].p50) / float64(to.all[i].p50)
	}
	slices.Sort(ratios)
	return ratios[len(ratios)/2]
}

// bareCall asks another process by the client that protoc makes, with the options that
// gRPC has by default and without a deadline.
func bareCall(b *testing.B, secure bool, request *pluginpb.EvaluateRequest) func() {
	client := startEcho(b, secure)
	return func() {
		if _, err := client.Evaluate(context.Background(), request); err != nil {
			b.Error(err)
		}
	}
}

// hostCall asks a plugin of the SDK by the host: conversion of the cart, circuit
// breaker, turn, deadline, wire, and conversion and validation of the answer.
func hostCall(b *testing.B, secure bool, cart *engine.Cart, at time.Time) func() {
	f := newFolder(b, host.Options{MaxInFlight: 64, Timeout: patience}, "rogue.fixed", "yes")
	if !secure {
		f.host.WithoutTLS()
	}
	f.use()
	if s := f.status(); s.State != host.Running {
		b.Fatalf("got %+v, want that it runs", s)
	}
	questions := theirs()
	return func() {
		answers := f.host.Evaluate(context.Background(), cart, at, questions)
		if len(answers) != 1 || len(answers[0].Units) != benchLines {
			b.Errorf("got %v", answers)
		}
	}
}

// BenchmarkQuote compares a question to a plugin by the host with a bare unary call of
// gRPC, over a unix socket to another process, with the same bytes in both directions
// and handlers that return what is fixed: at 1, 8 and 64 in flight, in turn, in slices
// of 200 ms. It takes the time that it takes, whatever benchtime says.
//
// The host always uses AutoMTLS; without it, it is only here. The ratios of p50 are the
// medians of those of each round:
//
//   - ratio-p50: the host without TLS to the bare call without TLS;
//   - mtls-ratio-p50: the host with AutoMTLS, which is what a quote takes, to the bare
//     call without TLS;
//   - mtls-both-ratio-p50: the host with AutoMTLS to the bare call with mutual TLS.
func BenchmarkQuote(b *testing.B) {
	cart, at := benchCart(dollars(b)), time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	described := fixed{}.Describe()
	request := contract.EvaluateRequest(&cart, at, theirs(), contract.KindFields(&described, theirs()))
	response, err := fixedResponse()
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("request %d bytes, response %d bytes", proto.Size(request), proto.Size(response))
	calls := []func(){bareCall(b, false, request), hostCall(b, false, &cart, at), bareCall(b, true, request), hostCall(b, true, &cart, at)}
	for _, inFlight := range []int{1, 8, 64} {
		b.Run(strconv.Itoa(inFlight), func(b *testing.B) {
			all := []*candidate{{name: "bare"}, {name: "host"}, {name: "mtls-bare"}, {name: "mtls-host"}}
			for range rounds {
				for i, c := range all {
					c.all = append(c.all, measure(inFlight, slice, calls[i]))
				}
			}
			for _, c := range all {
				m := median(c.all)
				b.ReportMetric(micros(m.p50), c.name+"-p50-us")
				b.ReportMetric(m.perSec, c.name+"-calls/s")
			}
			b.ReportMetric(all[1].ratio(all[0]), "ratio-p50")
			b.ReportMetric(all[3].ratio(all[0]), "mtls-ratio-p50")
			b.ReportMetric(all[3].ratio(all[2]), "mtls-both-ratio-p50")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkSwap measures quotes while the program is replaced again and again, beside
// quotes while it is not.
func BenchmarkSwap(b *testing.B) {
	f := newFolder(b, host.Options{Timeout: patience})
	f.install("second")
	second := f.digest()
	f.install("")
	f.pin.Digests = append(f.pin.Digests, second)
	f.use()
	usd := dollars(b)
	cart, at := benchCart(usd), time.Now()
	call := func() {
		for _, a := range f.host.Evaluate(context.Background(), &cart, at, theirs()) {
			if a.Fault != "" {
				b.Errorf("dropped: %+v", a)
			}
		}
	}
	steady := measure(8, 2*time.Second, call)
	done, swaps := make(chan struct{}), 0
	go func() {
		defer close(done)
		for end := time.Now().Add(3 * time.Second); time.Now().Before(end); swaps++ {
			before := f.status().PID
			f.install([]string{"second", ""}[swaps%2])
			f.until("the next", func(s host.Status) bool { return s.PID != before })
		}
	}()
	swapped := measure(8, 3*time.Second, call)
	<-done
	b.ReportMetric(float64(swaps), "swaps")
	b.ReportMetric(micros(steady.p50), "steady-p50-us")
	b.ReportMetric(micros(steady.p99), "steady-p99-us")
	b.ReportMetric(micros(swapped.p50), "swap-p50-us")
	b.ReportMetric(micros(swapped.p99), "swap-p99-us")
	b.ReportMetric(0, "ns/op")
}
