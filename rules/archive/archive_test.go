package archive_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/checkout-promotions/checkout/rules/archive"
	"github.com/checkout-promotions/checkout/rules/compile"
)

func read(t *testing.T, dir string) []compile.File {
	t.Helper()
	files, err := compile.Read(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// Every folder of rules that the repository has.
func TestArchivedRulesCompileToTheSameDigest(t *testing.T) {
	folders, err := filepath.Glob("../../examples/*/rules")
	if err != nil || len(folders) == 0 {
		t.Fatalf("got folders %v, error %v", folders, err)
	}
	for _, dir := range folders {
		files := read(t, dir)
		want, err := compile.Compile(files)
		if err != nil {
			t.Fatal(err)
		}
		packed, err := archive.Pack(files)
		if err != nil {
			t.Fatal(err)
		}
		again, err := archive.Unpack(packed, want.Digest())
		if err != nil {
			t.Fatal(err)
		}
		got, err := compile.Compile(again)
		if err != nil || got.Digest() != want.Digest() {
			t.Errorf("%s: got %v, error %v, want the digest %s", dir, got.Digest(), err, want.Digest())
		}
	}
}

func TestFilesComeBackAsTheyWerePacked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`([a-zé ]{1,80}/){0,3}[a-zé ]{1,120}\.ya?ml`)
		files := rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) compile.File {
			return compile.File{Name: name.Draw(t, "name"), Data: rapid.SliceOf(rapid.Byte()).Draw(t, "data")}
		}), 0, 5, func(f compile.File) string { return f.Name }).Draw(t, "files")
		packed, err := archive.Pack(files)
		if err != nil {
			t.Fatal(err)
		}
		again, err := archive.Pack(rapid.Permutation(files).Draw(t, "order"))
		if err != nil || !bytes.Equal(packed, again) {
			t.Fatalf("another order gives other bytes, error %v", err)
		}
		got, err := archive.Unpack(packed, compile.Digest(files))
		if err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(files, func(a, b compile.File) int { return strings.Compare(a.Name, b.Name) })
		for i := range got {
			if got[i].Name != files[i].Name || !bytes.Equal(got[i].Data, files[i].Data) {
				t.Fatalf("%s: got %q, want %q", files[i].Name, got[i], files[i])
			}
		}
		if len(got) != len(files) {
			t.Fatalf("got %d files, want %d", len(got), len(files))
		}
	})
}

// packed makes an archive of what no ruleset has.
func packed(t *testing.T, header tar.Header) []byte {
	t.Helper()
	var text bytes.Buffer
	zip := gzip.NewWriter(&text)
	tape := tar.NewWriter(zip)
	if err := errors.Join(tape.WriteHeader(&header), tape.Close(), zip.Close()); err != nil {
		t.Fatal(err)
	}
	return text.Bytes()
}

func TestADamagedArchiveIsNamed(t *testing.T) {
	files := []compile.File{{Name: "a.yaml", Data: []byte(strings.Repeat("promotions: []\n", 40))}}
	digest := compile.Digest(files)
	good, err := archive.Pack(files)
	if err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(good)
	flipped[len(flipped)-6] ^= 1 // of the checksum
	other, err := archive.Pack([]compile.File{{Name: "b.yaml"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		packed  []byte
		problem string
	}{
		{"nothing", nil, "EOF"},
		{"something else", []byte("promotions: []"), "gzip: invalid header"},
		{"the first half", good[:len(good)/2], "unexpected EOF"},
		{"another checksum", flipped, "gzip: invalid checksum"},
		{"other rules", other, "they are the rules " + compile.Digest([]compile.File{{Name: "b.yaml"}})},
		{"a file outside the folder", packed(t, tar.Header{Typeflag: tar.TypeReg, Name: "../a.yaml"}), `"../a.yaml" is no rule file`},
		{"a file at the root", packed(t, tar.Header{Typeflag: tar.TypeReg, Name: "/a.yaml"}), `"/a.yaml" is no rule file`},
		{"a link", packed(t, tar.Header{Typeflag: tar.TypeSymlink, Name: "a.yaml", Linkname: "/etc/passwd"}), `"a.yaml" is no rule file`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := archive.Unpack(c.packed, digest)
			var damaged *archive.DamagedError
			if !errors.As(err, &damaged) {
				t.Fatalf("got error %v, want that the archive is damaged", err)
			}
			if diff := cmp.Diff(&archive.DamagedError{Digest: digest, Problem: c.problem}, damaged); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTooManyRulesAreNotPacked(t *testing.T) {
	big := make([]byte, archive.MaxSize/2+1)
	_, err := archive.Pack([]compile.File{{Name: "a.yaml", Data: big}, {Name: "b.yaml", Data: big}})
	if want := "pack rule files: more than 67108864 bytes; split the rules or take comments out"; err == nil || err.Error() != want {
		t.Errorf("got error %v, want %s", err, want)
	}
}
