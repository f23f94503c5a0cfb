package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"runbook/engine/action"
	"runbook/engine/catalog"
	"runbook/engine/journal"
)

// entryOf finds the script of a recorded run where it was, and otherwise takes the one that was stored with it.
func entryOf(run *journal.Run, sources []*journal.Source) (*catalog.Entry, error) {
	name := run.Runbook
	if run.Source == "file" {
		name = run.Path
	}
	entry, err := shelves().Find(name)
	if err == nil || action.CodeOf(err) != action.CodeNotFound {
		return entry, err
	}
	var files []catalog.File
	for _, s := range sources {
		switch {
		case s.Library:
		case len(files) == 0:
			files = append(files, catalog.File{Name: fileName(s.Name), Text: s.Text})
		default:
			files = append(files, catalog.File{Name: s.Name, Text: s.Text})
		}
	}
	return catalog.Stored(run.Runbook, run.Source, run.Path, files)
}

// fileName is the last part of a path of whatever system.
func fileName(path string) string { return path[strings.LastIndexAny(path, `/\`)+1:] }

// sameSite refuses to go on at another site, or as another user, than the recorded ones.
func sameSite(what string, then, now map[string]string) error {
	keys := maps.Clone(then)
	maps.Copy(keys, now)
	var differences []string
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if then[key] != now[key] {
			differences = append(differences, fmt.Sprintf("%s was %q and is %q now", key, then[key], now[key]))
		}
	}
	if len(differences) == 0 {
		return nil
	}
	return action.Errorf(action.CodeDrift, "%s is of another site or user: %s; nothing was done", what, strings.Join(differences, ", ")).
		Try("name the site that it is of, with --context, --kubeconfig or --site")
}

// restore takes the site that a run was at for where the command line does not say otherwise.
func (x *execution) restore(recorded map[string]string) {
	for _, f := range []struct {
		flag *string
		key  string
	}{{x.flags.cluster.Context, "context"}, {x.flags.cluster.Namespace, "namespace"}, {x.flags.cluster.Impersonate, "as"}} {
		if *f.flag == "" {
			*f.flag = recorded[f.key]
		}
	}
}
