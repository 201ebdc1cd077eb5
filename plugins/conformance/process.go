package conformance

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/proto"

	"github.com/checkout-promotions/checkout/plugins/internal/contract"
	"github.com/checkout-promotions/checkout/plugins/internal/launch"
	"github.com/checkout-promotions/checkout/plugins/internal/pluginpb"
	"github.com/checkout-promotions/checkout/plugins/internal/wire"
)

// byHand starts the program as a person would.
func (s *suite) byHand(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.o.StartTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, s.path)
	defer launch.Group(cmd)()
	cmd.Env, cmd.WaitDelay = s.o.Env, time.Second
	var stdout bytes.Buffer
	stderr := &launch.Tail{}
	cmd.Stdout, cmd.Stderr = &stdout, stderr
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("it still ran after %s", s.o.StartTimeout)
	case err != nil && !errors.As(err, &exit):
		return err
	case cmd.ProcessState.ExitCode() != 2:
		return fmt.Errorf("its exit code is %d, want 2%s", cmd.ProcessState.ExitCode(), stderr.Printed())
	case stdout.Len() > 0:
		return fmt.Errorf("it writes %.60q to stdout", stdout.String())
	case len(stderr.Lines()) == 0:
		return errors.New("it writes nothing to stderr")
	default:
		return nil
	}
}

// handshakeEnv is what go-plugin sets, with versions of the contract. Nobody connects with the certificate.
func (s *suite) handshakeEnv(versions string) ([]string, error) {
	h := wire.Handshake()
	certificate, err := clientCertificate()
	return append(append([]string(nil), s.o.Env...), h.MagicCookieKey+"="+h.MagicCookieValue, "PLUGIN_PROTOCOL_VERSIONS="+versions,
		"PLUGIN_UNIX_SOCKET_DIR="+s.sockets, "PLUGIN_MIN_PORT=10000", "PLUGIN_MAX_PORT=25000", "PLUGIN_CLIENT_CERT="+certificate), err
}

// clientCertificate returns one in PEM, whose key is lost.
func clientCertificate() (string, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), err
}

// versions offers a version that there will not be.
func (s *suite) versions(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.o.StartTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, s.path)
	defer launch.Group(cmd)()
	cmd.WaitDelay = time.Second
	var err error
	if cmd.Env, err = s.handshakeEnv("999"); err != nil {
		return err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	line, _ := bufio.NewReader(stdout).ReadString('\n') // one that ends without a line refuses, too
	cancel()
	_ = cmd.Wait() // it was killed
	if parts := strings.Split(line, "|"); len(parts) > 1 && parts[1] == "999" {
		return fmt.Errorf("offered version 999 alone, it takes it: %.100q", line)
	}
	return s.sweep()
}

// sweep removes the sockets of programs that were killed.
func (s *suite) sweep() error {
	entries, err := os.ReadDir(s.sockets)
	for _, e := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(s.sockets, e.Name())))
	}
	return err
}

// launch starts the program with the folder for its socket.
func (s *suite) launch(ctx context.Context, sockets string) (*launch.Process, error) {
	return launch.Start(ctx, launch.Options{Path: s.path, Env: s.o.Env, Runtime: sockets, StartTimeout: s.o.StartTimeout, Output: s.o.Output})
}

func (s *suite) start(ctx context.Context) (err error) {
	s.process, err = s.launch(ctx, s.sockets)
	return err
}

func (s *suite) describe(ctx context.Context) error {
	response, err := s.describeOnce(ctx)
	if err != nil {
		return fmt.Errorf("%w%s", err, s.exitText())
	}
	s.d, err = contract.Description(response)
	s.report.Description = s.d
	if err != nil {
		return err
	}
	if file := strings.TrimSuffix(filepath.Base(s.path), ".exe"); file != s.d.Name {
		return fmt.Errorf("its name is %s, and that of its file %s", s.d.Name, file)
	}
	again, err := s.describeOnce(ctx)
	if err == nil && !proto.Equal(response, again) {
		err = errors.New("asked twice, it describes itself differently")
	}
	return err
}

func (s *suite) describeOnce(ctx context.Context) (*pluginpb.DescribeResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, s.o.CallTimeout)
	defer cancel()
	return s.process.Describe(ctx, &pluginpb.DescribeRequest{})
}

