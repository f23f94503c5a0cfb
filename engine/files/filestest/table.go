package filestest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/files"
)

const day = 24 * time.Hour

// cache is the tree of most cases.
var cache = []Item{
	{Path: "/root/new.bin", Content: "12345", Age: time.Hour},
	{Path: "/root/old.bin", Content: "1234567890", Age: 8 * day, Mode: 0o600},
	{Path: "/root/deep/er/old.log", Content: "1", Age: 30 * day},
	{Path: "/root/deep/new.log", Age: time.Minute},
	{Path: "/root/empty/"},
	{Path: "/root/link", Target: "../outside"},
	{Path: "/outside/precious.bin", Content: "keep", Age: 30 * day},
	{Path: "/way", Target: "root"},
}

// A testCase is something that is so on every machine.
type testCase struct {
	name  string
	items []Item
	run   func(t *testing.T, s Site)
}

// Run holds a system to the table.
func Run(t *testing.T, open Opener) {
	for _, c := range slices.Concat(looking, counting, reading, changing, writing) {
		t.Run(c.name, func(t *testing.T) {
			items := c.items
			if items == nil {
				items = cache
			}
			c.run(t, open(t, items))
		})
	}
}

// odd are names that are hard on whoever writes them down.
var odd = []string{"-rf", "a b", "new\nline", "tab\there", "quote'\"", "$(reboot)", "back\\slash", "*", "\xff\xfe", "ünï", `\xff`, ".hidden", "tail\n"}

func oddItems() (out []Item) {
	for _, name := range odd {
		out = append(out, Item{Path: "/root/" + name, Content: name, Age: 8 * day})
	}
	return append(out, Item{Path: "/root/-d\n/in", Content: "in", Age: 8 * day})
}

