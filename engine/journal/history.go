package journal

import (
	"slices"
	"time"
)

// secondLength is how much of an id says when its run began, to the second.
const secondLength = len("20261123-232200")

// History lists the runs below base like Runs, also those of one second in the order in which they began: that is in their journals.
func History(base string) ([]Dir, error) {
	dirs, err := Runs(base)
	if err != nil {
		return nil, err
	}
	for i := 0; i < len(dirs); {
		end := i + 1
		for end < len(dirs) && dirs[end].ID()[:secondLength] == dirs[i].ID()[:secondLength] {
			end++
		}
		if end > i+1 {
			newestFirst(dirs[i:end])
		}
		i = end
	}
	return dirs, nil
}

// newestFirst sorts by the first record. Runs that have none stay behind the others.
func newestFirst(dirs []Dir) {
	began := map[Dir]time.Time{}
	for _, d := range dirs {
		if head, err := Head(d); err == nil {
			began[d] = head.Time
		}
	}
	slices.SortStableFunc(dirs, func(a, b Dir) int { return began[b].Compare(began[a]) })
}
