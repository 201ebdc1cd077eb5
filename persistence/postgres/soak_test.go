//go:build soak

package postgres_test

import (
	"testing"

	"github.com/checkout-promotions/checkout/persistence/storetest"
)

func TestSoak(t *testing.T) { storetest.Soak(t, open) }
