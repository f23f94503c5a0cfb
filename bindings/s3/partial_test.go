package s3

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/command"
	processes "runbook/engine/command/local"
	"runbook/engine/files"
	"runbook/engine/files/filestest"
	"runbook/engine/files/local"
	"runbook/engine/files/remote"
	"runbook/engine/world/scenario"
)

// storedBig is a bucket with an object of five parts, of which the store has a checksum, and what is in it.
func storedBig(t *testing.T, faults ...scenario.Fault) (d *driver, text string) {
	t.Helper()
	folder, text := bigFile(t)
	for i := range faults {
		faults[i].On = "get objects"
	}
	d = drive(t, with(nil), faults...).oneByOne()
	d.do("sync", folder, "s3://box")
	return d, text
}

// A download in parts goes on where it broke, in this run and in the next one, and each byte is read once: on this machine, and on one that runs
// commands.
func TestADownloadInPartsGoesOn(t *testing.T) {
	for name, system := range map[string]files.System{"this machine": local.New(), "another one": remote.New(processes.Machine{})} {
		t.Run(name, func(t *testing.T) {
			d, text := storedBig(t, scenario.Fault{Answer: "503", Skip: 3, Times: 2})
			d.on(system)
			folder := t.TempDir()
			a, predicted := d.predicted("sync", "s3://box", folder)
			_, err := a.Apply(t.Context(), predicted)
			e := d.fails(err)
			require.True(t, e.Retryable)
			require.Equal(t, "what was read of big is kept: the next attempt goes on with it", e.Partly)
			left, err := os.ReadDir(folder)
			require.NoError(t, err)
			require.Len(t, left, 1)
			require.True(t, files.IsDraft(left[0].Name()))
			_, err = a.Apply(t.Context(), predicted)
			require.True(t, d.fails(err).Retryable)
			d.on(system) // of another process
			next, predicted := d.predicted("sync", "s3://box", folder, opts("delete", true))
			require.Contains(t, predicted.Warnings[0], "in "+folder+" there is 1 unfinished download, 24 MiB: a sync")
			_, err = next.Apply(t.Context(), predicted)
			require.NoError(t, err)
			require.Equal(t, 5+2, count(d.sent.all, "GET /box/big"))
			require.Equal(t, hashOfText(text), hashOfText(tree(t, folder)["big"]))
			require.Len(t, tree(t, folder), 1)
		})
	}
}

// A losing machine is one to which the way is lost, once, after so many bytes of what it is given.
type losing struct {
	command.Runner
	after *int64
}

func (l losing) Run(ctx context.Context, argv []string, streams command.Streams) (int, error) {
	if streams.Stdin == nil || *l.after == 0 {
		return l.Runner.Run(ctx, argv, streams)
	}
	streams.Stdin = io.LimitReader(streams.Stdin, *l.after)
	*l.after = 0
	if code, err := l.Runner.Run(ctx, argv, streams); err != nil {
		return code, err
	}
	return 0, &command.Lost{Cause: errors.New("broken pipe")}
}

// What arrived on a machine before the way to it was lost is gone on with.
func TestTheWayToAMachineIsLost(t *testing.T) {
	d, text := storedBig(t)
	after := int64(2*partSize + 77)
	d.on(remote.New(losing{processes.Machine{}, &after}))
	folder := t.TempDir()
	a, predicted := d.predicted("sync", "s3://box", folder)
	_, err := a.Apply(t.Context(), predicted)
	e := d.fails(err)
	require.True(t, e.Retryable, e.Message)
	require.Equal(t, "what was read of big is kept: the next attempt goes on with it", e.Partly)
	before := count(d.sent.all, "GET /box/big")
	_, err = a.Apply(t.Context(), predicted)
	require.NoError(t, err)
	require.Equal(t, 3, count(d.sent.all, "GET /box/big")-before, "of five parts two are there whole, and of the third the rest is read")
	require.Equal(t, hashOfText(text), hashOfText(tree(t, folder)["big"]))
	require.Len(t, tree(t, folder), 1)
}

// A deaf machine is one whose answers to commands that put a file in its place are lost, so many times: they are made, or they are not.
type deaf struct {
	command.Runner
	times *int
	made  bool
}

func (m deaf) Run(ctx context.Context, argv []string, streams command.Streams) (int, error) {
	if *m.times == 0 || !strings.Contains(argv[2], "mv -f -T") {
		return m.Runner.Run(ctx, argv, streams)
	}
	*m.times--
	if m.made {
		if code, err := m.Runner.Run(ctx, argv, streams); err != nil || code != 0 {
			return code, err
		}
	}
	return 0, &command.Lost{Cause: errors.New("broken pipe")}
}

