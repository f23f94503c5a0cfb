package s3

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"runbook/engine/action"
)

// nothing is the view of a run that intends nothing.
type nothing struct{}

func (nothing) Lay(_ action.Target, live map[string]any) (map[string]any, bool) { return live, false }
func (nothing) Intended(string, string, string) []action.Target                 { return nil }

// permissions are those on an object. Nobody can be asked for them beforehand: S3 has no such question.
func permissions(at location, verbs ...string) (out []action.Permission) {
	for _, verb := range verbs {
		out = append(out, action.Permission{System: system, Verb: verb, Resource: objects, Scope: at.bucket, Name: at.key})
	}
	return out
}

// asAny keeps an object that is not there from being one that is.
func asAny(o object) any {
	if o == nil {
		return nil
	}
	return o
}

// evidenceOf is what an object is known again by.
func evidenceOf(o object) action.Evidence {
	if o == nil {
		return action.Evidence{Old: map[string]any{fieldETag: nil}}
	}
	return action.Evidence{Old: map[string]any{fieldETag: o[fieldETag]}}
}

// A condition is what must be there when an object is replaced.
type condition struct{ match, none *string }

// over is the condition that what is there is what the evidence says.
func over(seen action.Evidence) condition {
	etag, known := seen.Old[fieldETag]
	text, _ := etag.(string)
	switch {
	case !known:
		return condition{}
	case text == "":
		return condition{none: aws.String("*")}
	}
	return condition{match: aws.String(`"` + text + `"`)}
}

func ifMatch(etag string) *string {
	if etag == "" {
		return nil
	}
	return aws.String(`"` + etag + `"`)
}

// notReplaced is why an object was not written. That what is there is another one than was seen is the conflict that the gate knows; an
// object that was there and is not is no other than that.
func (b *binding) notReplaced(ctx context.Context, l *link, q question, err error) *action.Error {
	e := b.explain(ctx, l, q, err)
	if e.Code == action.CodeConflict {
		e.Message = "cannot " + q.purpose + ": the object has changed since it was looked at"
		e = e.Try("look at it again: s3.head(%q)", scheme+q.target.Scope+"/"+q.target.Name)
	}
	if e.Code == action.CodeNotFound && strings.Contains(e.Message, "NoSuchKey") {
		e.Code, e.Message = action.CodeConflict, "cannot "+q.purpose+": the object that was to be replaced is not there any more"
	}
	return e
}

// lookAgain is what is really there.
func (b *binding) lookAgain(ctx context.Context, at location) (object, sums, error) {
	l, err := b.link()
	if err != nil {
		return nil, sums{}, err
	}
	return b.head(ctx, l, at, question{purpose: "look at " + at.String(), target: at.target(), needs: "s3:GetObject"})
}

// settled tells from what is there now, and from what was there before, whether something was written. What is neither as before nor as
// wanted may be the work of others.
func settled(now object, before action.Evidence, asWanted func() bool) action.Settlement {
	old, _ := before.Old[fieldETag].(string)
	switch {
	case now != nil && asWanted():
		return action.Done
	case now == nil && old == "", now != nil && textOf(now, fieldETag) == old:
		return action.NotDone
	}
	return action.Unknown
}
