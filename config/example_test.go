package config_test

import (
	"fmt"

	"github.com/checkout-promotions/checkout/config"
	"github.com/spf13/pflag"
)

func ExampleLoad() {
	flags := pflag.NewFlagSet("run", pflag.ContinueOnError)
	config.BindFlags(flags)
	if err := flags.Parse([]string{"--port", "9000", "--memory-db"}); err != nil {
		fmt.Println(err)
		return
	}
	cfg, err := config.Load(config.Sources{Env: []string{"CHECKOUT_PASSWORD=hunter2"}, Flags: flags})
	fmt.Println(cfg.Listen(), cfg.Database.Kind, cfg.Password, err)
	// Output: :9000 memory [redacted] <nil>
}

func ExampleLoad_faults() {
	_, err := config.Load(config.Sources{Env: []string{"CHECKOUT_PROT=9000", "CHECKOUT_LOG_LEVEL=loud"}})
	fmt.Println(err)
	// Output:
	// configuration: 2 faults
	//   CHECKOUT_LOG_LEVEL: want debug, info, warn or error, got "loud"
	//   CHECKOUT_PROT: no such setting; did you mean CHECKOUT_PORT?
}
