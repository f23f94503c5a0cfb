package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/clock"
	"runbook/engine/command"
	processes "runbook/engine/command/local"
	"runbook/engine/files/filestest"
	"runbook/engine/files/remote"
	"runbook/engine/module"
	"runbook/engine/world/scenario"
)

func TestMemory(t *testing.T) {
	m := newMemory(mostHeld)
	var held []*buffer
	for range mostHeld / partSize {
		b, err := m.take(t.Context(), partSize-1)
		require.NoError(t, err)
		require.Len(t, b.bytes, partSize-1)
		held = append(held, b)
	}
	over, stop := context.WithCancel(t.Context())
	stop()
	_, err := m.take(over, 1)
	require.ErrorIs(t, err, context.Canceled, "there is nothing left")
	for _, b := range held {
		b.give()
	}
	b, err := m.take(t.Context(), mostHeld+1)
	require.NoError(t, err, "a part that is larger than all is held alone")
	require.Len(t, b.bytes, mostHeld+1)
	_, err = m.take(over, 1)
	require.ErrorIs(t, err, context.Canceled)
	b.give()
	for range mostHeld / pooled {
		b, err = m.take(t.Context(), pooled)
		require.NoError(t, err, "what is small takes what it is, and no more")
	}
	require.Len(t, b.bytes, pooled)
	(*buffer)(nil).give()
}

// However much is transferred at once, no more is held than may be, and each gets its turn.
func TestASyncHoldsNoMoreThanItMay(t *testing.T) {
	const most = mostHeld / partSize
	d := drive(t, with(nil))
	texts := map[string]string{}
	for i := range 3 * most {
		texts[fmt.Sprintf("%02d", i)] = strings.Repeat("x", pooled+1)
	}
	folder := t.TempDir()
	write(t, folder, texts, later)
	var under, peak atomic.Int64
	all := make(chan struct{})
	once := sync.OnceFunc(func() { close(all) })
	next := d.server.Config.Handler
	d.server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut {
			n := under.Add(1)
			defer under.Add(-1)
			if n > peak.Load() {
				peak.Store(n)
			}
			if n == most {
				once()
			}
			<-all
		}
		next.ServeHTTP(w, r)
	})
	require.Equal(t, done(3*most, 3*most*(pooled+1), 0, 0), d.do("sync", folder, "s3://box", opts("at_once", float64(mostAtOnce))))
	require.EqualValues(t, most, peak.Load())
}

// A queue is a machine that tells of each command before it is let in.
type queue struct {
	command.Runner
	came func()
}

func (q queue) Run(ctx context.Context, argv []string, streams command.Streams) (int, error) {
	q.came()
	return q.Runner.Run(ctx, argv, streams)
}

// A download that is on a machine waits for memory, and uploads that have memory wait to be let in there: neither waits for the other.
func TestADownloadAndUploadsDoNotWaitForEachOther(t *testing.T) {
	d, text := storedBig(t)
	d.cfg.AtOnce = 0
	const waiting = mostHeld / partSize
	var uploading atomic.Bool
	var came atomic.Int64
	full, begun := make(chan struct{}), make(chan struct{})
	begin := sync.OnceFunc(func() { close(begun) })
	d.on(remote.New(queue{filestest.Narrow(processes.Machine{}), func() {
		if uploading.Load() && came.Add(1) == waiting {
			close(full)
		}
	}}))
	next := d.server.Config.Handler
	d.server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && r.Header.Get("Range") != "" {
			begin()
			<-full
		}
		next.ServeHTTP(w, r)
	})
	from, to, texts := t.TempDir(), t.TempDir(), map[string]string{}
	for i := range usualAtOnce {
		texts[fmt.Sprintf("up%02d", i)] = strings.Repeat("x", pooled+1)
	}
	write(t, from, texts, later)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	up, sent := d.predicted("sync", from, "s3://box/up")
	down, got := d.predicted("sync", "s3://box", to)
	failed := make(chan error, 2)
	go func() { _, err := down.Apply(ctx, got); failed <- err }()
	<-begun
	uploading.Store(true)
	go func() { _, err := up.Apply(ctx, sent); failed <- err }()
	for range 2 {
		require.NoError(t, <-failed)
	}
	require.Equal(t, hashOfText(text), hashOfText(tree(t, to)["big"]))
}

