//go:build unix

package host

import (
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/files"
	"runbook/engine/files/filestest"
	"runbook/engine/files/local"
	"runbook/engine/files/remote"
	"runbook/engine/machine"
	"runbook/engine/module"
	"runbook/engine/overlay"
	"runbook/engine/wall"
	worldhost "runbook/engine/world/host"
	"runbook/engine/world/scenario"

	localcommand "runbook/engine/command/local"
)

const day = 24 * time.Hour

// handbook is the cache of the handbook, and what is beside it.
var handbook = []filestest.Item{
	{Path: "/cache/kernels/old.bin", Content: strings.Repeat("k", 5000), Age: 10 * day},
	{Path: "/cache/kernels/new.bin", Content: "new", Age: day},
	{Path: "/cache/old.log", Content: "one\ntwo\nthree", Age: 9 * day},
	{Path: "/cache/stale/only.bin", Content: "x", Age: 30 * day},
	{Path: "/cache/away", Target: "../outside", Age: 30 * day},
	{Path: "/outside/precious.bin", Content: "keep", Age: 30 * day},
	{Path: "/etc/config.yaml", Content: "cache:\n  size_gb: 10\n  policy: lru\nlog: ~\n"},
	{Path: "/etc/two.yaml", Content: "a: 1\n---\nb: 2\n"},
	{Path: "/etc/release.json", Content: `{"version": "1.2", "id": 12345678901234567}`},
	{Path: "/etc/bad.json", Content: `{"version": }`},
	{Path: "/way", Target: "cache", Age: 30 * day},
	{Path: "/log/device.log", Content: "start\nerror: hot\nok\nerror: hotter\nend\n"},
}

// A fileSite is a machine whose files a test is about.
type fileSite struct {
	filestest.Site
	t    *testing.T
	view *overlay.Overlay
	mod  *module.Module
}

// everywhere runs a test on the files of this machine, on those of one that runs commands, and on simulated ones.
func everywhere(t *testing.T, test func(t *testing.T, s *fileSite)) {
	for name, open := range map[string]filestest.Opener{
		"this machine": func(t *testing.T, items []filestest.Item) filestest.Site {
			return filestest.OnDisk(t, local.New(), items)
		},
		"one that runs commands": func(t *testing.T, items []filestest.Item) filestest.Site {
			return filestest.OnDisk(t, remote.New(localcommand.Machine{}), items)
		},
		"a simulated one": simulatedFiles,
	} {
		t.Run(name, func(t *testing.T) {
			s := &fileSite{Site: open(t, handbook), t: t, view: overlay.New()}
			s.System = steady{s.System}
			s.mod = New(Config{Files: machine.Set[files.System]{Local: s.System}})
			test(t, s)
		})
	}
}

// steady are files on a disk whose free space nobody else changes during a test.
type steady struct{ files.System }

func (s steady) Disk(ctx context.Context, path string) (files.Disk, error) {
	d, err := s.System.Disk(ctx, path)
	d.Total, d.Used, d.Free = 10<<30, 4<<30, 5<<30
	return d, err
}

func simulatedFiles(t *testing.T, items []filestest.Item) filestest.Site {
	now := time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC)
	var section scenario.Host
	for _, item := range items {
		section.Files = append(section.Files, scenario.File{
			Path: files.Spell(item.Path), Content: item.Content, Age: item.Age, Mode: item.Mode, Link: item.Target,
		})
	}
	f := worldhost.NewFiles("rack-1", section, func() time.Time { return now })
	require.NoError(t, f.Rewind(now))
	return filestest.Site{System: f, Now: now, User: "root", Group: "root"}
}

func (s *fileSite) ctx() context.Context {
	return module.WithNow(s.t.Context(), func(context.Context) time.Time { return s.Now })
}

func (s *fileSite) at(path string) string { return s.Base + path }

func (s *fileSite) bind(function string, args []any) (*module.Func, module.Args, error) {
	f := s.mod.Func(function)
	bound, err := f.Bind(s.mod, args)
	return f, bound, err
}

// try is what a read gives, through what is intended.
func (s *fileSite) try(function string, args ...any) (any, error) {
	f, bound, err := s.bind(function, args)
	if err != nil {
		return nil, err
	}
	read, err := f.Read(bound)
	if err != nil {
		return nil, err
	}
	return read.Read(s.ctx(), s.view)
}