// healthy is asked after everything that may hurt the plugin.
func (s *suite) healthy(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.o.CallTimeout)
	defer cancel()
	response, err := s.process.Health.Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: wire.Name})
	if err != nil {
		return fmt.Errorf("its health service: %w%s", err, s.exitText())
	}
	if response.GetStatus() != grpc_health_v1.HealthCheckResponse_SERVING {
		return fmt.Errorf("its health service says %s", response.GetStatus())
	}
	return nil
}

func (s *suite) exitText() string {
	if text := s.process.ExitText(); text != "" {
		return "; it has ended: " + text + s.process.Printed().Printed()
	}
	return ""
}

// wrongSettings uses a process of its own, since plugins are configured once.
func (s *suite) wrongSettings(ctx context.Context) error {
	sockets, err := os.MkdirTemp("", "check")
	if err != nil {
		return err
	}
	defer os.RemoveAll(sockets)
	p, err := s.launch(ctx, sockets)
	if err != nil {
		return err
	}
	defer p.Close(0)
	for _, settings := range []string{"", "[", "[]", "7"} {
		ctx, cancel := context.WithTimeout(ctx, s.o.CallTimeout)
		_, err := p.Configure(ctx, &pluginpb.ConfigureRequest{Settings: settings})
		cancel()
		if err == nil {
			return fmt.Errorf("it takes the settings %q", settings)
		}
		if text := p.ExitText(); text != "" {
			return fmt.Errorf("the settings %q end it: %s", settings, text)
		}
	}
	return nil
}

func (s *suite) configure(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.o.CallTimeout)
	defer cancel()
	_, err := s.process.Configure(ctx, &pluginpb.ConfigureRequest{Settings: s.o.Settings, Currency: &pluginpb.Currency{Code: "USD", Digits: 2}})
	return err
}

// ends gives as long as go-plugin waits.
func (s *suite) ends(context.Context) error {
	const patience = 2 * time.Second
	began := time.Now()
	s.process.Close(2 * patience)
	s.process.Close(0) // again does nothing
	if took := time.Since(began); took > patience {
		return fmt.Errorf("it had to be killed after %s; does it serve plugin.GRPCController?", patience)
	}
	return nil
}

func (s *suite) leavesNothing(context.Context) error {
	entries, err := os.ReadDir(s.sockets)
	if err == nil && len(entries) > 0 {
		err = fmt.Errorf("%d files are left, such as %s", len(entries), entries[0].Name())
	}
	return err
}

// orphaned starts the program below a shell and kills that. The pipe ends when both have.
func (s *suite) orphaned(ctx context.Context) error {
	if runtime.GOOS == "windows" {
		return nil // processes have no parents there
	}
	reader, writer, err := os.Pipe()
	if err != nil {
		return err
	}
	defer reader.Close()
	shell, stderr := exec.CommandContext(ctx, "/bin/sh", "-c", `"$0" & wait`, s.path), &launch.Tail{}
	shell.Stdout, shell.Stderr, shell.WaitDelay = writer, stderr, time.Second
	shell.Env, err = s.handshakeEnv(fmt.Sprint(wire.Version))
	if err == nil {
		err = shell.Start()
	}
	if err := errors.Join(err, writer.Close()); err != nil {
		return err
	}
	if err := reader.SetReadDeadline(time.Now().Add(s.o.StartTimeout)); err != nil {
		return err
	}
	lines := bufio.NewReader(reader)
	_, early := lines.ReadString('\n')
	killed := errors.Join(shell.Process.Kill(), reader.SetReadDeadline(time.Now().Add(10*time.Second)))
	_ = shell.Wait() // it was killed
	switch {
	case errors.Is(early, io.EOF):
		return fmt.Errorf("it ended before it had written a line to stdout%s", stderr.Printed())
	case early != nil:
		return fmt.Errorf("it had not written a line to stdout after %s%s", s.o.StartTimeout, stderr.Printed())
	case killed != nil:
		return killed
	}
	if _, err := io.Copy(io.Discard, lines); err != nil {
		return errors.New("it still runs 10 seconds after its parent was killed; end it by hand")
	}
	return nil
}
