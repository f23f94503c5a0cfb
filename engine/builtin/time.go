package builtin

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/util/duration"

	"runbook/engine/module"
)

// The seconds at which the years begin and end that have four digits.
const (
	yearOne  = -62135596800
	year9999 = 253402300799
)

// longest is the longest duration in seconds that Go can hold, and a bit less: 285 years.
const longest = 9e9

type pureFunc = func(context.Context, module.Args) (any, error)

func timeModule(now Now) *module.Module {
	stamp := module.Param{Name: "time", Kind: module.Number, Required: true, Doc: "seconds since 1970-01-01 UTC",
		Min: module.Bound(yearOne), Max: module.Bound(year9999)}
	return &module.Module{
		Name: "time",
		Doc:  "Points in time as seconds since 1970-01-01 UTC, and durations in seconds.",
		Funcs: []module.Func{
			{
				Name: "now", Doc: "The run's current time. In a dry run it moves only by what the script waits for.",
				Returns: module.Result{Type: "number", Doc: "seconds since 1970-01-01 UTC"}, Examples: []string{`time.now()`},
				Control: func(ctx context.Context, _ module.Args) (any, error) {
					t, err := now(ctx)
					return float64(t.UnixMilli()) / 1000, err
				},
			},
			{
				Name: "parse", Doc: "Reads a point in time as Kubernetes and Prometheus write it (RFC 3339).",
				Params:  []module.Param{{Name: "text", Kind: module.String, Required: true}},
				Returns: module.Result{Type: "number"}, Examples: []string{`time.parse("2026-11-23T03:00:00Z")`},
				Pure: pure(func(a module.Args) (any, error) {
					t, err := time.Parse(time.RFC3339, a.String("text"))
					if err != nil {
						return nil, invalid("time.parse: %q is not of the form 2026-11-23T03:00:00Z", a.String("text"))
					}
					return float64(t.UnixMilli()) / 1000, nil
				}),
			},
			{
				Name: "format", Doc: "Writes a point in time, in UTC.",
				Params: []module.Param{stamp, {
					Name: "form", Kind: module.String, Default: "rfc3339", Enum: []string{"rfc3339", "date", "time", "compact_date", "minute"},
					Doc: "rfc3339 2026-11-23T03:00:00Z, date 2026-11-23, time 03:00:00, compact_date 20261123, minute 2026-11-23 03:00 UTC",
				}},
				Returns: module.Result{Type: "string"}, Examples: []string{`time.format(time.now() - 86400, "compact_date")`},
				Pure: pure(formatTime),
			},
			{
				Name: "duration", Doc: "Reads a duration such as 90s, 5m, 1h30m or 7d.",
				Params:  []module.Param{{Name: "text", Kind: module.Duration, Required: true}},
				Returns: module.Result{Type: "number", Doc: "seconds"}, Examples: []string{`time.duration("5m")`},
				Pure: pure(func(a module.Args) (any, error) { return a["text"], nil }),
			},
			{
				Name: "human", Doc: "Writes a number of seconds as kubectl writes ages: 45s, 3m12s, 5h, 2d; <invalid> if it is negative by more than a second.",
				Params: []module.Param{
					{Name: "seconds", Kind: module.Number, Required: true, Min: module.Bound(-longest), Max: module.Bound(longest)},
				},
				Returns: module.Result{Type: "string"}, Examples: []string{`time.human(time.now() - time.parse(pod.metadata.creationTimestamp))`},
				Pure: pure(func(a module.Args) (any, error) {
					seconds, _ := a.Number("seconds")
					return duration.HumanDuration(time.Duration(seconds * float64(time.Second))), nil
				}),
			},
		},
	}
}

var timeForms = map[string]string{
	"rfc3339": time.RFC3339, "date": time.DateOnly, "time": time.TimeOnly, "compact_date": "20060102", "minute": "2006-01-02 15:04 MST",
}

func formatTime(a module.Args) (any, error) {
	seconds, _ := a.Number("time")
	return time.UnixMilli(int64(seconds * 1000)).UTC().Format(timeForms[a.String("form")]), nil
}