func (s *fileSite) value(function string, args ...any) any {
	s.t.Helper()
	value, err := s.try(function, args...)
	require.NoError(s.t, err)
	return plain(s.t, value)
}

// plain is a value as a script sees it.
func plain(t *testing.T, value any) any {
	t.Helper()
	text, isRaw := value.(json.RawMessage)
	if !isRaw {
		return value
	}
	var out any
	require.NoError(t, json.Unmarshal(text, &out))
	return out
}

func (s *fileSite) act(function string, args ...any) (action.Action, error) {
	f, bound, err := s.bind(function, args)
	if err != nil {
		return nil, err
	}
	return f.Act(bound)
}

func (s *fileSite) predicted(function string, args ...any) (action.Action, action.Prediction) {
	s.t.Helper()
	a, err := s.act(function, args...)
	require.NoError(s.t, err)
	p, err := a.Predict(s.ctx(), s.view)
	require.NoError(s.t, err)
	return a, p
}

// found are the paths below the cache.
func (s *fileSite) found(filter map[string]any) []string {
	s.t.Helper()
	out := []string{}
	for _, e := range s.value("find", s.at("/cache"), filter).(map[string]any)["files"].([]any) {
		out = append(out, e.(map[string]any)["path"].(string))
	}
	return out
}

func (s *fileSite) write(path, text string, modified time.Time) {
	s.t.Helper()
	d, err := s.System.Create(s.t.Context(), s.at("/cache"), path)
	require.NoError(s.t, err)
	_, err = io.WriteString(d, text)
	require.NoError(s.t, err)
	require.NoError(s.t, d.Keep(s.t.Context(), files.Attributes{Modified: modified}))
}

func (s *fileSite) fails(err error, code action.Code, says string) {
	s.t.Helper()
	require.ErrorContains(s.t, err, says)
	require.Equal(s.t, code, action.CodeOf(err))
}

var oldFiles = map[string]any{"kind": "file", "older_than": "8d"}

var everything = []string{"away", "kernels", "kernels/new.bin", "kernels/old.bin", "old.log", "stale", "stale/only.bin"}

func TestLookingAtFiles(t *testing.T) {
	everywhere(t, func(t *testing.T, s *fileSite) {
		found := s.value("find", s.at("/cache"), oldFiles).(map[string]any)
		require.EqualValues(t, 3, found["count"])
		require.EqualValues(t, 5014, found["size"])
		require.Equal(t, "localhost", found["on"])
		require.Equal(t, everything, s.found(nil))
		require.Equal(t, []string{"kernels/new.bin"}, s.found(map[string]any{"newer_than": "2d", "kind": []any{"file"}}))
		require.Equal(t, []string{"kernels/old.bin"}, s.found(map[string]any{"min_size": 100.0, "kind": "file"}))
		require.Equal(t, []string{"old.log"}, s.found(map[string]any{"name": []any{"*.log", "*.txt"}}))
		require.Empty(t, s.found(map[string]any{"name": []any{}}), "nothing fits none of the patterns")
		require.Equal(t, []string{"away", "old.log", "stale"}, s.found(map[string]any{"without": "kernels", "depth": 1.0}))
		short := s.value("find", s.at("/cache"), nil, map[string]any{"limit": 2.0}).(map[string]any)
		require.Len(t, short["files"], 2)
		require.Equal(t, true, short["truncated"])
		require.EqualValues(t, len(everything), short["count"])

		u := s.value("usage", s.at("/cache")).(map[string]any)
		require.EqualValues(t, 4, u["files"])
		require.EqualValues(t, 3, u["folders"])
		require.EqualValues(t, 1, u["links"])
		require.EqualValues(t, 5000+3+13+1+10, u["size"])
		require.GreaterOrEqual(t, u["used"], u["size"])
		require.EqualValues(t, 1, s.value("usage", s.at("/cache/old.log")).(map[string]any)["files"])

		d := s.value("disk", s.at("/cache")).(map[string]any)
		require.Positive(t, d["free"])
		require.Positive(t, d["percent"])
		require.Less(t, d["percent"], 100.0)

		e := s.value("stat", s.at("/cache/old.log")).(map[string]any)
		require.Equal(t, "file", e["kind"])
		require.Equal(t, "0644", e["mode"])
		require.InDelta(t, float64(s.Now.Add(-9*day).Unix()), e["modified"], 1)
		require.Equal(t, "../outside", s.value("stat", s.at("/cache/away")).(map[string]any)["target"])
		require.Nil(t, s.value("stat", s.at("/cache/none")))
	})
}

