package s3

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"runbook/engine/action"
	"runbook/engine/files"
)

// mostFailures is how many files may fail before no more are begun: by then something is wrong with all of them.
const mostFailures = 20

// A crew is who carries the files of a sync: several at once, of which few carry what is large.
type crew struct {
	s    *syncing
	m    mover
	stop context.CancelFunc
	p    *progress

	mu     sync.Mutex
	others int // how many failed, but because the store was busy
}

// transfer copies what is left to be copied. Its error is about all that failed; it may be tried again if all of that may be.
func (s *syncing) transfer(ctx context.Context, l *link, j *job) error {
	left := j.left()
	var bytes int64
	for _, t := range left {
		bytes += t.size
	}
	p := progressOf(ctx, bytes)
	p.files = len(left)
	begin, stop := context.WithCancel(ctx)
	defer stop()
	c := &crew{s: s, m: s.b.mover(l, p), stop: stop, p: p}
	if at := cmp.Or(s.b.AtOnce, s.atOnce); at == 1 {
		c.carry(ctx, begin, left, 1)
	} else {
		small, large := split(left)
		var both sync.WaitGroup
		both.Go(func() { c.carry(ctx, begin, large, min(largeAtOnce, at)) })
		both.Go(func() { c.carry(ctx, begin, small, at) })
		both.Wait()
	}
	return c.verdict(ctx)
}

// split parts what is transferred by one request from what is in parts, of which the largest goes first.
func split(all []*transfer) (small, large []*transfer) {
	for _, t := range all {
		if t.size > partSize {
			large = append(large, t)
		} else {
			small = append(small, t)
		}
	}
	slices.SortStableFunc(large, func(a, b *transfer) int { return cmp.Compare(b.size, a.size) })
	return small, large
}

// carry copies a list, so many at once, and begins no more once begin has ended. A store that is busy is asked by one less.
func (c *crew) carry(ctx, begin context.Context, list []*transfer, atOnce int) {
	next := make(chan *transfer)
	var working sync.WaitGroup
	for n := range atOnce {
		working.Go(func() {
			for t := range next {
				if begin.Err() != nil {
					continue
				}
				if err := c.one(ctx, t); err != nil && c.fail(err) && n > 0 {
					return
				}
			}
		})
	}
	for _, t := range list {
		select {
		case next <- t:
		case <-begin.Done():
		}
	}
	close(next)
	working.Wait()
}

// fail notes a failure, and tells whether it is that the store is busy.
func (c *crew) fail(err error) (busy bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	code := action.CodeOf(err)
	if code == action.CodeThrottled {
		return true
	}
	if c.others++; code == action.CodeUnauth && !asError(err).Retryable || c.others >= mostFailures {
		c.stop()
	}
	return false
}

// one copies one file or object, unless it is there by the attempt whose answer was lost.
func (c *crew) one(ctx context.Context, t *transfer) error {
	sure, err := t.sure, error(nil)
	if !t.unsure || !c.there(ctx, t) {
		sure, err = c.send(ctx, t)
	}
	if t.unsure && action.CodeOf(err) == action.CodeConflict && c.there(ctx, t) { // it came to its place meanwhile
		sure, err = t.sure, nil
	}
	t.sure = sure
	t.unsure = t.unsure || action.CodeOf(err) == action.CodeUncertain
	if t.err = again(err); t.err != nil {
		return t.err
	}
	t.done = true
	c.p.done.Add(1)
	return nil
}

// send copies one file or object.
func (c *crew) send(ctx context.Context, t *transfer) (sure bool, err error) {
	from, to := c.s.from.below(t.rel), c.s.to.below(t.rel)
	switch {
	case !to.isStore():
		return c.m.download(ctx, t.source(from), landing{to, c.s.to.path, t.rel, t.modified, t.entryOver()})
	case from.isStore():
		_, err = c.m.copyWithin(ctx, t.source(from), errand{to.at, t.only(), c.s.as})
	default:
		_, err = c.m.upload(ctx, t.stored(from), errand{to.at, t.only(), c.s.as})
	}
	return true, err
}

// there tells whether something is where it is to be, as far as one can see.
func (c *crew) there(ctx context.Context, t *transfer) bool {
	from, to := c.s.from.below(t.rel), c.s.to.below(t.rel)
	switch {
	case !to.isStore():
		return to.has(ctx, t.item)
	case from.isStore():
		return c.m.equal(ctx, t.source(from), to.at)
	}
	return c.m.holds(ctx, t.stored(from), to.at)
}

func (t *transfer) source(from end) source { return source{from.at, t.size, t.etag} }

func (t *transfer) stored(from end) stored { return stored{from.machine, from.path, t.size, t.entry} }

// has tells whether a file is what an object becomes, by its size and its time, of which some machines set no fraction.
func (e end) has(ctx context.Context, of item) bool {
	now, err := e.machine.Look(ctx, e.path)
	return err == nil && now.Kind == files.File && now.Size == of.size && now.Modified.Unix() == of.modified.Unix()
}

