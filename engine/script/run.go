package script

import (
	"context"
	"fmt"

	lua "github.com/yuin/gopher-lua"

	"runbook/engine/action"
	"runbook/engine/module"
)

// A Session is one execution of a loaded runbook: the table that its steps share.
type Session struct {
	vm  *VM
	run *lua.LTable
}

// Begin makes the table `run` that is passed to every step, with the parameters in it.
func (vm *VM) Begin(params map[string]any) (*Session, error) {
	vm.enter(vm.state)
	defer vm.leave()
	L := vm.state
	table, names := L.NewTable(), make([]string, 0, len(params))
	for name, value := range params {
		v, err := vm.toLua(value)
		if err != nil {
			return nil, fmt.Errorf("parameter %s: %w", name, err)
		}
		if v != lua.LNil {
			table.RawSetString(name, v)
		}
		names = append(names, name)
	}
	known := map[string]bool{}
	for _, n := range names {
		known[n] = true
	}
	vm.paramsMeta(L, table, names, known)
	run := L.NewTable()
	run.RawSetString("params", table)
	return &Session{vm: vm, run: run}, nil
}

// paramsMeta makes a misspelt parameter an error, and one without a value nil.
func (vm *VM) paramsMeta(L *lua.LState, t *lua.LTable, names []string, known map[string]bool) {
	meta := L.NewTable()
	meta.RawSetString("__index", L.NewFunction(func(L *lua.LState) int {
		name := lua.LVAsString(L.Get(2))
		if !known[name] {
			vm.raise(L, action.Errorf(action.CodeScript, "this runbook has no parameter %q%s", name, module.Suggest(name, names)))
		}
		L.Push(lua.LNil)
		return 1
	}))
	t.Metatable = meta
}

// Step runs one step. The error, if any, is an *Error.
func (s *Session) Step(ctx context.Context, step *Step) error {
	return s.Call(ctx, step.fn)
}

// Call runs a function of the script with the run's table.
func (s *Session) Call(ctx context.Context, fn *lua.LFunction) error {
	s.vm.enter(s.vm.state)
	defer s.vm.leave()
	s.vm.state.SetContext(ctx)
	_, err := s.vm.call(s.vm.state, fn, s.run) //nolint:contextcheck // the thread carries it
	return err
}
