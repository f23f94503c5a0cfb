package files

import (
	"cmp"
	"context"
	"path"
	"slices"
	"strings"

	"runbook/engine/action"
)

// Doing is what a change does, for errors.
func (o Op) Doing() string {
	if o == Chown {
		return "change the owner of"
	}
	return string(o)
}

// DeepestFirst are the places of changes in the order in which they are made: what is in a folder before the folder, and what is in the
// same folder one after the other.
func DeepestFirst(changes []Change) []int {
	order := make([]int, len(changes))
	folders := make([]string, len(changes))
	depths := make([]int, len(changes))
	for i, c := range changes {
		order[i], folders[i], depths[i] = i, path.Dir(c.Was.Path), strings.Count(c.Was.Path, "/")
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(depths[b], depths[a]), cmp.Compare(folders[a], folders[b]))
	})
	return order
}

// NotChanged is the error of a change that was not begun, because its context had ended.
func NotChanged(ctx context.Context, c Change) *action.Error {
	return action.Errorf(action.CodeInterrupted, "did not %s %s: %v", c.Op.Doing(), Spell(c.Was.Path), context.Cause(ctx))
}
