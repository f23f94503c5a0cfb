package module

import (
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

// ParseDuration reads a duration as Go writes it ("90s", "1h30m", "1.5h"), or as Prometheus does, with days, weeks and years of always
// the same length ("7d", "1w", "1d12h", "-7d").
func ParseDuration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err == nil {
		return d, nil
	}
	without, before := strings.CutPrefix(text, "-")
	long, longErr := model.ParseDuration(without)
	switch {
	case longErr != nil:
		return 0, err
	case before:
		return -time.Duration(long), nil
	}
	return time.Duration(long), nil
}
