package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"runbook/engine/action"
	"runbook/engine/journal"
	"runbook/engine/plan"
	"runbook/engine/screen"
)

// isFile tells whether what was named is a plan or a recording, and not a runbook: a runbook's name goes first.
func isFile(name string) bool {
	if strings.HasSuffix(name, ".lua") {
		return false
	}
	if strings.ContainsRune(name, filepath.Separator) {
		return true
	}
	if _, err := shelves().Find(name); action.CodeOf(err) != action.CodeNotFound {
		return false
	}
	info, err := os.Stat(name)
	return err == nil && !info.IsDir()
}

// showFile shows a plan, or a recording as a run that was.
func showFile(ctx context.Context, io streams, f *commonFlags, path string) error {
	file, err := journal.OpenSealed(path)
	if err != nil {
		return err
	}
	if file.Kind == journal.Recording {
		to := showingOf(io, *f.output)
		return errors.Join(showStanding(file.Records, to), to.Close())
	}
	p, err := plan.Of(file)
	if err != nil {
		return err
	}
	page := screen.PlanPage{Plan: p, Age: time.Since(p.Run.Began()), Stale: staleness(ctx, f, p)}
	if *f.output == asJSON {
		return screen.PlanDocument(io.out, page)
	}
	return screen.Plan(io.out, screen.LookOf(io.out, getenv), page)
}

// planFormat explains the document of a plan, from its types.
func planFormat() string {
	return "-o json prints of a plan one object:\n" + fieldLines(reflect.TypeFor[screen.PlanReport]()) +
		"Each of actions, and of instead, has:\n" + fieldLines(reflect.TypeFor[screen.PlannedAction]())
}
