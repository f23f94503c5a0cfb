package controller

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A timetable is the schedule of a cron job: which minutes, hours, days, months and days of the week it names.
type timetable struct {
	sets       [5]map[int]bool
	anyDay     bool // no day of the month is named
	anyWeekday bool // no day of the week is named
	in         *time.Location
}

// spans are the least and the greatest value of each part.
var spans = [5][2]int{{0, 59}, {0, 23}, {1, 31}, {1, 12}, {0, 7}}

var nicknames = map[string]string{
	"@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0", "@daily": "0 0 * * *",
	"@midnight": "0 0 * * *", "@hourly": "0 * * * *",
}

var (
	months   = []string{"", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}
	weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
)

// parseTimetable reads a schedule in the notation of cron.
func parseTimetable(schedule, zone string) (timetable, error) {
	in, err := time.LoadLocation(zone) // "" is UTC, as in a control plane
	if err != nil {
		return timetable{}, err
	}
	if long := nicknames[schedule]; long != "" {
		schedule = long
	}
	parts := strings.Fields(strings.ToLower(schedule))
	if len(parts) != len(spans) {
		return timetable{}, fmt.Errorf("expected exactly 5 fields, found %d: [%s]", len(parts), schedule)
	}
	t := timetable{in: in, anyDay: free(parts[2]), anyWeekday: free(parts[4])}
	for i, part := range parts {
		if t.sets[i], err = parsePart(part, spans[i], [5][]string{3: months, 4: weekdays}[i]); err != nil {
			return t, err
		}
	}
	t.sets[4][0] = t.sets[4][0] || t.sets[4][7]
	return t, nil
}

func free(part string) bool { return strings.HasPrefix(part, "*") || strings.HasPrefix(part, "?") }

// parsePart reads a list of values and ranges, each with a step or without.
func parsePart(part string, span [2]int, names []string) (map[int]bool, error) {
	out := map[int]bool{}
	for _, item := range strings.Split(part, ",") {
		over, every, stepped := strings.Cut(item, "/")
		from, to, ranged := strings.Cut(over, "-")
		first, last := span[0], span[1]
		step, err := 1, error(nil)
		if stepped {
			step, err = strconv.Atoi(every)
		}
		if !free(over) && err == nil {
			if first, err = valueOf(from, names); err == nil && ranged {
				last, err = valueOf(to, names)
			} else if err == nil && !stepped {
				last = first
			}
		}
		if err != nil || step < 1 || first < span[0] || last > span[1] || first > last {
			return nil, fmt.Errorf("%q is no part of a schedule", item)
		}
		for v := first; v <= last; v += step {
			out[v] = true
		}
	}
	return out, nil
}

func valueOf(text string, names []string) (int, error) {
	if i := slices.Index(names, text); i >= 0 && text != "" {
		return i, nil
	}
	return strconv.Atoi(text)
}

// next is the first time after another one that the timetable names, zero if none comes within five years.
func (t timetable) next(after time.Time) time.Time {
	at := after.In(t.in).Truncate(time.Minute).Add(time.Minute)
	for end := at.AddDate(5, 0, 0); at.Before(end); {
		switch {
		case !t.sets[3][int(at.Month())]:
			at = time.Date(at.Year(), at.Month()+1, 1, 0, 0, 0, 0, t.in)
		case !t.day(at):
			at = time.Date(at.Year(), at.Month(), at.Day()+1, 0, 0, 0, 0, t.in)
		case !t.sets[1][at.Hour()]:
			at = at.Truncate(time.Minute).Add(time.Duration(60-at.Minute()) * time.Minute)
		case !t.sets[0][at.Minute()]:
			at = at.Add(time.Minute)
		default:
			return at.UTC()
		}
	}
	return time.Time{}
}

// day tells whether a day is named. If both its date and its weekday are restricted, one of them is enough.
func (t timetable) day(at time.Time) bool {
	date, weekday := t.sets[2][at.Day()], t.sets[4][int(at.Weekday())]
	if t.anyDay || t.anyWeekday {
		return date && weekday
	}
	return date || weekday
}
