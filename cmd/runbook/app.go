package main

import (
	"io/fs"
	"os"
	"path/filepath"

	"github.com/adrg/xdg"

	"runbook/engine"
	"runbook/engine/catalog"
	"runbook/engine/journal"
	"runbook/engine/module"
	"runbook/engine/redact"
	"runbook/runbooks"
	"runbook/stdlib"
)

// streams are the program's files. They are files because what is shown depends on whether they are terminals.
type streams struct {
	in, out, err *os.File
	secrets      *redact.Redactor // what the process knows and must not show
	// sink stands before the journal of a run; nil for nothing. Tests make a process die at a record with it.
	sink func(journal.Sink) journal.Sink
	// sites are those that runbooks are tested in; nil for the program's own. Tests of the command have others.
	sites *sites
}

// journal is where the records of a run go first.
func (s streams) journal(file journal.Sink) journal.Sink {
	if s.sink == nil {
		return file
	}
	return s.sink(file)
}

// shelves lists the places where runbooks are found, the nearest last.
func shelves() catalog.Catalog {
	places := catalog.Catalog{{Origin: catalog.Shipped, Files: runbooks.Files}}
	for i := len(xdg.DataDirs) - 1; i >= 0; i-- {
		places = append(places, catalog.Dir("system", filepath.Join(xdg.DataDirs[i], "runbook", "runbooks")))
	}
	places = append(places, catalog.Dir("user", filepath.Join(xdg.DataHome, "runbook", "runbooks")))
	return append(places, catalog.Dir("project", "runbooks"))
}

// runsDir is where the journals of all runs are.
func runsDir() string { return filepath.Join(xdg.StateHome, "runbook", "runs") }

// library is what scripts may require, with those modules.
func library(modules ...*module.Module) engine.Library {
	var files fs.FS = stdlib.Files
	return engine.Library{Modules: modules, Files: files}
}
