package config

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/v2"
)

// fileVariable is the environment variable that names the configuration file.
const fileVariable = prefix + "CONFIG"

// KeyVariable and ServerVariable are of commands that ask a server, and no settings: who has set them can use all other commands.
const (
	KeyVariable    = prefix + "KEY"
	ServerVariable = prefix + "SERVER"
)

// readEnvironment reads the settings among the variables, given as NAME=value.
func readEnvironment(environ []string) (reading, error) {
	r, link := newReading(), regexp.MustCompile(kubernetesLink)
	ours := env.Provider("", env.Opt{
		Prefix:      prefix,
		EnvironFunc: func() []string { return environ },
		TransformFunc: func(name, value string) (string, any) {
			if name == fileVariable || name == KeyVariable || name == ServerVariable || link.MatchString(name+"="+value) {
				return "", nil
			}
			return name, value
		},
	})
	k := koanf.New(".")
	if err := k.Load(ours, nil); err != nil {
		return r, err
	}
	by, names := named(setting.variable)
	values := k.Raw()
	for _, name := range slices.Sorted(maps.Keys(values)) {
		s, known := by[name]
		if !known {
			r.faults = append(r.faults, unknown(name, name, names))
			continue
		}
		if s.fileOnly() {
			r.faults = append(r.faults, Fault{Source: name, Problem: s.noRoom(), Hint: "set " + s.key + " in the file"})
			continue
		}
		r.text(s, name, values[name].(string))
	}
	return r, nil
}

// kubernetesLink matches the variables that Kubernetes sets in every pod beside a service named "checkout".
const kubernetesLink = `^CHECKOUT_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)=` +
	`|^CHECKOUT_PORT=(tcp|udp|sctp)://`

// lookup returns the value of a variable; as in a process, the last of several counts.
func lookup(environ []string, name string) string {
	value := ""
	for _, pair := range environ {
		if v, ok := strings.CutPrefix(pair, name+"="); ok {
			value = v
		}
	}
	return value
}
