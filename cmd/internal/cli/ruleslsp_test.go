package cli_test

import (
	"io"
	"testing"

	"github.com/creachadair/jrpc2"
	"github.com/creachadair/jrpc2/channel"

	"github.com/checkout-promotions/checkout/cmd/internal/cli"
)

func TestAnEditorIsServed(t *testing.T) {
	for _, tt := range []struct {
		name     string
		shutdown bool
		want     int
	}{
		{"an exit after a shutdown", true, 0},
		{"an exit without one is a finding", false, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fromEditor, toServer := io.Pipe()
			fromServer, toEditor := io.Pipe()
			code := make(chan int, 1)
			go func() {
				code <- cli.Run(t.Context(), []string{"rules", "lsp"}, cli.Streams{In: fromEditor, Out: toEditor, Err: io.Discard})
				_ = toEditor.Close()
			}()
			editor := jrpc2.NewClient(channel.LSP(fromServer, toServer), nil)
			var hello struct {
				ServerInfo struct{ Name, Version string }
			}
			if err := editor.CallResult(t.Context(), "initialize", map[string]any{}, &hello); err != nil {
				t.Fatal(err)
			}
			if got := hello.ServerInfo; got.Name != "checkout" || got.Version == "" {
				t.Errorf("got %+v", got)
			}
			if tt.shutdown {
				if _, err := editor.Call(t.Context(), "shutdown", nil); err != nil {
					t.Fatal(err)
				}
			}
			if err := editor.Notify(t.Context(), "exit", nil); err != nil {
				t.Fatal(err)
			}
			if got := <-code; got != tt.want {
				t.Errorf("got exit code %d, want %d", got, tt.want)
			}
			_ = editor.Close()
		})
	}
}
