// Package script is the Lua host, and the only package that imports gopher-lua: the interpreter with its sandbox and limits, the
// values that cross between Go and Lua, errors, parallel branches, and the loading of runbooks.
//
// A script reaches the outside world only through Options.Invoke; nothing here knows what a dry run is, and nothing here
// performs I/O beyond the folders that it is given. Facts about gopher-lua that shape this code stand beside the code that deals
// with them. Read next: function.go for the way of one call, object.go for values from outside, engine/gate for what Invoke does.
package script

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"sync"

	lua "github.com/yuin/gopher-lua"

	"runbook/engine/module"
)

// Sizes of the interpreter. gopher-lua's registry does not grow by default, and with a maximum alone it grows 32 slots at a
// time, which is quadratic; its call stack bounds recursion, and, times maxNesting, the Go stack.
const (
	registrySize     = 1 << 10
	registryMaxSize  = 1 << 20
	registryGrowStep = 1 << 16
	callStackSize    = 1000
)

// Options are what a VM needs from its run.
type Options struct {
	Modules   []*module.Module // what require finds by name
	Globals   *module.Module   // functions that every script has without require
	Libraries fs.FS            // Lua files that every script may require; nil for none
	Own       fs.FS            // the runbook's own folder; nil for none
	Invoke    Invoke           // carries out everything that is not pure
	Workers   Workers          // told which branches are running; nil if nobody wants to know
	Random    func() float64   // in [0, 1), behind math.random
	Memory    Memory           // of what went by chance; nil for none
	// Clean returns a text as it may be written down: without secrets. What is cut short, or names a branch, passes through it
	// beforehand, because half a secret is not recognised later. Nil for no secrets.
	Clean func(text string) string
	// Coverage is told, when the VM is closed, which lines were run; nil for nobody, which costs nothing.
	Coverage *Coverage
}

// A Memory remembers what a script got by chance, so that it goes the same way when it runs again. What ends the run instead of
// being remembered is raised in the script.
type Memory interface {
	// Recall returns the value that stands next on the branch's record under that name, nil if none does.
	Recall(ctx context.Context, name string) (json.RawMessage, error)
	// Keep writes a value down. Failed says that it tells of a failure, which need not repeat when the run is taken up again.
	Keep(ctx context.Context, name string, value any, failed bool) error
	// Begun tells whether a branch, or one inside of it, has something left to hear.
	Begun(branch string) bool
}

type noMemory struct{}

func (noMemory) Recall(context.Context, string) (json.RawMessage, error) { return nil, nil }
func (noMemory) Keep(context.Context, string, any, bool) error           { return nil }
func (noMemory) Begun(string) bool                                       { return false }

// Invoke carries out one call of a function that is not pure. It may block and is called without the interpreter's lock.
type Invoke func(ctx context.Context, call Call) (any, error)

// A Call is one call of a module's function, its arguments checked.
type Call struct {
	Module *module.Module
	Func   *module.Func
	Args   module.Args
	Frame  Frame
}

// A Frame is the place in the script that a call comes from.
type Frame struct {
	Branch string // path of parallel items, "" outside parallel
	Where  Position
	// Guarded tells whether the script catches an error of the call: by try or pcall, or because a group collects those of its branches.
	Guarded bool
}

// Workers is told when a branch of a script begins and ends to run, as opposed to waiting for other branches. A virtual clock
// needs it: time may move only when no branch is running.
type Workers interface {
	Start()
	Stop()
}

type noWorkers struct{}

func (noWorkers) Start() {}
func (noWorkers) Stop()  {}

// A VM runs one script. Its interpreter is used by one goroutine at a time: each parallel branch has its own goroutine and Lua
// thread, and the lock is released only inside blocking Go calls.
type VM struct {
	opts    Options
	state   *lua.LState
	mu      sync.Mutex
	loading bool // no operation is possible: a runbook's header is data
	loader  loader
	callers map[*lua.LState]*lua.LState // of a protected call's thread: the thread that it is made from
	nesting map[*lua.LState]int         // how deep a thread is nested in protected calls and coroutines
	busy    map[*lua.LState]bool        // coroutines that some branch is in
	idle    []*lua.LState               // threads for the next protected calls
	meta    metatables
	covered map[string]*hits // by file
}

