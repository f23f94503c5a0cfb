package script

import (
	"context"

	lua "github.com/yuin/gopher-lua"
)

// maxNesting bounds how deep coroutines and protected calls may stand inside each other, because each level is Go recursion:
// a generator that wraps itself otherwise eats memory long past its deadline. It is of the order of Lua's own LUAI_MAXCCALLS (200).
const maxNesting = 100

// openCoroutine opens the coroutine library with guards for what gopher-lua leaves unguarded: nesting without bound, and a
// coroutine that two branches are in at once, which dereferences nil.
func (vm *VM) openCoroutine(L *lua.LState) {
	open(L, lua.CoroutineLibName, lua.OpenCoroutine)
	lib := L.GetGlobal(lua.CoroutineLibName).(*lua.LTable)
	create := lib.RawGetString("create").(*lua.LFunction).GFunction
	resume := lib.RawGetString("resume").(*lua.LFunction).GFunction

	lib.RawSetString("create", L.NewFunction(func(L *lua.LState) int { return createBare(L, create) }))
	lib.RawSetString("resume", L.NewFunction(func(L *lua.LState) int {
		return vm.guardResume(withGuard(L.Context()), L, resume) // an error in it is a result
	}))
	lib.RawSetString("wrap", L.NewFunction(func(L *lua.LState) int {
		createBare(L, create)
		thread := L.Get(-1)
		L.Pop(1)
		L.Push(L.NewClosure(func(L *lua.LState) int { return vm.wrapped(L, resume) }, thread))
		return 1
	}))
}

// createBare creates a coroutine without the child context that gopher-lua would derive for it and never release; it runs
// under the context of whoever resumes it.
func createBare(L *lua.LState, create lua.LGFunction) int {
	ctx := L.RemoveContext()
	defer L.SetContext(ctx)
	return create(L)
}

func (vm *VM) guardResume(ctx context.Context, L *lua.LState, resume lua.LGFunction) int {
	th := L.CheckThread(1)
	if vm.busy[th] {
		L.RaiseError("cannot resume a coroutine that is running, here or in another branch of parallel")
	}
	if vm.nesting[L]+1 > maxNesting {
		L.RaiseError("coroutines are nested more than %d deep", maxNesting)
	}
	th.SetContext(ctx)
	vm.busy[th], vm.nesting[th] = true, vm.nesting[L]+1
	defer func() {
		delete(vm.busy, th)
		delete(vm.nesting, th)
	}()
	return resume(L)
}

// wrapped resumes the coroutine of coroutine.wrap and raises its error, as the caller's own, with the value that was thrown.
func (vm *VM) wrapped(L *lua.LState, resume lua.LGFunction) int {
	L.Insert(L.Get(lua.UpvalueIndex(1)), 1)
	n := vm.guardResume(L.Context(), L, resume)
	first := L.GetTop() - n + 1
	if lua.LVAsBool(L.Get(first)) {
		return n - 1
	}
	L.Error(L.Get(first+1), 0)
	return 0
}
