package intended_test

import (
	"cmp"
	"context"
	"io"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"runbook/engine/action"
	"runbook/engine/files"
	"runbook/engine/files/intended"
	"runbook/engine/overlay"
	"runbook/engine/world/host"
	"runbook/engine/world/scenario"
)

var now = time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC)

func machine(t require.TestingT) *host.Files {
	section := scenario.Host{
		Users: []string{"photon"},
		Files: []scenario.File{
			{Path: "/r/a", Content: "1"}, {Path: "/r/d/b", Content: "22"}, {Path: "/r/d/e/c", Content: "333"}, {Path: "/r/f", Folder: true},
			{Path: "/s/a", Content: "4444"}, {Path: "/s/g/h", Content: "55555"},
			{Path: "/w", Link: "r"}, {Path: "/s/up", Link: "../w/d"}, {Path: "/r/to", Link: "/s/g/h"}, {Path: "/o", Link: "o"},
		},
	}
	f := host.NewFiles("rack-1", section, func() time.Time { return now })
	require.NoError(t, f.Rewind(now))
	return f
}

// A pair is a machine on which something is done, and one on which it is only intended.
type pair struct {
	t    require.TestingT
	ctx  context.Context
	done *host.Files
	live *host.Files
	view *overlay.Overlay
}

func newPair(ctx context.Context, t require.TestingT) pair {
	return pair{t, ctx, machine(t), machine(t), overlay.New()}
}

func (p pair) intended() *intended.Files { return intended.Over(p.live, p.view, "rack-1") }

// intend intends something about what is below a root.
func (p pair) intend(root string, e intended.Edit) {
	change, err := p.intended().Change(p.ctx, root, e, nil, nil)
	require.NoError(p.t, err)
	require.NoError(p.t, p.view.Apply([]action.Change{change}))
}

// do does something to the one machine and, if that could be done, intends it on the other.
func (p pair) do(c files.Change, e intended.Edit) {
	at := c.Was.Path
	var err error
	if c.Was, err = p.done.Look(p.ctx, at); err != nil {
		return
	}
	root := path.Dir(at)
	for c.Op == files.Rename && root != "/" && !strings.HasPrefix(e.To, root+"/") {
		root = path.Dir(root)
	}
	below := strings.TrimSuffix(root, "/") + "/"
	c.Was.Path, c.To = strings.TrimPrefix(at, below), strings.TrimPrefix(c.To, below)
	errs, err := p.done.Change(p.ctx, root, []files.Change{c})
	require.NoError(p.t, err)
	if errs[0] == nil {
		p.intend(root, e)
	}
}

func (p pair) remove(at string) {
	p.do(files.Change{Op: files.Remove, Was: files.Entry{Path: at}}, intended.Edit{Op: intended.Removed, Paths: []string{at}})
}

func (p pair) chown(at, owner string) {
	p.do(files.Change{Op: files.Chown, Was: files.Entry{Path: at}, To: owner}, intended.Edit{Op: intended.Chowned, Paths: []string{at}, To: owner})
}

func (p pair) rename(from, to string) {
	if _, into := cut(to, from); into {
		return
	}
	p.do(files.Change{Op: files.Rename, Was: files.Entry{Path: from}, To: to}, intended.Edit{Op: intended.Renamed, Paths: []string{from}, To: to})
}

func cut(at, folder string) (string, bool) {
	if len(at) > len(folder) && at[:len(folder)+1] == folder+"/" {
		return at[len(folder)+1:], true
	}
	return at, at == folder
}

func (p pair) write(at, text string) {
	missing, missed := p.intended().Missing(p.ctx, at)
	d, err := p.done.Create(p.ctx, path.Dir(at), path.Base(at))
	if err != nil {
		return
	}
	require.NoError(p.t, missed)
	_, err = io.WriteString(d, text)
	require.NoError(p.t, err)
	require.NoError(p.t, d.Keep(p.ctx, files.Attributes{}))
	p.intend(path.Dir(at), intended.Edit{Op: intended.Written, Paths: missing, Made: []intended.Made{{Path: at, Size: int64(len(text)), Modified: now, Content: &text}}})
}

// writeBoth writes two files at once, as who copies a folder does. One that cannot be written is in none of both.
func (p pair) writeBoth(a, b, text string) {
	e := intended.Edit{Op: intended.Written}
	folders := map[string]bool{}
	for _, at := range []string{a, b} {
		missing, missed := p.intended().Missing(p.ctx, at)
		d, err := p.done.Create(p.ctx, "/", at[1:])
		if err != nil {
			continue
		}
		require.NoError(p.t, missed)
		_, err = io.WriteString(d, text)
		require.NoError(p.t, err)
		require.NoError(p.t, d.Keep(p.ctx, files.Attributes{}))
		for _, folder := range missing {
			if !folders[folder] {
				folders[folder] = true
				e.Paths = append(e.Paths, folder)
			}
		}
		if a != b || len(e.Made) == 0 {
			e.Made = append(e.Made, intended.Made{Path: at, Size: int64(len(text)), Modified: now, Content: &text})
		}
	}
	if len(e.Made) > 0 {
		p.intend("/", e)
	}
}

type walker interface {
	Walk(ctx context.Context, root string, only files.Filter, visit func([]files.Entry) error) (files.Walked, error)
	Look(ctx context.Context, path string) (files.Entry, error)
	Open(ctx context.Context, path string, offset int64) (io.ReadCloser, error)
}

// A short is what has to be the same of both.
type short struct {
	path, owner, text string
	kind              files.Kind
}

