package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/checkout-promotions/checkout/config"
	"go.yaml.in/yaml/v3"
)

func TestSecretIsNeverPrinted(t *testing.T) {
	const password = "hunter2"
	cfg := config.Config{Password: password, Database: config.Database{Password: password, DSN: password}}
	ways := map[string]func(value any) string{
		"slog text": func(v any) string {
			var b bytes.Buffer
			slog.New(slog.NewTextHandler(&b, nil)).Info("start", "config", v)
			return b.String()
		},
		"slog json": func(v any) string {
			var b bytes.Buffer
			slog.New(slog.NewJSONHandler(&b, nil)).Info("start", "config", v)
			return b.String()
		},
		"json": func(v any) string { return encoded(json.Marshal(v)) },
		"yaml": func(v any) string { return encoded(yaml.Marshal(v)) },
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%10s", "%.2s"} {
		ways[verb] = func(v any) string { return fmt.Sprintf(verb, v) }
	}
	for way, print := range ways {
		for _, v := range []any{cfg.Password, &cfg.Password, cfg, []config.Secret{password}, map[string]any{"p": cfg.Password}} {
			if got := print(v); strings.Contains(got, password) || strings.Contains(got, fmt.Sprintf("%x", password)) {
				t.Errorf("%s of %T: got %s, want no password", way, v, got)
			}
		}
	}
}

func encoded(b []byte, err error) string { return fmt.Sprint(string(b), err) }

func TestSecretTellsOnlyWhetherItIsSet(t *testing.T) {
	if got := fmt.Sprint(config.Secret("hunter2")); got != "[redacted]" {
		t.Errorf("got %q, want [redacted]", got)
	}
	if got := fmt.Sprint(config.Secret("")); got != "" {
		t.Errorf("got %q, want nothing", got)
	}
	if got := config.Secret("hunter2").Reveal(); got != "hunter2" {
		t.Errorf("got %q, want the text itself", got)
	}
}
