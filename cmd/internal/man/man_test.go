package man_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/cmd/internal/man"
)

// shop is a tree of commands.
func shop() *cobra.Command {
	root := &cobra.Command{Use: "shop", Short: "Sell", Version: "1.2.0", RunE: func(*cobra.Command, []string) error { return nil }}
	buy := &cobra.Command{
		Use: "buy SKU", Short: "Buy a SKU",
		Long: "Buy a SKU, 'A' or \"B\", of *_test.yaml …\n.not a request, C:\\dir\n\nCodes:\n  1  good\n    2  bad\n\nThe end.",
		Example: `  shop buy A
  shop buy -- '~^'`,
		Run: func(*cobra.Command, []string) {},
	}
	buy.Flags().IntP("quantity", "q", 1, "buy `N` units")
	buy.Flags().String("cover", "", "cover `MIN` percent")
	buy.Flags().Lookup("cover").NoOptDefVal = "-1"
	buy.Flags().Bool("fast", false, "be fast")
	buy.Flags().Bool("secret", false, "not told")
	buy.Flags().Lookup("secret").Hidden = true
	root.AddCommand(buy, &cobra.Command{Use: "codes", Short: "What codes mean", Long: "None."}, &cobra.Command{Use: "hide", Hidden: true, Run: buy.Run})
	return root
}

const buyPage = `.TH "SHOP\-BUY" "1" "2026-11-23" "shop 1.2.0" "shop"
.nh
.ad l
.SH NAME
shop\-buy \- Buy a SKU
.SH SYNOPSIS
\fBshop buy\fR SKU [flags]
.SH DESCRIPTION
Buy a SKU, \(aqA\(aq or \(dqB\(dq, of *_test.yaml \[u2026]
\&.not a request, C:\edir
.PP
Codes:
.RS 4
.nf
1  good
  2  bad
.fi
.RE
.PP
The end.
.SH OPTIONS
.TP
\fB\-\-cover\fR[=\fIMIN\fR]
cover MIN percent
.TP
\fB\-\-fast\fR
be fast
.TP
\fB\-h\fR, \fB\-\-help\fR
help for buy
.TP
\fB\-q\fR, \fB\-\-quantity\fR \fIN\fR
buy N units (default 1)
.SH EXAMPLES
.RS 4
.nf
shop buy A
shop buy \-\- \(aq\(ti\(ha\(aq
.fi
.RE
.SH EXIT STATUS
.TP
\fB0\fR
all is well
.SH SEE ALSO
\fBshop\fR(1)
`

func TestPages(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "man1")
	names, err := man.Write(shop(), folder, man.Options{Date: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), ExitCodes: []man.ExitCode{{Code: 0, Meaning: "all is well"}}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"shop.1", "shop-buy.1", "shop-codes.1"}, names); diff != "" {
		t.Errorf("pages: -want +got:\n%s", diff)
	}
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if diff := cmp.Diff(buyPage, read("shop-buy.1")); diff != "" {
		t.Errorf("a command: -want +got:\n%s", diff)
	}
	if want := "\n.SH COMMANDS\n.TP\n\\fBshop\\-buy\\fR(1)\nBuy a SKU\n.TP\n\\fBshop\\-codes\\fR(1)\nWhat codes mean\n"; !strings.Contains(read("shop.1"), want) {
		t.Errorf("got\n%s\nwant the commands in it", read("shop.1"))
	}
	want := ".TH \"SHOP\\-CODES\" \"1\" \"2026-11-23\" \"shop 1.2.0\" \"shop\"\n.nh\n.ad l\n.SH NAME\nshop\\-codes \\- What codes mean\n.SH DESCRIPTION\nNone.\n.SH SEE ALSO\n\\fBshop\\fR(1)\n"
	if diff := cmp.Diff(want, read("shop-codes.1")); diff != "" {
		t.Errorf("a topic: -want +got:\n%s", diff)
	}
}

func TestAFolderThatCannotBe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := man.Write(shop(), file, man.Options{}); !errors.As(err, new(*fs.PathError)) {
		t.Errorf("got %v, want what is wrong with the folder", err)
	}
}
