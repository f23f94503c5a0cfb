package script

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"

	lua "github.com/yuin/gopher-lua"

	"runbook/engine/action"
	"runbook/engine/module"
)

// defaultLimit is how many branches run at once where a script does not say.
const defaultLimit = 16

var parallelOptions = []module.Param{
	{Name: "limit", Kind: module.Integer, Default: int64(defaultLimit), Min: module.Bound(1), Max: module.Bound(1000), Doc: "how many calls are under way at once"},
	{Name: "on_error", Kind: module.String, Default: "stop", Enum: []string{"stop", "continue"}, Doc: "stop: no call begins after the first error, which is raised; continue: errors are returned"},
}

// group is one call of parallel: its branches, and what came of each.
type group struct {
	vm      *VM
	fn      *lua.LFunction
	items   []lua.LValue
	labels  []string
	stop    bool // at the first error
	next    int
	results []lua.LValue
	errs    []*Error
	first   int    // index of the error that stopped the group, -1 if none did
	course  course // of an earlier time, if recalled
	begun   int    // how many branches had begun at an earlier time that did not come to the end of the group

	recalled bool
}

// A course is what went by chance in a group: in a group that stops at its first error, which error was the first, and how many
// branches had begun by then.
type course struct {
	Began int `json:"began"`
	First int `json:"first,omitempty"` // counted from 1, 0 for none
}

// parallel(items, {limit =, on_error =}, fn) calls fn(item, index) for every item, several at once, each on a Lua thread and a
// goroutine of its own. It returns the results in the order of the items, false where there was none, and a table of errors by index.
// With on_error = "stop", the default, no branch begins after the first error, those under way end, and the error is raised.
func (vm *VM) parallel(L *lua.LState) int {
	if vm.loading {
		vm.raise(L, action.Errorf(action.CodeInvalid, "parallel cannot be called while the runbook is loaded").Try("move the call into a step"))
	}
	items, options, fn := L.CheckTable(1), L.Get(2), L.Get(3)
	if fn == lua.LNil {
		options, fn = lua.LNil, options
	}
	function, ok := fn.(*lua.LFunction)
	if !ok {
		vm.raise(L, action.Errorf(action.CodeInvalid, "parallel(items, options, function) needs a function as its last argument"))
	}
	args, err := vm.parallelArgs(options)
	if err != nil {
		vm.raise(L, err)
	}
	g := vm.newGroup(items, function, args.String("on_error") == "stop")
	limit, _ := args.Int("limit")
	ctx := vm.framed(L)
	if err := g.recall(ctx); err != nil {
		vm.raise(L, err)
	}
	g.run(L, int(limit))
	if err := g.keep(ctx); err != nil {
		vm.raise(L, err)
	}
	return g.finish(L)
}

// GroupName is what the course of a group is remembered as.
const GroupName = "parallel"

// recall makes a group that ran before go the same way again: no branch begins that had not begun then. One that was under way begins
// at least the branches that had begun, because what they were doing has to be finished.
func (g *group) recall(ctx context.Context) error {
	past, err := g.vm.opts.Memory.Recall(ctx, GroupName)
	if err != nil {
		return err
	}
	if past == nil {
		g.begun = len(g.items)
		for g.begun > 0 && !g.vm.opts.Memory.Begun(g.path(ctx, g.begun-1)) {
			g.begun--
		}
		return nil
	}
	g.recalled = true
	return json.Unmarshal(past, &g.course)
}

// keep remembers how the group went, unless the run was ended meanwhile: then it did not come to its end.
func (g *group) keep(ctx context.Context) error {
	if g.recalled || ctx.Err() != nil {
		return nil
	}
	return g.vm.opts.Memory.Keep(ctx, GroupName, course{Began: g.next, First: g.first + 1}, g.stopped())
}

// stopped tells whether an error ended the group.
func (g *group) stopped() bool { return g.stop && g.first >= 0 }

func (vm *VM) parallelArgs(options lua.LValue) (module.Args, error) {
	v, err := vm.toGo(options, 0)
	if err != nil {
		return nil, err
	}
	return module.BindOptions("parallel", parallelOptions, v)
}

func (vm *VM) newGroup(items *lua.LTable, fn *lua.LFunction, stop bool) *group {
	n := items.Len()
	g := &group{vm: vm, fn: fn, stop: stop, first: -1, results: make([]lua.LValue, n), errs: make([]*Error, n)}
	for i := 1; i <= n; i++ {
		g.items = append(g.items, items.RawGetInt(i))
	}
	g.labels = vm.branchLabels(g.items)
	return g
}

