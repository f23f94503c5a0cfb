package fault

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/files"
	"runbook/engine/world/host"
	"runbook/engine/world/scenario"
)

var began = time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC)

// site is a machine with files behind faults.
func site(t *testing.T, clock Sleeper, list ...scenario.Fault) (faulty Files, behind *host.Files) {
	t.Helper()
	section := scenario.Host{Files: []scenario.File{{Path: "/d/a", Content: "aa"}, {Path: "/d/b", Content: "bb"}, {Path: "/d/c", Content: "cc"}, {Path: "/d/e", Content: "ee"}}}
	behind = host.NewFiles("rack-1", section, func() time.Time { return began })
	require.NoError(t, behind.Rewind(began))
	faults := New(list, clock)
	return Files{Name: "rack-1", Next: behind, Armed: func() *Faults { return faults }}, behind
}

func names(t *testing.T, f files.System) (out string, err error) {
	t.Helper()
	_, err = f.Walk(t.Context(), "/d", files.Filter{}, func(list []files.Entry) error {
		for _, e := range list {
			out += e.Path
		}
		return nil
	})
	return out, err
}

func said(err error) string {
	if err == nil {
		return ""
	}
	return string(action.CodeOf(err)) + ": " + err.Error()
}

const (
	away       = "unavailable: cannot reach the host rack-1: it does not answer"
	toTheEnd   = "unavailable: the files of the machine could not be looked at to the end: the connection was lost"
	unwritten  = "unavailable: writing a did not come to its end: the connection was lost"
	interrupts = "interrupted: the files of the machine could not be looked at to the end: it was cut off: over"
)

func TestHowLooksGoWrong(t *testing.T) {
	for name, c := range map[string]struct {
		fault scenario.Fault
		over  bool
		want  string // of each look
		slept time.Duration
	}{
		"well":      {scenario.Fault{On: "remove files", Answer: "503"}, false, "", 0},
		"away":      {scenario.Fault{On: "host", Answer: "503", Times: -1}, false, away, 0},
		"elsewhere": {scenario.Fault{On: "host", Answer: "503", Namespace: "rack-2", Times: -1}, false, "", 0},
		"cut":       {scenario.Fault{On: "* *", Answer: "cut", Times: -1}, false, toTheEnd, 0},
		"half":      {scenario.Fault{On: "* *", Answer: "half", Times: -1}, false, toTheEnd, 0},
		"slow":      {scenario.Fault{On: "* *", Answer: "slow", Takes: time.Second, Times: -1}, false, "", time.Second},
		"too slow":  {scenario.Fault{On: "* *", Answer: "slow", Takes: time.Second, Times: -1}, true, interrupts, time.Second},
		"hung":      {scenario.Fault{On: "* *", Answer: "timeout", Times: -1}, true, interrupts, hung},
	} {
		for look, do := range map[string]func(context.Context, Files) error{
			"stat": func(ctx context.Context, f Files) error { _, err := f.Look(ctx, "/d/a"); return err },
			"disk": func(ctx context.Context, f Files) error { _, err := f.Disk(ctx, "/d/a"); return err },
			"walk": func(ctx context.Context, f Files) error {
				_, err := f.Walk(ctx, "/d", files.Filter{}, func([]files.Entry) error { return nil })
				return err
			},
			"read": func(ctx context.Context, f Files) error {
				in, err := f.Open(ctx, "/d/a", 0)
				if err == nil {
					_, err = io.ReadAll(in)
				}
				return err
			},
		} {
			t.Run(name+" "+look, func(t *testing.T) {
				clock := &sleeping{}
				f, _ := site(t, clock, c.fault)
				ctx, end := context.WithCancelCause(t.Context())
				defer end(nil)
				if c.over {
					end(errors.New("over"))
				}
				require.Equal(t, c.want, said(do(ctx, f)))
				require.Equal(t, c.slept, clock.total)
			})
		}
	}
}

func TestHalfOfWhatIsLookedAt(t *testing.T) {
	f, _ := site(t, &sleeping{}, scenario.Fault{On: "find files", Name: "/d", Answer: "half"}, scenario.Fault{On: "read files", Name: "/d/*", Answer: "half"})
	found, err := names(t, f)
	require.Equal(t, "ab", found)
	require.Equal(t, toTheEnd, said(err))
	in, err := f.Open(t.Context(), "/d/a", 0)
	require.NoError(t, err)
	text, err := io.ReadAll(in)
	require.Equal(t, "a", string(text))
	require.Equal(t, toTheEnd, said(err))
	require.NoError(t, in.Close())
	found, err = names(t, f)
	require.NoError(t, err)
	require.Equal(t, "abce", found, "once")
}