// A file that was in its place when the way to its machine was lost is no conflict with oneself; another one there is.
func TestTheWayIsLostWhenAFileIsWhole(t *testing.T) {
	for _, theirs := range []string{"", "them"} {
		d := drive(t, with(map[string]string{"a": "ours"}))
		times := 1
		d.on(remote.New(deaf{processes.Machine{}, &times, true}))
		folder := t.TempDir()
		a, predicted := d.predicted("sync", "s3://box", folder)
		_, err := a.Apply(t.Context(), predicted)
		require.True(t, d.fails(err).Retryable)
		if theirs != "" {
			write(t, folder, map[string]string{"a": theirs}, later)
		}
		result, err := a.Apply(t.Context(), predicted)
		if theirs != "" {
			require.Equal(t, action.CodeConflict, d.fails(err).Code)
			require.Equal(t, map[string]string{"a": theirs}, tree(t, folder))
			continue
		}
		require.NoError(t, err)
		require.Equal(t, done(1, 4, 0, 0), result.Value)
		require.Equal(t, map[string]string{"a": "ours"}, tree(t, folder))
	}
}

// An object that the store has no checksum of is gone on with by the run that began it, and by no other.
func TestADownloadWithoutAChecksum(t *testing.T) {
	text := strings.Repeat("a", partSize) + strings.Repeat("b", partSize) + strings.Repeat("c", 100)
	var asked, fail atomic.Int64
	d := storeThat(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"none"`)
		if r.Method == http.MethodGet && asked.Add(1) == fail.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		http.ServeContent(w, r, "", began, strings.NewReader(text))
	})
	d.oneByOne()
	path := filepath.Join(t.TempDir(), "a")
	fail.Store(3)
	a, predicted := d.predicted("copy", "s3://box/a", path)
	_, err := a.Apply(t.Context(), predicted)
	require.True(t, d.fails(err).Retryable)
	fail.Store(4)
	a, predicted = d.predicted("copy", "s3://box/a", path)
	_, err = a.Apply(t.Context(), predicted)
	require.True(t, d.fails(err).Retryable)
	require.EqualValues(t, 4, asked.Load(), "all parts but the last were there")
	d.oneByOne() // another process
	value := d.do("copy", "s3://box/a", path)
	require.Equal(t, false, value.(object)["verified"])
	require.EqualValues(t, 7, asked.Load())
	written, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, hashOfText(text), hashOfText(string(written)))
}

// What is left is taken for no more than it is: a draft that was torn is noticed, and the object read anew.
func TestADraftThatIsTorn(t *testing.T) {
	d, text := storedBig(t, scenario.Fault{Answer: "503", Skip: 3, Times: 1})
	folder := t.TempDir()
	a, predicted := d.predicted("sync", "s3://box", folder)
	_, err := a.Apply(t.Context(), predicted)
	require.Error(t, err)
	draft, err := filepath.Glob(folder + "/.runbook-*")
	require.NoError(t, err)
	require.Len(t, draft, 1)
	f, err := os.OpenFile(draft[0], os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = f.WriteAt(make([]byte, 4096), 1<<20)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	_, err = a.Apply(t.Context(), predicted)
	e := d.fails(err)
	require.Contains(t, e.Message, "what came is not what is stored")
	require.True(t, e.Retryable)
	require.Empty(t, tree(t, folder))
	_, err = a.Apply(t.Context(), predicted)
	require.NoError(t, err)
	require.Equal(t, hashOfText(text), hashOfText(tree(t, folder)["big"]))
}

// The draft of an object that is another one by now is not gone on with, and does not stay; nor do those of runs that died.
func TestDraftsThatNobodyTakesUp(t *testing.T) {
	d, _ := storedBig(t, scenario.Fault{Answer: "503", Skip: 3, Times: 1})
	folder := t.TempDir()
	_, err := d.action("sync", "s3://box", folder).Apply(t.Context(), action.Prediction{})
	require.Error(t, err)
	write(t, folder, map[string]string{files.DraftName(): "half"}, time.Now())
	d.do("put", "s3://box/big", "small by now")
	require.Equal(t, done(1, 12, 0, 0), d.do("sync", "s3://box", folder))
	require.Equal(t, map[string]string{"big": "small by now"}, tree(t, folder))
}

// Two syncs of the same to the same place at once: each file is whole, and nothing is left.
func TestTwoSyncsAtOnce(t *testing.T) {
	d, text := storedBig(t)
	folder := t.TempDir()
	a, first := d.predicted("sync", "s3://box", folder)
	b, second := d.predicted("sync", "s3://box", folder)
	failed := make(chan error, 2)
	go func() { _, err := a.Apply(t.Context(), first); failed <- err }()
	go func() { _, err := b.Apply(t.Context(), second); failed <- err }()
	for range 2 {
		if err := <-failed; err != nil {
			require.Equal(t, action.CodeConflict, action.CodeOf(err), err)
		}
	}
	require.Len(t, tree(t, folder), 1)
	require.Equal(t, hashOfText(text), hashOfText(tree(t, folder)["big"]))
}

// What nobody could take up is not said to be kept, and does not stay: another run has the draft.
func TestADownloadWhoseDraftAnotherRunHas(t *testing.T) {
	for name, system := range map[string]files.System{"this machine": local.New(), "another one": remote.New(processes.Machine{})} {
		t.Run(name, func(t *testing.T) {
			d, _ := storedBig(t, scenario.Fault{Answer: "503", Skip: 3, Times: 1})
			d.on(system)
			folder := t.TempDir()
			from := source{location{"box", "big"}, 4*partSize + 1000, d.read("head", "s3://box/big").(object)[fieldETag].(string)}
			theirs, err := system.(files.Continuer).Continue(t.Context(), folder, "big", from.token(landing{path: "big"}))
			require.NoError(t, err)
			_, err = d.action("sync", "s3://box", folder).Apply(t.Context(), action.Prediction{})
			require.Empty(t, d.fails(err).Partly)
			left, err := os.ReadDir(folder)
			require.NoError(t, err)
			require.Len(t, left, 1)
			require.Equal(t, files.DraftOf(from.token(landing{path: "big"})), left[0].Name())
			require.NoError(t, theirs.Drop(t.Context()))
		})
	}
}

// A lost answer to what gave a file its name says nothing of whether it has it. A sync looks, and copies no byte of it twice; of what is
// large it has the draft if not.
func TestADownloadWhoseLastAnswerIsLost(t *testing.T) {
	for _, made := range []bool{true, false} {
		d, text := storedBig(t)
		d.do("put", "s3://box/small", "hello")
		times := 2
		d.on(remote.New(deaf{processes.Machine{}, &times, made}))
		folder := t.TempDir()
		a, predicted := d.predicted("sync", "s3://box", folder)
		_, err := a.Apply(t.Context(), predicted)
		e := d.fails(err)
		require.True(t, e.Retryable, e.Message)
		require.Contains(t, e.Message, "nobody knows whether big was changed")
		before := count(d.sent.all, "GET /box/")
		result, err := a.Apply(t.Context(), predicted)
		require.NoError(t, err)
		require.Equal(t, done(2, 4*partSize+1005, 0, 0), result.Value)
		require.Equal(t, map[bool]int{true: 0, false: 1}[made], count(d.sent.all, "GET /box/")-before)
		require.Equal(t, hashOfText(text), hashOfText(tree(t, folder)["big"]))
		require.Len(t, tree(t, folder), 2)
		times = 1
		_, err = d.action("copy", "s3://box/small", folder+"/copy").Apply(t.Context(), action.Prediction{})
		require.Equal(t, action.CodeUncertain, d.fails(err).Code, "it is settled by a look")
	}
}

// A copy whose way was lost before it was whole may be sent again.
func TestACopyWhoseWayIsLost(t *testing.T) {
	d, text := storedBig(t)
	after := int64(partSize)
	d.on(remote.New(losing{processes.Machine{}, &after}))
	folder := t.TempDir()
	d.do("copy", "s3://box/big", folder+"/big")
	require.Equal(t, hashOfText(text), hashOfText(tree(t, folder)["big"]))
	require.Len(t, tree(t, folder), 1)
}

// A sync of many at once waits for its turn on a machine that lets in one, and does not wait for itself: what writes a file needs no other way in.
func TestASyncToAMachineThatLetsInOne(t *testing.T) {
	d, text := storedBig(t, scenario.Fault{Answer: "503", Skip: 3, Times: 1})
	for _, key := range []string{"a", "b", "c"} {
		d.do("put", "s3://box/"+key, key)
	}
	d.cfg.AtOnce = 0
	d.on(remote.New(filestest.Narrow(processes.Machine{})))
	folder := t.TempDir()
	write(t, folder, map[string]string{"a": "old"}, before)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	a, predicted := d.predicted("sync", "s3://box", folder)
	for {
		_, err := a.Apply(ctx, predicted)
		if err == nil {
			break
		}
		require.True(t, d.fails(err).Retryable, err)
		require.NoError(t, ctx.Err(), "nobody is let in any more")
	}
	require.Equal(t, hashOfText(text), hashOfText(tree(t, folder)["big"]))
	require.Len(t, tree(t, folder), 4)
}
