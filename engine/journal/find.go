package journal

import (
	"fmt"
	"strings"

	"runbook/engine/action"
)

// Last is what a person types for the newest run.
const Last = "last"

// Find returns the run below base that a person means: by its id, by the beginning of its id where no other run has the same, or
// by Last.
func Find(base, name string) (Dir, error) {
	runs, err := Runs(base)
	if err != nil {
		return "", err
	}
	if name == Last {
		if len(runs) == 0 {
			return "", action.Errorf(action.CodeNotFound, "there is no last run: nothing was run yet").Try("runbook list")
		}
		return runs[0], nil
	}
	var found []string
	for _, d := range runs {
		if name != "" && strings.HasPrefix(d.ID(), name) {
			found = append(found, d.ID())
		}
	}
	if len(found) == 1 {
		return DirOf(base, found[0]), nil
	}
	return "", notOne(name, found)
}

// listedIDs is how many ids a message names.
const listedIDs = 3

func notOne(name string, found []string) error {
	if len(found) == 0 {
		return action.Errorf(action.CodeNotFound, "there is no run %q", name).Try("`runbook runs` lists them; %q is the newest", Last)
	}
	named := strings.Join(found[:min(len(found), listedIDs)], ", ")
	if more := len(found) - listedIDs; more > 0 {
		named += fmt.Sprintf(" and %d more", more)
	}
	return action.Errorf(action.CodeInvalid, "%d runs begin with %q: %s", len(found), name, named).Try("type more of the id")
}