func TestReadingFiles(t *testing.T) {
	everywhere(t, func(t *testing.T, s *fileSite) {
		require.Equal(t, "one\ntwo\nthree", s.value("read", s.at("/cache/old.log")))
		_, err := s.try("read", s.at("/cache/kernels/old.bin"), map[string]any{"max_bytes": 4999.0})
		s.fails(err, action.CodeRejected, "is longer than")
		require.Len(t, s.value("read", s.at("/cache/kernels/old.bin"), map[string]any{"max_bytes": 5000.0}), 5000)
		_, err = s.try("read", s.at("/none"))
		s.fails(err, action.CodeNotFound, "there is no such file")

		require.Equal(t, []string{"two", "three"}, s.value("tail", s.at("/cache/old.log"), map[string]any{"lines": 2.0}))
		require.Equal(t, []string{"one", "two", "three"}, s.value("tail", s.at("/cache/old.log")))
		require.Equal(t, []string{"three"}, s.value("tail", s.at("/cache/old.log"), map[string]any{"max_bytes": 7.0}), "half a line is none")
		require.Equal(t, []string{"two", "three"}, s.value("tail", s.at("/cache/old.log"), map[string]any{"max_bytes": 9.0}))
		require.Equal(t, []string{"error: hotter"}, s.value("tail", s.at("/log/device.log"), map[string]any{"match": "^error", "lines": 1.0}))
		_, err = s.try("tail", s.at("/log/device.log"), map[string]any{"match": "("})
		s.fails(err, action.CodeInvalid, "match is no regular expression")

		require.Equal(t, map[string]any{"size_gb": 10.0, "policy": "lru"}, s.value("yaml", s.at("/etc/config.yaml")).(map[string]any)["cache"])
		_, err = s.try("yaml", s.at("/etc/two.yaml"))
		s.fails(err, action.CodeRejected, "there is a second document in it, in line 2")
		require.Equal(t, "1.2", s.value("json", s.at("/etc/release.json")).(map[string]any)["version"])
		_, err = s.try("json", s.at("/etc/bad.json"))
		s.fails(err, action.CodeRejected, "is no JSON that can be read")
	})
}

func TestRemovingFiles(t *testing.T) {
	everywhere(t, func(t *testing.T, s *fileSite) {
		a, p := s.predicted("remove", s.at("/cache"), oldFiles)
		require.Equal(t, action.Simulated, p.Label)
		require.Equal(t, []string{"kernels/old.bin", "old.log", "stale/only.bin"}, p.Members)
		require.Regexp(t, `^3 entries, 4\.9 KiB; frees .*iB$`, p.Note)
		require.EqualValues(t, 3, plain(t, p.Value).(map[string]any)["removed"])
		before := s.value("disk", s.at("/cache")).(map[string]any)
		require.NoError(t, s.view.Apply(p.Changes))

		require.Equal(t, []string{"away", "kernels", "kernels/new.bin", "stale"}, s.found(nil), "a dry run sees what it would have done")
		require.Nil(t, s.value("stat", s.at("/cache/old.log")))
		_, err := s.try("read", s.at("/cache/old.log"))
		s.fails(err, action.CodeNotFound, "no such file")
		require.EqualValues(t, 1, s.value("usage", s.at("/cache")).(map[string]any)["files"])
		require.Greater(t, s.value("disk", s.at("/cache")).(map[string]any)["free"], before["free"])
		_, again := s.predicted("remove", s.at("/cache"), oldFiles)
		require.True(t, again.Unchanged)

		s.view = overlay.New() // and nothing has been done
		require.Equal(t, everything, s.found(nil))
		settled, err := a.Settle(s.ctx(), action.Intent{Sent: s.Now})
		require.NoError(t, err)
		require.Equal(t, action.NotDone, settled)
		result, err := a.Apply(s.ctx(), p)
		require.NoError(t, err)
		require.Equal(t, plain(t, p.Value), plain(t, result.Value))
		require.Equal(t, p.Note, result.Note)
		require.Equal(t, []string{"away", "kernels", "kernels/new.bin", "stale"}, s.found(nil))
		settled, err = a.Settle(s.ctx(), action.Intent{Sent: s.Now})
		require.NoError(t, err)
		require.Equal(t, action.Done, settled)
		require.Equal(t, "keep", s.value("read", s.at("/outside/precious.bin")))
	})
}

