package postgres_test

import (
	"testing"

	"github.com/checkout-promotions/checkout/persistence/postgres/pgtest"
	"github.com/checkout-promotions/checkout/persistence/storetest"
)

func TestCrash(t *testing.T) { storetest.Crash(t, crashDatabase, pgtest.CreateSchema(t), openStore) }