// only is the condition that what is replaced is what was seen there.
func (t *transfer) only() condition {
	if t.over == nil {
		return condition{none: aws.String("*")}
	}
	return condition{match: ifMatch(t.over.etag)}
}

// entryOver is the file or link that is replaced, nil for nothing.
func (t *transfer) entryOver() *files.Entry {
	if t.over == nil {
		return nil
	}
	return &t.over.entry
}

// again makes an error of which nobody knows whether anything was stored one that may be tried again: a sync looks what is there, and storing the
// same twice is storing it once.
func again(err error) error {
	e, own := err.(*action.Error) //nolint:errorlint // what is wrapped has another message
	if !own || e == nil || e.Code != action.CodeUncertain {
		return err
	}
	out := *e
	out.Code = action.CodeUnavailable
	return out.Again()
}

// verdict is what came of all, as one error. What may go well the next time is worth another attempt, whatever else went wrong.
func (c *crew) verdict(ctx context.Context) error {
	j := c.s.job
	var failed []*transfer
	for _, t := range j.copies {
		if t.err != nil && !t.done {
			failed = append(failed, t)
		}
	}
	if len(failed) == 0 {
		if ctx.Err() == nil {
			return nil
		}
		e := action.Errorf(action.CodeTimeout, "cannot sync %s to %s: interrupted: %w", c.s.from, c.s.to, context.Cause(ctx))
		e.Partly = j.partly()
		return e
	}
	first, retryable, after := failed[0], false, failed[0]
	for _, t := range failed {
		if t.hopeless() && !first.hopeless() {
			first = t
		}
		retryable = retryable || !t.hopeless()
		if asError(t.err).After > asError(after.err).After {
			after = t
		}
	}
	cause := asError(first.err)
	out := *cause
	out.Target, out.Cause, out.Retryable, out.After = c.s.to.target(), first.err, retryable && (cause.Code != action.CodeUnauth || cause.Retryable), asError(after.err).After
	out.Message = fmt.Sprintf("cannot sync %s to %s: %d of %s could not be copied, and nothing was removed; the first is %s: %s",
		c.s.from, c.s.to, len(failed), counted(len(j.copies), "file"), first.rel, cause.Message)
	if slices.ContainsFunc(j.copies, func(t *transfer) bool { return !t.done && t.err == nil }) {
		out.Message += "; others were not begun"
	}
	out.Partly = j.partly()
	return &out
}

// partly is what was done of a job, "" for nothing.
func (j *job) partly() string {
	var said []string
	done, begun := 0, 0
	for _, t := range j.copies {
		switch {
		case t.done:
			done++
		case t.err != nil && asError(t.err).Partly != "":
			if begun++; begun == 1 {
				said = append(said, asError(t.err).Partly)
			}
		}
	}
	if begun > 1 {
		said = append(said, fmt.Sprintf("likewise of %d more", begun-1))
	}
	if done > 0 {
		said = append([]string{fmt.Sprintf("%d of %s were copied", done, counted(len(j.copies), "file"))}, said...)
	}
	return strings.Join(said, "; ")
}

func asError(err error) *action.Error {
	if e, ok := err.(*action.Error); ok { //nolint:errorlint // what is wrapped has another message
		return e
	}
	return action.Errorf(action.CodeOf(err), "%w", err)
}

// clear removes at the other end what is not where it comes from. Each is removed only if it is what it was.
func (s *syncing) clear(ctx context.Context, l *link, j *job) error {
	if len(j.removals) == 0 || j.removed {
		return nil
	}
	if s.to.isStore() {
		if err := s.clearStore(ctx, l, j); err != nil {
			return err
		}
	} else if err := s.clearFolder(ctx, j); err != nil {
		return err
	}
	j.removed = true
	return nil
}

func (s *syncing) clearStore(ctx context.Context, l *link, j *job) error {
	d := deletion{b: s.b, bucket: s.to.at.bucket}
	var identifiers []types.ObjectIdentifier
	for _, r := range j.removals {
		key := s.to.at.key + r.rel
		d.keys = append(d.keys, key)
		identifiers = append(identifiers, types.ObjectIdentifier{Key: aws.String(key), ETag: ifMatch(r.etag)})
	}
	if err := d.removeAll(ctx, l, identifiers); err != nil {
		return again(err)
	}
	return nil
}

func (s *syncing) clearFolder(ctx context.Context, j *job) error {
	changes := make([]files.Change, len(j.removals))
	for i, r := range j.removals {
		changes[i] = files.Change{Op: files.Remove, Was: r.entry}
	}
	errs, err := s.to.machine.Change(ctx, s.to.path, changes)
	if err != nil {
		return err
	}
	var first error
	kept := 0
	for _, one := range errs {
		if one == nil || action.CodeOf(one) == action.CodeNotFound {
			continue
		}
		kept++
		if first == nil {
			first = one
		}
	}
	if first == nil {
		return nil
	}
	e := asError(first)
	out := *e
	out.Retryable, out.Partly = false, j.partly()
	out.Message = fmt.Sprintf("everything was copied from %s to %s, but %d of %s were not removed; the first: %s", s.from, s.to, kept, counted(len(changes), "file"), e.Message)
	return out.On(s.to.target())
}