// New makes a VM whose scripts end when ctx does. Close it.
func New(ctx context.Context, opts Options) *VM {
	if opts.Workers == nil {
		opts.Workers = noWorkers{}
	}
	if opts.Clean == nil {
		opts.Clean = func(s string) string { return s }
	}
	if opts.Memory == nil {
		opts.Memory = noMemory{}
	}
	vm := &VM{
		opts:    opts,
		callers: map[*lua.LState]*lua.LState{},
		nesting: map[*lua.LState]int{},
		busy:    map[*lua.LState]bool{},
		covered: map[string]*hits{},
		state: lua.NewState(lua.Options{
			SkipOpenLibs:        true,
			RegistrySize:        registrySize,
			RegistryMaxSize:     registryMaxSize,
			RegistryGrowStep:    registryGrowStep,
			CallStackSize:       callStackSize,
			MinimizeStackMemory: true,
		}),
	}
	// Before any coroutine is made: a thread takes its context, and with it the interruptible main loop, when it is created.
	vm.state.SetContext(ctx)
	vm.openLibraries() //nolint:contextcheck // the thread carries it
	return vm
}

// Close frees the interpreter. No branch may be running.
func (vm *VM) Close() {
	for file, h := range vm.covered {
		vm.opts.Coverage.add(file, h)
	}
	vm.state.Close()
}

// enter takes the interpreter for the thread; leave gives it back.
func (vm *VM) enter(L *lua.LState) {
	vm.mu.Lock()
	L.G.CurrentThread = L
}

func (vm *VM) leave() { vm.mu.Unlock() }

// unlocked runs fn without the interpreter's lock, so that other branches run meanwhile.
func (vm *VM) unlocked(L *lua.LState, fn func()) {
	vm.leave()
	defer vm.enter(L)
	fn()
}

// call runs a Lua function on the thread and returns its first result. The caller holds the lock.
func (vm *VM) call(L *lua.LState, fn lua.LValue, args ...lua.LValue) (lua.LValue, error) {
	th, release := vm.newThread(L)
	results, err := vm.protect(th, L, fn, args, nil)
	release(err == nil)
	if err != nil {
		return nil, vm.toError(L.Context(), err)
	}
	if len(results) == 0 {
		return lua.LNil, nil
	}
	return results[0], nil
}

// A branchKey is the context key of a branch's path.
type branchKey struct{}

func withBranch(ctx context.Context, branch string) context.Context {
	return context.WithValue(ctx, branchKey{}, branch)
}

// BranchOf returns the path of the parallel branch that ctx belongs to, "" outside parallel.
func BranchOf(ctx context.Context) string {
	branch, _ := ctx.Value(branchKey{}).(string)
	return branch
}

// A frameKey is the context key of the frame of the call being carried out.
type frameKey struct{}

// FrameOf returns the place in the script of the call that ctx belongs to.
func FrameOf(ctx context.Context) Frame {
	frame, _ := ctx.Value(frameKey{}).(Frame)
	return frame
}

// framed is the context of the thread with the place that it has come to.
func (vm *VM) framed(L *lua.LState) context.Context {
	return context.WithValue(L.Context(), frameKey{}, Frame{
		Branch: BranchOf(L.Context()), Where: vm.where(L), Guarded: guardedIn(L.Context()),
	})
}

// ended tells whether the thread's context is over. Only the context can say so: cancellation arrives in Lua as a string.
func ended(L *lua.LState) bool { return L.Context().Err() != nil }

// errEnded ends a script whose context is over; what a person reads is the context's cause.
var errEnded = errors.New("the run has ended")
