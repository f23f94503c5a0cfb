package metrics

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

// When time began and ends for Prometheus, and clients that know write so.
var (
	minTime = time.Unix(math.MinInt64/1000+62135596801, 0).UTC()
	maxTime = time.Unix(math.MaxInt64/1000-62135596801, 999999999).UTC()
)

func invalid(name string, err error) answer {
	return failed(badData, fmt.Errorf("invalid parameter %q: %w", name, err))
}

func timeOf(q question, name string, missing time.Time) (time.Time, error) {
	text := q.FormValue(name)
	if text == "" {
		return missing, nil
	}
	at, err := parseTime(text)
	if err != nil {
		return at, fmt.Errorf("invalid time value for '%s': %w", name, err)
	}
	return at, nil
}

func parseTime(text string) (time.Time, error) {
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		whole, rest := math.Modf(seconds)
		rest = math.Round(rest*1000) / 1000
		return time.Unix(int64(whole), int64(rest*float64(time.Second))).UTC(), nil
	}
	if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return at, nil
	}
	// Go reads no years of more than four digits.
	for _, bound := range []time.Time{minTime, maxTime} {
		if text == bound.Format(time.RFC3339Nano) {
			return bound, nil
		}
	}
	return time.Time{}, fmt.Errorf("cannot parse %q to a valid timestamp", text)
}

func parseDuration(text string) (time.Duration, error) {
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		d := seconds * float64(time.Second)
		if d > float64(math.MaxInt64) || d < float64(math.MinInt64) {
			return 0, fmt.Errorf("cannot parse %q to a valid duration. It overflows int64", text)
		}
		return time.Duration(d), nil
	}
	if d, err := model.ParseDuration(text); err == nil {
		return time.Duration(d), nil
	}
	return 0, fmt.Errorf("cannot parse %q to a valid duration", text)
}

// limitOf is how much is wanted at most, and 0 for everything.
func limitOf(q question) (int, error) {
	text := q.FormValue("limit")
	if text == "" {
		return 0, nil
	}
	limit, err := strconv.Atoi(text)
	if err == nil && limit < 0 {
		err = errors.New("limit must be non-negative")
	}
	return limit, err
}

func (m *Metrics) matchersOf(q question) ([][]*labels.Matcher, error) {
	sets, err := m.parser.ParseMetricSelectors(q.Form["match[]"])
	if err != nil {
		return nil, err
	}
	for _, set := range sets {
		if matches(labels.EmptyLabels(), set) {
			return nil, errors.New("match[] must contain at least one non-empty matcher")
		}
	}
	return sets, nil
}
