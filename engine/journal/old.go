package journal

import (
	"cmp"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Limits say which runs are old. A run in progress never is.
type Limits struct {
	Newest int           // so many stay
	Age    time.Duration // and of those, what was last written to within this time
}

// DefaultLimits hold whenever a run ends. Ninety days cover a quarter's review of incidents. Five hundred runs are more than a
// person looks back through, and bound what a check that runs every few minutes leaves: a few hundred megabytes at the worst.
var DefaultLimits = Limits{Newest: 500, Age: 90 * 24 * time.Hour}

// NoLimit is a number of runs, and NoAge a time, that nothing exceeds.
const (
	NoLimit = math.MaxInt
	NoAge   = time.Duration(math.MaxInt64)
)

// An Old run is one that limits do not keep.
type Old struct {
	Dir   Dir
	Last  time.Time // when it was last written to
	Bytes int64
}

// Excess returns the runs below base that the limits do not keep, the oldest last. A run's age counts from the last time it was
// written to, so that one that was resumed is as young as that.
func Excess(base string, keep Limits, now time.Time) ([]Old, error) {
	dirs, err := Runs(base)
	if err != nil {
		return nil, err
	}
	runs := make([]Old, 0, len(dirs))
	for _, d := range dirs {
		if last, known := lastWritten(d, now); known {
			runs = append(runs, Old{Dir: d, Last: last})
		}
	}
	slices.SortStableFunc(runs, func(a, b Old) int {
		return cmp.Or(b.Last.Compare(a.Last), strings.Compare(b.Dir.ID(), a.Dir.ID()))
	})
	var old []Old
	for i, run := range runs {
		if i < keep.Newest && now.Sub(run.Last) <= keep.Age {
			continue
		}
		if running, err := Running(run.Dir); running && err == nil {
			continue
		}
		run.Bytes = size(string(run.Dir))
		old = append(old, run)
	}
	return old, nil
}

// lastWritten is not known of a run that is gone meanwhile, or that is only about to begin.
func lastWritten(d Dir, now time.Time) (last time.Time, known bool) {
	if Beginning(d, now) {
		return time.Time{}, false
	}
	info, err := os.Stat(d.Journal())
	if err != nil {
		info, err = os.Stat(string(d))
	}
	if err != nil {
		return time.Time{}, false
	}
	return info.ModTime(), true
}

// size is what a folder holds in bytes, as far as it can be read.
func size(folder string) (bytes int64) {
	_ = filepath.WalkDir(folder, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return nil
		}
		if info, err := e.Info(); err == nil {
			bytes += info.Size()
		}
		return nil
	})
	return bytes
}
