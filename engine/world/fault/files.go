package fault

import (
	"context"
	"io"
	"io/fs"
	"path"
	"strings"
	"syscall"

	"runbook/engine/command"
	"runbook/engine/files"
	"runbook/engine/world/scenario"
)

// Files are those of a machine behind the faults of its world. One change is one call, and so is one look; what is looked at besides by
// what a runbook calls counts too.
type Files struct {
	Name  string         // of the machine, as a runbook knows it
	Next  files.System   // what they are when all goes well
	Armed func() *Faults // at the present time
}

var _ files.System = Files{}

// Machine is what the machine calls itself.
func (f Files) Machine(ctx context.Context) (string, error) { return f.Next.Machine(ctx) }

// Knows is how the machine names an owner, an error if it knows none of that name.
func (f Files) Knows(ctx context.Context, owner string) (string, error) {
	return f.Next.Knows(ctx, owner)
}

// meet is the fault that a call meets, nil if it goes well.
func (f Files) meet(faults *Faults, verb, resource, at string) *scenario.Fault {
	return faults.next(Call{System: MachineSystem, Verb: verb, Resource: resource, Namespace: f.Name, Name: files.Spell(at)})
}

// A look is something that only looks.
type look struct{ verb, resource, doing, at string }

// before finds out how a look goes wrong. With a nil error it goes on, and breaks in the middle if half is true.
func (f Files) before(ctx context.Context, l look) (half bool, err error) {
	faults := f.Armed()
	fault := f.meet(faults, l.verb, l.resource, l.at)
	if fault == nil {
		return false, nil
	}
	switch fault.Answer {
	case scenario.Slow:
		if faults.clock.Sleep(ctx, fault.Takes) != nil {
			return false, files.NotEnded(ctx, &command.Cut{Cause: context.Cause(ctx)})
		}
		return false, nil
	case scenario.Half:
		return true, nil
	case scenario.Cut, scenario.Timeout:
		return false, f.lost(ctx, faults, fault)
	}
	return false, f.refusal(fault, l.doing, l.at)
}

// lost is the error of what hangs until it is ended, or whose way back is lost.
func (f Files) lost(ctx context.Context, faults *Faults, fault *scenario.Fault) error {
	if fault.Answer == scenario.Timeout && faults.clock.Sleep(ctx, hung) != nil {
		return files.NotEnded(ctx, &command.Cut{Cause: context.Cause(ctx)})
	}
	return broken(ctx)
}

func broken(ctx context.Context) error { return files.NotEnded(ctx, &command.Lost{Cause: errLost}) }

// failures are what the statuses of a fault about files mean to a file system.
var failures = map[string]error{
	keptOut: fs.ErrPermission, "423": syscall.EBUSY, "500": syscall.EIO, diskFull: syscall.ENOSPC,
}

// diskFull is the answer of a disk without room.
const diskFull = "507"

// refusal is the error of a fault that is one: of the machine, if it is about all of it, or else of its file system.
func (f Files) refusal(fault *scenario.Fault, doing, at string) error {
	failure := failures[fault.Answer]
	if failure == nil || fault.On == MachineSystem {
		return refusal(f.Name, fault)
	}
	e := files.Failed(doing, at, failure)
	if fault.Message != "" {
		e.Message += ": " + fault.Message
	}
	return e
}

// Disk is the file system that a path lies on.
func (f Files) Disk(ctx context.Context, at string) (files.Disk, error) {
	half, err := f.before(ctx, look{readVerb, diskResource, "look at the file system of", at})
	if half {
		err = broken(ctx)
	}
	if err != nil {
		return files.Disk{}, err
	}
	return f.Next.Disk(ctx, at)
}

// Look looks at one path.
func (f Files) Look(ctx context.Context, at string) (files.Entry, error) {
	half, err := f.before(ctx, look{statVerb, fileResource, "look at", at})
	if half {
		err = broken(ctx)
	}
	if err != nil {
		return files.Entry{}, err
	}
	return f.Next.Look(ctx, at)
}

// Link is the first link on the way to a path. No fault is about that: it is looked for only where a run intends something.
func (f Files) Link(ctx context.Context, at string) (link, target string, err error) {
	return f.Next.Link(ctx, at)
}

// Walk finds what is below a root.
func (f Files) Walk(ctx context.Context, root string, only files.Filter, visit func([]files.Entry) error) (files.Walked, error) {
	half, err := f.before(ctx, look{findVerb, fileResource, "look into", root})
	if err != nil {
		return files.Walked{}, err
	}
	if !half {
		return f.Next.Walk(ctx, root, only, visit)
	}
	walked, err := f.Next.Walk(ctx, root, only, func(list []files.Entry) error { return visit(list[:len(list)/2]) })
	if err == nil {
		err = broken(ctx)
	}
	return walked, err
}

