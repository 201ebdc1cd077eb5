package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/compile"
)

// Faults of a folder as a whole. The errors that wrap them name the folder and
// say what to do.
var (
	// ErrMissing means that there is no rule folder.
	ErrMissing = errors.New("no rule folder")
	// ErrEmpty means that the rule folder holds no rule file.
	ErrEmpty = errors.New("no rule files")

	errUnsettled = errors.New("rule files keep changing while they are read")
)

// maxReadings bounds how often a changing folder is read in a row.
const maxReadings = 5

// Load reads the folder once and compiles it. The error wraps ErrMissing or
// ErrEmpty, says which file cannot be read, or is the compiler's. Load is safe
// for concurrent use when compiler is.
func Load(dir string, compiler Compiler) (*engine.Ruleset, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("resolve rule folder %q: %w", dir, err)
	}
	got := settle(func() reading { return read(abs) })
	if got.err != nil {
		return nil, got.err
	}
	return compiler.compile(got.files)
}

// reading is what one look at the folder gave: files and their digest, or err.
type reading struct {
	files  []compile.File
	digest string
	err    error
}

func read(dir string) reading {
	if err := checkFolder(dir); err != nil {
		return reading{err: err}
	}
	files, err := compile.Read(os.DirFS(dir))
	if err != nil {
		return reading{err: fmt.Errorf("rule folder %s: %w", dir, err)}
	}
	if len(files) == 0 {
		return reading{err: fmt.Errorf("%w: %s holds no .yaml or .yml file besides tests and hidden ones: "+
			"add one; to end promotions, disable them in their files", ErrEmpty, dir)}
	}
	return reading{files: files, digest: compile.Digest(files)}
}

func checkFolder(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: %s does not exist: create it with a .yaml rule file in it, or name another folder", ErrMissing, dir)
	case err != nil:
		return fmt.Errorf("rule folder: %w", err)
	case !info.IsDir():
		return fmt.Errorf("%w: %s is a file: name the folder that holds it", ErrMissing, dir)
	default:
		return nil
	}
}

// settle looks until two readings in a row agree; the design notes say why.
func settle(look func() reading) reading {
	last := look()
	for range maxReadings - 1 {
		next := look()
		if next.equal(last) {
			return next
		}
		last = next
	}
	return reading{err: errUnsettled}
}

func (r reading) equal(other reading) bool {
	if r.err != nil && other.err != nil {
		return r.err.Error() == other.err.Error()
	}
	return r.err == nil && other.err == nil && r.digest == other.digest
}

// compile makes sure of the one or the other result.
func (c Compiler) compile(files []compile.File) (*engine.Ruleset, error) {
	r, err := c(files)
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, errors.New("compile rules: neither a ruleset nor an error came back")
	}
	return r, nil
}

// panicError is the panic of a compiler, caught.
type panicError struct {
	value any
	stack string
}

// Error implements error.
func (e *panicError) Error() string {
	return fmt.Sprintf("compile rules: the compiler panicked, please report it: %v", e.value)
}

// guarded returns a compiler whose panics are errors.
func (c Compiler) guarded() Compiler {
	return func(files []compile.File) (r *engine.Ruleset, err error) {
		defer func() {
			if value := recover(); value != nil {
				r, err = nil, &panicError{value: value, stack: string(debug.Stack())}
			}
		}()
		return c(files)
	}
}
