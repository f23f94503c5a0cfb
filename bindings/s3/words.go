package s3

import (
	"fmt"

	"github.com/dustin/go-humanize"
)

func size(bytes int64) string { return humanize.IBytes(uint64(max(bytes, 0))) }

// are is the verb that goes with so many.
func are(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func countedEntries(n int64) string {
	if n == 1 {
		return "1 entry"
	}
	return fmt.Sprintf("%d entries", n)
}
