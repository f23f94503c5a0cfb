package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"runbook/engine/action"
	"runbook/engine/builtin"
	"runbook/engine/catalog"
	"runbook/engine/gate"
	"runbook/engine/module"
	"runbook/engine/script"
	"runbook/engine/watchdog"
)

// loadTime bounds the loading of one script, which only builds data.
const loadTime = 2 * time.Second

// A Library is what every script may require beside the builtin modules: the bindings, and Lua files of the standard library.
type Library struct {
	Modules []*module.Module
	Files   fs.FS
}

// all are the builtin modules and the bindings.
func (l Library) all(now builtin.Now) []*module.Module {
	return append(builtin.Modules(now), l.Modules...)
}

// A Runbook is a script that was found, loaded and checked, and has not run.
type Runbook struct {
	Entry  *catalog.Entry
	Header *script.Header
	Grants []gate.Grant
	// Sources are the files that were loaded for it so far, its own and libraries.
	Sources []script.Source
}

// Inherits are the files that were loaded for it and do not lie beside its script: where each was found. nil if there are none.
func (b *Runbook) Inherits() map[string]string {
	var out map[string]string
	for _, s := range b.Sources {
		from, inherited := b.Entry.Inherits(s.Name)
		if s.Library || s.Name == b.Entry.Path || !inherited {
			continue
		}
		if out == nil {
			out = map[string]string{}
		}
		out[s.Name] = from.Origin
	}
	return out
}

// Describe loads a runbook to learn what it says about itself.
func Describe(ctx context.Context, entry *catalog.Entry, library Library) (*Runbook, error) {
	modules := library.all(nil)
	vm := script.New(ctx, script.Options{
		Modules: modules, Libraries: library.Files, Own: entry.Folder, Globals: globals(nil), Random: noRandom,
	})
	defer vm.Close()
	return load(ctx, vm, entry, modules)
}

// noRandom is the randomness of a script that is only loaded.
func noRandom() float64 { return 0 }

func load(ctx context.Context, vm *script.VM, entry *catalog.Entry, modules []*module.Module) (*Runbook, error) {
	text, err := entry.Source()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, loadTime, action.Errorf(action.CodeTimeout,
		"%s was not loaded within %s: its outermost level may only build data", entry.Path, loadTime))
	defer cancel()
	header, err := vm.Load(ctx, script.Source{Name: entry.Path, Text: text})
	if err != nil {
		return nil, err
	}
	grants, fault := grantsOf(header.May, modules)
	if fault != nil {
		return nil, &script.Error{Failure: fault, Where: header.Where}
	}
	return &Runbook{Entry: entry, Header: header, Grants: grants, Sources: vm.Sources()}, nil
}

// digest is a checksum of everything that a script was made of when it was loaded.
func digest(sources []script.Source) string {
	h := sha256.New()
	for _, s := range sources {
		fmt.Fprintf(h, "%s\n%d\n%s\n", sourceName(s.Name, s.Library), len(s.Text), s.Text)
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}

// limitOf returns the watchdog's reason in err's chain, nil if there is none.
func limitOf(err error) *watchdog.LimitError {
	var limit *watchdog.LimitError
	errors.As(err, &limit)
	return limit
}

// Documented lists every module that a script may call, the functions without require first, as data: none of them can be called.
func Documented(library Library) []*module.Module {
	return append([]*module.Module{script.Language(), Globals()}, library.all(nil)...)
}

// Globals are the functions that every script has without require, as data: none of them can be called.
func Globals() *module.Module { return globals(nil) }
