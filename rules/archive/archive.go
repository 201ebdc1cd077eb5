// Package archive packs the rule files of a ruleset into bytes that can be kept,
// and gives them back.
//
//	packed, err := archive.Pack(files)
//	files, err := archive.Unpack(packed, digest)
//	ruleset, err := compile.Compile(files) // ruleset.Digest() == digest
//
// # Design, 2026-11-22
//
// The form is a tar in gzip, so that whoever has the bytes and no checkout can
// still read the rules. Names are sorted and there are no times, owners or
// modes in it. Rejected: a form of our own, which saves some hundred bytes for
// each ruleset, and compiled rules, which another version could not read.
//
// Unpack demands the digest that the files must have. Rejected: to trust the
// checksum of gzip, which says that the bytes are those that were packed and not
// that they are the rules that were asked for.
package archive

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/checkout-promotions/checkout/rules/compile"
)

// MaxSize is how much the files of one archive may hold together, in bytes.
const MaxSize = 64 << 20

// DamagedError says that an archive is not what was packed.
type DamagedError struct {
	// Digest names the ruleset that the archive should hold.
	Digest string
	// Problem says what is wrong with it.
	Problem string
}

// Error implements error.
func (e *DamagedError) Error() string {
	return fmt.Sprintf("the archived rules %s are damaged: %s; restore them from a backup", e.Digest, e.Problem)
}

// Pack packs the files. The same files, in any order, give the same bytes.
func Pack(files []compile.File) ([]byte, error) {
	files = slices.Clone(files)
	slices.SortFunc(files, func(a, b compile.File) int { return strings.Compare(a.Name, b.Name) })
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	tape := tar.NewWriter(zip)
	size := 0
	for _, f := range files {
		if size += len(f.Data); size > MaxSize {
			return nil, fmt.Errorf("pack rule files: more than %d bytes; split the rules or take comments out", MaxSize)
		}
		header := &tar.Header{Typeflag: tar.TypeReg, Name: f.Name, Size: int64(len(f.Data)), Mode: 0o644, Format: tar.FormatPAX}
		if err := tape.WriteHeader(header); err != nil {
			return nil, fmt.Errorf("pack rule file %q: %w", f.Name, err)
		}
		if _, err := tape.Write(f.Data); err != nil {
			return nil, fmt.Errorf("pack rule file %q: %w", f.Name, err)
		}
	}
	if err := errors.Join(tape.Close(), zip.Close()); err != nil {
		return nil, fmt.Errorf("pack rule files: %w", err)
	}
	return packed.Bytes(), nil
}

// Unpack returns the files, sorted by name. They are those with the digest, else
// the error is a *DamagedError. Every name is a path inside a folder.
func Unpack(packed []byte, digest string) ([]compile.File, error) {
	files, err := unpack(packed)
	if err != nil {
		return nil, &DamagedError{Digest: digest, Problem: err.Error()}
	}
	if got := compile.Digest(files); got != digest {
		return nil, &DamagedError{Digest: digest, Problem: "they are the rules " + got}
	}
	return files, nil
}

// Files returns files that were packed without a digest, such as tests, sorted by name.
// Where they are damaged, the error is a *DamagedError that names the digest of the rules
// they belong to.
func Files(packed []byte, of string) ([]compile.File, error) {
	files, err := unpack(packed)
	if err != nil {
		return nil, &DamagedError{Digest: of, Problem: err.Error()}
	}
	return files, nil
}

func unpack(packed []byte) ([]compile.File, error) {
	zip, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	var files []compile.File
	all := &io.LimitedReader{R: zip, N: 2 * MaxSize}
	tape := tar.NewReader(all)
	for {
		header, err := tape.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if header.Typeflag != tar.TypeReg || !fs.ValidPath(header.Name) || strings.Contains(header.Name, `\`) {
			return nil, fmt.Errorf("%q is no rule file", header.Name)
		}
		data, err := io.ReadAll(tape)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", header.Name, err)
		}
		files = append(files, compile.File{Name: header.Name, Data: data})
	}
	if _, err := io.Copy(io.Discard, all); err != nil { // to the checksum
		return nil, err
	}
	return files, nil
}
