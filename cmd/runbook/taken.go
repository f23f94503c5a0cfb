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
	entry, err := shelves().Find(run.Typed())
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
	return shelves().Stored(run.Runbook, run.Source, run.Path, files)
}

// fileName is the last part of a path of whatever system.
func fileName(path string) string { return path[strings.LastIndexAny(path, `/\`)+1:] }

// sameSite refuses to go on at another site, or as another user, than the recorded ones.
func sameSite(what string, then, now map[string]string) error {
	fault := siteFault(then, now)
	if fault == "" {
		return nil
	}
	err := action.Errorf(action.CodeDrift, "%s %s; nothing was done", what, fault)
	if then[journal.ScenarioKey] != "" {
		return err.Try("plan again what is to be done there: runbook run with --scenario %s, --dry-run and --out", then[journal.ScenarioKey])
	}
	return err.Try("name the site that it is of, with --context, --kubeconfig, --prometheus or --site")
}

// siteFault says why what is of one site cannot go on at another; "" if they are the same.
func siteFault(then, now map[string]string) string {
	found := differences(then, now)
	switch {
	case len(found) == 0:
		return ""
	case len(now) == 0:
		return fmt.Sprintf("is of the context %q, and no kubeconfig here has it", then["context"])
	case len(found) == 1 && then[journal.DigestKey] != now[journal.DigestKey]:
		return "is of the scenario " + then[journal.ScenarioKey] + ", which has changed since"
	}
	return "is of another site or user: " + strings.Join(found, ", ")
}

// differences says in what two sites differ.
func differences(then, now map[string]string) []string {
	keys := map[string]bool{}
	for _, site := range []map[string]string{then, now} {
		for key := range site {
			keys[key] = true
		}
	}
	var out []string
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if then[key] != now[key] {
			out = append(out, fmt.Sprintf("%s was %q and is %q now", key, then[key], now[key]))
		}
	}
	return out
}

// restore takes the site that a run was at for where the command line does not say otherwise.
func (f *commonFlags) restore(recorded map[string]string) {
	f.cluster.restore(recorded)
	if f.metrics.url == "" {
		f.metrics.url = addressFlag(recorded[metricsKey])
	}
}

// restore takes the cluster that a run was at for where nothing else was said.
func (c clusterFlags) restore(recorded map[string]string) {
	for _, r := range []struct {
		flag *string
		key  string
	}{{c.Context, "context"}, {c.Namespace, "namespace"}, {c.Impersonate, "as"}} {
		if *r.flag == "" {
			*r.flag = recorded[r.key]
		}
	}
	if groups := recorded["as_groups"]; groups != "" && len(*c.ImpersonateGroup) == 0 {
		*c.ImpersonateGroup = strings.Split(groups, ",")
	}
}
