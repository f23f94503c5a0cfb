package remote

import (
	"context"
	"strings"

	"runbook/engine/action"
)

// tools are what the machine's tools can do.
type tools struct {
	prints bool // find tells all of a file by itself, as GNU's does
	sums   bool // awk adds up
	exact  bool // both tell times to the nanosecond
}

// known looks for the machine's tools, once.
func (f *Files) known(ctx context.Context) (tools, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.tools != nil {
		return *f.tools, nil
	}
	out, code, complaint, err := f.output(ctx, probeScript)
	if err != nil {
		return tools{}, err
	}
	has := map[string]bool{}
	for _, word := range strings.Fields(out) {
		has[word] = true
	}
	if code != 0 || !has["stat"] || !has["find"] {
		return tools{}, action.Errorf(action.CodeRejected, "the files of the machine cannot be looked at: it has no find and stat of GNU or BusyBox%s", says(complaint)).
			Try("look what there is: command -v find stat; install findutils and coreutils, or busybox")
	}
	f.tools = &tools{prints: has["printf"], exact: has["exact"] && has["printf"], sums: has["awk"]}
	return *f.tools, nil
}

func says(complaint string) string {
	if complaint = strings.TrimSpace(complaint); complaint != "" {
		return ": " + complaint
	}
	return ""
}
