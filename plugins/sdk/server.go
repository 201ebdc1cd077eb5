package sdk

import (
	"context"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/checkout-promotions/checkout/plugins/internal/pluginpb"
	"github.com/checkout-promotions/checkout/plugins/internal/wire"
)

// Register lets a gRPC server serve the plugin. Serve does it; package plugintest does it within a test.
func Register(on grpc.ServiceRegistrar, p Plugin) {
	pluginpb.RegisterPluginServer(on, &server{plugin: p})
}

// server speaks for a plugin. No panic of the plugin gets past it.
type server struct {
	pluginpb.UnimplementedPluginServer
	plugin Plugin
}

// Describe implements the contract.
func (s *server) Describe(context.Context, *pluginpb.DescribeRequest) (*pluginpb.DescribeResponse, error) {
	return call(func() (*pluginpb.DescribeResponse, error) {
		described := describeTo(s.plugin.Describe())
		described.ApiVersions = []uint32{wire.Version}
		return described, nil
	})
}

// Configure implements the contract.
func (s *server) Configure(ctx context.Context, req *pluginpb.ConfigureRequest) (*pluginpb.ConfigureResponse, error) {
	return call(func() (*pluginpb.ConfigureResponse, error) {
		settings := Settings{JSON: []byte(req.GetSettings()), Currency: currencyFrom(req.GetCurrency())}
		var err error
		if p, ok := s.plugin.(Configurer); ok {
			err = p.Configure(ctx, settings)
		} else {
			err = settings.Decode(&struct{}{})
		}
		if err != nil {
			return nil, status.Error(codes.InvalidArgument, err.Error())
		}
		return &pluginpb.ConfigureResponse{}, nil
	})
}

// Evaluate implements the contract.
func (s *server) Evaluate(ctx context.Context, req *pluginpb.EvaluateRequest) (*pluginpb.EvaluateResponse, error) {
	return call(func() (*pluginpb.EvaluateResponse, error) {
		answers, err := s.plugin.Evaluate(ctx, Request{At: req.GetAt().AsTime(), Cart: cartFrom(req.GetCart()), Deals: dealsFrom(req.GetDeals())})
		if err != nil {
			return nil, err
		}
		response := &pluginpb.EvaluateResponse{Answers: make([]*pluginpb.Answer, len(answers))}
		for i := range answers {
			response.Answers[i] = answerTo(&answers[i])
		}
		return response, nil
	})
}

// Facts implements the contract.
func (s *server) Facts(ctx context.Context, req *pluginpb.FactsRequest) (*pluginpb.FactsResponse, error) {
	p, ok := s.plugin.(FactSource)
	if !ok {
		return s.UnimplementedPluginServer.Facts(ctx, req)
	}
	return call(func() (*pluginpb.FactsResponse, error) {
		values, err := p.Facts(ctx, FactsRequest{At: req.GetAt().AsTime(), Cart: cartFrom(req.GetCart()), Names: req.GetNames()})
		if err != nil {
			return nil, err
		}
		response := &pluginpb.FactsResponse{Values: make(map[string]*pluginpb.Value, len(values))}
		for name, v := range values {
			if response.Values[name] = valueTo(v); response.Values[name].GetKind() == nil {
				return nil, fmt.Errorf("fact %s has no value; leave it out", name)
			}
		}
		return response, nil
	})
}

// call makes a status of what goes wrong with a method of the plugin.
func call[R any](method func() (*R, error)) (response *R, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			response, err = nil, status.Error(codes.Internal, clip(panicked(cause).Error()))
		}
	}()
	if response, err = method(); err != nil {
		return nil, status.Error(codeOf(err), clip(status.Convert(err).Message()))
	}
	return response, nil
}

// codeOf returns the code of the status that an error is, or means.
func codeOf(err error) codes.Code {
	if code := status.Code(err); code != codes.Unknown {
		return code
	}
	return status.FromContextError(err).Code()
}

// clip keeps the messages of errors short, and within the headers that carry them.
func clip(text string) string { return fmt.Sprintf("%.1000s", text) }
