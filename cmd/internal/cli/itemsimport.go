package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/rules/catalogue"
	"github.com/checkout-promotions/checkout/rules/diag"
)

const (
	shownFaults = 50      // of an import
	wholeImport = 100_000 // items that one transaction takes when nobody says
	nameChunk   = 500     // names that are looked up at once
)

// importOptions are the flags of "items import".
type importOptions struct {
	dryRun  bool
	rejects string
	reason  string
	note    string
	batch   int
}

func newItemsImport(s Streams) *cobra.Command {
	var o importOptions
	var formats []string
	cmd := &cobra.Command{
		Use:   "import FILE...",
		Short: "Add and change items from files of CSV or JSON Lines",
		Long: fmt.Sprintf(`Add the items of the files, or change those whose SKU is known. A file is CSV with a
header (delimited by commas, semicolons or tabs) or JSON Lines. The columns, or keys,
are sku, price, name, min_price, stock, categories, brand, tags and attributes.NAME;
sku and price have to be there, and what a file has no column for stays as it is.

All faults are found before anything is stored, and then nothing is, unless
--skip-faulty names a file for the faulty records. The import is one transaction, of
up to %d items; a larger one is stored in several with --batch.`, wholeImport),
		Example: `  checkout items import --dry-run items.csv
  checkout items import --reason receipt --note "delivery 4711" stock.csv
  checkout items import --skip-faulty rejects.csv items.csv`,
		Args: arguments("one file or more", 1, -1),
	}
	flags := cmd.Flags()
	flags.BoolVar(&o.dryRun, "dry-run", false, "find out what would change, and change nothing")
	flags.StringVar(&o.rejects, "skip-faulty", "", "import the rest and write faulty records to `FILE`")
	flags.StringVar(&o.reason, "reason", string(persistence.ReasonImport), "`REASON` of changed stocks: "+manualReasons())
	flags.StringVar(&o.note, "note", "", "`TEXT` that says more about changed stocks")
	flags.IntVar(&o.batch, "batch", 0, fmt.Sprintf("store so many items in a transaction (default all, up to %d)", wholeImport))
	addOutput(cmd, &formats)
	return shopTool(s, cmd, func(ctx context.Context, data *persistence.Store, files []string) error {
		switch {
		case o.batch < 0:
			return usageError{error: fmt.Errorf("--batch %d: want 1 or more", o.batch)}
		case o.rejects != "" && len(files) > 1:
			return usageError{error: errors.New("--skip-faulty takes one file at a time, so that its rejects have one header")}
		}
		im := &importing{data: data, o: o, files: files, faulty: make(map[place]bool), named: make(map[string]bool), progress: newProgress(s.Err, "records")}
		err := im.run(ctx)
		im.progress.done()
		if err != nil {
			return err
		}
		if err := reportTo(s, formats, im.writeJSON, im.writePretty); err != nil {
			return err
		}
		return im.verdict()
	})
}

// importing is an import under way. It reads the files twice, so that all faults
// are known before anything is stored, and keeps of them SKUs, names and places of
// faults, but no items.
type importing struct {
	data     *persistence.Store
	o        importOptions
	files    []string
	progress *progress

	good   int
	faulty map[place]bool
	named  map[string]bool // SKUs: whether the file gives the item a name
	taken  []taken
	faults diag.List // the first
	found  int       // all
	counts persistence.ItemCounts
}

// place is a record of a file, both counted from 0.
type place struct{ file, record int }

// taken is a name that another item has, unless the files rename that one.
type taken struct {
	place
	owner string
	fault diag.Diagnostic
}

func (im *importing) run(ctx context.Context) error {
	if err := im.check(ctx); err != nil {
		return err
	}
	if len(im.faulty) > 0 && im.o.rejects == "" || im.good == 0 {
		return nil
	}
	if im.good > wholeImport && im.o.batch == 0 {
		return codedError{exitUsage, fmt.Errorf("%d items are more than one transaction takes; with --batch %d they are stored in several, each whole or not at all", im.good, wholeImport)}
	}
	return im.store(ctx)
}

