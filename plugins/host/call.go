package host

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sony/gobreaker/v2"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/checkout-promotions/checkout/engine"
)

// errGone says that the caller has given up, which is nobody's failure.
var errGone = errors.New("the caller has given up")

func isGone(err error) bool { return errors.Is(err, errGone) }

// call runs a call of the plugin within its time, and says what went wrong, ""
// for nothing. It waits for its turn when too many run, and is not made at all
// while the circuit is open.
func (s *supervisor) call(ctx context.Context, run func(context.Context, program) error) (engine.PluginFault, string) {
	i := s.acquire()
	if i == nil {
		fault, detail := s.fault()
		return s.refuse(fault, detail)
	}
	defer i.release()
	if i.breaker.State() == gobreaker.StateOpen {
		return s.refuse(engine.CircuitOpen, circuitText)
	}
	limited, cancel := context.WithTimeout(ctx, i.timeout)
	defer cancel()
	if err := i.turn(limited); err != nil {
		return s.refuse(engine.Overloaded, "too many calls were waiting for it")
	}
	defer i.slots.Release(1)
	began := time.Now()
	_, err := i.breaker.Execute(func() (any, error) {
		err := run(limited, i.program)
		if err != nil && gone(ctx, limited) {
			return nil, errors.Join(errGone, err)
		}
		return nil, err
	})
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		return s.refuse(engine.CircuitOpen, circuitText)
	}
	fault, detail := s.diagnose(i, err)
	s.stats.called(time.Since(began), fault)
	return fault, detail
}

const circuitText = "it failed too often and is not asked for a moment"

// turn waits for a turn, at most half of the time that a call may take.
func (i *instance) turn(ctx context.Context) error {
	if i.slots.TryAcquire(1) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, i.timeout/2)
	defer cancel()
	return i.slots.Acquire(ctx, 1)
}

// gone tells whether the caller has given up, of a call that has failed. A program
// may notice the end of a deadline before this process does.
func gone(ctx, limited context.Context) bool {
	callers, bounded := ctx.Deadline()
	if ours, _ := limited.Deadline(); bounded && !callers.After(ours) && time.Until(callers) < time.Millisecond {
		<-ctx.Done()
	}
	return ctx.Err() != nil
}

func (s *supervisor) refuse(fault engine.PluginFault, detail string) (engine.PluginFault, string) {
	s.stats.refused(fault)
	return fault, detail
}

// acquire begins a call on the instance of the moment, nil when there is none.
func (s *supervisor) acquire() *instance {
	for {
		i := s.current.Load()
		if i == nil || i.acquire() {
			return i
		}
		if s.current.Load() == i { // it is leaving and nothing has replaced it
			return nil
		}
	}
}

// connectionLost is what is known of a program that cannot be reached and has not
// ended.
const connectionLost = "the connection is lost"

// endingWait is how long a failed call waits to learn that its program has ended.
const endingWait = 50 * time.Millisecond

// diagnose says what the error of a call means.
func (s *supervisor) diagnose(i *instance, err error) (engine.PluginFault, string) {
	var bad *answerError
	switch {
	case err == nil:
		return "", ""
	case errors.As(err, &bad):
		return bad.fault, bad.detail
	case errors.Is(err, context.DeadlineExceeded), status.Code(err) == codes.DeadlineExceeded:
		return engine.TimedOut, fmt.Sprintf("no answer within %s", i.timeout)
	case errors.Is(err, context.Canceled), status.Code(err) == codes.Canceled:
		return engine.TimedOut, "the caller gave up"
	case status.Code(err) == codes.Unavailable:
		s.doubt()
		select {
		case <-i.program.ended():
			return engine.Crashed, i.program.ending()
		case <-time.After(endingWait):
			return engine.Crashed, connectionLost
		}
	case status.Code(err) == codes.ResourceExhausted:
		return engine.TooLarge, status.Convert(err).Message()
	default:
		return engine.CallFailed, status.Convert(err).Message()
	}
}
