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

// call runs a call of the plugin within its time, and says what went wrong, ""
// for nothing. It waits for its turn when too many run, and is not made at all
// while the circuit is open.
func (s *supervisor) call(ctx context.Context, run func(context.Context, program) error) (engine.PluginFault, string) {
	limited, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	if err := s.turn(limited); err != nil {
		return s.refuse(engine.Overloaded, "too many calls were waiting for it")
	}
	defer s.slots.Release(1)
	i := s.acquire()
	if i == nil {
		fault, detail := s.fault()
		return s.refuse(fault, detail)
	}
	defer i.release()
	began := time.Now()
	_, err := s.breaker.Execute(func() (any, error) {
		err := run(limited, i.program)
		if err != nil && s.gone(ctx, limited) {
			return nil, errors.Join(errGone, err)
		}
		return nil, err
	})
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		return s.refuse(engine.CircuitOpen, "it failed too often and is not asked for a moment")
	}
	fault, detail := s.diagnose(i.program, err)
	s.stats.called(time.Since(began), fault)
	return fault, detail
}

// turn waits for a turn, at most half of the time that a call may take.
func (s *supervisor) turn(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout/2)
	defer cancel()
	return s.slots.Acquire(ctx, 1)
}

// gone tells whether the caller has given up, of a call that has failed. A program
// may notice the end of a deadline before this process does.
func (s *supervisor) gone(ctx, limited context.Context) bool {
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

// endingWait is how long a failed call waits to learn that its program has ended.
const endingWait = 50 * time.Millisecond

// diagnose says what the error of a call means.
func (s *supervisor) diagnose(p program, err error) (engine.PluginFault, string) {
	var bad *answerError
	switch {
	case err == nil:
		return "", ""
	case errors.As(err, &bad):
		return bad.fault, bad.detail
	case errors.Is(err, context.DeadlineExceeded), status.Code(err) == codes.DeadlineExceeded:
		return engine.TimedOut, fmt.Sprintf("no answer within %s", s.timeout)
	case errors.Is(err, context.Canceled), status.Code(err) == codes.Canceled:
		return engine.TimedOut, "the caller gave up"
	case status.Code(err) == codes.Unavailable:
		select {
		case <-p.ended():
			return engine.Crashed, p.ending()
		case <-time.After(endingWait):
			return engine.Crashed, "the connection is lost"
		}
	case status.Code(err) == codes.ResourceExhausted:
		return engine.TooLarge, status.Convert(err).Message()
	default:
		return engine.CallFailed, status.Convert(err).Message()
	}
}