// check finds all faults.
func (im *importing) check(ctx context.Context) error {
	var records []*catalogue.Record
	var places []place
	err := im.each(ctx, -1, func(at place, r *catalogue.Record, _ *catalogue.Reader) error {
		if len(r.Faults) > 0 {
			im.fault(at, r.Faults...)
			return nil
		}
		im.good++
		im.named[r.Item.SKU] = r.Names()
		records, places = append(records, r), append(places, at)
		if len(records) < nameChunk {
			return nil
		}
		err := im.lookUpNames(ctx, records, places)
		records, places = records[:0], places[:0]
		return err
	})
	if err != nil {
		return err
	}
	if err := im.lookUpNames(ctx, records, places); err != nil {
		return err
	}
	for _, t := range im.taken {
		if !im.named[t.owner] {
			im.fault(t.place, t.fault)
			im.good--
		}
	}
	im.faults = im.faults.Sorted()
	return nil
}

func (im *importing) fault(at place, faults ...diag.Diagnostic) {
	im.faulty[at] = true
	im.found += len(faults)
	if room := shownFaults - len(im.faults); room > 0 {
		im.faults = append(im.faults, faults[:min(room, len(faults))]...)
	}
}

// lookUpNames finds the names that other items have.
func (im *importing) lookUpNames(ctx context.Context, records []*catalogue.Record, places []place) error {
	names := make([]string, 0, len(records))
	for _, r := range records {
		names = append(names, r.Item.Name)
	}
	owners, err := im.data.NameOwners(ctx, names)
	if err != nil {
		return err
	}
	for i, r := range records {
		owner, has := owners[r.Item.Name]
		if !has || owner == r.Item.SKU || !r.Names() {
			continue
		}
		fault := r.Fault("name", diag.Duplicate, "give the items different names, or rename both in one import",
			"the name %q belongs to item %s", r.Item.Name, owner)
		im.taken = append(im.taken, taken{places[i], owner, fault})
	}
	return nil
}

// each reads the files and calls visit with every record, of which there are
// total, or an unknown number below 0.
func (im *importing) each(ctx context.Context, total int64, visit func(place, *catalogue.Record, *catalogue.Reader) error) error {
	seen, n := catalogue.NewSeen(), int64(0)
	for i, name := range im.files {
		file, err := os.Open(name)
		if err != nil {
			return err
		}
		err = im.eachOf(ctx, file, catalogue.ReaderOptions{Name: filepath.ToSlash(name), Currency: im.data.Currency(), Seen: seen},
			func(record int, r *catalogue.Record, reader *catalogue.Reader) error {
				n++
				im.progress.set(n, total)
				return visit(place{i, record}, r, reader)
			})
		if err := errors.Join(err, file.Close()); err != nil {
			return err
		}
	}
	return nil
}

func (im *importing) eachOf(ctx context.Context, file io.Reader, o catalogue.ReaderOptions, visit func(int, *catalogue.Record, *catalogue.Reader) error) error {
	reader, err := catalogue.NewReader(file, o)
	if err != nil {
		return err
	}
	for i := 0; ; i++ {
		record, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err := errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		if err := visit(i, record, reader); err != nil {
			return err
		}
	}
}

// store imports the records that have no fault, and writes the others to the
// file of rejects.
func (im *importing) store(ctx context.Context) error {
	if len(im.faulty) == 0 || im.o.dryRun {
		return im.storeGood(ctx, io.Discard)
	}
	return writeWhole(io.Discard, im.o.rejects, 0o644, func(w io.Writer) error { return im.storeGood(ctx, w) })
}

func (im *importing) storeGood(ctx context.Context, rejects io.Writer) error {
	size := im.o.batch
	if size == 0 {
		size = wholeImport
	}
	var batch []*catalogue.Record
	rejected := 0
	err := im.each(ctx, int64(im.good+len(im.faulty)), func(at place, r *catalogue.Record, reader *catalogue.Reader) error {
		if im.faulty[at] {
			rejected++
			return reject(rejects, rejected == 1, r, reader)
		}
		if len(r.Faults) > 0 {
			return fmt.Errorf("%s changed while it was read; import it again", im.files[at.file])
		}
		r.Release()
		if batch = append(batch, r); len(batch) < size {
			return nil
		}
		err := im.storeBatch(ctx, batch)
		batch = nil
		return err
	})
	if err != nil {
		return err
	}
	return im.storeBatch(ctx, batch)
}