// Usage counts what is below a root. It is a walk to a fault: half of a count is none.
func (f Files) Usage(ctx context.Context, root string, stay bool) (files.Usage, error) {
	half, err := f.before(ctx, look{findVerb, fileResource, "look into", root})
	if half {
		err = broken(ctx)
	}
	if err != nil {
		return files.Usage{}, err
	}
	return f.Next.Usage(ctx, root, stay)
}

// Open reads a file.
func (f Files) Open(ctx context.Context, at string, offset int64) (io.ReadCloser, error) {
	half, err := f.before(ctx, look{readVerb, fileResource, "read", at})
	if err != nil {
		return nil, err
	}
	in, err := f.Next.Open(ctx, at, offset)
	if err != nil || !half {
		return in, err
	}
	text, err := io.ReadAll(in)
	if err != nil {
		return nil, err
	}
	return breaking{io.MultiReader(strings.NewReader(string(text[:len(text)/2])), failing{broken(ctx)}), in}, nil
}

// A breaking is a reading that breaks.
type breaking struct {
	io.Reader
	io.Closer
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// Create begins a file.
func (f Files) Create(ctx context.Context, root, at string) (files.Draft, error) {
	faults := f.Armed()
	fault := f.meet(faults, writeVerb, fileResource, path.Join(root, at))
	late := fault != nil && (fault.Done || fault.Answer == scenario.Half || fault.Answer == diskFull)
	if fault != nil && !late {
		switch fault.Answer {
		case scenario.Cut, scenario.Timeout:
			return nil, files.Unwritten(root, at, f.lost(ctx, faults, fault))
		case scenario.Slow:
			if faults.clock.Sleep(ctx, fault.Takes) != nil {
				return nil, files.NotEnded(ctx, &command.Cut{Cause: context.Cause(ctx)})
			}
		default:
			return nil, f.refusal(fault, "write", at)
		}
	}
	d, err := f.Next.Create(ctx, root, at)
	if err != nil || !late {
		return d, err
	}
	return draft{d, f, faults, fault, root, at}, nil
}

// A draft is one that goes wrong once it is begun.
type draft struct {
	files.Draft
	of     Files
	faults *Faults
	fault  *scenario.Fault
	root   string
	at     string
}

// Write finds a disk that is full.
func (d draft) Write(p []byte) (int, error) {
	if d.fault.Answer == diskFull {
		return 0, d.of.refusal(d.fault, "write", d.at)
	}
	return d.Draft.Write(p)
}

// Keep makes it the file if only the answer goes wrong.
func (d draft) Keep(ctx context.Context, a files.Attributes) error {
	if d.fault.Answer == diskFull { // of an empty file
		return d.Draft.Keep(ctx, a)
	}
	end, unended := d.Drop, files.Unwritten
	if d.fault.Done {
		end, unended = func(ctx context.Context) error { return d.Draft.Keep(ctx, a) }, files.Unplaced
	}
	if err := end(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	switch d.fault.Answer {
	case scenario.Cut, scenario.Half, scenario.Timeout:
		return unended(d.root, d.at, d.of.lost(ctx, d.faults, d.fault))
	}
	return d.of.refusal(d.fault, "write", d.at)
}

// Change makes changes below a root, the deepest first. A way that is lost is lost for all that come after.
func (f Files) Change(ctx context.Context, root string, changes []files.Change) ([]error, error) {
	faults := f.Armed()
	errs := make([]error, len(changes))
	var gone error
	for _, i := range files.DeepestFirst(changes) {
		c := changes[i]
		switch {
		case gone != nil:
			errs[i] = files.Uncertain(root, c, gone)
			continue
		case ctx.Err() != nil:
			errs[i] = files.NotChanged(ctx, c)
			continue
		}
		fault := f.meet(faults, string(c.Op), fileResource, path.Join(root, c.Was.Path))
		if fault == nil || fault.Answer == scenario.Slow {
			if fault != nil && faults.clock.Sleep(ctx, fault.Takes) != nil {
				errs[i] = files.NotChanged(ctx, c)
				continue
			}
			if errs[i], gone = f.one(ctx, root, c); gone != nil {
				return nil, gone // nothing at all can be done: it was found with the first
			}
			continue
		}
		if fault.Done {
			_, _ = f.one(context.WithoutCancel(ctx), root, c) // what comes of it nobody hears
		}
		switch fault.Answer {
		case scenario.Cut, scenario.Half, scenario.Timeout:
			gone = f.lost(ctx, faults, fault)
			errs[i] = files.Uncertain(root, c, gone)
		default:
			errs[i] = f.refusal(fault, c.Op.Doing(), c.Was.Path)
		}
	}
	return errs, nil
}

func (f Files) one(ctx context.Context, root string, c files.Change) (did, all error) {
	errs, err := f.Next.Change(ctx, root, []files.Change{c})
	if err != nil {
		return nil, err
	}
	return errs[0], nil
}
