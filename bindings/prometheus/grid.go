package prometheus

import (
	"math"
	"time"

	"runbook/engine/action"
)

// mostPoints is how many steps a server takes at most.
const mostPoints = 11000

// fewPoints is about how many points there are unless a script says otherwise: as many as a wide screen has columns.
const fewPoints = 240

// A grid are the times at which a range query evaluates its expression.
type grid struct {
	from, to time.Time
	step     time.Duration
	points   int
}

// newGrid is the grid from one time to another; a step of 0 is one that gives about 240 points.
func newGrid(from, to time.Time, step time.Duration) (grid, error) {
	span := to.Sub(from)
	if span < 0 {
		return grid{}, action.Errorf(action.CodeInvalid, "prometheus.query_range: it begins at %s, after its end at %s",
			from.UTC().Format(time.RFC3339), to.UTC().Format(time.RFC3339))
	}
	if step == 0 {
		step = wholeStep(span, fewPoints)
	}
	if span/step > mostPoints {
		return grid{}, action.Errorf(action.CodeInvalid, "prometheus.query_range: a step of %s gives %d points a series, and a server gives at most %d",
			step, span/step+1, mostPoints).Try("take a step of at least %s", wholeStep(span, mostPoints))
	}
	return grid{from, to, step, int(span/step) + 1}, nil
}

// wholeStep is the shortest step of whole seconds that takes at most so many steps.
func wholeStep(span time.Duration, steps int) time.Duration {
	return max(time.Second, time.Duration(math.Ceil(span.Seconds()/float64(steps)))*time.Second)
}

func (g grid) at(i int) time.Time { return g.from.Add(time.Duration(i) * g.step) }

// nearest is the index of the point that is nearest to a time.
func (g grid) nearest(at float64) int {
	return int(math.Round((at - seconds(g.from)) / g.step.Seconds()))
}
