// Package pastlog gives the lines of a log that is kept with the lab's program their times, so that it looks as if it had
// been written until now. It knows no log's form, and never reads or writes a file.
package pastlog

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Render turns lines of the form "12.5 text" into a log: at was 12.5 seconds before now. What entry makes of the two follows
// each other as it is.
func Render(lines string, now time.Time, entry func(at time.Time, text string) (string, error)) (string, error) {
	var log strings.Builder
	for line := range strings.Lines(lines) {
		line = strings.TrimSuffix(line, "\n")
		age, text, ok := strings.Cut(line, " ")
		seconds, err := strconv.ParseFloat(age, 64)
		if err != nil || !ok {
			return "", fmt.Errorf("line %q: want seconds before now, and text", line)
		}
		rendered, err := entry(now.UTC().Add(-time.Duration(seconds*float64(time.Second))), text)
		if err != nil {
			return "", fmt.Errorf("line %q: %w", line, err)
		}
		log.WriteString(rendered)
	}
	return log.String(), nil
}
