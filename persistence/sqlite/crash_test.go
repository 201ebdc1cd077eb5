package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/checkout-promotions/checkout/persistence/storetest"
)

func TestCrash(t *testing.T) {
	storetest.Crash(t, crashFile, filepath.Join(t.TempDir(), "shop.db"), openStore)
}
