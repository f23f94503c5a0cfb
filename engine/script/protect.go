package script

import (
	"context"
	"errors"

	lua "github.com/yuin/gopher-lua"
)

// newThread makes a Lua thread that runs under L's context. release frees it.
//
// Protected calls run on a thread of their own because gopher-lua closes every open upvalue of a thread when an error is raised
// on it (yuin/gopher-lua#448): after a pcall that caught one, a local of the caller and the closures over it would go apart, and
// a script that counts failures would count wrong. A thread that saw an error is not used again: closures may still point into it.
func (vm *VM) newThread(L *lua.LState) (th *lua.LState, release func(clean bool)) {
	if n := len(vm.idle); n > 0 {
		th, vm.idle = vm.idle[n-1], vm.idle[:n-1]
	} else {
		var cancel context.CancelFunc
		th, cancel = L.NewThread()
		cancel() // the context that gopher-lua derived; L's own is used instead
	}
	th.SetContext(L.Context())
	vm.nesting[th], vm.callers[th] = vm.nesting[L]+1, L
	return th, func(clean bool) {
		delete(vm.nesting, th)
		delete(vm.callers, th)
		if clean && len(vm.idle) < maxIdle {
			vm.idle = append(vm.idle, th)
		}
	}
}

// maxIdle is how many threads are kept for the next protected call. A thread costs tens of kilobytes to make, and a script that calls
// try in a loop needs one at a time.
const maxIdle = 8

// A guardKey is the context key of what is done where the script catches errors.
type guardKey struct{}

func guardedIn(ctx context.Context) bool { return ctx.Value(guardKey{}) != nil }

// withGuard adds nothing twice: every instruction of the interpreter goes through the context.
func withGuard(ctx context.Context) context.Context {
	if guardedIn(ctx) {
		return ctx
	}
	return context.WithValue(ctx, guardKey{}, true)
}

// protect calls fn on the thread th on behalf of L. The caller holds the lock, and still does when protect returns.
func (vm *VM) protect(th, L *lua.LState, fn lua.LValue, args []lua.LValue, handler *lua.LFunction) ([]lua.LValue, error) {
	if vm.nesting[th] > maxNesting {
		return nil, &lua.ApiError{Type: lua.ApiErrorRun, Object: lua.LString("protected calls are nested too deep")}
	}
	L.G.CurrentThread = th
	defer func() { L.G.CurrentThread = L }()
	th.Push(fn)
	for _, a := range args {
		th.Push(a)
	}
	if err := th.PCall(len(args), lua.MultRet, handler); err != nil {
		return nil, err
	}
	results := make([]lua.LValue, th.GetTop())
	for i := range results {
		results[i] = th.Get(i + 1)
	}
	th.SetTop(0)
	return results, nil
}

// openProtected replaces pcall and xpcall and adds try. None of them can catch the end of the run.
func (vm *VM) openProtected(L *lua.LState) {
	L.SetGlobal("pcall", L.NewFunction(func(L *lua.LState) int {
		return vm.protected(L, 2, nil, func(err *lua.ApiError) []lua.LValue { return []lua.LValue{lua.LFalse, err.Object} })
	}))
	L.SetGlobal("xpcall", L.NewFunction(func(L *lua.LState) int {
		handler := L.CheckFunction(2)
		return vm.protected(L, 3, handler, func(err *lua.ApiError) []lua.LValue { return []lua.LValue{lua.LFalse, err.Object} })
	}))
	L.SetGlobal("try", L.NewFunction(vm.try))
}

func (vm *VM) protected(L *lua.LState, firstArg int, handler *lua.LFunction, onError func(*lua.ApiError) []lua.LValue) int {
	results, apiErr := vm.runProtected(L, firstArg, handler)
	if apiErr != nil {
		return pushAll(L, onError(apiErr))
	}
	return pushAll(L, append([]lua.LValue{lua.LTrue}, results...))
}

// try(f, ...) returns what f returns, or nil and the error as a table, whatever was thrown.
func (vm *VM) try(L *lua.LState) int {
	results, apiErr := vm.runProtected(L, 2, nil)
	if apiErr != nil {
		return pushAll(L, []lua.LValue{lua.LNil, vm.errorTable(L, vm.toError(L.Context(), apiErr))})
	}
	return pushAll(L, results)
}

func (vm *VM) runProtected(L *lua.LState, firstArg int, handler *lua.LFunction) ([]lua.LValue, *lua.ApiError) {
	fn := L.CheckAny(1)
	args := arguments(L, firstArg)
	th, release := vm.newThread(L)
	th.SetContext(withGuard(L.Context()))
	results, err := vm.protect(th, L, fn, args, handler)
	release(err == nil)
	if ended(L) {
		// Not catchable: a loop around pcall would otherwise outlive its deadline.
		L.RaiseError("%s", errEnded)
	}
	if err == nil {
		return results, nil
	}
	apiErr, ok := errors.AsType[*lua.ApiError](err)
	if !ok {
		apiErr = &lua.ApiError{Type: lua.ApiErrorRun, Object: lua.LString(err.Error()), Cause: err}
	}
	return nil, apiErr
}

func arguments(L *lua.LState, first int) []lua.LValue {
	var args []lua.LValue
	for i := first; i <= L.GetTop(); i++ {
		args = append(args, L.Get(i))
	}
	return args
}

func pushAll(L *lua.LState, values []lua.LValue) int {
	for _, v := range values {
		L.Push(v)
	}
	return len(values)
}
