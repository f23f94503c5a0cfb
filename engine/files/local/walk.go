//go:build unix

package local

import (
	"context"
	"errors"
	"io/fs"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"runbook/engine/files"
)

const (
	// atOnce is how many look at once for each processor: while one waits for the disk, another one computes.
	atOnce  = 2
	atLeast = 4
	// handful is how many names one looks at before it offers others the rest.
	handful = 256
	// heldDepth is how deep below the root folders stay open for what is in them. What is deeper is reached from the root again, so that
	// no tree takes more open files than there are.
	heldDepth = 64
	// bufferSize is how much of a folder is read at a time. A call for more lasts so long that Go's scheduler takes it for one that waits,
	// and gives its processor to somebody else.
	bufferSize = 16 << 10
	// unlookedKept is how much of what could not be looked at is told of.
	unlookedKept = 100
)

// A name is one in a folder, and what it is, "" if that has to be looked at.
type name struct {
	text string
	kind files.Kind
}

// A listing is where somebody reads the names of one folder after the other.
type listing struct {
	buffer []byte
	names  []name
}

// A task is something to look at: a folder, or names in one that is open.
type task struct {
	in    *folder // held for the task; nil if the folder is to be reached from the root
	at    string  // of the folder to open: its name, or its path from the root
	names []name
}

// A walk is one under way. Who looks takes the newest task first, so that few folders are open at once.
type walk struct {
	files *Files
	ctx   context.Context
	only  files.Filter
	visit func([]files.Entry) error
	root  *folder
	below string // where the root is
	mount mount

	mu      sync.Mutex
	change  sync.Cond // of tasks, busy or over
	tasks   []task
	busy    int
	over    error
	walked  files.Walked
	telling sync.Mutex // held while visit is called
}

// Walk finds what is below a root, many folders at a time.
func (f *Files) Walk(ctx context.Context, root string, only files.Filter, visit func([]files.Entry) error) (files.Walked, error) {
	if err := only.Check("walk"); err != nil {
		return files.Walked{}, err
	}
	opened, err := openFolder(root)
	if err != nil {
		return files.Walked{}, files.Failed("look into", root, err)
	}
	defer opened.close()
	w := &walk{files: f, ctx: ctx, only: only, visit: visit, root: opened, below: root}
	w.change.L = &w.mu
	if w.mount, err = mountOf(opened); err != nil {
		return files.Walked{}, files.Failed("look into", root, err)
	}
	opened.hold()
	w.tasks = []task{{in: opened, at: "."}}
	defer context.AfterFunc(ctx, func() { w.end(context.Cause(ctx)) })()
	var all sync.WaitGroup
	for range max(atLeast, atOnce*runtime.GOMAXPROCS(0)) {
		all.Go(func() { w.work() })
	}
	all.Wait()
	for _, left := range w.tasks { // of a walk that was ended
		left.release()
	}
	return w.walked, w.over
}

func (t task) release() {
	if t.in != nil {
		t.in.close()
	}
}

// A looker is one that looks: what it needs for itself.
type looker struct {
	*walk
	listed listing
	found  []files.Entry
	seen   int64
}

// work does tasks until there are none any more.
func (w *walk) work() {
	l := &looker{walk: w, listed: listing{buffer: make([]byte, bufferSize)}}
	for {
		t, more := w.next()
		if !more {
			break
		}
		l.do(t)
		t.release()
		w.done()
	}
	l.tell()
	w.mu.Lock()
	w.walked.Seen += l.seen
	w.mu.Unlock()
}

// next waits for a task. There is none any more when nobody is at one that could bring others.
func (w *walk) next() (task, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.tasks) == 0 && w.busy > 0 && w.over == nil {
		w.change.Wait()
	}
	if len(w.tasks) == 0 || w.over != nil {
		return task{}, false
	}
	last := len(w.tasks) - 1
	t := w.tasks[last]
	w.tasks = w.tasks[:last]
	w.busy++
	return t, true
}

func (w *walk) done() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.busy--; w.busy == 0 {
		w.change.Broadcast()
	}
}