func TestWhatChangesBeforeItIsRemovedStays(t *testing.T) {
	everywhere(t, func(t *testing.T, s *fileSite) {
		a, p := s.predicted("remove", s.at("/cache"), oldFiles)
		s.write("old.log", "written anew", s.Now.Add(-9*day))
		result, err := a.Apply(s.ctx(), p)
		require.NoError(t, err)
		did := plain(t, result.Value).(map[string]any)
		require.EqualValues(t, 2, did["removed"])
		require.Contains(t, did["left"].([]any)[0].(map[string]any)["error"], "did not remove old.log: another file is in its place now")
		require.Contains(t, result.Note, "1 entry had changed meanwhile, and stayed")
		require.Equal(t, "written anew", s.value("read", s.at("/cache/old.log")))
	})
}

func TestARemovalIsNarrowedToWhatWasPlanned(t *testing.T) {
	everywhere(t, func(t *testing.T, s *fileSite) {
		a, err := s.act("remove", s.at("/cache"), oldFiles)
		require.NoError(t, err)
		narrow := a.(action.Narrower).Narrow([]string{"old.log", "gone.log"})
		p, err := narrow.Predict(s.ctx(), s.view)
		require.NoError(t, err)
		require.Equal(t, []string{"old.log"}, p.Members)
		_, err = narrow.Apply(s.ctx(), p)
		require.NoError(t, err)
		require.Equal(t, []string{"kernels/old.bin", "stale/only.bin"}, s.found(oldFiles))
		none, err := a.(action.Narrower).Narrow(nil).Predict(s.ctx(), s.view)
		require.NoError(t, err)
		require.True(t, none.Unchanged, "nothing was planned")
		require.NotNil(t, none.Members)
	})
}

func TestRemovingWhatWasFound(t *testing.T) {
	everywhere(t, func(t *testing.T, s *fileSite) {
		raw, err := s.try("find", s.at("/cache"), oldFiles)
		require.NoError(t, err)
		a, p := s.predicted("remove", s.at("/cache"), raw)
		require.Equal(t, []action.Arg{{Name: "files", Value: []string{"kernels/old.bin", "old.log", "stale/only.bin"}, Set: true}}, a.Describe().Identity)
		require.Len(t, p.Members, 3)
		list := plain(t, raw).(map[string]any)["files"].([]any)
		narrow := a.(action.Narrower).Narrow([]string{"old.log"})
		require.Equal(t, []string{"old.log"}, narrow.Describe().Identity[0].Value)

		s.write("old.log", "anew", s.Now.Add(-9*day))
		_, p = s.predicted("remove", s.at("/cache"), raw)
		require.Equal(t, []string{"1 entry changed since they were found, and stay"}, p.Warnings)
		a, p = s.predicted("remove", s.at("/cache"), list[:1])
		require.Equal(t, []string{"kernels/old.bin"}, p.Members)
		_, err = a.Apply(s.ctx(), p)
		require.NoError(t, err)
		require.Equal(t, []string{"away", "kernels", "kernels/new.bin", "old.log", "stale", "stale/only.bin"}, s.found(nil))
		_, p = s.predicted("remove", s.at("/cache"), list[:1])
		require.True(t, p.Unchanged)
		require.Equal(t, []string{"1 entry gone since they were found"}, p.Warnings)

		short, err := s.try("find", s.at("/cache"), nil, map[string]any{"limit": 1.0})
		require.NoError(t, err)
		_, err = s.act("remove", s.at("/cache"), short)
		s.fails(err, action.CodeInvalid, "find gave only the first 1 of 6 files")
		_, err = s.act("remove", s.at("/outside"), raw)
		s.fails(err, action.CodeInvalid, "these files were found below")
		_, err = s.act("remove", s.at("/cache"), []any{"old.log"})
		s.fails(err, action.CodeInvalid, "nothing that find returned")
		_, err = s.act("remove", s.at("/cache"), []any{map[string]any{"path": "old.log"}})
		s.fails(err, action.CodeInvalid, "with path and id")
	})
}

