package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const shop = `syntax = "proto3";
package shop;
service Till { rpc Pay(Money) returns (Money); }
enum Coin { COIN_UNSPECIFIED = 0; COIN_CENT = 1; }
message Money {
  int64 amount = 1;
  Coin coin = 2;
  repeated string notes = 3;
  map<string, Money> parts = 4;
  oneof of { string name = 5; Purse purse = 6; }
  message Purse { bool open = 1; }
}
`

func TestBreaking(t *testing.T) {
	tests := []struct {
		name     string
		old, new string
		want     string
	}{
		{"nothing changes", "", "", ""},
		{"a field is new", "int64 amount = 1;", "int64 amount = 1; int64 cents = 7;", ""},
		{"a value is new", "COIN_CENT = 1;", "COIN_CENT = 1; COIN_DIME = 2;", ""},
		{"a method is new", "rpc Pay(Money) returns (Money);", "rpc Pay(Money) returns (Money); rpc Show(Money) returns (Money);", ""},
		{"a field is removed", "int64 amount = 1;", "", "field 1 of shop.Money, amount, is gone"},
		{"a field is removed and reserved", "int64 amount = 1;", "reserved 1;", "field 1 of shop.Money, amount, is gone"},
		{"a field is renumbered", "int64 amount = 1;", "int64 amount = 7;", "field 1 of shop.Money, amount, is gone"},
		{"a field is renamed", "int64 amount = 1;", "int64 cents = 1;", "field 1 of shop.Money was amount and is cents"},
		{"a type changes", "int64 amount = 1;", "int32 amount = 1;", "shop.Money.amount was int64 and is int32"},
		{"a list becomes one", "repeated string notes", "string notes", "shop.Money.notes was repeated string and is string"},
		{"a field becomes optional", "int64 amount", "optional int64 amount", "shop.Money.amount was int64 and is optional int64"},
		{"the values of a map change", "map<string, Money>", "map<string, Coin>", "shop.Money.parts was map<string, shop.Money> and is map<string, shop.Coin>"},
		{"a field leaves a choice", "oneof of { string name = 5; Purse", "string name = 5; oneof of { Purse", "shop.Money.name was string of of and is string"},
		{"a field inside is removed", "bool open = 1;", "", "field 1 of shop.Money.Purse, open, is gone"},
		{"a value is removed", "COIN_CENT = 1;", "", "value 1 of shop.Coin, COIN_CENT, is gone"},
		{"a value is renumbered", "COIN_CENT = 1;", "COIN_CENT = 2;", "value 1 of shop.Coin, COIN_CENT, is gone"},
		{"a method is removed", "rpc Pay(Money) returns (Money);", "", "shop.Till.Pay is gone"},
		{"a method streams", "returns (Money)", "returns (stream Money)", "shop.Till.Pay was (shop.Money) returns (shop.Money) and is (shop.Money) returns (stream shop.Money)"},
		{"a service is renamed", "service Till", "service Desk", "shop.Till is gone"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := breaks(t, shop, strings.Replace(shop, tt.old, tt.new, 1))
			if got := strings.Join(got, "\n"); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func breaks(t *testing.T, before, after string) []string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"before.proto": before, "after.proto": after} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	was, err := compile(dir, "before.proto")
	if err != nil {
		t.Fatal(err)
	}
	is, err := compile(dir, "after.proto")
	if err != nil {
		t.Fatal(err)
	}
	got, err := breaking(was, is)
	if err != nil {
		t.Fatal(err)
	}
	return got
}