func (w *walk) add(t task) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tasks = append(w.tasks, t)
	w.change.Signal()
}

// hungry tells whether there is nothing to do for somebody.
func (w *walk) hungry() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.tasks) == 0
}

// end ends the walk. The first reason counts.
func (w *walk) end(reason error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over == nil {
		w.over = reason
	}
	w.change.Broadcast()
}

func (w *walk) ended() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.over != nil
}

// unlooked notes what could not be looked at. What has gone, or has become something else, since its name was read is not there to be.
func (w *walk) unlooked(at string, err error) {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP) {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.walked.Skipped++
	if len(w.walked.Unlooked) < unlookedKept {
		w.walked.Unlooked = append(w.walked.Unlooked, files.Unlooked{Path: at, Err: files.FailedBelow(w.below, "look at", at, err)})
	}
}

// do does one task.
func (l *looker) do(t task) {
	if t.names != nil {
		l.look(t.in, t.names)
		return
	}
	in, err := l.enter(t)
	if err != nil {
		at := t.at
		if t.in != nil {
			at = t.in.below(at)
		}
		l.unlooked(at, err)
		return
	}
	defer in.close()
	l.list(in)
}

// enter opens the folder of a task.
func (l *looker) enter(t task) (*folder, error) {
	switch {
	case t.in == nil:
		return l.root.descend(t.at)
	case t.at == ".":
		t.in.hold()
		return t.in, nil
	}
	return t.in.open(t.at)
}

// list looks at what is in a folder.
func (l *looker) list(in *folder) {
	if l.only.Stay && !l.mount.has(in) {
		return
	}
	for !l.ended() {
		names, err := in.names(&l.listed)
		if err != nil {
			l.unlooked(in.path, err)
			return
		}
		if len(names) == 0 {
			return
		}
		for len(names) > handful && l.hungry() {
			in.hold()
			l.add(task{in: in, names: slices.Clone(names[:handful])})
			names = names[handful:]
		}
		l.look(in, names)
	}
}

// look looks at names in a folder.
func (l *looker) look(in *folder, names []name) {
	for i := range names {
		l.one(in, &names[i])
	}
	if len(l.found) >= handful {
		l.tell()
	}
}

func (l *looker) one(in *folder, n *name) {
	l.seen++
	if l.only.LeavesOut(n.text) {
		return
	}
	var st unix.Stat_t
	looked := false
	if n.kind == "" || l.only.Stay && n.kind == files.Folder || l.only.Named(n.text, n.kind) {
		if err := in.statListed(n, &st); err != nil {
			l.unlooked(in.below(n.text), err)
			return
		}
		n.kind, looked = kindOf(uint32(st.Mode)), true       //nolint:unconvert // its type is another on other systems
		if l.only.Stay && uint64(st.Dev) != l.mount.device { //nolint:unconvert // likewise
			return
		}
	}
	if n.kind == files.Folder && l.only.Reaches(in.depth+1) {
		l.later(in, n.text)
	}
	if looked && l.only.Named(n.text, n.kind) {
		l.find(in, n.text, &st)
	}
}

// later has a folder looked into.
func (l *looker) later(in *folder, text string) {
	if in.depth >= heldDepth {
		l.add(task{at: in.below(text)})
		return
	}
	in.hold()
	l.add(task{in: in, at: text})
}

// find keeps an entry if it is wanted.
func (l *looker) find(in *folder, text string, st *unix.Stat_t) {
	probe := files.Entry{Size: st.Size, Modified: modified(st)}
	if !l.only.Fits(&probe) {
		return
	}
	text = strings.Clone(text) // it is part of all that was listed with it
	l.found = append(l.found, l.files.entry(in, text, in.below(text), st))
}

// tell tells of what was found.
func (l *looker) tell() {
	if len(l.found) == 0 || l.ended() {
		return
	}
	l.telling.Lock()
	err := l.visit(l.found)
	l.telling.Unlock()
	if err != nil {
		l.end(err)
	}
	l.found = nil
}
