package engine

import (
	"context"

	"runbook/engine/catalog"
	"runbook/engine/journal"
	"runbook/engine/script"
)

// ScriptDrift is the difference between the script that a run was made of and the one that would run now, as a unified diff; "" if
// there is none. An error is why that one cannot be loaded. It asks no site.
func ScriptDrift(ctx context.Context, entry *catalog.Entry, library Library, then *journal.Run, sources []*journal.Source) (string, error) {
	modules := library.all(nil)
	vm := script.New(ctx, script.Options{
		Modules: modules, Libraries: library.Files, Own: entry.Folder, Globals: globals(nil), Random: noRandom,
	})
	defer vm.Close()
	_, err := load(ctx, vm, entry, modules)
	if now := vm.Sources(); len(now) > 0 && digest(now) != then.Digest {
		return SourceDiff(sources, now), err
	}
	return "", err
}
