package main

import (
	"context"
	"fmt"
	"io/fs"
	"path"
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
	find := shelves().Find
	if _, driver, one := strings.Cut(name, "."); one && isDriverTopic(name) {
		name, find = driver, driverShelves().Entry
	}
	entry, err := find(name)
	if err != nil {
		return err
	}
	text, err := sourceOf(entry, file)
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(io.out, text)
	return err
}

// sourceOf is a file of a folder, from the nearest layer in which it is there and not empty: where the output goes to a file that is to take
// the place of that one, a shell has made it before anybody reads it.
func sourceOf(entry *catalog.Entry, file string) (string, error) {
	if file == theScript {
		file = entry.File
	}
	for _, layer := range entry.Layers {
		text, err := fs.ReadFile(layer.Files, path.Clean(file))
		if err == nil && strings.TrimSpace(string(text)) != "" {
			return string(text), nil
		}
	}
	return "", action.Errorf(action.CodeNotFound, "%s has no file %s with something in it", entry.Name, file).
		Try("it has %s", strings.Join(filesIn(entry), ", "))
}

// filesIn lists the files of a folder. What cannot be read of it is not offered.
func filesIn(entry *catalog.Entry) (files []string) {
	_ = fs.WalkDir(entry.Folder, ".", func(at string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			files = append(files, at)
		}
		return nil
	})
	return files
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
