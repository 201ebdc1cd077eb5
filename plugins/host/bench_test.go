//go:build linux

package host_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
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
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/plugins/host"
	"github.com/checkout-promotions/checkout/plugins/internal/pluginpb"
)

const echoVariable = "CHECKOUT_TEST_ECHO"

// echo is a bare gRPC service: it answers each request with the same bytes.
type echo struct {
	pluginpb.UnimplementedPluginServer
	answer *pluginpb.EvaluateResponse
}

func (e *echo) Evaluate(context.Context, *pluginpb.EvaluateRequest) (*pluginpb.EvaluateResponse, error) {
	return e.answer, nil
}

// serveEcho is the main of the echo, on a socket, until its stdin ends.
func serveEcho(socket string) int {
	listener, err := net.Listen("unix", socket)
	if err != nil {
		panic(err)
	}
	server := grpc.NewServer()
	pluginpb.RegisterPluginServer(server, &echo{answer: echoAnswer()})
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

// benchLines and benchUnits make messages of the size of real ones: a cart of ten
// lines, and an answer for each.
const benchLines = 10

func benchCart(usd engine.Currency) engine.Cart {
	cart := engine.Cart{Currency: usd, Customer: engine.Customer{ID: "c-42"}}
	for i := range int64(benchLines) {
		item := &engine.Item{
			SKU: fmt.Sprintf("SKU-%06d", i), Name: "A product with a name of usual length", Brand: "Brand", Categories: []string{"food", "drinks"},
			Tags: []string{"new"}, Price: engine.Amount(1000 + i), Attributes: engine.Attributes{"colour": engine.TextValue("blue"), "size": engine.TextValue("XL")},
		}
		cart.Lines = append(cart.Lines, engine.Line{Item: item, Quantity: 2})
	}
	return cart
}

// echoAnswer is what the rogue answers to the cart when it is to answer for each
// line.
func echoAnswer() *pluginpb.EvaluateResponse {
	lines := make([]*pluginpb.LineUnits, benchLines)
	for i := range lines {
		lines[i] = &pluginpb.LineUnits{Sku: fmt.Sprintf("SKU-%06d", i), Quantity: 1, Each: 100}
	}
	return &pluginpb.EvaluateResponse{Answers: []*pluginpb.Answer{{Id: "0:theirs", Result: &pluginpb.Answer_Units{Units: &pluginpb.Units{Lines: lines}}}}}
}

// echoRequest is what the host sends of the cart.
func echoRequest(cart *engine.Cart, at time.Time) *pluginpb.EvaluateRequest {
	c := &pluginpb.Cart{Currency: &pluginpb.Currency{Code: "USD", Digits: 2}}
	for _, l := range cart.Lines {
		c.Lines = append(c.Lines, &pluginpb.Line{
			Sku: l.Item.SKU, Quantity: l.Quantity, Price: int64(l.Item.Price), Name: l.Item.Name, Brand: l.Item.Brand, Categories: l.Item.Categories, Tags: l.Item.Tags,
		})
	}
	return &pluginpb.EvaluateRequest{At: timestamppb.New(at), Cart: c, Deals: []*pluginpb.Deal{{Id: "0:theirs", Kind: "units", Config: eachLine}}}
}

const eachLine = `{"do":"each"}`

// startEcho starts the echo and returns a client of it.
func startEcho(b *testing.B) pluginpb.PluginClient {
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	socket := filepath.Join(b.TempDir(), "s")
	server := exec.Command(self)
	server.Env, server.Stderr = append(os.Environ(), echoVariable+"="+socket), os.Stderr
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
	if err != nil {
		b.Fatal(err)
	}
	conn, err := grpc.NewClient("unix://"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
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
	slice  = 300 * time.Millisecond
)

// BenchmarkQuote compares a question to a plugin, with all that the host and the SDK
// do, with a bare gRPC call of the same bytes to another process: in turn, in slices
// of 300 ms. It takes the time that it takes, whatever benchtime says.
func BenchmarkQuote(b *testing.B) {
	usd := dollars(b)
	cart, at := benchCart(usd), time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	bare, request := startEcho(b), echoRequest(&cart, at)
	f := newFolder(b, host.Options{MaxInFlight: 64, Timeout: patience})
	f.use()
	questions := []engine.Question{{Promotion: "theirs", Plugin: "rogue", Kind: "units", Config: eachLine}}
	callBare := func() {
		if _, err := bare.Evaluate(context.Background(), request); err != nil {
			b.Error(err)
		}
	}
	callHost := func() {
		answers := f.host.Evaluate(context.Background(), &cart, at, questions)
		if len(answers) != 1 || len(answers[0].Units) != benchLines {
			b.Errorf("got %v", answers)
		}
	}
	b.Logf("request %d bytes, response %d bytes", proto.Size(request), proto.Size(echoAnswer()))
	for _, inFlight := range []int{1, 8, 64} {
		b.Run(strconv.Itoa(inFlight), func(b *testing.B) {
			var plain, asked []measured
			var ratios []float64
			for range rounds {
				plain = append(plain, measure(inFlight, slice, callBare))
				asked = append(asked, measure(inFlight, slice, callHost))
				ratios = append(ratios, float64(asked[len(asked)-1].p50)/float64(plain[len(plain)-1].p50))
			}
			slices.Sort(ratios)
			p, a := median(plain), median(asked)
			b.ReportMetric(micros(p.p50), "bare-p50-us")
			b.ReportMetric(micros(p.p99), "bare-p99-us")
			b.ReportMetric(p.perSec, "bare-calls/s")
			b.ReportMetric(micros(a.p50), "p50-us")
			b.ReportMetric(micros(a.p99), "p99-us")
			b.ReportMetric(a.perSec, "calls/s")
			b.ReportMetric(ratios[len(ratios)/2], "ratio-p50")
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
		for _, a := range f.host.Evaluate(context.Background(), &cart, at, []engine.Question{{Promotion: "theirs", Plugin: "rogue", Kind: "units", Config: eachLine}}) {
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