// seen is all that is seen below a root, and whether there is one. What is said of one that is not there is another where a file or a link to itself has
// come to be above it.
func (p pair) seen(w walker, root string, only files.Filter) (out []short, is bool) {
	var paths []string
	_, err := w.Walk(p.ctx, root, only, func(list []files.Entry) error {
		for _, e := range list {
			paths = append(paths, e.Path)
		}
		return nil
	})
	if err != nil {
		require.Contains(p.t, []action.Code{action.CodeNotFound, action.CodeInvalid, action.CodeRefused}, action.CodeOf(err))
		return nil, false
	}
	slices.Sort(paths)
	for _, at := range paths {
		e, err := w.Look(p.ctx, path.Join(root, at))
		require.NoError(p.t, err)
		s := short{path: at, kind: e.Kind, owner: cmp.Or(e.Owner, "root") + ":" + cmp.Or(e.Group, "root")}
		if e.Kind == files.File {
			in, err := w.Open(p.ctx, path.Join(root, at), 0)
			require.NoError(p.t, err)
			text, err := io.ReadAll(in)
			require.NoError(p.t, err)
			s.text = string(text)
			require.EqualValues(p.t, len(text), e.Size)
		}
		if e.Kind == files.Link {
			s.text = e.Target + " leads to " + p.leads(w, path.Join(root, at))
		}
		out = append(out, s)
	}
	return out, true
}

// leads is what is in the file that a link leads to.
func (p pair) leads(w walker, at string) string {
	in, err := w.Open(p.ctx, at, 0)
	if err != nil {
		return "no file"
	}
	text, err := io.ReadAll(in)
	require.NoError(p.t, err)
	return string(text)
}

func (p pair) same(root string, only files.Filter) {
	want, wantRoot := p.seen(p.done, root, only)
	got, gotRoot := p.seen(p.intended(), root, only)
	require.Equal(p.t, want, got, root)
	require.Equal(p.t, wantRoot, gotRoot, root)
	if wantRoot {
		want, err := files.Count(p.ctx, p.done, root, false)
		require.NoError(p.t, err)
		got, err := p.intended().Usage(p.ctx, root, false)
		require.NoError(p.t, err)
		require.Equal(p.t, []int64{want.Size, want.Files, want.Folders}, []int64{got.Size, got.Files, got.Folders}, root)
	}
}

// looks are what is looked at after each step beside the whole tree: one of them, because each takes its time.
var looks = rapid.SampledFrom([]struct {
	root string
	only files.Filter
}{
	{root: "/r/d"}, {root: "/s/g"}, {root: "/w"}, {root: "/w/d"}, {root: "/s/up"},
	{"/", files.Filter{Names: []string{"a", "x", "h"}}}, {"/r", files.Filter{Without: []string{"e"}, Depth: 2}},
})

// What is intended is seen as if it had been done.
func TestIntendedIsAsDone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := newPair(context.Background(), t)
		paths := []string{"/r", "/r/a", "/r/d", "/r/d/b", "/r/d/e", "/r/d/e/c", "/r/f", "/r/f/x", "/s", "/s/a", "/s/g", "/s/g/h", "/s/x", "/n/o",
			"/w", "/w/a", "/w/d/b", "/w/d/x", "/s/up", "/s/up/e", "/s/up/x/y", "/r/to", "/w/to", "/o", "/o/x"}
		at := rapid.SampledFrom(paths)
		t.Repeat(map[string]func(*rapid.T){
			"remove": func(t *rapid.T) { p.remove(at.Draw(t, "path")) },
			"rename": func(t *rapid.T) { p.rename(at.Draw(t, "from"), at.Draw(t, "to")) },
			"chown": func(t *rapid.T) {
				p.chown(at.Draw(t, "path"), rapid.SampledFrom([]string{"photon", ":photon"}).Draw(t, "owner"))
			},
			"write": func(t *rapid.T) { p.write(at.Draw(t, "path"), rapid.StringN(0, 3, 3).Draw(t, "text")) },
			"write two": func(t *rapid.T) {
				p.writeBoth(at.Draw(t, "path"), at.Draw(t, "other path"), rapid.StringN(0, 3, 3).Draw(t, "text"))
			},
			"": func(t *rapid.T) {
				p.same("/", files.Filter{})
				look := looks.Draw(t, "look")
				p.same(look.root, look.only)
			},
		})
	})
}

func TestSpaceThatIsFreed(t *testing.T) {
	p := newPair(t.Context(), t)
	before, err := p.live.Disk(t.Context(), "/r")
	require.NoError(t, err)
	p.intend("/", intended.Edit{Op: intended.Removed, Paths: []string{"/r/a"}, Disk: "/", Bytes: 4096, Entries: 1})
	after, err := p.intended().Disk(t.Context(), "/r")
	require.NoError(t, err)
	require.Equal(t, before.Used-4096, after.Used)
	require.Equal(t, before.Free+4096, after.Free)
	_, err = p.intended().Disk(t.Context(), "/r/a")
	require.Equal(t, action.CodeNotFound, action.CodeOf(err))
	text := "x"
	p.intend("/", intended.Edit{Op: intended.Written, Paths: []string{"/new/folder", "/new"}, Made: []intended.Made{{Path: "/new/folder/file", Content: &text, Size: 1}}, Disk: "/", Bytes: -4096})
	after, err = p.intended().Disk(t.Context(), "/new/folder/file")
	require.NoError(t, err)
	require.Equal(t, before.Used, after.Used)
}

func TestContentThatIsNotKnown(t *testing.T) {
	p := newPair(t.Context(), t)
	p.intend("/", intended.Edit{Op: intended.Written, Made: []intended.Made{{Path: "/r/new", Size: 10}}})
	_, err := p.intended().Open(t.Context(), "/r/new", 0)
	require.EqualError(t, err, "cannot read /r/new: this run only intends to write it, and what would be in it is not known")
}
