// Package files is what all file systems of machines have in common: what there is of a file, and the interface by which a machine's
// files are looked at and changed.
//
// It opens nothing and decides nothing. engine/files/local works on the disks of this machine, engine/files/remote on those of one that
// runs commands (engine/command), engine/world/host on simulated ones. Paths are absolute, with slashes, and cleaned; what is below a root
// is named relative to it. Nothing here follows a symbolic link that it meets below a root, so nothing ever leaves one. Read next:
// bindings/host, which offers this to scripts, and bindings/s3, which copies to and from it.
package files

import (
	"context"
	"io"
	"io/fs"
	"time"
)

// A System is the files of one machine. It is safe for concurrent use. Its errors are *action.Error, with a code and what to do next.
type System interface {
	// Machine is what the machine calls itself.
	Machine(ctx context.Context) (string, error)
	// Knows refuses an owner, as user, user:group or :group, that the machine does not know, and returns it as entries tell of it: by name,
	// where a number has one.
	Knows(ctx context.Context, owner string) (string, error)
	// Disk is the file system that a path lies on.
	Disk(ctx context.Context, path string) (Disk, error)
	// Look looks at one path, and not through it if it is a link. Its error has action.CodeNotFound if there is nothing.
	Look(ctx context.Context, path string) (Entry, error)
	// Link is the first link on the way to a path, which may be at its end, and where it points; "" if there is none. What cannot be looked at
	// is none: whoever goes that way is told.
	Link(ctx context.Context, path string) (link, target string, err error)
	// Walk finds what is below a root, which itself is looked through if it is a link, and is not among what is found. Visit is called
	// with some entries at a time, in no order, never twice at once; an error of it ends the walk and is returned. What could not be
	// looked at is told of in the result, and ends nothing.
	Walk(ctx context.Context, root string, only Filter, visit func([]Entry) error) (Walked, error)
	// Usage counts what is below a root, which itself is looked through if it is a link, and not counted: on all file systems, or, if stay
	// is true, on that of the root.
	Usage(ctx context.Context, root string, stay bool) (Usage, error)
	// Open reads a file from an offset in bytes; from its end if that is negative, or from its beginning if it is shorter than that. It looks
	// through links, as whoever names a file means what is in it. What is no file is not opened.
	Open(ctx context.Context, path string, offset int64) (io.ReadCloser, error)
	// Create begins a file that appears only when it is whole: see Draft. Path is relative to the root. Folders on the way are made, the root
	// too. What is in the file's place is replaced if it is a file or a link.
	Create(ctx context.Context, root, path string) (Draft, error)
	// Change makes changes below a root, each only if what it is about is still what it was: see Change. What is deepest is changed first,
	// so that a folder may be among them with all that is in it. It returns one error a change, nil for what was done; the other error says
	// that nothing at all could be done.
	Change(ctx context.Context, root string, changes []Change) ([]error, error)
}

// A Kind is what an entry is.
type Kind string

// The kinds.
const (
	File   Kind = "file"
	Folder Kind = "folder"
	Link   Kind = "link"
	Other  Kind = "other" // a device, a socket, a pipe
)

// An Entry is what there is at a path.
type Entry struct {
	Path     string      // relative to the root of the walk; as it was asked for otherwise
	Kind     Kind        // of the entry itself, never of what a link points at
	Size     int64       // bytes that it holds
	Used     int64       // bytes that it takes on the disk
	Modified time.Time   // its content, last
	Mode     fs.FileMode // permission bits alone
	Owner    string      // name of the user, or the number of one that has no name
	Group    string      // likewise
	Links    int         // how many names it has
	ID       string      // of the file itself, whatever its name: device and inode, with a colon between them
	Target   string      // of a link: where it points
}

// A Disk is a mounted file system, in bytes.
type Disk struct {
	Mount      string // where it is mounted; "" where that cannot be known
	Total      int64
	Used       int64
	Free       int64 // for whoever asks, which is less than what is left for root
	Inodes     int64 // 0 for a file system that does not count them
	InodesFree int64
}

// A Filter says what a walk is to find. The zero value is everything.
type Filter struct {
	Kinds   []Kind    // nil for all
	Before  time.Time // modified before that; zero for any time
	After   time.Time // modified at or after that; zero for any time
	AtLeast int64     // size in bytes
	AtMost  int64     // size in bytes; 0 for no limit
	Names   []string  // patterns of path.Match, and [!ab] as find has it, for the last part of a path, one of which has to match; nil for any name
	Without []string  // patterns likewise: what matches is left out, and if it is a folder, what is in it too
	Depth   int       // how many levels below the root; 0 for all
	Stay    bool      // on the file system of the root
}

// Walked is what a walk came upon.
type Walked struct {
	Seen     int64      // entries looked at, found or not
	Unlooked []Unlooked // what could not be looked at, at most the first hundred of it
	Skipped  int64      // how many could not be
}

// Unlooked is what could not be looked at, and why.
type Unlooked struct {
	Path string // relative to the root
	Err  error
}

// A Draft is a file that is being written, under a name of its own beside the one that it is to have.
type Draft interface {
	io.Writer
	// Keep makes it the file, whole and on the disk; mode and times first, where they are given, and if what it asks last says so.
	Keep(ctx context.Context, attributes Attributes) error
	// Drop removes it. After Keep it does nothing.
	Drop(ctx context.Context) error
}

// Attributes are what a file has beside its content, and on what condition it comes to its place.
type Attributes struct {
	Mode     fs.FileMode // permission bits; 0 for those of the file that is replaced, or else the usual ones
	Modified time.Time   // zero for the time at which it was written
	// If is asked right before the file comes to its place, when nothing is written to it any more; an error of it is why it does not. Nil for
	// nothing to ask.
	If func(context.Context) error
}

// Allowed is nil if the file may come to its place.
func (a Attributes) Allowed(ctx context.Context) error {
	if a.If == nil {
		return nil
	}
	return a.If(ctx)
}

// A Change is one change to one entry below a root.
type Change struct {
	Op  Op
	Was Entry  // what it was when this was decided: see Entry.Differs
	To  string // Rename: the new path below the root, at which there must be nothing. Chown: the owner, as user, user:group or :group
}

// An Op is a kind of change.
type Op string

// The changes. None of them follows a link.
const (
	Remove Op = "remove" // a file, a link, or a folder that is empty by then
	Chown  Op = "chown"
	Rename Op = "rename"
)