var looking = []testCase{
	{"a walk finds all that is below its root", nil, func(t *testing.T, s Site) {
		found := s.walk(t, Root, files.Filter{})
		type short struct {
			path string
			kind files.Kind
			size int64
			mode uint32
		}
		var got []short
		for _, e := range found {
			size := e.Size
			if e.Kind == files.Folder {
				size = 0
			}
			mode := uint32(e.Mode)
			if e.Kind == files.Link {
				mode = 0
			}
			got = append(got, short{e.Path, e.Kind, size, mode})
		}
		require.Equal(t, []short{
			{"deep", files.Folder, 0, 0o755}, {"deep/er", files.Folder, 0, 0o755}, {"deep/er/old.log", files.File, 1, 0o644},
			{"deep/new.log", files.File, 0, 0o644}, {"empty", files.Folder, 0, 0o755}, {"link", files.Link, 10, 0},
			{"new.bin", files.File, 5, 0o644}, {"old.bin", files.File, 10, 0o600},
		}, got)
	}},
	{"what is told of an entry", nil, func(t *testing.T, s Site) {
		for _, e := range []files.Entry{s.look(t, "/root/old.bin"), s.walk(t, Root, files.Filter{Names: []string{"old.bin"}})[0]} {
			require.WithinDuration(t, s.Now.Add(-8*day), e.Modified, time.Minute)
			require.Equal(t, s.User, e.Owner)
			require.Equal(t, s.Group, e.Group)
			require.Equal(t, 1, e.Links)
			require.NotEmpty(t, e.ID)
			require.Positive(t, e.Used)
			require.Empty(t, e.Target)
		}
		link := s.look(t, "/root/link")
		require.Equal(t, "../outside", link.Target)
		require.Equal(t, files.Link, link.Kind)
		require.Equal(t, s.at("/root/link"), link.Path)
		require.NotEqual(t, s.look(t, "/root/new.bin").ID, s.look(t, "/root/old.bin").ID)
	}},
	{"a look finds what a walk finds", nil, func(t *testing.T, s Site) {
		for _, e := range s.walk(t, Root, files.Filter{}) {
			looked := s.look(t, "/root/"+e.Path)
			looked.Path = e.Path
			require.Equal(t, e.Modified.UnixNano(), looked.Modified.UnixNano())
			looked.Modified = e.Modified
			require.Equal(t, e, looked)
		}
	}},
	{"filters", nil, func(t *testing.T, s Site) {
		for name, c := range map[string]struct {
			only files.Filter
			want []string
		}{
			"files":       {files.Filter{Kinds: []files.Kind{files.File}}, []string{"deep/er/old.log", "deep/new.log", "new.bin", "old.bin"}},
			"links":       {files.Filter{Kinds: []files.Kind{files.Link}}, []string{"link"}},
			"folders":     {files.Filter{Kinds: []files.Kind{files.Folder}}, []string{"deep", "deep/er", "empty"}},
			"old":         {files.Filter{Kinds: []files.Kind{files.File}, Before: s.Now.Add(-7 * day)}, []string{"deep/er/old.log", "old.bin"}},
			"new":         {files.Filter{Kinds: []files.Kind{files.File}, After: s.Now.Add(-7 * day)}, []string{"deep/new.log", "new.bin"}},
			"large":       {files.Filter{Kinds: []files.Kind{files.File}, AtLeast: 5}, []string{"new.bin", "old.bin"}},
			"small":       {files.Filter{Kinds: []files.Kind{files.File}, AtMost: 5}, []string{"deep/er/old.log", "deep/new.log", "new.bin"}},
			"named":       {files.Filter{Names: []string{"*.log", "new.*"}}, []string{"deep/er/old.log", "deep/new.log", "new.bin"}},
			"but":         {files.Filter{Without: []string{"er", "*.bin"}}, []string{"deep", "deep/new.log", "empty", "link"}},
			"near":        {files.Filter{Depth: 1}, []string{"deep", "empty", "link", "new.bin", "old.bin"}},
			"nearer":      {files.Filter{Depth: 2, Kinds: []files.Kind{files.File}}, []string{"deep/new.log", "new.bin", "old.bin"}},
			"here":        {files.Filter{Stay: true, Names: []string{"old.*"}}, []string{"deep/er/old.log", "old.bin"}},
			"none":        {files.Filter{Names: []string{"none"}}, []string{}},
			"no patterns": {files.Filter{Names: []string{}}, []string{}},
		} {
			require.Equal(t, c.want, s.paths(t, Root, c.only), name)
		}
		walked, err := s.System.Walk(t.Context(), s.at(Root), files.Filter{Names: []string{"none"}}, nil)
		require.NoError(t, err)
		require.EqualValues(t, 8, walked.Seen)
		_, err = s.System.Walk(t.Context(), s.at(Root), files.Filter{Names: []string{"[a"}}, nil)
		failsWith(t, err, action.CodeInvalid, `"[a" is no pattern of names`)
	}},
	{"patterns", oddItems(), func(t *testing.T, s Site) {
		all := s.walk(t, Root, files.Filter{})
		for _, pattern := range []string{
			"*", "?", "??", "*b", "-*", "-rf", ".*", "*n*", "[a-t]*", "[!a-t]*", "[\\]x]*", `\\*`, `\*`, "*\n*", "?n?", "ü*", "*\xfe", "\xff?", "t?il\n", "$(*)", "*'\"", "in", "",
		} {
			for _, only := range []files.Filter{{Names: []string{pattern}}, {Names: []string{"in", pattern}}, {Without: []string{pattern}}, {Names: []string{"*"}, Without: []string{"in", pattern}}} {
				want := []string{}
				for _, e := range all {
					if only.Wants(&e) {
						want = append(want, e.Path)
					}
				}
				require.Equal(t, want, s.paths(t, Root, only), "%q", only)
			}
		}
	}},
	{"a root that is a link is looked through", nil, func(t *testing.T, s Site) {
		require.Equal(t, []string{"new.bin", "old.bin"}, s.paths(t, "/way", files.Filter{Names: []string{"*.bin"}}))
	}},
	{"a root that is none", nil, func(t *testing.T, s Site) {
		_, err := s.System.Walk(t.Context(), s.at("/none"), files.Filter{}, nil)
		failsWith(t, err, action.CodeNotFound, "/none", "there is no such file or folder")
		_, err = s.System.Walk(t.Context(), s.at("/root/new.bin"), files.Filter{}, nil)
		failsWith(t, err, action.CodeInvalid, "no folder")
	}},
	{"nothing at a path", nil, func(t *testing.T, s Site) {
		_, err := s.System.Look(t.Context(), s.at("/root/none"))
		failsWith(t, err, action.CodeNotFound, "cannot look at "+s.at("/root/none"))
		_, err = s.System.Look(t.Context(), s.at("/none/none"))
		failsWith(t, err, action.CodeNotFound)
	}},
	{"links on the way", append([]Item{{Path: "/root/a b\n/in", Target: "/none\n/-x"}, {Path: "/root/deep/up", Target: "../../way"}}, cache...), func(t *testing.T, s Site) {
		for path, want := range map[string][2]string{
			"/root/link": {"/root/link", "../outside"}, "/root/link/precious.bin": {"/root/link", "../outside"}, "/way/link/none": {"/way", "root"},
			"/root/new.bin": {}, "/root/none/none": {}, "/root/new.bin/none": {}, "/root/a b\n/in/x": {"/root/a b\n/in", "/none\n/-x"},
			"/root/deep/up/deep": {"/root/deep/up", "../../way"},
		} {
			if want[0] != "" {
				want[0] = s.at(want[0])
			}
			link, target, err := s.System.Link(t.Context(), s.at(path))
			require.NoError(t, err)
			require.Equal(t, want, [2]string{link, target}, path)
		}
		link, _, err := s.System.Link(t.Context(), "/")
		require.NoError(t, err)
		require.Empty(t, link)
	}},
	{"the root of all", nil, func(t *testing.T, s Site) {
		e, err := s.System.Look(t.Context(), "/")
		require.NoError(t, err)
		require.Equal(t, files.Folder, e.Kind)
		require.Equal(t, "/", e.Path)
	}},
	{"odd names", oddItems(), func(t *testing.T, s Site) {
		found := s.walk(t, Root, files.Filter{Kinds: []files.Kind{files.File}, Before: s.Now.Add(-7 * day)})
		require.Len(t, found, len(odd)+1)
		for _, name := range odd {
			require.Equal(t, name, s.read(t, "/root/"+name, 0))
			require.Equal(t, name, s.walk(t, Root, files.Filter{Names: []string{escaped(name)}})[0].Path)
		}
		require.Equal(t, []string{"in"}, s.paths(t, "/root/-d\n", files.Filter{}))
		all := s.walk(t, Root, files.Filter{})
		for i, err := range s.change(t, removing(all)...) {
			require.NoError(t, err, "%q", all[i].Path)
		}
		require.Empty(t, s.paths(t, Root, files.Filter{}))
	}},
	{"a visitor who has enough", nil, func(t *testing.T, s Site) {
		enough := errors.New("enough")
		_, err := s.System.Walk(t.Context(), s.at(Root), files.Filter{}, func([]files.Entry) error { return enough })
		require.ErrorIs(t, err, enough)
	}},
	{"a run that is over", nil, func(t *testing.T, s Site) {
		over, end := context.WithCancel(t.Context())
		end()
		_, err := s.System.Walk(over, s.at(Root), files.Filter{}, func([]files.Entry) error { return nil })
		require.Error(t, err)
		was := s.look(t, "/root/new.bin")
		was.Path = "new.bin"
		errs, err := s.System.Change(over, s.at(Root), removing([]files.Entry{was}))
		if err == nil {
			require.Len(t, errs, 1)
			err = errs[0]
		}
		failsWith(t, err, action.CodeInterrupted)
		require.Equal(t, "12345", s.read(t, "/root/new.bin", 0))
	}},
	{"disks", nil, func(t *testing.T, s Site) {
		d, err := s.System.Disk(t.Context(), s.at("/root/deep"))
		require.NoError(t, err)
		require.Positive(t, d.Total)
		require.Positive(t, d.Free)
		require.GreaterOrEqual(t, d.Total, d.Used+d.Free)
		_, err = s.System.Disk(t.Context(), s.at("/none"))
		failsWith(t, err, action.CodeNotFound, "/none")
	}},
	{"its name", nil, func(t *testing.T, s Site) {
		name, err := s.System.Machine(t.Context())
		require.NoError(t, err)
		require.NotEmpty(t, name)
	}},
}

// escaped is a pattern for a name.
func escaped(name string) string {
	var out []byte
	for _, c := range []byte(name) {
		if slices.Contains([]byte(`*?[\`), c) {
			out = append(out, '\\')
		}
		out = append(out, c)
	}
	return string(out)
}
