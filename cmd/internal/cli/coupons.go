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
	"github.com/checkout-promotions/checkout/persistence/coupon"
)

func newCoupons(s Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "coupons",
		Short: "Make, import and revoke coupon codes",
		Long: `Make, import and revoke the codes of coupon pools. A promotion with
"coupon: {pool: spring}" is unlocked by any code of the pool spring. The commands
work on the database of checkout run, with the same settings, also while it runs.

With --server URL they ask a running server over its API, with a key of the scope
coupons:read to list and show, and coupons:write for the others.` + findingsAre("the change is refused"),
	}
	asGroup(cmd)
	cmd.AddCommand(newCouponsCreate(s), newCouponsGenerate(s), newCouponsImport(s), newCouponsExport(s),
		newCouponsList(s), newCouponsShow(s), newCouponsRevoke(s), newCouponsRestore(s))
	return cmd
}

// usualGroup is how many letters of a code stand between hyphens.
const usualGroup = 4

func newCouponsCreate(s Streams) *cobra.Command {
	var count int64
	var format coupon.Format
	cmd := &cobra.Command{
		Use:   "create pool",
		Short: "Create a pool and make its codes",
		Long: `Create a pool and make its codes, such as SPRING-7KQ4-MH2T. Codes have no letters
that are like others, and their last letter checks the rest. Without --length they
have 8 letters, or 12 when there are so many that 8 could be guessed. Without
--count the pool has no codes, for those to import.` + overServer + onceMore,
		Example: `  checkout coupons create spring --count 5000 --prefix SPRING
  checkout coupons create letters`,
		Args: arguments("the name of a pool", 1, 1),
	}
	flags := cmd.Flags()
	flags.Int64Var(&count, "count", 0, "how many codes to make")
	flags.StringVar(&format.Prefix, "prefix", "", "what all codes begin with, before a hyphen")
	flags.IntVar(&format.Length, "length", 0, fmt.Sprintf("letters of a code after the prefix, %d to %d (default 8 or 12)", coupon.MinLength, coupon.MaxLength))
	flags.IntVar(&format.Group, "groups", usualGroup, "letters between hyphens, 0 for no hyphens")
	return bothWays(s, cmd, newCouponShelves(s), func(ctx context.Context, data couponShelf, args []string) (rendering, error) {
		if count < 0 {
			return nil, usageError{fmt.Errorf("--count %d: want 0 or more", count), cmd}
		}
		format := format
		format.Prefix = engine.NormalizeCoupon(format.Prefix)
		if !cmd.Flags().Changed("length") {
			format.Length = coupon.LengthFor(count)
		}
		if _, err := data.CreatePool(ctx, args[0], format, count); err != nil {
			return nil, err
		}
		return generate(ctx, s, data, args[0], 0)
	})
}

func newCouponsGenerate(s Streams) *cobra.Command {
	var count int64
	cmd := &cobra.Command{
		Use:   "generate pool",
		Short: "Make more codes of a pool, or go on after a stop",
		Long: `Make the codes of a pool that were asked for and are not there, because making them
was broken off, and --count more.` + overServer + `
Where its answer is lost, coupons show tells how many codes there are.`,
		Example: `  checkout coupons generate spring
  checkout coupons generate spring --count 1000`,
		Args: arguments("the name of a pool", 1, 1),
	}
	cmd.Flags().Int64Var(&count, "count", 0, "how many codes to make besides those that are missing")
	return bothWays(s, cmd, couponShelves(s, false), func(ctx context.Context, data couponShelf, args []string) (rendering, error) {
		pool, err := data.Pool(ctx, args[0])
		switch {
		case err != nil:
			return nil, err
		case count == 0 && pool.Unfinished() == 0:
			return nil, codedError{exitNothing, fmt.Errorf("pool %s has all its %d codes; ask for more with --count", pool.Name, pool.Issued)}
		}
		return generate(ctx, s, data, args[0], count)
	})
}

