package device

import (
	"context"
	"fmt"
	"time"

	"runbook/engine/action"
	"runbook/engine/driver"
	"runbook/engine/module"
)

const (
	begunField  = "begun"
	startsField = "starts" // evidence: what is another after each start
)

// watchEvery is how often it is looked whether a reset has begun.
const watchEvery = 500 * time.Millisecond

// begun adds to what a reset returns whether it has begun. A tool may accept one and show the device as up for some time still: whoever waits for
// it to be up would then have waited for nothing.
func (c change) begun(ctx context.Context, before *seen, out action.Result) action.Result {
	value := out.Value.(map[string]any)
	value[begunField] = !before.up() || c.command.Begins == 0 || c.watched(ctx, before)
	switch {
	case value[begunField] == true:
	case ctx.Err() != nil:
		out.Note = "nobody waited to see whether it has begun"
	default:
		out.Note = fmt.Sprintf("nothing has shown within %s that it has begun: it may have been over before anybody looked", c.command.Begins)
	}
	return out
}

// up tells whether a device looked as one does that has been reset.
func (s *seen) up() bool { return s.State == driver.Online || s.State == driver.Degraded }

// startedAfter tells whether it was started anew since then, where its tool tells.
func (s *seen) startedAfter(then *seen) bool {
	return s.Starts != "" && then.Starts != "" && s.Starts != then.Starts
}

// watched looks until the tool shows that a reset has begun, or its time for that is over.
func (c change) watched(ctx context.Context, before *seen) bool {
	outside := module.OutsideOf(ctx)
	within, cancel := outside.WithTimeout(ctx, c.command.Begins)
	defer cancel()
	for {
		now, err := c.looks.look(within)
		if untold(err) || err == nil && (!now.up() || now.startedAfter(before)) {
			return true
		}
		if outside.Sleep(within, watchEvery) != nil {
			return false
		}
	}
}

// byStarts settles a reset by what is another after each start. That it is none is an answer only once the reset would have begun.
func (c change) byStarts(ctx context.Context, intent action.Intent, now *seen) action.Settlement {
	before, told := intent.Evidence.Old[startsField].(string)
	switch {
	case !told || before == string(action.OwnDoing):
		return action.Unknown
	case before != now.Starts:
		return action.Done
	case !intent.Sent.IsZero() && now.up() && module.OutsideOf(ctx).Now().After(intent.Sent.Add(c.command.Timeout+c.command.Begins)):
		return action.NotDone
	}
	return action.Unknown
}
