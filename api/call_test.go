package api

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

type keyOfTest struct{}

func TestACallEnds(t *testing.T) {
	for _, c := range []struct {
		name string
		end  func(c *call, hangUp context.CancelFunc)
		want error
	}{
		{"when its time is up", func(*call, context.CancelFunc) { time.Sleep(time.Minute) }, context.DeadlineExceeded},
		{"when the caller goes away", func(_ *call, hangUp context.CancelFunc) { hangUp() }, context.Canceled},
		{"once it is answered", func(c *call, _ context.CancelFunc) { c.end() }, context.Canceled},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				connection, hangUp := context.WithCancel(t.Context())
				defer hangUp()
				at := newCall(connection, "id", time.Minute)
				defer at.end()
				if until, ok := at.Deadline(); !ok || time.Until(until) != time.Minute {
					t.Errorf("got the deadline %v, %v", until, ok)
				}
				before := runtime.NumGoroutine()
				child, cancel := context.WithCancel(context.WithValue(at, keyOfTest{}, "value"))
				defer cancel()
				if n := runtime.NumGoroutine(); n != before {
					t.Errorf("following the call takes %d goroutines, want none", n-before)
				}
				if err := child.Err(); err != nil {
					t.Fatalf("ended before its end: %v", err)
				}
				c.end(at, hangUp)
				<-child.Done()
				if err := child.Err(); !errors.Is(err, c.want) {
					t.Errorf("got %v, want %v", err, c.want)
				}
				if callOf(child) != at {
					t.Error("the child has lost its call")
				}
			})
		})
	}
}

func TestACallThatNobodyWaitedForEndsWithItsConnection(t *testing.T) {
	connection, hangUp := context.WithCancel(t.Context())
	at := newCall(connection, "id", time.Minute)
	at.end()
	if err := at.Err(); err != nil {
		t.Errorf("got %v before the connection's end", err)
	}
	hangUp()
	<-at.Done()
	if err := at.Err(); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
