// Package intended is the files of a machine as a run intends them to be: what a dry run would have removed, renamed, given away and
// written, laid over what is really there.
//
// What is intended is kept as edits, in the order in which they were intended, in the run's view (action.View), one target an edit. A path
// is followed through them: backwards to find where what is at it really is, forwards to find where something will have gone. It changes
// nothing, and in a real run there are no edits. Read next: files.go.
package intended

import (
	"context"
	"crypto/sha256"
	"fmt"
	"path"
	"strings"
	"time"

	"runbook/engine/action"
	"runbook/engine/files"
)

// What targets are called, whose state is an edit.
const (
	system = "host"
	kind   = "edits"
)

// An Op is a kind of edit.
type Op string

// The edits.
const (
	Removed Op = "removed"
	Chowned Op = "chowned"
	Renamed Op = "renamed"
	Written Op = "written"
)

// An Edit is one intended change. Its paths are absolute, and, once it is a change of the view, have no link on their way: see way.go.
type Edit struct {
	Op Op
	// Removed, Chowned: what is. Renamed: the path that it was at. Written: the folders that are made for the files, which Missing finds.
	Paths []string
	Made  []Made // Written: the files
	To    string // Renamed: the new path; Chowned: the owner, as user, user:group or :group
	// Disk is where the file system is mounted on which the edit frees space, Bytes how much, and Entries how many names; both are
	// negative where it takes some.
	Disk    string
	Bytes   int64
	Entries int64
}

// Made is a file that is written.
type Made struct {
	Path     string // absolute
	Size     int64
	Modified time.Time
	Content  *string // nil where it is not known
}

// The fields of an edit's state.
const (
	opField       = "op"
	pathsField    = "paths"
	madeField     = "made"
	pathField     = "path"
	toField       = "to"
	diskField     = "disk"
	bytesField    = "bytes"
	entriesField  = "entries"
	sizeField     = "size"
	modifiedField = "modified"
	contentField  = "content"
	// Field is the edit in the state of a change. A person is shown the rest of it.
	Field = "edit"
)

// Change is the change of the view that an edit is, of what is below a root. Before and after are what a person is shown of it.
func (f *Files) Change(ctx context.Context, root string, e Edit, before, after map[string]any) (action.Change, error) {
	e, err := f.placed(ctx, root, e)
	if err != nil {
		return action.Change{}, err
	}
	state := e.state()
	shown := map[string]any{Field: state}
	for name, value := range after {
		shown[name] = value
	}
	sum := sha256.Sum256([]byte(action.Text(state))) // two branches may intend something at the same time
	return action.Change{
		Target: action.Target{System: system, Kind: kind, Scope: f.machine, Name: fmt.Sprintf("%d-%x", len(f.edits)+1, sum[:8])},
		Before: before, After: shown, Bookkeeping: []string{Field},
	}, nil
}

func (e Edit) state() map[string]any {
	paths := make([]any, len(e.Paths))
	for i, at := range e.Paths {
		paths[i] = files.Spell(at)
	}
	state := map[string]any{opField: string(e.Op), pathsField: paths}
	for name, text := range map[string]string{toField: files.Spell(e.To), diskField: files.Spell(e.Disk)} {
		if text != "" {
			state[name] = text
		}
	}
	for name, n := range map[string]int64{bytesField: e.Bytes, entriesField: e.Entries} {
		if n != 0 {
			state[name] = n
		}
	}
	if len(e.Made) > 0 {
		made := make([]any, len(e.Made))
		for i, m := range e.Made {
			made[i] = m.state()
		}
		state[madeField] = made
	}
	return state
}

func (m Made) state() map[string]any {
	state := map[string]any{pathField: files.Spell(m.Path), sizeField: m.Size}
	if !m.Modified.IsZero() {
		state[modifiedField] = m.Modified.UTC().Format(time.RFC3339Nano)
	}
	if m.Content != nil {
		state[contentField] = *m.Content
	}
	return state
}

