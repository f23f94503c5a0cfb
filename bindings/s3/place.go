package s3

import (
	"context"
	"path"
	"strconv"
	"strings"

	"runbook/engine/action"
	"runbook/engine/files"
	"runbook/engine/files/intended"
	"runbook/engine/machine"
	"runbook/engine/module"
)

// onParam is the option that names a machine.
var onParam = module.Param{Name: "on", Kind: module.String, Doc: `the host whose files are meant, by its name in the site file; the machine on which runbook itself runs if not given`}

// An end is one end of a copy or a sync: a location in the store, or a path on a machine.
type end struct {
	at      location // if path is ""
	path    string   // absolute and clean
	on      string
	machine files.System
}

func (e end) isStore() bool { return e.path == "" }

// String is the end as a person types it.
func (e end) String() string {
	switch {
	case e.isStore():
		return e.at.String()
	case e.on != machine.Local:
		return e.on + ":" + files.Spell(e.path)
	}
	return files.Spell(e.path)
}

// spelt is the path of what lies below a folder, as a shell takes it.
func (e end) spelt(rel string) string { return strconv.Quote(files.Spell(e.below(rel).path)) }

// target is the object or file at the end.
func (e end) target() action.Target {
	if e.isStore() {
		return e.at.target()
	}
	return fileTarget(e.on, e.path)
}

// fileTarget is a file as a target, as the host module has it.
func fileTarget(on, path string) action.Target {
	return action.Target{System: hostSystem, Kind: hostFiles, Scope: on, Name: files.Spell(path)}
}

// end reads an argument that is a URI, or a path on the machine that the options name.
func (b *binding) end(function, name string, args module.Args) (end, error) {
	text := args.String(name)
	if isURI(text) {
		at, err := parse(function, text)
		return end{at: at}, err
	}
	on := args.String(onParam.Name)
	if on == "" {
		on = machine.Local
	}
	if !strings.HasPrefix(text, "/") {
		return end{}, action.Errorf(action.CodeInvalid, "%s: %s: %q is neither s3://bucket/key nor an absolute path", function, name, text).
			Try("write the whole path: /var/backups/…")
	}
	system, err := b.Machines.On(on)
	return end{path: path.Clean(files.Unspell(text)), on: on, machine: system}, err
}

// ends are both ends of a copy or sync, at least one of which is in a store.
func (b *binding) ends(function string, args module.Args) (from, to end, err error) {
	if from, err = b.end(function, "from", args); err != nil {
		return from, to, err
	}
	if to, err = b.end(function, "to", args); err != nil {
		return from, to, err
	}
	if !from.isStore() && !to.isStore() {
		err = action.Errorf(action.CodeInvalid, "%s: one end has to be in an object store, s3://bucket/key: files are copied by commands of the machine", function)
	}
	return from, to, err
}

// What is known of a file.
const (
	fileKind     = "kind"
	fileSize     = "size"
	fileModified = "modified"
)

// fileObject is a file that is there.
func fileObject(at end, path string, e files.Entry) object {
	return object{"path": files.Spell(path), fileKind: string(e.Kind), fileSize: float64(e.Size), fileModified: seconds(e.Modified), "on": at.on}
}

// seen are the files of the machine as the run intends them.
func (e end) seen(view action.View) *intended.Files { return intended.Over(e.machine, view, e.on) }

// look is what is at a path, as the run intends it; nil for nothing.
func (e end) look(ctx context.Context, view action.View) (object, error) {
	there, err := e.seen(view).Look(ctx, e.path)
	switch {
	case err != nil && action.CodeOf(err) == action.CodeNotFound:
		return nil, nil
	case err != nil:
		return nil, err
	}
	return fileObject(e, e.path, there), nil
}
