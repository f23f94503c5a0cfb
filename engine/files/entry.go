package files

import (
	"fmt"
	"strings"
	"time"
)

// Differs says in what an entry is not the one any more that it was, in the words of a person, and "" if it is. It is the same if it is the
// same file, of the same size and time. Of a folder neither counts: they change with what is in it, which is looked at by itself.
func (e Entry) Differs(now Entry) string {
	switch {
	case e.Kind != now.Kind:
		return fmt.Sprintf("it was a %s, and is a %s now", e.Kind, now.Kind)
	case e.ID != now.ID:
		return "another " + string(now.Kind) + " is in its place now"
	case e.Kind == Folder:
		return ""
	case e.Size != now.Size:
		return fmt.Sprintf("it had %d bytes, and has %d now", e.Size, now.Size)
	case !e.Modified.Equal(now.Modified):
		return fmt.Sprintf("it was last changed at %s, and now at %s", stamp(e.Modified), stamp(now.Modified))
	case e.Target != now.Target:
		return fmt.Sprintf("it pointed at %s, and points at %s now", Spell(e.Target), Spell(now.Target))
	}
	return ""
}

// stamp is a time as exactly as files have it.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// BlockSize is in what space is taken on most file systems, in bytes.
const BlockSize = 4096

// Taken is the space that a file of a size takes, where its file system is not asked.
func Taken(size int64) int64 { return (size + BlockSize - 1) / BlockSize * BlockSize }

// Device is the file system that an entry is on, by the first part of its identity.
func (e Entry) Device() string {
	device, _, _ := strings.Cut(e.ID, ":")
	return device
}
