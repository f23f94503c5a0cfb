package files

import (
	"context"
	"crypto/rand"
	"io"
	"strings"
)

// What the names of drafts begin and end with.
const (
	draftPrefix = ".runbook-"
	draftSuffix = ".part"
)

// DraftName is a name for a draft that nothing else has.
func DraftName() string { return draftPrefix + strings.ToLower(rand.Text()) + draftSuffix }

// IsDraft tells whether a name is that of a draft. One that nobody writes to any more is left of a run that was killed.
func IsDraft(name string) bool {
	return strings.HasPrefix(name, draftPrefix) && strings.HasSuffix(name, draftSuffix)
}

// DraftOf is the name of the draft of a token, which whoever has the same token finds again.
func DraftOf(token string) string { return draftPrefix + token + draftSuffix }

// A Continuer is a System on which what a run wrote of a file can be taken up by another one, when the first has died.
type Continuer interface {
	// Continue begins a file as Create does, or takes up the draft of that token in the same folder, unless somebody writes to it. Whether it
	// is what it should be is for the caller to know, who reads it first.
	Continue(ctx context.Context, root, path, token string) (Continued, error)
	// Clear removes a draft below a root, unless somebody writes to it, or may, for all that can be known there; gone is whether it is not there any more.
	Clear(ctx context.Context, root, path string) (gone bool, err error)
}

// A Continued is a draft that may have a beginning already. One that was not kept because the way to its machine was lost stays, for who has its
// token.
type Continued interface {
	Draft
	// Begun gives what is there of it, at most so many bytes, to somebody who looks at it. It is called once, before anything is written, which
	// comes behind that.
	Begun(ctx context.Context, most int64, to io.Writer) (int64, error)
	// Leave ends the writing, and keeps what there is, on the disk, for who takes it up. Kept is false if there is nothing, or if it is not the
	// draft of its token, as that could not be taken: nobody would find it, so it is removed. With an error, kept is whether something is there
	// as far as that is known.
	Leave(ctx context.Context) (kept bool, err error)
}
