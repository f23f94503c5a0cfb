package device

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"runbook/engine/driver"
)

// A device is started anew once for each reset, when its tool shows that.
func TestStartsAreCounted(t *testing.T) {
	now := time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)
	d := &device{state: driver.Online, after: driver.Online, resets: time.Minute, lags: 5 * time.Second}
	d.act(driver.Reset, now)
	d.settle(now.Add(4 * time.Second))
	require.Equal(t, []any{driver.Online, 0}, []any{d.state, d.starts})
	d.settle(now.Add(5 * time.Second))
	require.Equal(t, []any{driver.Resetting, 1}, []any{d.state, d.starts})
	d.settle(now.Add(65 * time.Second))
	require.Equal(t, []any{driver.Online, 1}, []any{d.state, d.starts})
}