// run starts the workers and waits for them without the lock. They are counted as running before this branch stops, and the last of
// them is counted until this branch goes on in its place, so that a virtual clock cannot move in between.
func (g *group) run(L *lua.LState, limit int) {
	workers := min(limit, len(g.items))
	if workers == 0 {
		return
	}
	var wg sync.WaitGroup
	var left atomic.Int64
	left.Store(int64(workers))
	for range workers {
		g.vm.opts.Workers.Start()
		wg.Go(func() {
			g.work(L)
			if left.Add(-1) > 0 {
				g.vm.opts.Workers.Stop()
			}
		})
	}
	g.vm.opts.Workers.Stop()
	g.vm.unlocked(L, wg.Wait)
}

// work takes items until none is left.
func (g *group) work(parent *lua.LState) {
	for {
		g.vm.mu.Lock()
		i := g.next
		if !g.more(i) || parent.Context().Err() != nil {
			g.vm.mu.Unlock()
			return
		}
		g.next++
		g.branch(parent, i)
		g.vm.mu.Unlock()
	}
}

// more tells whether the branch with that index begins.
func (g *group) more(i int) bool {
	if g.recalled {
		return i < g.course.Began
	}
	return i < g.begun || i < len(g.items) && !g.stopped()
}

// branch runs one item. The caller holds the lock.
func (g *group) branch(parent *lua.LState, i int) {
	th, cancel := parent.NewThread()
	cancel()
	ctx := withBranch(parent.Context(), g.path(parent.Context(), i))
	if !g.stop {
		ctx = withGuard(ctx)
	}
	th.SetContext(ctx)
	g.vm.nesting[th] = g.vm.nesting[parent] + 1
	defer delete(g.vm.nesting, th)
	results, err := g.vm.protect(th, th, g.fn, []lua.LValue{g.items[i], lua.LNumber(i + 1)}, nil)
	if err != nil {
		g.errs[i] = g.vm.toError(ctx, err)
		if g.first < 0 || harmless(g.errs[g.first]) && !harmless(g.errs[i]) {
			g.first = i
		}
		return
	}
	if len(results) > 0 {
		g.results[i] = results[0]
	}
}

// harmless tells whether an error only ends a step: it must not hide another branch's failure.
func harmless(err *Error) bool {
	return err.Failure.Code == action.CodeSkipped || err.Failure.Code == action.CodeDeclined
}

// path is that of the branch with that index in a group that is called with that context.
func (g *group) path(ctx context.Context, i int) string {
	return action.NestBranch(BranchOf(ctx), g.labels[i])
}

func (g *group) finish(L *lua.LState) int {
	if ended(L) {
		L.RaiseError("%s", errEnded)
	}
	if g.recalled {
		g.first = g.course.First - 1
	}
	if g.stopped() && g.errs[g.first] != nil {
		g.vm.raise(L, g.errs[g.first])
	}
	results, errs := g.vm.newArray(len(g.items)), L.NewTable()
	for i := range g.items {
		if g.results[i] == nil || g.results[i] == lua.LNil {
			g.results[i] = lua.LFalse
		}
		results.Append(g.results[i])
		if g.errs[i] != nil {
			errs.RawSetInt(i+1, g.vm.errorTable(L, g.errs[i]))
		}
	}
	L.Push(results)
	L.Push(errs)
	return 2
}

// branchLabels names the branches for a person and for the keys of operations: an item that is a string by itself, an object by
// its name, anything else, and whatever is not unique, by its index.
func (vm *VM) branchLabels(items []lua.LValue) []string {
	labels, seen := make([]string, len(items)), map[string]int{}
	for i, item := range items {
		labels[i] = vm.opts.Clean(vm.itemName(item))
		seen[labels[i]]++
	}
	for i := range labels {
		if !action.IsBranchLabel(labels[i]) || seen[labels[i]] > 1 {
			labels[i] = action.NumberBranch(i + 1)
		}
	}
	return labels
}

func (vm *VM) itemName(item lua.LValue) string {
	switch v := item.(type) {
	case lua.LString:
		return string(v)
	case lua.LNumber:
		return fmt.Sprint(float64(v))
	case *lua.LTable:
		return text(v.RawGetString("name"))
	case *lua.LUserData:
		if o, ok := asObject(v); ok {
			return vm.objectName(o)
		}
	}
	return ""
}

func (vm *VM) objectName(o *object) string {
	if meta, ok := asObject(vm.get(o, "metadata")); ok {
		return text(vm.get(meta, "name"))
	}
	return text(vm.get(o, "name"))
}