func TestFoldersGoWhenTheyAreEmptyByThen(t *testing.T) {
	everywhere(t, func(t *testing.T, s *fileSite) {
		a, p := s.predicted("remove", s.at("/cache"), map[string]any{"without": "new.bin"})
		require.Equal(t, []string{"away", "kernels/old.bin", "old.log", "stale", "stale/only.bin"}, p.Members, "kernels keeps what is new")
		_, err := a.Apply(s.ctx(), p)
		require.NoError(t, err)
		require.Equal(t, []string{"kernels", "kernels/new.bin"}, s.found(nil))
		require.Equal(t, "keep", s.value("read", s.at("/outside/precious.bin")))
	})
}

func TestGivingFilesAway(t *testing.T) {
	everywhere(t, func(t *testing.T, s *fileSite) {
		_, p := s.predicted("chown", s.at("/cache"), s.User)
		require.True(t, p.Unchanged)
		require.Equal(t, "everything of that belongs to "+s.User+" already", p.Note)
		_, err := s.act("chown", s.at("/cache"), "a:")
		s.fails(err, action.CodeInvalid, `"a:" is no owner`)
		unknown, err := s.act("chown", s.at("/cache"), "no-such-user")
		require.NoError(t, err)
		_, err = unknown.Predict(s.ctx(), s.view)
		s.fails(err, action.CodeInvalid, "the machine has no user no-such-user")
		s.view = overlay.New()
		if s.Number != "" {
			_, p = s.predicted("chown", s.at("/cache"), s.Number)
			require.True(t, p.Unchanged, "a number is who has it")
		}
		_, p = s.predicted("chown", s.at("/cache"), "4711:4711", map[string]any{"kind": "file"})
		require.Equal(t, []string{"kernels/new.bin", "kernels/old.bin", "old.log", "stale/only.bin"}, p.Members)
		_, p = s.predicted("chown", s.at("/cache"), ":4711")
		require.Equal(t, []string{".", "away", "kernels", "kernels/new.bin", "kernels/old.bin", "old.log", "stale", "stale/only.bin"}, p.Members)
		require.NoError(t, s.view.Apply(p.Changes))
		require.Equal(t, "4711", s.value("stat", s.at("/cache")).(map[string]any)["group"])
		require.Equal(t, "4711", s.value("stat", s.at("/cache/kernels/new.bin")).(map[string]any)["group"])
		require.Equal(t, s.Group, s.value("stat", s.at("/outside/precious.bin")).(map[string]any)["group"])
		_, p = s.predicted("chown", s.at("/cache"), ":4711")
		require.True(t, p.Unchanged)
	})
}

func TestRenamingFiles(t *testing.T) {
	everywhere(t, func(t *testing.T, s *fileSite) {
		a, p := s.predicted("rename", s.at("/etc/config.yaml"), s.at("/cache/config.broken"))
		require.NoError(t, s.view.Apply(p.Changes))
		require.Nil(t, s.value("stat", s.at("/etc/config.yaml")))
		require.NotNil(t, s.value("yaml", s.at("/cache/config.broken")))
		require.Contains(t, s.found(nil), "config.broken")
		s.view = overlay.New()
		_, err := a.Apply(s.ctx(), p)
		require.NoError(t, err)
		require.Contains(t, s.found(nil), "config.broken")
		settled, err := a.Settle(s.ctx(), action.Intent{Evidence: p.Evidence})
		require.NoError(t, err)
		require.Equal(t, action.Done, settled)
		for to, c := range map[string]struct {
			code action.Code
			says string
		}{
			"/cache/kernels": {action.CodeExists, "there is something at"}, "/cache/away/x": {action.CodeInvalid, "is a link, and none is followed on the way"}, "/none/x": {action.CodeNotFound, "there is no folder"},
		} {
			next, err := s.act("rename", s.at("/cache/old.log"), s.at(to))
			require.NoError(t, err)
			_, err = next.Predict(s.ctx(), s.view)
			s.fails(err, c.code, c.says)
		}
		_, err = s.act("rename", s.at("/cache"), s.at("/cache/in"))
		s.fails(err, action.CodeInvalid, "cannot come to be in itself")
		_, err = s.act("rename", s.at("/cache/old.log"), s.at("/cache"))
		s.fails(err, action.CodeInvalid, "is there already")
	})
}