func TestHowChangesGoWrong(t *testing.T) {
	const lost = "uncertain: nobody knows whether b was changed: the connection was lost"
	for name, c := range map[string]struct {
		fault scenario.Fault
		want  map[int]string
		left  string
	}{
		"well":           {scenario.Fault{On: "chown files", Answer: "403", Times: -1}, map[int]string{}, ""},
		"denied":         {scenario.Fault{On: "remove files", Name: "/d/b", Answer: "403", Times: -1}, map[int]string{1: "forbidden: cannot remove b: permission denied"}, "b"},
		"in use":         {scenario.Fault{On: "remove files", Skip: 3, Answer: "423", Message: "by cached"}, map[int]string{3: "rejected: cannot remove e: it is in use, such as a folder on which a file system is mounted: by cached"}, "e"},
		"broken":         {scenario.Fault{On: "remove files", Skip: 3, Answer: "500"}, map[int]string{3: "rejected: cannot remove e: input/output error"}, "e"},
		"away":           {scenario.Fault{On: "remove files", Skip: 1, Times: 1, Answer: "503"}, map[int]string{1: away}, "b"},
		"lost":           {scenario.Fault{On: "remove files", Skip: 1, Answer: "cut"}, map[int]string{1: lost, 2: lost, 3: lost}, "bce"},
		"lost when done": {scenario.Fault{On: "remove files", Skip: 1, Answer: "cut", Done: true}, map[int]string{1: lost, 2: lost, 3: lost}, "ce"},
	} {
		t.Run(name, func(t *testing.T) {
			f, behind := site(t, &sleeping{}, c.fault)
			var changes []files.Change
			for _, at := range []string{"a", "b", "c", "e"} {
				e, err := behind.Look(t.Context(), "/d/"+at)
				require.NoError(t, err)
				e.Path = at
				changes = append(changes, files.Change{Op: files.Remove, Was: e})
			}
			errs, err := f.Change(t.Context(), "/d", changes)
			require.NoError(t, err)
			for i, err := range errs {
				want := c.want[i]
				if c.fault.Answer == "cut" && i > 1 {
					want = "uncertain: nobody knows whether " + changes[i].Was.Path + want[len("uncertain: nobody knows whether b"):]
				}
				require.Equal(t, want, said(err))
			}
			left, err := names(t, behind)
			require.NoError(t, err)
			require.Equal(t, c.left, left)
		})
	}
	f, _ := site(t, &sleeping{})
	_, err := f.Change(t.Context(), "/gone", []files.Change{{Op: files.Remove, Was: files.Entry{Path: "a"}}})
	require.Equal(t, action.CodeNotFound, action.CodeOf(err))
}

func TestHowWritingGoesWrong(t *testing.T) {
	for name, c := range map[string]struct {
		fault scenario.Fault
		want  string
		is    string // what is there then
	}{
		"well":           {scenario.Fault{On: "write files", Name: "/d/b", Answer: "403"}, "", "new"},
		"denied":         {scenario.Fault{On: "write files", Name: "/d/a", Answer: "403"}, "forbidden: cannot write a: permission denied", "aa"},
		"full":           {scenario.Fault{On: "write files", Answer: "507"}, "rejected: cannot write a: no space is left on its file system", "aa"},
		"away":           {scenario.Fault{On: "host", Answer: "503"}, away, "aa"},
		"slow":           {scenario.Fault{On: "write files", Answer: "slow", Takes: time.Second}, "", "new"},
		"lost":           {scenario.Fault{On: "write files", Answer: "cut"}, unwritten, "aa"},
		"lost in it":     {scenario.Fault{On: "write files", Answer: "half"}, unwritten, "aa"},
		"lost when done": {scenario.Fault{On: "write files", Answer: "cut", Done: true}, "uncertain: nobody knows whether a was changed: the connection was lost", "new"},
	} {
		t.Run(name, func(t *testing.T) {
			f, behind := site(t, &sleeping{}, c.fault)
			d, err := f.Create(t.Context(), "/d", "a")
			if err == nil {
				_, err = d.Write([]byte("new"))
				if err == nil {
					err = d.Keep(t.Context(), files.Attributes{})
				} else {
					require.NoError(t, d.Drop(t.Context()))
				}
			}
			require.Equal(t, c.want, said(err))
			in, err := behind.Open(t.Context(), "/d/a", 0)
			require.NoError(t, err)
			text, err := io.ReadAll(in)
			require.NoError(t, err)
			require.Equal(t, c.is, string(text))
		})
	}
}

// What is well behind faults is as it is without them.
func TestFilesBehindNoFaults(t *testing.T) {
	f, behind := site(t, &sleeping{})
	name, err := f.Machine(t.Context())
	require.NoError(t, err)
	require.Equal(t, "rack-1", name)
	want, refused := behind.Knows(t.Context(), "nobody")
	got, err := f.Knows(t.Context(), "nobody")
	require.Equal(t, want, got)
	require.Equal(t, said(refused), said(err))
}
