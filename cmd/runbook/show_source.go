package main

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"runbook/engine/action"
	"runbook/engine/catalog"
)

// theScript stands for the script of a folder, where no file of it is named.
const theScript = "."

// showSource prints the script of a runbook or of a driver as it is, or another file of its folder.
func showSource(io streams, name, file string, as output) error {
	if as == asJSON {
		return usage("--source prints a script, and has no -o json").wrap()
	}
	places, find := shelves(), catalog.Catalog.Find
	if _, driver, one := strings.Cut(name, "."); one && isDriverTopic(name) {
		name, places = driver, driverPlaces()
		find = func(in catalog.Catalog, name string) (*catalog.Entry, error) { return shelfOf(in).Entry(name) }
	}
	text, err := sourceIn(places, find, name, file)
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(io.out, text)
	return err
}

// sourceIn is a file of a name, in the nearest place in which it is there and not empty: where the output goes to a file that is to take the
// place of that one, a shell has made it before anybody reads it.
func sourceIn(places catalog.Catalog, find func(catalog.Catalog, string) (*catalog.Entry, error), name, file string) (string, error) {
	nearest, err := find(places, name)
	if err != nil {
		return "", err
	}
	known := map[string]bool{}
	for n := len(places); n > 0; n-- {
		entry, err := find(places[:n], name)
		if err != nil {
			break // it is in none of those that are farther
		}
		wanted := file
		if wanted == theScript {
			wanted = entry.File
		}
		text, err := fs.ReadFile(entry.Folder, path.Clean(wanted))
		if err == nil && strings.TrimSpace(string(text)) != "" {
			return string(text), nil
		}
		filesIn(entry, known)
	}
	if file == theScript {
		file = nearest.File
	}
	return "", action.Errorf(action.CodeNotFound, "%s has no file %s with something in it", name, file).
		Try("it has %s", strings.Join(slices.Sorted(maps.Keys(known)), ", "))
}

// filesIn notes the files of a folder. What cannot be read of it is not offered.
func filesIn(entry *catalog.Entry, known map[string]bool) {
	_ = fs.WalkDir(entry.Folder, ".", func(at string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			known[at] = true
		}
		return nil
	})
}

// showDriver is the page of a driver.
func showDriver(ctx context.Context, io streams, topic string, as output) error {
	if as == asJSON {
		return usage("a driver is shown as text, and has no -o json").wrap()
	}
	var page strings.Builder
	if err := writeDriverDocs(ctx, &page, topic); err != nil {
		return err
	}
	_, err := fmt.Fprint(io.out, page.String())
	return err
}
