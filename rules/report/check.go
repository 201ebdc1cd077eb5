package report

import (
	"fmt"
	"io"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/diag"
)

// FaultsPretty writes the faults with excerpts.
func FaultsPretty(w io.Writer, faults diag.List) error {
	_, err := io.WriteString(w, faults.Render())
	return err
}

// Checked is a folder of rules that compiled.
type Checked struct {
	Folder  string
	Files   int
	Ruleset *engine.Ruleset
}

// CheckPretty writes a line for each folder.
func CheckPretty(w io.Writer, checked []Checked) error {
	for _, c := range checked {
		_, err := fmt.Fprintf(w, "%s: %s in %s, ruleset %.12s\n", c.Folder,
			counted(len(c.Ruleset.PromotionIDs()), "promotion"), counted(c.Files, "file"), c.Ruleset.Digest())
		if err != nil {
			return err
		}
	}
	return nil
}

func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// checkJSON is version 1 of the format. Fields are only ever added.
type checkJSON struct {
	Version int          `json:"version"`
	Folders []folderJSON `json:"folders"`
	Faults  diag.List    `json:"faults"`
}

type folderJSON struct {
	Folder     string   `json:"folder"`
	Files      int      `json:"files"`
	Promotions []string `json:"promotions"`
	Ruleset    string   `json:"ruleset"`
	Currency   string   `json:"currency"`
}

// CheckJSON writes the folders that compiled and the faults of the others.
func CheckJSON(w io.Writer, checked []Checked, faults diag.List) error {
	out := checkJSON{Version: 1, Folders: []folderJSON{}, Faults: faults}
	if faults == nil {
		out.Faults = diag.List{}
	}
	for _, c := range checked {
		out.Folders = append(out.Folders, folderJSON{
			Folder: c.Folder, Files: c.Files, Promotions: c.Ruleset.PromotionIDs(),
			Ruleset: c.Ruleset.Digest(), Currency: c.Ruleset.Currency().Code(),
		})
	}
	return writeJSON(w, out)
}
