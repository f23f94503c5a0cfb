package prometheus

import (
	"context"
	"math"
	"time"

	"runbook/engine/action"
	"runbook/engine/module"
)

// earliest is a bound below which a number is no time but a mistake: somebody wrote how long ago, without saying so.
const earliest = 1e9

// A moment is a time as a script wrote it: one, or how long ago. The zero value is now.
type moment struct {
	at  time.Time // zero for one that is relative
	ago time.Duration
}

// momentParam is a parameter that is a time.
func momentParam(name, doc string) module.Param {
	return module.Param{
		Name: name, Kind: module.Any,
		Doc: doc + ` (seconds since 1970, how long ago as "1h" or "7d", or "2026-03-01T03:00:00Z")`,
	}
}

// momentOf reads an argument that is a time.
func momentOf(function string, args module.Args, name string, missing moment) (moment, error) {
	where := function + ": " + name
	switch v := args[name].(type) {
	case nil:
		return missing, nil
	case float64:
		return absolute(where, v)
	case string:
		if at, err := time.Parse(time.RFC3339Nano, v); err == nil {
			return moment{at: at.Truncate(time.Millisecond)}, nil
		}
		ago, err := module.ParseDuration(v)
		if err != nil || ago < 0 {
			return moment{}, action.Errorf(action.CodeInvalid, `%s: %q is no time: it is seconds since 1970, how long ago ("1h", "7d"), or "2026-03-01T03:00:00Z"`, where, v)
		}
		return moment{ago: ago}, nil
	}
	return moment{}, action.Errorf(action.CodeInvalid, `%s must be a time: seconds since 1970, how long ago ("1h", "7d"), or "2026-03-01T03:00:00Z"`, where)
}

func absolute(where string, seconds float64) (moment, error) {
	if math.IsNaN(seconds) || seconds < earliest || seconds > 1e11 {
		return moment{}, action.Errorf(action.CodeInvalid, "%s: %v is no time of a metric: a number is seconds since 1970", where, seconds).
			Try(`how long ago is a text: "1h", "7d"`)
	}
	return moment{at: time.UnixMilli(int64(math.Round(seconds * 1000)))}, nil
}

// in is the time itself, with the outside's now: a server's samples are of its time, and not of a rehearsal's.
func (m moment) in(now time.Time) time.Time {
	if m.at.IsZero() {
		return now.Add(-m.ago)
	}
	return m.at
}

// present is the time outside, as fine as Prometheus's.
func present(ctx context.Context) time.Time {
	return module.OutsideOf(ctx).Now().Truncate(time.Millisecond)
}

// seconds is a time as scripts have it.
func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