// madeOf is the file of a state.
func madeOf(state map[string]any) Made {
	text := func(name string) string { s, _ := state[name].(string); return s }
	m := Made{Path: files.Unspell(text(pathField))}
	m.Size, _ = state[sizeField].(int64)
	m.Modified, _ = time.Parse(time.RFC3339Nano, text(modifiedField)) // zero where it was
	if content, known := state[contentField].(string); known {
		m.Content = &content
	}
	return m
}

// editOf is the edit of a state.
func editOf(state map[string]any) Edit {
	text := func(name string) string { s, _ := state[name].(string); return s }
	number := func(name string) int64 { n, _ := state[name].(int64); return n }
	e := Edit{
		Op: Op(text(opField)), To: files.Unspell(text(toField)), Disk: files.Unspell(text(diskField)), Bytes: number(bytesField),
		Entries: number(entriesField),
	}
	list, _ := state[pathsField].([]any)
	for _, item := range list {
		if at, ok := item.(string); ok {
			e.Paths = append(e.Paths, files.Unspell(at))
		}
	}
	list, _ = state[madeField].([]any)
	for _, item := range list {
		if made, ok := item.(map[string]any); ok {
			e.Made = append(e.Made, madeOf(made))
		}
	}
	return e
}

// An edit that has been looked at: what it is about is found at once.
type edit struct {
	Edit
	about map[string]bool  // all that it removes, gives away, renames or makes
	made  map[string]*Made // of that the files that it makes
}

// edits are those of a view, in order.
func edits(view action.View, machine string) []edit {
	if view == nil {
		return nil
	}
	var out []edit
	for _, target := range view.Intended(system, kind, machine) {
		state, _ := view.Lay(target, nil)
		if inner, ok := state[Field].(map[string]any); ok {
			e := edit{Edit: editOf(inner), about: map[string]bool{}, made: map[string]*Made{}}
			for _, at := range e.Paths {
				e.about[at] = true
			}
			for i := range e.Made {
				e.about[e.Made[i].Path], e.made[e.Made[i].Path] = true, &e.Made[i]
			}
			out = append(out, e)
		}
	}
	return out
}

// madePaths are those of the files that are written.
func (e *edit) madePaths() []string {
	out := make([]string, len(e.Made))
	for i := range e.Made {
		out[i] = e.Made[i].Path
	}
	return out
}

// path is the one that is renamed.
func (e *edit) path() string {
	if len(e.Paths) == 0 {
		return ""
	}
	return e.Paths[0]
}

// covers tells whether the edit is about a path, or about something that the path is below.
func (e *edit) covers(at string) bool {
	for ; at != "/" && at != "."; at = path.Dir(at) {
		if e.about[at] {
			return true
		}
	}
	return false
}

// counts tells whether the edit can make a difference to how much there is below a root.
func (e *edit) counts(root string) bool {
	if e.Op == Chowned {
		return false
	}
	for at := range e.about {
		if related(at, root) {
			return true
		}
	}
	return e.Op == Renamed && related(e.To, root)
}

// related tells whether one of two paths is the other one, or above it.
func related(a, b string) bool {
	_, below := moved(a, b, "")
	_, above := moved(b, a, "")
	return below || above
}

// under tells whether a path is below a file that is written, where nothing can be.
func (e *edit) under(at string) bool {
	for at = path.Dir(at); at != "/" && at != "."; at = path.Dir(at) {
		if e.made[at] != nil {
			return true
		}
	}
	return false
}

// moved is a path after what was at from, or above it, has become to.
func moved(at, from, to string) (string, bool) {
	if at == from {
		return to, true
	}
	if rest, below := strings.CutPrefix(at, strings.TrimSuffix(from, "/")+"/"); below {
		return strings.TrimSuffix(to, "/") + "/" + rest, true
	}
	return at, false
}
