package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/checkout-promotions/checkout/config"
)

// FuzzLoad holds that whatever a file contains, Load returns a configuration or faults, and shows no password.
func FuzzLoad(f *testing.F) {
	for _, seed := range []string{
		"", "---\n", "port: 1", "port: [1", "a: &a {port: 1}\n<<: *a", "? {a: b}\n: c", "port: 1\nport: 2", "db: {host: {}}",
		"1: 2", "port: !!binary aGk=", "password: {a: hunter2}", "- a", "seed: 2026-11-22", "\xff\xfe",
	} {
		f.Add(seed)
	}
	path := filepath.Join(f.TempDir(), "checkout.yaml")
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(path, []byte(text+"\npassword: [hunter2]\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := config.Load(config.Sources{File: path})
		var faults *config.Error
		if err != nil && !errors.As(err, &faults) {
			t.Fatalf("got %v, want a *config.Error", err)
		}
		if err != nil && !strings.Contains(text, "hunter2") && strings.Contains(err.Error(), "hunter2") {
			t.Fatalf("the error shows the password: %v", err)
		}
	})
}
