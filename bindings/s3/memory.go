package s3

import (
	"context"
	"sync"

	"golang.org/x/sync/semaphore"
)

// mostHeld is how much of what is transferred is held in memory, by all that a run transfers at once. Only a part that is larger than that
// itself, as those of a file of more than 900 GiB are, is held alone.
const mostHeld = 12 * partSize

// pooled is from what size on a buffer is one that is used again. What is smaller has one of its own size: many small files fit.
const pooled = partSize / 8

// A memory is what buffers are taken from, so that they never are more than it has. Whoever waits for one is served in turn. Nobody waits
// who holds one that he can do nothing with until he has another: parts are asked for in their order, and each goes when it has arrived.
type memory struct {
	free  *semaphore.Weighted
	parts sync.Pool // of partSize
}

func newMemory() *memory {
	return &memory{free: semaphore.NewWeighted(mostHeld), parts: sync.Pool{New: func() any { b := make([]byte, partSize); return &b }}}
}

// A buffer is memory that is held until it is given back.
type buffer struct {
	bytes  []byte
	whole  *[]byte // of the pool; nil for one of its own size
	weight int64
	of     *memory
}

// take waits for a buffer of a size.
func (m *memory) take(ctx context.Context, size int64) (*buffer, error) {
	b := &buffer{of: m, weight: min(size, mostHeld)}
	again := size > pooled && size <= partSize
	if again {
		b.weight = partSize
	}
	if err := m.free.Acquire(ctx, b.weight); err != nil {
		return nil, err
	}
	if again {
		b.whole = m.parts.Get().(*[]byte)
		b.bytes = (*b.whole)[:size]
		return b, nil
	}
	b.bytes = make([]byte, size)
	return b, nil
}

// give gives the buffer back. Nobody may look into it any more.
func (b *buffer) give() {
	if b == nil {
		return
	}
	if b.whole != nil {
		b.of.parts.Put(b.whole)
	}
	b.of.free.Release(b.weight)
}