// A run that intends something about files sees it by whatever way they are asked for.
func TestWhatIsIntendedIsSeenThroughLinks(t *testing.T) {
	for _, ways := range [][2]string{{"/cache", "/way"}, {"/way", "/cache"}} {
		t.Run("below "+ways[0], func(t *testing.T) {
			everywhere(t, func(t *testing.T, s *fileSite) {
				one, other := ways[0], ways[1]
				_, p := s.predicted("remove", s.at(one), oldFiles)
				require.Len(t, p.Members, 3)
				require.NoError(t, s.view.Apply(p.Changes))
				found := s.value("find", s.at(other), oldFiles).(map[string]any)
				require.EqualValues(t, 0, found["count"])
				require.EqualValues(t, 1, s.value("usage", s.at(other)).(map[string]any)["files"])
				require.Nil(t, s.value("stat", s.at(other+"/kernels/old.bin")))
				_, err := s.try("read", s.at(other+"/old.log"))
				s.fails(err, action.CodeNotFound, "no such file")
				_, p = s.predicted("remove", s.at(other), oldFiles)
				require.True(t, p.Unchanged, "it is gone already")

				_, p = s.predicted("rename", s.at(one+"/kernels/new.bin"), s.at(one+"/newer.bin"))
				require.NoError(t, s.view.Apply(p.Changes))
				require.Equal(t, "new", s.value("read", s.at(other+"/newer.bin")))
				require.Nil(t, s.value("stat", s.at(other+"/kernels/new.bin")))
				_, p = s.predicted("chown", s.at(one), "4711", map[string]any{"kind": "file"})
				require.Equal(t, []string{"newer.bin"}, p.Members)
				require.NoError(t, s.view.Apply(p.Changes))
				require.Equal(t, "4711", s.value("stat", s.at(other+"/newer.bin")).(map[string]any)["owner"])
				require.Equal(t, "link", s.value("stat", s.at("/way")).(map[string]any)["kind"], "nothing is intended about the link itself")
			})
		})
	}
}

func TestArgumentsAboutFiles(t *testing.T) {
	everywhere(t, func(_ *testing.T, s *fileSite) {
		for says, args := range map[string][]any{
			`root is "cache", which is no absolute path`:                   {"cache", oldFiles},
			`root is "~/cache": no shell is there`:                         {"~/cache", oldFiles},
			`root is empty`:                                                {"", oldFiles},
			`below / is all of the machine`:                                {"/x/..", oldFiles},
			`the filter is empty, and would remove everything`:             {"/x", map[string]any{}},
			`has no option "older"; did you mean "older_than"?`:            {"/x", map[string]any{"older": "7d"}},
			`kind must be one of file, folder, link, other, got "files"`:   {"/x", map[string]any{"kind": "files"}},
			`"[a" is no pattern of names`:                                  {"/x", map[string]any{"name": "[a"}},
			`name must be a string or a list of strings`:                   {"/x", map[string]any{"name": []any{1.0}}},
			`the site has no host "rack-2"`:                                {"/x", oldFiles, map[string]any{"on": "rack-2"}},
			`what is to be removed is no filter, and nothing that find re`: {"/x", "everything"},
		} {
			_, err := s.act("remove", args...)
			s.fails(err, action.CodeInvalid, says)
		}
		_, err := s.act("chown", "//", "nobody")
		s.fails(err, action.CodeInvalid, "below / is all of the machine")
	})
}

// What a dry run may not do is not done, whoever asks.
func TestTheWallBeforeFiles(t *testing.T) {
	everywhere(t, func(t *testing.T, s *fileSite) {
		guarded := wall.New(nil, nil).GuardFiles(s.System)
		s.mod = New(Config{Files: machine.Set[files.System]{Local: guarded}})
		a, p := s.predicted("remove", s.at("/cache"), oldFiles)
		_, err := a.Apply(s.ctx(), p)
		s.fails(err, action.CodeRefused, "a dry run may only look, and was about to remove anything in")
		_, err = guarded.Create(s.ctx(), s.at("/cache"), "x")
		s.fails(err, action.CodeRefused, "a dry run may only look, and was about to write x")
		require.Equal(t, everything, s.found(nil))
	})
}