// reject writes a faulty record as it stands in its file, after the header when
// it is the first.
func reject(w io.Writer, first bool, r *catalogue.Record, reader *catalogue.Reader) error {
	text := append(append([]byte{}, r.Raw...), '\n')
	if header := reader.Header(); first && !r.Header && len(header) > 0 {
		text = append(append(append([]byte{}, header...), '\n'), text...)
	}
	_, err := w.Write(text)
	return err
}

func (im *importing) storeBatch(ctx context.Context, batch []*catalogue.Record) error {
	if len(batch) == 0 {
		return nil
	}
	skus := make([]string, len(batch))
	for i, r := range batch {
		skus[i] = r.Item.SKU
	}
	o := persistence.ItemImport{Reason: persistence.Reason(im.o.reason), Note: im.o.note, DryRun: im.o.dryRun}
	counts, err := im.data.ImportItems(ctx, skus, o, func(known map[string]*engine.Item) ([]engine.Item, error) {
		items := make([]engine.Item, len(batch))
		for i, r := range batch {
			items[i] = r.Over(known[r.Item.SKU])
		}
		return items, nil
	})
	stored := im.counts.New + im.counts.Changed
	if err != nil && stored > 0 && !im.o.dryRun {
		return fmt.Errorf("import items: %w; the batches before it are stored, with %d items new or changed", err, stored)
	}
	im.counts.New += counts.New
	im.counts.Changed += counts.Changed
	im.counts.Unchanged += counts.Unchanged
	return err
}

// verdict is how an import without errors ended: faults that nobody asked to skip
// are findings, and no items at all nothing to do.
func (im *importing) verdict() error {
	switch {
	case len(im.faulty) > 0 && im.o.rejects == "":
		return silentError{exitFindings}
	case im.good == 0 && len(im.faulty) > 0:
		return silentError{exitFindings}
	case im.good == 0:
		return silentError{exitNothing}
	default:
		return nil
	}
}

func (im *importing) writeJSON(w io.Writer) error {
	return writeJSON(w, struct {
		Version int  `json:"version"`
		DryRun  bool `json:"dry_run"`
		Stored  bool `json:"stored"`
		persistence.ItemCounts
		Faulty int       `json:"faulty"`
		Faults diag.List `json:"faults"` // the first
	}{1, im.o.dryRun, im.stored() && !im.o.dryRun, im.counts, len(im.faulty), append(diag.List{}, im.faults...)})
}

// stored reports whether the import went on after the search for faults.
func (im *importing) stored() bool {
	return im.good > 0 && (len(im.faulty) == 0 || im.o.rejects != "")
}

func (im *importing) writePretty(w io.Writer) error {
	for _, d := range im.faults {
		if _, err := fmt.Fprintln(w, d.Render()); err != nil {
			return err
		}
	}
	if more := im.found - len(im.faults); more > 0 {
		fmt.Fprintf(w, "and %d more faults\n\n", more)
	}
	_, err := fmt.Fprintln(w, im.summary())
	return err
}

func (im *importing) summary() string {
	switch {
	case im.good == 0 && len(im.faulty) == 0:
		return "no items; nothing was imported"
	case !im.stored():
		return fmt.Sprintf("%d faulty of %d records; nothing was imported", len(im.faulty), im.good+len(im.faulty))
	}
	text := fmt.Sprintf("%d new, %d changed, %d unchanged, %d faulty", im.counts.New, im.counts.Changed, im.counts.Unchanged, len(im.faulty))
	switch {
	case im.o.dryRun:
		return text + " (dry run: nothing was imported)"
	case len(im.faulty) > 0:
		return text + ", written to " + im.o.rejects
	default:
		return text
	}
}
