package printers

import (
	"time"

	"runbook/engine/workload"
)

// Counted is an event with its count and times in the fields that older clients write.
func Counted(e workload.Object) workload.Object {
	count, _ := workload.Int(e, "count")
	if n, ok := workload.Int(e, "series", "count"); ok {
		count = n
	}
	e = workload.With(e, max(count, 1), "count")
	e = workload.With(e, LastSeen(e).UTC().Format(time.RFC3339), "lastTimestamp")
	e = workload.With(e, FirstSeen(e).UTC().Format(time.RFC3339), "firstTimestamp")
	return workload.With(e, nil, "series")
}

// LastSeen is when an event was last seen, whichever API its author used.
func LastSeen(e object) time.Time {
	return firstTime(e, [][]string{{"series", "lastObservedTime"}, {"lastTimestamp"}, {"firstTimestamp"}, {"eventTime"}, {"metadata", "creationTimestamp"}})
}

// FirstSeen is when an event was first seen, likewise.
func FirstSeen(e object) time.Time {
	return firstTime(e, [][]string{{"firstTimestamp"}, {"eventTime"}, {"lastTimestamp"}, {"metadata", "creationTimestamp"}})
}

func firstTime(e object, paths [][]string) time.Time {
	for _, path := range paths {
		if t := workload.Time(e, path...); !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}
