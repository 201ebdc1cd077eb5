package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/checkout-promotions/checkout/rules/coverage"
)

// changedLines are the lines of files that are other ones than at a git ref, by file
// as the result names it. A file that git does not know is new as a whole.
type changedLines map[string]fileLines

type fileLines struct {
	whole bool
	spans [][2]int // first and last line
}

func (c changedLines) has(file string, line int) bool {
	f := c[file]
	for _, span := range f.spans {
		if span[0] <= line && line <= span[1] {
			return true
		}
	}
	return f.whole
}

// changedSince asks git, which has to be installed, for the lines of the result's
// files that changed since the ref, committed or not.
func changedSince(ctx context.Context, ref string, result coverage.Result) (changedLines, error) {
	changed := make(changedLines)
	checked := make(map[string]bool)
	for _, f := range result.Files() {
		folder := filepath.Dir(filepath.FromSlash(f.File))
		if !checked[folder] {
			if err := checkRef(ctx, folder, ref); err != nil {
				return nil, err
			}
			checked[folder] = true
		}
		lines, err := changedIn(ctx, folder, filepath.Base(f.File), ref)
		if err != nil {
			return nil, err
		}
		changed[f.File] = lines
	}
	return changed, nil
}

func checkRef(ctx context.Context, folder, ref string) error {
	if _, err := gitIn(ctx, folder, "rev-parse", "--verify", "--quiet", "--end-of-options", ref+"^{commit}"); err != nil {
		if _, outside := gitIn(ctx, folder, "rev-parse", "--is-inside-work-tree"); outside != nil {
			return environmentError(fmt.Errorf("--new-only %s: %w", ref, outside))
		}
		return usageError{error: fmt.Errorf("--new-only %s: git knows no such commit, branch or tag in %s", ref, folder)}
	}
	return nil
}

func changedIn(ctx context.Context, folder, file, ref string) (fileLines, error) {
	if _, err := gitIn(ctx, folder, "cat-file", "-e", ref+":./"+file); err != nil {
		return fileLines{whole: true}, nil // it was not there
	}
	out, err := gitIn(ctx, folder, "diff", "--unified=0", "--no-color", "--no-ext-diff", ref, "--", file)
	if err != nil {
		return fileLines{}, environmentError(fmt.Errorf("--new-only %s: %w", ref, err))
	}
	return fileLines{spans: addedSpans(out)}, nil
}

// addedSpans reads the heads of hunks, @@ -3 +3,2 @@, for the lines they add.
func addedSpans(diff []byte) [][2]int {
	head := regexp.MustCompile(`^@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@`)
	var spans [][2]int
	lines := bufio.NewScanner(bytes.NewReader(diff))
	lines.Buffer(nil, 1<<26)
	for lines.Scan() {
		m := head.FindStringSubmatch(lines.Text())
		if m == nil {
			continue
		}
		first, _ := strconv.Atoi(m[1]) // digits
		count := 1
		if m[2] != "" {
			count, _ = strconv.Atoi(m[2])
		}
		if count > 0 {
			spans = append(spans, [2]int{first, first + count - 1})
		}
	}
	return spans
}

// errNoGit is that git is not there.
var errNoGit = errors.New("git is not installed, or not in the PATH")

// gitIn runs git in the folder and returns what it writes. Its error is errNoGit, or
// says what git said.
func gitIn(ctx context.Context, folder string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "git", append([]string{"-C", folder}, args...)...)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return nil, errNoGit
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, fmt.Errorf("git %s: %s", args[0], strings.TrimSpace(said.String()))
	}
	return out, nil
}