// In a simulated site time passes when every branch waits for it, and none of them waits for memory that another one has meanwhile.
func TestManyBranchesAtASlowSimulatedStore(t *testing.T) {
	const branches = mostHeld/partSize + 1
	site := clock.NewVirtual(began)
	d := driveAt(t, site, with(nil), scenario.Fault{On: "put objects", Answer: scenario.Slow, Takes: time.Minute, Times: -1})
	d.cfg.Held = math.MaxInt64
	d.oneByOne()
	folder, texts := t.TempDir(), map[string]string{}
	for i := range branches {
		texts[fmt.Sprint(i)] = strings.Repeat("x", pooled+1)
	}
	write(t, folder, texts, later)
	ctx, cancel := context.WithTimeout(module.WithOutside(t.Context(), site), 20*time.Second)
	defer cancel()
	failed := make(chan error, branches)
	for i := range branches {
		a, predicted := d.predicted("copy", fmt.Sprint(folder, "/", i), fmt.Sprint("s3://box/", i))
		site.Start()
		go func() {
			defer site.Stop()
			_, err := a.Apply(ctx, predicted)
			failed <- err
		}()
	}
	site.Stop()
	for range branches {
		require.NoError(t, <-failed)
	}
}

// A moody way to a store refuses connections, breaks them before an answer and in its middle, and is busy: each time so many requests have come.
type moody struct {
	http.RoundTripper
	requests *atomic.Int64
}

func (m moody) RoundTrip(r *http.Request) (*http.Response, error) {
	lost := func(op string) error { return &net.OpError{Op: op, Net: "tcp", Err: syscall.ECONNRESET} }
	n := m.requests.Add(1) % 23
	if n == 3 {
		return nil, lost("dial")
	}
	response, err := m.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	switch n {
	case 8:
		_ = response.Body.Close()
		return nil, lost("read")
	case 13:
		response.StatusCode = http.StatusServiceUnavailable
	case 18:
		response.Body = halved{io.LimitReader(response.Body, response.ContentLength/2), response.Body}
	}
	return response, nil
}

// A halved answer ends in its middle.
type halved struct {
	io.Reader
	io.Closer
}

func (h halved) Read(p []byte) (int, error) {
	n, err := h.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// Many branches that send and receive at once, by way of a machine that lets in one, to a store that is not well: all of them come to an end.
func TestManyBranchesAtAStoreThatIsNotWell(t *testing.T) {
	d, text := storedBig(t)
	d.do("copy", "s3://box/big", "s3://box/in/big")
	d.do("put", "s3://box/in/small", "hello")
	d.cfg.AtOnce = 0
	var requests atomic.Int64
	plain := d.cfg.WrapTransport
	d.cfg.WrapTransport = func(next http.RoundTripper) http.RoundTripper { return moody{plain(next), &requests} }
	from, texts := t.TempDir(), map[string]string{"big": text}
	for i := range usualAtOnce {
		texts[fmt.Sprintf("%02d", i)] = strings.Repeat("x", pooled+1)
	}
	write(t, from, texts, later)
	d.on(remote.New(filestest.Narrow(processes.Machine{})))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	places := []string{t.TempDir(), "s3://box/1", t.TempDir(), "s3://box/2"}
	var all sync.WaitGroup
	for i, to := range places {
		a := d.action("sync", "s3://box/in", to)
		if isURI(to) {
			a = d.action("sync", from, to)
		}
		all.Go(func() {
			for {
				_, err := a.Apply(ctx, action.Prediction{})
				if err == nil || ctx.Err() != nil || !asError(err).Retryable {
					assert.NoError(t, err, "%d %s", i, to)
					return
				}
			}
		})
	}
	all.Wait()
	for _, to := range places {
		if isURI(to) {
			requests.Store(-1000)
			require.Equal(t, hashOfText(text), d.stored("box", strings.TrimPrefix(to, "s3://box/")+"/big"))
		} else {
			require.Equal(t, hashOfText(text), hashOfText(tree(t, to)["big"]))
		}
	}
}
