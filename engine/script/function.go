package script

import (
	"context"
	"fmt"

	lua "github.com/yuin/gopher-lua"

	"runbook/engine/action"
	"runbook/engine/module"
)

// moduleTable is a module as a script sees it: its functions and constants, and an error with a suggestion for any other name.
func (vm *VM) moduleTable(L *lua.LState, m *module.Module) (*lua.LTable, error) {
	t := L.NewTable()
	for i := range m.Funcs {
		t.RawSetString(m.Funcs[i].Name, vm.function(L, m, &m.Funcs[i]))
	}
	for _, c := range m.Consts {
		v, err := vm.toLua(c.Value)
		if err != nil {
			return nil, fmt.Errorf("%s.%s: %w", m.Name, c.Name, err)
		}
		t.RawSetString(c.Name, v)
	}
	vm.strict(L, t, func(name string) error {
		return action.Errorf(action.CodeInvalid, "the module %s has no function %q%s", m.Name, name, module.Suggest(name, m.Names())).
			Try("runbook docs %s", m.Name)
	})
	return t, nil
}

// strict makes reading a name that a table does not have an error instead of nil.
func (vm *VM) strict(L *lua.LState, t *lua.LTable, missing func(name string) error) {
	meta := L.NewTable()
	meta.RawSetString("__index", L.NewFunction(func(L *lua.LState) int {
		vm.raise(L, missing(lua.LVAsString(L.ToStringMeta(L.Get(2)))))
		return 0
	}))
	meta.RawSetString("__metatable", lua.LFalse)
	t.Metatable = meta
}

// function is one function of a module as Lua calls it: arguments to Go and checked, the call made, its result to Lua.
func (vm *VM) function(L *lua.LState, m *module.Module, f *module.Func) *lua.LFunction {
	return L.NewFunction(func(L *lua.LState) int {
		result, err := vm.callFunc(L, m, f)
		if err != nil {
			vm.raise(L, err)
		}
		L.Push(result)
		return 1
	})
}

func (vm *VM) callFunc(L *lua.LState, m *module.Module, f *module.Func) (lua.LValue, error) {
	args, err := vm.bind(L, m, f)
	if err != nil {
		return nil, err
	}
	var result any
	if f.Effect() == module.Pure {
		result, err = guard(m, f, func() (any, error) { return f.Pure(L.Context(), args) })
	} else {
		result, err = vm.invoke(L, Call{Module: m, Func: f, Args: args})
	}
	if err != nil {
		return nil, err
	}
	return vm.toLua(result)
}

func (vm *VM) bind(L *lua.LState, m *module.Module, f *module.Func) (module.Args, error) {
	values := make([]any, L.GetTop())
	for i := range values {
		v, err := vm.toGo(L.Get(i+1), 0)
		if err != nil {
			return nil, action.Errorf(action.CodeInvalid, "%s: argument %d: %w", m.Qualified(f), i+1, err)
		}
		values[i] = v
	}
	return f.Bind(m, values)
}

// invoke carries out a call that may block, without the interpreter's lock.
func (vm *VM) invoke(L *lua.LState, call Call) (result any, err error) {
	if vm.loading {
		return nil, action.Errorf(action.CodeInvalid, "%s cannot be called while the runbook is loaded", call.Module.Qualified(call.Func)).
			Try("move the call into a step: nothing may happen before the run has begun")
	}
	ctx := vm.framed(L)
	call.Frame = FrameOf(ctx)
	ctx = context.WithValue(ctx, threadKey{}, L)
	vm.unlocked(L, func() {
		result, err = guard(call.Module, call.Func, func() (any, error) { return vm.opts.Invoke(ctx, call) })
	})
	return result, err
}

// guard turns a panic of a binding into an error: a fault of ours must not look like the script's, nor print a stack.
func guard(m *module.Module, f *module.Func, fn func() (any, error)) (result any, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = action.Errorf(action.CodeInternal, "a fault in %s: %v", m.Qualified(f), r).Try("please report this with the script line")
		}
	}()
	return fn()
}
