package device

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"runbook/engine/command"
	"runbook/engine/driver"
	"runbook/engine/gate"
	"runbook/engine/machine"
)

// A farm is a machine with many arrays, over a transport that takes its time.
type farm struct {
	takes  time.Duration
	report string
	runs   atomic.Int64
}

const many = 200

func newFarm(takes time.Duration) *farm {
	var b strings.Builder
	for i := range many {
		fmt.Fprintf(&b, "array-%03d: link    PASS  16 of 16 lanes\narray-%03d: PASS\n", i, i)
	}
	return &farm{takes: takes, report: b.String()}
}

func (*farm) Machine(context.Context) (string, error)      { return "farm", nil }
func (*farm) Find(context.Context, string) (string, error) { return "", nil }

func (f *farm) Run(ctx context.Context, _ []string, s command.Streams) (int, error) {
	f.runs.Add(1)
	if f.takes > 0 {
		select {
		case <-time.After(f.takes):
		case <-ctx.Done():
			return 0, &command.Cut{Cause: context.Cause(ctx)}
		}
	}
	_, err := io.WriteString(s.Stdout, f.report)
	return 0, err
}

func (f *farm) site(t testing.TB, driverName string) site {
	cfg := Config{Driver: shelf(t), Machines: machine.Set[command.Runner]{Hosts: map[string]command.Runner{"farm": f}}}
	for i := range many {
		cfg.Inventory = append(cfg.Inventory, driver.Device{ID: fmt.Sprintf("array-%03d", i), Driver: driverName, On: "farm"})
	}
	return site{cfg: cfg, ctx: t.Context()}
}

// diagnose diagnoses so many devices, all at once.
func (s site) diagnose(t testing.TB, n int) []any {
	out, errs := make([]any, n), make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		read, err := s.reading(t, "diagnose", s.cfg.Inventory[i].ID)
		require.NoError(t, err)
		all.Go(func() { out[i], errs[i] = read.Read(s.ctx, gate.Nothing{}) })
	}
	all.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	return out
}

func TestManyAtOnce(t *testing.T) {
	f := newFarm(0)
	for i, one := range f.site(t, "mit-silicon-photonics").diagnose(t, many) {
		got := one.(map[string]any)
		require.Equal(t, fmt.Sprintf("array-%03d", i), got["id"])
		require.Equal(t, true, got["passed"])
		require.Len(t, got["checks"], 1)
	}
	require.EqualValues(t, many, f.runs.Load())
}

// A list asks a tool once, however many devices it has.
func TestAListAsksOnce(t *testing.T) {
	f := newFarm(0)
	f.report = "DEVICE  STATUS\n"
	for i := range many {
		f.report += fmt.Sprintf("array-%03d  online\n", i)
	}
	rows := f.site(t, "photon-debug").read(t, "list").([]any)
	require.Len(t, rows, many)
	require.EqualValues(t, 1, f.runs.Load())
	require.Equal(t, "online", rows[199].(map[string]any)["state"])
}

// To diagnose many over a transport takes hardly longer than to diagnose one.
func BenchmarkDiagnose(b *testing.B) {
	for _, n := range []int{1, many} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := newFarm(100*time.Millisecond).site(b, "mit-silicon-photonics")
			for b.Loop() {
				s.diagnose(b, n)
			}
		})
	}
}
