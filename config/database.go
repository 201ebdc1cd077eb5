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
		if !isEmpty(value) && !slices.ContainsFunc(picks, func(p pick) bool { return p.kind == kind }) {
			picks = append(picks, pick{kind, r.names[s.key]})
		}
	}
	return picks
}

// chooseDSN tells whether the URL of Postgres counts, and not the single settings: the strongest source that has one or the
// other decides. One that has both is a fault.
func chooseDSN(readings []reading) (bool, []Fault) {
	for _, r := range slices.Backward(readings) {
		single, dsn := r.postgres()
		switch {
		case single != "" && dsn != "":
			return false, []Fault{{Source: single + " and " + dsn, Problem: "both say where Postgres is", Hint: "keep one of them"}}
		case single != "" || dsn != "":
			return dsn != "", nil
		}
	}
	return false, nil
}

// postgres returns what the source calls its first single setting of Postgres and its URL; "" for one that is empty or missing.
func (r reading) postgres() (single, dsn string) {
	for _, s := range settings() {
		switch {
		case databaseOf(s.key) != KindPostgres || isEmpty(r.values[s.key]):
		case s.key == "db_dsn":
			dsn = r.names[s.key]
		case single == "":
			single = r.names[s.key]
		}
	}
	return single, dsn
}

// isEmpty tells whether a value says nothing.
func isEmpty(value any) bool {
	return value == nil || value == false || value == "" || value == Secret("")
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
