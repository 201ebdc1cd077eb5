// Package wire is how Checkout and plugins find each other: the handshake of hashicorp/go-plugin, the versions of the contract, and
// the sizes of messages. The SDK serves with it and the host dials with it, so that neither has a second opinion.
//
// # Design
//
// hashicorp/go-plugin (2026-11) because it is what Terraform, Vault and Nomad have run for years: it starts a program, negotiates a
// version, secures the socket with certificates of one use, and is spoken from any language that has gRPC. Measured, a call costs what
// a bare gRPC call does. Rejected: net/rpc, which only Go speaks; WebAssembly, which authors cannot debug with their own tools; a protocol of our own.
package wire

import (
	"context"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/checkout-promotions/checkout/plugins/internal/pluginpb"
)

const (
	// Name is what the one service of a plugin is called in go-plugin.
	Name = "plugin"
	// Version is the newest version of the contract.
	Version = 1
	// MaxRequest and MaxResponse are the sizes of messages in bytes.
	MaxRequest  = 4 << 20
	MaxResponse = 1 << 20

	// connWindow is how many bytes may be under way on a connection in one direction, all that gRPC ever allows by itself.
	connWindow = 16 << 20
	// streamWorkers is how many goroutines of a plugin wait for calls, so that their stacks need not grow again for each; for more calls
	// at once there are more goroutines.
	streamWorkers = 8

	cookieKey   = "CHECKOUT_PLUGIN"
	cookieValue = "checkout.plugin"
)

// Handshake returns what a plugin recognises Checkout by. It is no secret: it tells people who start a plugin by hand from Checkout.
func Handshake() plugin.HandshakeConfig {
	return plugin.HandshakeConfig{MagicCookieKey: cookieKey, MagicCookieValue: cookieValue}
}

// Versions returns the versions of the contract that are spoken: for a plugin with its server, for the host with nil.
func Versions(server pluginpb.PluginServer) map[int]plugin.PluginSet {
	return map[int]plugin.PluginSet{Version: {Name: &service{server: server}}}
}

// Client calls a plugin. It is safe for concurrent use.
type Client struct {
	pluginpb.PluginClient
	Health grpc_health_v1.HealthClient
}

// NewClient returns a client that calls over the connection.
func NewClient(conn *grpc.ClientConn) *Client {
	return &Client{PluginClient: pluginpb.NewPluginClient(conn), Health: grpc_health_v1.NewHealthClient(conn)}
}

// service is the contract as go-plugin wants it.
type service struct {
	plugin.NetRPCUnsupportedPlugin
	server pluginpb.PluginServer
}

var _ plugin.GRPCPlugin = (*service)(nil)

// GRPCServer implements plugin.GRPCPlugin.
func (s *service) GRPCServer(_ *plugin.GRPCBroker, server *grpc.Server) error {
	pluginpb.RegisterPluginServer(server, s.server)
	return nil
}

// GRPCClient implements plugin.GRPCPlugin; it returns a *Client.
func (s *service) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return NewClient(conn), nil
}

// The windows are as large as messages may be, and do not change: to find a size by itself gRPC sends pings beside messages, which
// on a socket to the same machine only wake the other side up once more.

// DialOptions bound what is read from plugins. A call is made once: gRPC would make it again by itself where a connection breaks.
func DialOptions() []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(MaxResponse)), grpc.WithStaticStreamWindowSize(MaxResponse), grpc.WithStaticConnWindowSize(connWindow), grpc.WithDisableRetry(),
	}
}

// NewServer returns a gRPC server that bounds what is read from Checkout.
func NewServer(options []grpc.ServerOption) *grpc.Server {
	return grpc.NewServer(append(options, grpc.MaxRecvMsgSize(MaxRequest), grpc.StaticStreamWindowSize(MaxRequest), grpc.StaticConnWindowSize(connWindow), grpc.NumStreamWorkers(streamWorkers))...)
}
