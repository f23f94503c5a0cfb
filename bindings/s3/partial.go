package s3

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"time"

	"runbook/engine/files"
	"runbook/engine/module"
)

// A large object is written in its order, so what a run that died has of it is its beginning. The draft is named for the object, its ETag
// among that, and is taken up by whoever copies the same object to the same place: it is read again, past the checksum of the whole, so
// neither a torn draft nor one of somebody else becomes a file. An object that the store has no checksum of begins again.

// token names the draft of an object in a place.
func (s source) token(to landing) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %d %q", s.at.bucket, s.at.key, s.etag, s.size, path.Base(to.path)))
	return hex.EncodeToString(sum[:13])
}

// goOn puts a large object in a file's place, and goes on where another attempt ended. It is verified as a whole.
func (m mover) goOn(ctx context.Context, from source, to landing, machine files.Continuer, v *verifier) error {
	draft, err := machine.Continue(ctx, to.root, to.path, from.token(to))
	if err != nil {
		return err
	}
	begun, err := draft.Begun(from.size, v)
	m.moved(begun)
	if err == nil {
		err = m.inOrder(ctx, from, begun, draft, v)
	}
	if err != nil && transient(ctx, err) {
		if left := draft.Leave(); left != nil {
			return left
		}
		return kept(err, "what was read of "+files.Spell(to.path))
	}
	if err == nil {
		err = v.check(from.question())
	}
	if err == nil {
		err = to.still(ctx)
	}
	if err == nil {
		err = draft.Keep(ctx, files.Attributes{Modified: to.modified})
	}
	return dropped(ctx, draft, err)
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

// dead is after what time a draft counts as one of a run that died, where that cannot be known. Nobody writes that slowly.
const dead = 24 * time.Hour

// tidy removes what runs that died left half written. What somebody else writes to stays.
func (s *syncing) tidy(ctx context.Context, j *job) {
	machine, knows := s.to.machine.(files.Continuer)
	var changes []files.Change
	for _, d := range j.drafts {
		switch {
		case knows:
			_, _ = machine.Clear(ctx, s.to.path, d.Path) // the next one removes it, or a person
		case module.OutsideOf(ctx).Now().Sub(d.Modified) > dead:
			changes = append(changes, files.Change{Op: files.Remove, Was: d})
		}
	}
	if len(changes) > 0 {
		_, _ = s.to.machine.Change(ctx, s.to.path, changes) // likewise
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
