//go:build linux && soak

package host_test

import (
	"testing"
	"time"
)

func TestSoak(t *testing.T) { killAgainAndAgain(t, time.Minute) }
