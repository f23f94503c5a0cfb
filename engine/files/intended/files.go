package intended

import (
	"cmp"
	"context"
	"io"
	"io/fs"
	"path"
	"strings"

	"runbook/engine/action"
	"runbook/engine/files"
)

// Files are those of a machine as a run intends them to be.
type Files struct {
	live    files.System
	machine string
	edits   []edit
}

// Over lays what a view intends about the files of the machine of that name over them.
func Over(live files.System, view action.View, machine string) *Files {
	return &Files{live, machine, edits(view, machine)}
}

// A source is where what is at a path comes from.
type source struct {
	gone bool
	live string // the path at which it really is, or at which it is written
	made *edit  // it is only intended to be written, or to be made for what is
	by   int    // number of that edit
}

// file is the file that is only intended to be written, nil if it is a folder, or there.
func (s source) file() *Made {
	if s.made == nil {
		return nil
	}
	return s.made.made[s.live]
}

// source follows a path back, through the edits before one of that number.
func (f *Files) source(at string, before int) source {
	s := source{live: at}
	for i := before - 1; i >= 0; i-- {
		e := &f.edits[i]
		switch {
		case e.Op == Removed && e.covers(s.live), e.Op == Written && e.under(s.live):
			return source{gone: true}
		case e.Op == Written && e.about[s.live]:
			s.made, s.by = e, i
			return s
		case e.Op == Renamed:
			if from, was := moved(s.live, e.To, e.path()); was {
				s.live = from
			} else if _, left := moved(s.live, e.path(), ""); left {
				return source{gone: true}
			}
		}
	}
	return s
}

// An end is what becomes of something.
type end struct {
	gone        bool
	path        string
	user, group string // "" for those that it has
}

// end follows what is at a path before an edit of that number through it and those after it.
func (f *Files) end(at string, from int) end {
	out := end{path: at}
	for i := from; i < len(f.edits); i++ {
		e := &f.edits[i]
		switch {
		case (e.Op == Removed || e.Op == Written) && e.about[out.path]:
			return end{gone: true}
		case e.Op == Chowned && e.about[out.path]:
			user, group, _ := strings.Cut(e.To, ":")
			out.user, out.group = cmp.Or(user, out.user), cmp.Or(group, out.group)
		case e.Op == Renamed:
			out.path, _ = moved(out.path, e.path(), e.To)
		}
	}
	return out
}

// given is an entry with the owner that it will have.
func (e end) given(entry files.Entry) files.Entry {
	entry.Owner, entry.Group = cmp.Or(e.user, entry.Owner), cmp.Or(e.group, entry.Group)
	return entry
}

// Look looks at one path.
func (f *Files) Look(ctx context.Context, at string) (files.Entry, error) {
	if len(f.edits) == 0 {
		return f.live.Look(ctx, at)
	}
	where, err := f.place(ctx, at)
	if err != nil {
		return files.Entry{}, err
	}
	s := f.source(where, len(f.edits))
	switch {
	case s.made != nil:
		return f.made(s, at), nil
	case s.gone:
		return files.Entry{}, files.Failed("look at", at, fs.ErrNotExist)
	}
	e, err := f.live.Look(ctx, s.live)
	switch {
	case err != nil && s.live != at && action.CodeOf(err) == action.CodeNotFound:
		return files.Entry{}, files.Failed("look at", at, fs.ErrNotExist)
	case err != nil:
		return files.Entry{}, err
	}
	e.Path = at
	return f.end(s.live, 0).given(e), nil
}

// What is made has the modes of what is new, where nobody knows the user's mask.
const (
	folderMode = 0o755
	fileMode   = 0o644
)

// madeID begins the identity of what is only intended.
const madeID = "intended:"

// IsMade tells whether an entry is only intended to be written.
func IsMade(e files.Entry) bool { return strings.HasPrefix(e.ID, madeID) }

// made is the entry of something that is only intended.
func (f *Files) made(s source, at string) files.Entry {
	e := files.Entry{Path: at, Kind: files.Folder, Mode: folderMode, Links: 1, ID: madeID + s.live}
	if m := s.file(); m != nil {
		e.Kind, e.Size, e.Used, e.Mode, e.Modified = files.File, m.Size, files.Taken(m.Size), fileMode, m.Modified
	}
	return f.end(s.live, s.by+1).given(e)
}

// Missing are the folders that would have to be made for something at a path, the outermost first.
func (f *Files) Missing(ctx context.Context, at string) ([]string, error) {
	above, err := f.real(ctx, path.Dir(at))
	if err != nil {
		return nil, err
	}
	return f.missing(ctx, above)
}

// missing are those of a folder and the ones above it.
func (f *Files) missing(ctx context.Context, folder string) ([]string, error) {
	_, err := f.Look(ctx, folder)
	if err == nil || folder == "/" {
		return nil, nil
	}
	if action.CodeOf(err) != action.CodeNotFound {
		return nil, err
	}
	out, err := f.missing(ctx, path.Dir(folder))
	return append(out, folder), err
}

// Open reads a file from an offset.
func (f *Files) Open(ctx context.Context, at string, offset int64) (io.ReadCloser, error) {
	where, err := f.sought(ctx, at)
	if err != nil {
		return nil, err
	}
	s := f.source(where, len(f.edits))
	switch {
	case s.made != nil && s.file() == nil:
		return nil, files.Failed("read", at, files.ErrNoFile)
	case s.made != nil && s.file().Content == nil:
		return nil, action.Errorf(action.CodeRejected, "cannot read %s: this run only intends to write it, and what would be in it is not known", files.Spell(at))
	case s.made != nil:
		text := *s.file().Content
		if offset < 0 {
			offset += int64(len(text))
		}
		return io.NopCloser(strings.NewReader(text[min(max(offset, 0), int64(len(text))):])), nil
	case s.gone:
		return nil, files.Failed("read", at, fs.ErrNotExist)
	}
	return f.live.Open(ctx, s.live, offset)
}

// Disk is the file system that a path lies on, with the space that was freed.
func (f *Files) Disk(ctx context.Context, at string) (files.Disk, error) {
	where, err := f.sought(ctx, at)
	if err != nil {
		return files.Disk{}, err
	}
	s := f.source(where, len(f.edits))
	if s.gone {
		return files.Disk{}, files.Failed("look at the file system of", at, fs.ErrNotExist)
	}
	d, err := f.live.Disk(ctx, s.live)
	for here := s.live; err != nil && action.CodeOf(err) == action.CodeNotFound && s.made != nil && here != "/"; {
		here = path.Dir(here)
		d, err = f.live.Disk(ctx, here)
	}
	if err != nil {
		return files.Disk{}, err
	}
	for i := range f.edits {
		if e := &f.edits[i]; e.Disk == d.Mount {
			d.Used, d.Free = max(d.Used-e.Bytes, 0), max(d.Free+e.Bytes, 0)
			if d.Inodes > 0 {
				d.InodesFree = max(d.InodesFree+e.Entries, 0)
			}
		}
	}
	return d, nil
}
