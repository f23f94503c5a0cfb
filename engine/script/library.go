package script

import (
	"encoding/json"
	"slices"

	lua "github.com/yuin/gopher-lua"

	"runbook/engine/action"
	"runbook/engine/module"
)

// removed are names of gopher-lua's base library that reach files, other functions' environments, the interpreter's internals, or
// the screen past the run.
var removed = []string{
	"dofile", "loadfile", "load", "loadstring", "module", "require", "setfenv", "getfenv", "newproxy", "collectgarbage",
	"_printregs", "print", "_GOPHER_LUA_VERSION",
}

// openLibraries gives the interpreter what a script may have: no io, os, debug or channel.
func (vm *VM) openLibraries() {
	L := vm.state
	open(L, lua.BaseLibName, lua.OpenBase)
	for _, name := range removed {
		L.SetGlobal(name, lua.LNil)
	}
	open(L, lua.TabLibName, lua.OpenTable)
	open(L, lua.MathLibName, lua.OpenMath)
	open(L, lua.StringLibName, lua.OpenString)
	openString(L)
	vm.openMetatables(L)
	vm.openCoroutine(L)
	vm.openProtected(L)
	vm.openObjects(L)
	vm.openRandom(L)
	openNumbers(L)
	vm.loader.init()
	L.SetGlobal("require", L.NewFunction(vm.require))
	L.SetGlobal("parallel", L.NewFunction(vm.parallel))
	vm.openGlobals(L)
}

func open(L *lua.LState, name string, fn lua.LGFunction) {
	L.Push(L.NewFunction(fn))
	L.Push(lua.LString(name))
	L.Call(1, 0)
}

func (vm *VM) openMetatables(L *lua.LState) {
	vm.meta.array, vm.meta.table = L.NewTable(), L.NewTable()
	vm.meta.null = &lua.LUserData{Metatable: L.NewTable()}
	vm.meta.null.Metatable.(*lua.LTable).RawSetString("__tostring", L.NewFunction(func(L *lua.LState) int {
		L.Push(lua.LString("null"))
		return 1
	}))
	vm.meta.errorString = L.NewFunction(func(L *lua.LState) int {
		L.Push(L.GetField(L.CheckTable(1), "message"))
		return 1
	})
}

// openRandom makes math.random the host's: what a script gets is written down, so that a resumed run gets it again.
func (vm *VM) openRandom(L *lua.LState) {
	lib := L.GetGlobal(lua.MathLibName).(*lua.LTable)
	lib.RawSetString("randomseed", lua.LNil)
	lib.RawSetString("random", L.NewFunction(func(L *lua.LState) int {
		if vm.loading {
			vm.raise(L, action.Errorf(action.CodeInvalid, "math.random cannot be called while the runbook is loaded").Try("move the call into a step"))
		}
		low, high := 1, 0
		switch L.GetTop() {
		case 0:
			L.Push(lua.LNumber(vm.random(L)))
			return 1
		case 1:
			high = L.CheckInt(1)
		default:
			low, high = L.CheckInt(1), L.CheckInt(2)
		}
		if high < low {
			L.RaiseError("math.random: the interval %d to %d is empty", low, high)
		}
		L.Push(lua.LNumber(low + int(vm.random(L)*float64(high-low+1))))
		return 1
	}))
}

// random is a number in [0, 1), remembered.
func (vm *VM) random(L *lua.LState) float64 {
	const name = "math.random"
	ctx := vm.framed(L)
	past, err := vm.opts.Memory.Recall(ctx, name)
	if err != nil {
		vm.raise(L, err)
	}
	var n float64
	if past != nil && json.Unmarshal(past, &n) == nil {
		return n
	}
	n = vm.opts.Random()
	if err := vm.opts.Memory.Keep(ctx, name, n, false); err != nil {
		vm.raise(L, err)
	}
	return n
}

// openGlobals adds the functions that need no require, and makes a misspelt name an error instead of nil.
func (vm *VM) openGlobals(L *lua.LState) {
	globals := L.Get(lua.GlobalsIndex).(*lua.LTable)
	if g := vm.opts.Globals; g != nil {
		for i := range g.Funcs {
			globals.RawSetString(g.Funcs[i].Name, vm.function(L, g, &g.Funcs[i]))
		}
	}
	vm.strict(L, globals, func(name string) error {
		if slices.Contains(vm.requirable(), name) {
			return action.Errorf(action.CodeScript, "the name %q is not defined", name).Try("add this line above: local %s = require %q", name, name)
		}
		return action.Errorf(action.CodeScript, "the name %q is not defined%s", name, module.DidYouMean(name, vm.knownNames(globals)))
	})
}

func (vm *VM) knownNames(globals *lua.LTable) []string {
	names := vm.requirable()
	globals.ForEach(func(k, _ lua.LValue) { names = append(names, lua.LVAsString(k)) })
	slices.Sort(names)
	return names
}