// generate makes codes with a progress bar. When it is interrupted it says how to
// go on.
func generate(ctx context.Context, s Streams, data couponShelf, name string, more int64) (rendering, error) {
	bar := newProgress(s.Err, "codes of "+name)
	pool, err := data.GenerateCodes(ctx, name, more, bar.set)
	bar.done()
	switch {
	case err == nil:
		return poolReport(pool), nil
	case ctx.Err() != nil:
		return nil, broken(ctx, s.Err, data, name)
	default:
		return nil, err
	}
}

// broken reports how far an interrupted run came.
func broken(ctx context.Context, w io.Writer, data couponShelf, name string) error {
	pool, err := data.Pool(context.WithoutCancel(ctx), name)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "checkout: interrupted: pool %s has %d of %d codes", name, pool.Issued, pool.Wanted)
	if pool.Unfinished() > 0 {
		fmt.Fprintf(w, "; make the others with: checkout coupons generate %s", name)
	}
	fmt.Fprintln(w)
	return silentError{exitInterrupted}
}

func newCouponsImport(s Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "import pool file.csv",
		Short: "Add codes from a CSV file to a pool",
		Long: `Add the codes of a CSV file, in its column code, to a pool. All are added or, when
any line has a fault, none, and every fault is listed. With SQLite nothing is sold
meanwhile: import more than 100,000 codes when the shop is quiet.` + overServer + onceMore + `
It takes 100,000 codes at once, and 1 MiB unless its setting max_body says otherwise. Codes
that the pool has already are passed over.`,
		Example: `  checkout coupons create letters
  checkout coupons import letters codes.csv`,
		Args:              arguments("the name of a pool and a file", 2, 2),
		ValidArgsFunction: cobra.FixedCompletions(nil, cobra.ShellCompDirectiveDefault),
	}
	return bothWays(s, cmd, couponShelves(s, true), func(ctx context.Context, data couponShelf, args []string) (rendering, error) {
		file, err := os.Open(args[1])
		if err != nil {
			return nil, environmentError(fmt.Errorf("read the codes: %w", err))
		}
		defer func() { _ = file.Close() }()
		bar := newProgress(s.Err, "lines of "+args[1])
		added, err := data.ImportCodes(ctx, args[0], file, func(lines int64) { bar.set(lines, -1) })
		bar.done()
		var faults *persistence.ImportError
		switch {
		case errors.As(err, &faults):
			writeImportFaults(s.Err, args[1], faults)
			return nil, silentError{exitFindings}
		case err != nil:
			return nil, err
		case added == 0:
			return nil, codedError{exitNothing, fmt.Errorf("%s has no codes to add", args[1])}
		}
		pool, err := data.Pool(ctx, args[0])
		if err != nil {
			return nil, err
		}
		return importReport(pool, added), nil
	})
}

func writeImportFaults(w io.Writer, file string, faults *persistence.ImportError) {
	for _, fault := range faults.Faults {
		fmt.Fprintf(w, "%s:%d: %s\n", filepath.ToSlash(file), fault.Line, fault.Problem)
	}
	fmt.Fprintf(w, "\nnothing was imported: %s\n", plural(int64(len(faults.Faults))+faults.More, "fault"))
}

func newCouponsExport(s Streams) *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use:   "export pool",
		Short: "Write the codes of a pool as CSV",
		Long: `Write the codes of a pool as CSV, with the state of each: available, used or
revoked. A file is only put in place when it is complete.` + overServer,
		Example: `  checkout coupons export spring -o spring.csv`,
		Args:    arguments("the name of a pool", 1, 1),
	}
	cmd.Flags().StringVarP(&path, "output", "o", "", "the `file` to write (default standard output)")
	cmd.ValidArgsFunction = cobra.NoFileCompletions
	return bothWaysTo(cmd, s, couponShelves(s, false), func(ctx context.Context, data couponShelf, args []string) error {
		return writeWhole(s.Out, path, 0o600, func(w io.Writer) error {
			_, err := data.ExportCodes(ctx, args[0], w)
			return err
		})
	})
}

