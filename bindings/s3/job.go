package s3

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"runbook/engine/action"
	"runbook/engine/files"
)

// An item is a file or an object at one end, by its name below it.
type item struct {
	rel      string
	size     int64
	modified time.Time
	etag     string      // of an object
	entry    files.Entry // of a file
	intended object      // of one that this run intends, and that is not there yet
}

// A transfer is one file or object that is to be copied.
type transfer struct {
	item
	over *item // what it replaces; nil for nothing
	done bool
	sure bool  // its checksum was compared
	err  error // why it failed last, nil if it did not
	// unsure is that an answer was lost: it may be stored already.
	unsure bool
}

// hopeless tells whether a transfer failed in a way in which it would fail again.
func (t *transfer) hopeless() bool { return t.err != nil && !asError(t.err).Retryable }

// A job is all that a sync has to do.
type job struct {
	copies    []*transfer            // in order
	removals  []item                 // likewise
	others    map[string]files.Entry // what is at the end that is copied to, and is no file that is compared
	drafts    []files.Entry          // what is half written there
	missing   []string               // paths of the folders that have to be made there, in order
	unchanged int
	warnings  []string
	removed   bool
	earlier   tallied // what an earlier part of the run copied
}

// A tallied is how much was copied.
type tallied struct {
	files int
	bytes int64
}

// left are the transfers that are not done yet, and may still be.
func (j *job) left() (out []*transfer) {
	for _, c := range j.copies {
		if !c.done && !c.hopeless() {
			out = append(out, c)
		}
	}
	return out
}

// bytes are those of all that is to be copied.
func (j *job) bytes() (n int64) {
	for _, c := range j.copies {
		n += c.size
	}
	return n
}

func (j *job) unverified() (n int) {
	for _, c := range j.copies {
		if c.done && !c.sure {
			n++
		}
	}
	return n
}

func (j *job) result() object {
	removed := 0
	if j.removed || !anyDone(j.copies) {
		removed = len(j.removals)
	}
	return object{
		"copied": float64(len(j.copies) + j.earlier.files), "bytes": float64(j.bytes() + j.earlier.bytes), "removed": float64(removed),
		"unchanged":  float64(j.unchanged - j.earlier.files),
		"unverified": float64(j.unverified()),
	}
}

func anyDone(copies []*transfer) bool {
	return slices.ContainsFunc(copies, func(c *transfer) bool { return c.done })
}

// parts are what becomes of how many.
func (j *job) parts() (out []action.Part) {
	if len(j.copies) > 0 {
		out = append(out, action.Part{What: "copied", Count: len(j.copies), Bytes: j.bytes()})
	}
	if len(j.removals) > 0 {
		out = append(out, action.Part{What: "removed", Count: len(j.removals), Bytes: j.removedBytes()})
	}
	return out
}

func (j *job) removedBytes() (n int64) {
	for _, r := range j.removals {
		n += r.size
	}
	return n
}

// summary says in a line what is to be done.
func (j *job) summary() string {
	parts := []string{fmt.Sprintf("copies %s, %s", counted(len(j.copies), "file"), size(j.bytes()))}
	if len(j.removals) > 0 {
		parts = append(parts, fmt.Sprintf("removes %s, %s", counted(len(j.removals), "file"), size(j.removedBytes())))
	}
	return strings.Join(append(parts, fmt.Sprintf("leaves %d as they are", j.unchanged)), "; ")
}

// evidence is what a plan goes by: what is to be copied and removed, to the byte. A set of thousands is known by its sum.
func (j *job) evidence() map[string]any {
	copies, removals := sha256.New(), sha256.New()
	for _, c := range j.copies {
		fmt.Fprintf(copies, "%q %d %s\n", c.rel, c.size, c.version())
	}
	for _, r := range j.removals {
		fmt.Fprintf(removals, "%q %d %s\n", r.rel, r.size, r.version())
	}
	return map[string]any{
		toCopy:   fmt.Sprintf("%s, %d bytes, %s", counted(len(j.copies), "file"), j.bytes(), hex.EncodeToString(copies.Sum(nil))[:12]),
		toRemove: fmt.Sprintf("%s, %s", counted(len(j.removals), "file"), hex.EncodeToString(removals.Sum(nil))[:12]),
	}
}

// What the evidence is called.
const (
	toCopy   = "copies"
	toRemove = "removals"
)

// rests tells whether a job is what is left of one that was begun: less is to be copied, all of it and what it goes over is older than that, and
// what is to be removed is the same. Removed is last: a job of which only some was removed is another one. What was copied counts as copied then.
func (j *job) rests(of action.Intent) bool {
	var all tallied
	var noun string
	was, _ := of.Evidence.Old[toCopy].(string)
	if _, err := fmt.Sscanf(was, "%d %s %d bytes", &all.files, &noun, &all.bytes); err != nil {
		return false
	}
	done := tallied{all.files - len(j.copies), all.bytes - j.bytes()}
	changed := func(t *transfer) bool {
		return t.modified.After(of.Sent) || t.over != nil && t.over.modified.After(of.Sent)
	}
	if done.files < 0 || done.files > j.unchanged || done.bytes < 0 || slices.ContainsFunc(j.copies, changed) || j.evidence()[toRemove] != of.Evidence.Old[toRemove] {
		return false
	}
	j.earlier = done
	return true
}

// version tells one content of a file or object from another.
func (i item) version() string {
	if i.etag != "" || i.intended != nil {
		return i.etag
	}
	return i.modified.UTC().Format(time.RFC3339Nano)
}

// object is what is in a store, as the intended state holds it.
func (i item) object(at end) object {
	if i.intended != nil {
		return i.intended
	}
	return newObject(at.at, i.size, i.modified, i.etag)
}

func (t *transfer) before(at end) object {
	if t.over == nil {
		return nil
	}
	return t.over.object(at)
}

// after is what is copied to a store, as it will be there, with what it comes from.
func (t *transfer) after(from, to end) object {
	origin := object{"path": files.Spell(from.path), "on": from.on, fileSize: float64(t.size), fileModified: seconds(t.modified)}
	if from.isStore() {
		origin = object{fieldURI: from.at.String(), fieldETag: t.etag, fieldModified: seconds(t.modified)}
	}
	o := newObject(to.at, t.size, t.modified, t.etag)
	o[fieldFrom] = origin
	return o
}
