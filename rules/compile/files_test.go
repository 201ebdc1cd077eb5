package compile_test

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/checkout-promotions/checkout/rules/compile"
)

func TestReadTakesRuleFilesOnly(t *testing.T) {
	fsys := fstest.MapFS{}
	for _, name := range []string{
		"b.yaml", "a/deep/c.yml", "a.yaml", "policy.yaml", "a_test.yaml", "a_test.yml", "notes.txt", "a.yaml.swp", ".hidden.yaml", ".git/a.yaml",
		"testdata/a.yaml", "a/testdata/b.yaml", "a/.b/c.yaml", "tests.yaml", "YAML", "a.json",
	} {
		fsys[name] = &fstest.MapFile{Data: []byte(name)}
	}
	files, err := compile.Read(fsys)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range files {
		if string(f.Data) != f.Name {
			t.Errorf("%s has the text of %s", f.Name, f.Data)
		}
		got = append(got, f.Name)
	}
	want := []string{"a.yaml", "a/deep/c.yml", "b.yaml", "policy.yaml", "tests.yaml"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestReadRefusesFilesThatAreTooLong(t *testing.T) {
	fsys := fstest.MapFS{"a.yaml": {Data: make([]byte, compile.MaxFileSize+1)}}
	_, err := compile.Read(fsys)
	if want := "read rule files: a.yaml has 4194305 bytes; a rule file has at most 4194304"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestReadReportsAFolderThatIsNotThere(t *testing.T) {
	_, err := compile.Read(os.DirFS("testdata/nowhere"))
	if !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), "read rule files: ") {
		t.Errorf("got %v, want an error of reading", err)
	}
}

func TestAnEmptyFolderReadsAsNoFiles(t *testing.T) {
	files, err := compile.Read(fstest.MapFS{"README.md": {}})
	if err != nil || len(files) != 0 {
		t.Errorf("got %v %v, want nothing", files, err)
	}
}