func newCouponsList(s Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the pools with the number of their codes",
		Long:  `List the pools with the number of their codes.` + overServer,
		Example: `  checkout coupons list -o json
  checkout coupons list --server http://localhost:8000 --key-file key.txt`,
		Args: noArguments,
	}
	return bothWays(s, cmd, couponShelves(s, false), func(ctx context.Context, data couponShelf, _ []string) (rendering, error) {
		pools, err := data.Pools(ctx)
		if err != nil {
			return nil, err
		}
		return poolsReport(pools), nil
	})
}

func newCouponsShow(s Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show code|pool",
		Short: "Show what is known of a code, or of a pool",
		Long: `Show what is known of a code, or of a pool.` + overServer + `
It does not tell when a code was revoked.`,
		Example: `  checkout coupons show spring-7kq4-mh2t
  checkout coupons show spring -o json`,
		Args: arguments("a code or the name of a pool", 1, 1),
	}
	return bothWays(s, cmd, couponShelves(s, false), func(ctx context.Context, data couponShelf, args []string) (rendering, error) {
		pool, err := data.Pool(ctx, args[0])
		if err == nil {
			return poolReport(pool), nil
		}
		if !errors.As(err, new(*persistence.UnknownPoolError)) {
			return nil, err
		}
		code, err := data.LookupCode(ctx, args[0])
		switch {
		case err == nil:
			return codeReport(code), nil
		case errors.As(err, new(*persistence.UnknownCodesError)):
			return nil, unknownCode(ctx, data, args[0])
		default:
			return nil, err
		}
	})
}

// unknownCode says that neither a pool nor a code is called so, and what may be
// wrong with a code that begins like those of a pool.
func unknownCode(ctx context.Context, data couponShelf, name string) error {
	pools, err := data.Pools(ctx)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("there is no pool and no code %q", name)
	for _, pool := range pools {
		start := coupon.Format{Prefix: pool.Format.Prefix, Length: pool.Format.Length, Group: pool.Format.Group}
		if why := start.Explain(name); start.Prefix != "" && why != "" && hasPrefix(name, start.Prefix) {
			text += fmt.Sprintf("; for a code of pool %s it %s", pool.Name, why)
		}
	}
	return codedError{exitFindings, errors.New(text)}
}

func newCouponsRevoke(s Streams) *cobra.Command {
	return revocation(s, "revoke", "Revoke codes, or a whole pool", `Revoke codes, or with --pool all codes of a pool, those to come included. No promotion
knows a revoked code. Orders that used it keep what they got.`, couponShelf.RevokeCodes, couponShelf.RevokePool)
}

func newCouponsRestore(s Streams) *cobra.Command {
	return revocation(s, "restore", "Undo the revocation of codes, or of a whole pool", `Undo the revocation of codes, or with --pool that of a whole pool. Codes that were
revoked one by one stay so when their pool is restored, and the other way round.`, couponShelf.RestoreCodes, couponShelf.RestorePool)
}

// revocation is the command that revokes, or the one that restores.
func revocation(s Streams, verb, short, long string,
	codes func(couponShelf, context.Context, []string) (int64, error),
	whole func(couponShelf, context.Context, string) error,
) *cobra.Command {
	var pool string
	cmd := &cobra.Command{
		Use:   verb + " [code...]",
		Short: short,
		Long:  long + overServer + onceMore,
		Example: "  checkout coupons " + verb + " SPRING-7KQ4-MH2T\n" +
			"  checkout coupons " + verb + " --pool spring",
	}
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if (len(args) == 0) == (pool == "") {
			return usageError{fmt.Errorf("%q wants codes, or else --pool and the name of a pool", cmd.CommandPath()), cmd}
		}
		return nil
	}
	cmd.Flags().StringVar(&pool, "pool", "", "the pool whose codes are all meant")
	return bothWays(s, cmd, couponShelves(s, true), func(ctx context.Context, data couponShelf, args []string) (rendering, error) {
		if pool == "" {
			n, err := codes(data, ctx, args)
			if err != nil {
				return nil, err
			}
			return revocationReport(verb+"d", n), nil
		}
		if err := whole(data, ctx, pool); err != nil {
			return nil, err
		}
		read, err := data.Pool(ctx, pool)
		if err != nil {
			return nil, err
		}
		return poolReport(read), nil
	})
}
