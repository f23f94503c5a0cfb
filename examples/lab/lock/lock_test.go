package lock

import (
	"context"
	"path/filepath"
	"testing"
)

func TestSecondHolderWaitsForTheFirst(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	unlock, err := Wait(t.Context(), path, func() { t.Error("waited for a free lock") })
	if err != nil {
		t.Fatal(err)
	}
	waits := 0
	second, err := Wait(t.Context(), path, func() { waits++; unlock() })
	if err != nil {
		t.Fatal(err)
	}
	defer second()
	if waits != 1 {
		t.Errorf("told %d times that it waits, want once", waits)
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	unlock, err := Wait(t.Context(), path, func() {})
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := Wait(ctx, path, cancel); err == nil {
		t.Error("took a lock that is held")
	}
}
