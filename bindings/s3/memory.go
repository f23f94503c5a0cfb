package s3

import (
	"context"
	"sync"

	"golang.org/x/sync/semaphore"
)

// mostHeld is how much of what is transferred is held in memory, by all that a run receives at once, and again by all that it sends. Only a part
// that is larger than that itself, as those of a file of more than 600 GiB are, is held alone.
const mostHeld = largeAtOnce * partsAtOnce * partSize

// pooled is from what size on a buffer is one that is used again. What is smaller has one of its own size: many small files fit.
const pooled = partSize / 8

// A memory is what buffers are taken from, so that they never are more than it has. Whoever waits for one is served in turn. What is received and
// what is sent have one each, so that nobody waits for ever:
//
// Who receives holds a login on the machine where it writes, and waits for memory there. Parts are asked for in their order and each goes when
// it has arrived, so whoever has memory of that waits for the store alone, and for what it writes to.
//
// Who sends holds memory, and waits for a login to read with. Whoever has one is about to read, or receives.
type memory struct {
	free  *semaphore.Weighted
	most  int64
	parts sync.Pool // of partSize
}

func newMemory(most int64) *memory {
	return &memory{
		free: semaphore.NewWeighted(most), most: most, parts: sync.Pool{New: func() any { b := make([]byte, partSize); return &b }},
	}
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
	b := &buffer{of: m, weight: min(size, m.most)}
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
