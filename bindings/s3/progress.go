package s3

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"runbook/engine/action"
)

// secondsKept is how exactly a store keeps the time of an object.
const secondsKept = time.Second

// telling is how often a person is told how far a transfer is.
const telling = 250 * time.Millisecond

// A progress counts what has been moved, and tells a person of it from time to time.
type progress struct {
	ctx    context.Context //nolint:containedctx // it is the action's, and lasts as long
	total  int64
	files  int
	moved  atomic.Int64
	done   atomic.Int64
	began  time.Time
	toldAt atomic.Int64
}

func progressOf(ctx context.Context, total int64) *progress {
	return &progress{ctx: ctx, total: total, files: 1, began: time.Now()}
}

// add counts bytes, and tells of them if it is time to.
func (p *progress) add(n int64) {
	moved := p.moved.Add(n)
	now, last := time.Since(p.began), p.toldAt.Load()
	if now-time.Duration(last) < telling || !p.toldAt.CompareAndSwap(last, int64(now)) {
		return
	}
	text := fmt.Sprintf("%s of %s", size(moved), size(p.total))
	if p.files > 1 {
		text += fmt.Sprintf(", %d of %d files", p.done.Load(), p.files)
	}
	if s := now.Seconds(); s > 1 {
		text += fmt.Sprintf(", %s/s", size(int64(float64(moved)/s)))
	}
	action.Progressing(p.ctx, text)
}

// mover carries for one action.
func (b *binding) mover(l *link, p *progress) mover {
	parts := partsAtOnce
	if b.AtOnce == 1 {
		parts = 1
	}
	return mover{b: b, l: l, parts: parts, largest: largestCopy, moved: p.add}
}
