package s3

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"path"

	"runbook/engine/files"
)

// A large object is written in its order, so what a run that died has of it is its beginning. The draft is named for the object, its ETag
// among that, and is taken up by whoever copies the same object to the same place: it is read again, past the checksum of the whole, so
// neither a torn draft nor one of somebody else becomes a file. Of an object that the store has no checksum of, only the run that wrote the
// draft goes on with it: its ETag and its length are then known to be those of what was written, but nothing would tell what became of that
// when the machine went down meanwhile.

// token names the draft of an object in a place.
func (s source) token(to landing) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %d %q", s.at.bucket, s.at.key, s.etag, s.size, path.Base(to.path)))
	return hex.EncodeToString(sum[:13])
}

// draft is where the draft of an object is, for a person and for what this run remembers.
func (s source) draft(to landing) string {
	return path.Join(path.Dir(to.at.String()), files.DraftOf(s.token(to)))
}

// goOn puts a large object in a file's place, and goes on where another attempt ended. It is verified as a whole, if v is not nil.
func (m mover) goOn(ctx context.Context, from source, to landing, machine files.Continuer, v *verifier) error {
	draft, err := machine.Continue(ctx, to.root, to.path, from.token(to))
	if err != nil {
		return err
	}
	most, past := from.size, io.Writer(v)
	if v == nil {
		own, _ := m.b.wrote.LoadAndDelete(from.draft(to))
		most, _ = own.(int64)
		past = io.Discard
	}
	has, err := draft.Begun(ctx, most, past)
	m.moved(has)
	writing := &tally{to: draft, n: has}
	if err == nil {
		err = m.inOrder(ctx, from, has, writing, v)
	}
	if err != nil && transient(ctx, err) {
		return m.leave(ctx, draft, from, to, writing.n, v != nil, err)
	}
	if err == nil && v != nil {
		err = v.check(from.question())
	}
	if err == nil {
		err = draft.Keep(ctx, files.Attributes{Modified: to.modified, If: to.still})
	}
	return dropped(ctx, draft, err)
}

// leave keeps a draft for the next attempt. When the machine cannot be told so, it has what arrived there; how much that is nobody knows, and
// without a checksum nothing would tell.
func (m mover) leave(ctx context.Context, draft files.Continued, from source, to landing, wrote int64, verified bool, err error) error {
	is, failed := draft.Leave(context.WithoutCancel(ctx))
	switch {
	case failed != nil && !transient(ctx, failed):
		return failed
	case !is, failed != nil && !verified:
		return err
	case failed == nil:
		m.b.wrote.Store(from.draft(to), wrote)
	}
	return kept(err, "what was read of "+files.Spell(to.path))
}

// A tally counts what is written.
type tally struct {
	to io.Writer
	n  int64
}

func (t *tally) Write(p []byte) (int, error) {
	n, err := t.to.Write(p)
	t.n += int64(n)
	return n, err
}

// dropped removes the draft of what failed.
func dropped(ctx context.Context, draft files.Draft, err error) error {
	if err == nil {
		return nil
	}
	if failed := draft.Drop(context.WithoutCancel(ctx)); failed != nil {
		return fmt.Errorf("%w; and what was written of it could not be removed: %w", err, failed)
	}
	return err
}

// begun is how much of what is to be copied drafts hold already that are taken up.
func (s *syncing) begun(j *job) (n int64) {
	if len(j.drafts) == 0 || s.to.isStore() {
		return 0
	}
	held := map[string]int64{}
	for _, d := range j.drafts {
		held[d.Path] = d.Size
	}
	for _, t := range j.left() {
		if t.size > partSize {
			of := source{s.from.below(t.rel).at, t.size, t.etag}
			n += min(held[path.Join(path.Dir(t.rel), files.DraftOf(of.token(landing{path: t.rel})))], t.size)
		}
	}
	return n
}

// tidy removes what runs that died left half written. What somebody else writes to stays.
func (s *syncing) tidy(ctx context.Context, j *job) {
	machine, can := s.to.machine.(files.Continuer)
	if !can {
		return
	}
	for _, d := range j.drafts {
		_, _ = machine.Clear(ctx, s.to.path, d.Path) // the next one removes it, or a person
	}
}

// tellDrafts tells a person of what is left half written.
func (s *syncing) tellDrafts(j *job) {
	if len(j.drafts) == 0 || s.to.isStore() {
		return
	}
	var bytes int64
	for _, d := range j.drafts {
		bytes += d.Size
	}
	j.warnings = append(j.warnings, fmt.Sprintf("in %s there is %s, %s: a sync that copies anything goes on with what a dead run left, or removes it; another one's at work stays",
		s.to, counted(len(j.drafts), "unfinished download"), size(bytes)))
}
