package config

import (
	"fmt"
	"slices"

	"github.com/go-viper/mapstructure/v2"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/pflag"
)

// Sources is where [Load] reads from. The zero value has nothing to read and gives the defaults.
type Sources struct {
	// File is the YAML file to read when neither --config nor CHECKOUT_CONFIG names one; empty reads none.
	File string
	// Env is the environment, as os.Environ returns it.
	Env []string
	// Flags are parsed flags, bound by BindFlags. Only those that were given count.
	Flags *pflag.FlagSet
}

// file returns the path of the file to read: that of the strongest source that names one.
func (s Sources) file() string {
	if s.Flags != nil {
		if f := s.Flags.Lookup(fileFlag); f != nil && f.Changed {
			return f.Value.String()
		}
	}
	if path := lookup(s.Env, fileVariable); path != "" {
		return path
	}
	return s.File
}

// Load merges the sources over the defaults. Whatever is wrong with the configuration comes back in one *[Error], with the zero
// Config. Load keeps nothing: called again it reads everything anew, and settings that were removed are back at their defaults.
func Load(s Sources) (Config, error) {
	environment, err := readEnvironment(s.Env)
	if err != nil {
		return Config{}, fmt.Errorf("read environment: %w", err)
	}
	flags, err := readFlags(s.Flags)
	if err != nil {
		return Config{}, fmt.Errorf("read flags: %w", err)
	}
	readings := []reading{readFile(s.file()), environment, flags}
	kind, conflicts := chooseDatabase(readings)
	byDSN, both := chooseDSN(readings)
	var faults []Fault
	for _, r := range readings {
		faults = append(faults, r.faults...)
	}
	if faults = slices.Concat(faults, conflicts, both); len(faults) == 0 {
		faults = unpaired(readings)
	}
	if len(faults) > 0 {
		return Config{}, &Error{Faults: faults}
	}
	c, err := merge(readings)
	if err != nil {
		return Config{}, err
	}
	c.Database.Kind = kind
	if !byDSN {
		c.Database.DSN = ""
	}
	return c, nil
}

// merge lays the readings over the defaults, the last on top.
func merge(readings []reading) (Config, error) {
	k := koanf.New(".")
	for _, r := range readings {
		if err := k.Load(confmap.Provider(r.values, "."), nil); err != nil {
			return Config{}, fmt.Errorf("merge configuration: %w", err)
		}
	}
	c := Default()
	strict := &mapstructure.DecoderConfig{ErrorUnused: true, Result: &c}
	if err := k.UnmarshalWithConf("", &c, koanf.UnmarshalConf{DecoderConfig: strict}); err != nil {
		return Config{}, fmt.Errorf("decode configuration: %w", err)
	}
	return c, nil
}
