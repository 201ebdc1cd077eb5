package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/knadh/koanf/providers/posflag"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/pflag"
)

// fileFlag is the flag that names the configuration file.
const fileFlag = "config"

// BindFlags adds the flags of `checkout run` to a flag set: --config, and one for each setting. Parsing takes any value; [Load]
// judges them together with the other sources.
func BindFlags(flags *pflag.FlagSet) { bind(flags, settings()) }

// BindDatabaseFlags adds --config and the flags that say where items and orders are kept, for commands that need no more.
func BindDatabaseFlags(flags *pflag.FlagSet) {
	bind(flags, slices.DeleteFunc(settings(), func(s setting) bool { return databaseOf(s.key) == "" }))
}

// BindShopFlags adds those of BindDatabaseFlags and --rules, for tools that work on the catalogue of a shop: its rules have the
// currency of its prices.
func BindShopFlags(flags *pflag.FlagSet) {
	bind(flags, slices.DeleteFunc(settings(), func(s setting) bool { return databaseOf(s.key) == "" && s.key != "rules" }))
}

// BindPluginFlags adds --config, --rules and the flags of plugins, for tools that work on the plugins of a shop.
func BindPluginFlags(flags *pflag.FlagSet) {
	bind(flags, slices.DeleteFunc(settings(), func(s setting) bool { return !strings.HasPrefix(s.key, pluginsKey+".") && s.key != "rules" }))
}

// Choices returns the words of which the value of a flag bound here is one, nil for other flags.
func Choices(f *pflag.Flag) []string {
	if v, ok := f.Value.(*flagValue); ok {
		words, _ := v.kind.(choice)
		return slices.Clone(words)
	}
	return nil
}

func bind(flags *pflag.FlagSet, some []setting) {
	flags.String(fileFlag, "", "`file` of settings in YAML; the environment and flags override it")
	for _, s := range some {
		if s.fileOnly() {
			continue
		}
		f := flags.VarPF(&flagValue{text: fmt.Sprint(s.def), kind: s.kind}, s.flag(), "", s.usage)
		if _, ok := s.kind.(boolean); ok {
			f.NoOptDefVal = "true"
		}
	}
}

// readFlags reads the settings among the flags that were given. Other flags are none of its business.
func readFlags(flags *pflag.FlagSet) (reading, error) {
	r := newReading()
	if flags == nil {
		return r, nil
	}
	by, _ := named(setting.flag)
	given := posflag.ProviderWithFlag(flags, ".", nil, func(f *pflag.Flag) (string, any) {
		if _, ours := by[f.Name]; !ours {
			return "", nil
		}
		return f.Name, f.Value.String()
	})
	k := koanf.New(".")
	if err := k.Load(given, nil); err != nil {
		return r, err
	}
	values := k.Raw()
	for _, name := range slices.Sorted(maps.Keys(values)) {
		r.text(by[name], "--"+name, values[name].(string))
	}
	return r, nil
}

// flagValue is a flag that keeps its text as it was given.
type flagValue struct {
	text string
	kind kind
}

// String returns the text.
func (v *flagValue) String() string { return v.text }

// Set keeps the text; it never fails.
func (v *flagValue) Set(text string) error {
	v.text = text
	return nil
}

// Type returns the name that pflag has for such values, for the help text.
func (v *flagValue) Type() string {
	switch v.kind.(type) {
	case number:
		return "int"
	case boolean:
		return "bool"
	case duration:
		return "duration"
	default:
		return "string"
	}
}
