package config

import "slices"

// pairs are settings of which none does anything without the other.
func pairs() [][2]string { return [][2]string{{"oidc_issuer", "oidc_audience"}} }

// unpaired finds settings that are given without the other of their pair, whatever sources say so.
func unpaired(readings []reading) []Fault {
	var faults []Fault
	for _, p := range pairs() {
		if first, second := given(readings, p[0]), given(readings, p[1]); first != "" && second == "" {
			faults = append(faults, Fault{Source: first, Problem: "does nothing without " + p[1], Hint: "set both, or none"})
		} else if first == "" && second != "" {
			faults = append(faults, Fault{Source: second, Problem: "does nothing without " + p[0], Hint: "set both, or none"})
		}
	}
	return faults
}

// given is what the strongest source that says something of a setting calls it, "" where that is nothing.
func given(readings []reading, key string) string {
	for _, r := range slices.Backward(readings) {
		if value, said := r.values[key]; said {
			if isEmpty(value) {
				return ""
			}
			return r.names[key]
		}
	}
	return ""
}
