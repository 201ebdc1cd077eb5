package host

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/checkout-promotions/checkout/engine"
)

// complainEvery is how often the log is told of the same fault of a plugin, which
// every customer may meet.
const complainEvery = 10 * time.Second

// complaints remember which faults the log was told of.
type complaints struct {
	mu      sync.Mutex
	byFault map[engine.PluginFault]*rate.Sometimes
}

// complain tells the log of a fault.
func (s *supervisor) complain(ctx context.Context, fault engine.PluginFault, detail string) {
	c := &s.complaints
	c.mu.Lock()
	if c.byFault == nil {
		c.byFault = make(map[engine.PluginFault]*rate.Sometimes)
	}
	sometimes := c.byFault[fault]
	if sometimes == nil {
		sometimes = &rate.Sometimes{Interval: complainEvery}
		c.byFault[fault] = sometimes
	}
	c.mu.Unlock()
	sometimes.Do(func() {
		s.log.WarnContext(ctx, "plugin fails", "fault", fault, "detail", engine.CleanPluginText(detail))
	})
}

// Refused implements engine.Plugins.
func (h *Host) Refused(question engine.Question, fault engine.PluginFault, detail string) {
	p := h.plugin(question.Plugin)
	if p == nil {
		return
	}
	p.stats.refused(fault)
	p.complain(context.Background(), fault, question.Promotion+": "+detail)
}
