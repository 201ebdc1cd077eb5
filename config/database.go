package config

import (
	"slices"
	"strings"
)

// pick is the choice of a database by one setting of one source.
type pick struct {
	kind DatabaseKind
	name string // what the source calls the setting
}

// chooseDatabase returns the database that the strongest source names, whatever weaker ones say: a flag for a trial run needs
// no change of the file. One source that names two is a fault.
func chooseDatabase(readings []reading) (DatabaseKind, []Fault) {
	decided := map[string]bool{}
	for _, r := range slices.Backward(readings) {
		switch picks := r.databases(decided); len(picks) {
		case 0:
			continue
		case 1:
			return picks[0].kind, nil
		default:
			return "", []Fault{conflict(picks)}
		}
	}
	return KindSQLite, nil
}

// databases returns the databases that a source names, with the first setting that names each. It leaves out the settings that
// a stronger source has decided, and adds its own to them: --memory-db=false takes back the memory_db of a file.
func (r reading) databases(decided map[string]bool) []pick {
	var picks []pick
	for _, s := range settings() {
		kind := databaseOf(s.key)
		value, given := r.values[s.key]
		if kind == "" || !given || decided[s.key] {
			continue
		}
		decided[s.key] = true
		empty := value == false || value == "" || value == Secret("")
		if !empty && !slices.ContainsFunc(picks, func(p pick) bool { return p.kind == kind }) {
			picks = append(picks, pick{kind, r.names[s.key]})
		}
	}
	return picks
}

// databaseOf returns the database that a setting is about, or "".
func databaseOf(key string) DatabaseKind {
	switch {
	case key == "memory_db":
		return KindMemory
	case key == "sqlite":
		return KindSQLite
	case strings.HasPrefix(key, "db_"):
		return KindPostgres
	default:
		return ""
	}
}

// conflict is the fault of one source that names several databases.
func conflict(picks []pick) Fault {
	names := make([]string, len(picks))
	for i, p := range picks {
		names[i] = p.name
	}
	return Fault{Source: strings.Join(names, " and "), Problem: "these choose different databases", Hint: "keep one of them"}
}
