package script

import (
	"maps"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
	lua "github.com/yuin/gopher-lua"

	"runbook/engine/action"
)

// openObjects makes objects from outside behave like tables: type, pairs, next and tostring know them, and copy makes a table of
// one.
func (vm *VM) openObjects(L *lua.LState) {
	vm.meta.object, vm.meta.secret = vm.objectMeta(L), vm.secretMeta(L)
	L.SetGlobal("type", L.NewFunction(luaType))
	basePairs := L.GetGlobal("pairs").(*lua.LFunction)
	baseNext := L.GetGlobal("next").(*lua.LFunction)
	baseIpairs := L.GetGlobal("ipairs").(*lua.LFunction)
	next := L.NewFunction(func(L *lua.LState) int { return vm.next(L, baseNext) })
	L.SetGlobal("next", next)
	L.SetGlobal("pairs", L.NewFunction(func(L *lua.LState) int {
		if o, ok := asObject(L.Get(1)); ok {
			return vm.pairs(L, o)
		}
		vm.goesThrough(L, "pairs", "a table")
		return forward(L, basePairs)
	}))
	L.SetGlobal("ipairs", L.NewFunction(func(L *lua.LState) int {
		if _, ok := asObject(L.Get(1)); ok {
			vm.raise(L, action.Errorf(action.CodeInvalid, "ipairs goes through a list, and this is an object with names: use pairs"))
		}
		vm.goesThrough(L, "ipairs", "a list")
		return forward(L, baseIpairs)
	}))
	L.SetGlobal("copy", L.NewFunction(func(L *lua.LState) int {
		L.Push(vm.copyValue(L, L.CheckAny(1), 0))
		return 1
	}))
}

// goesThrough refuses what is no table: gopher-lua does not know what a function is called that is called by one of ours.
func (vm *VM) goesThrough(L *lua.LState, function, what string) {
	value := L.Get(1)
	if value.Type() == lua.LTTable {
		return
	}
	err := action.Errorf(action.CodeInvalid, "%s goes through %s, and this is %s", function, what, described(value))
	if value == lua.LNil {
		err = err.Try("the value is missing: check it with `if value then`, or look at what the call returned")
	}
	vm.raise(L, err)
}

func described(value lua.LValue) string {
	if value == lua.LNil {
		return "nil"
	}
	return "a " + value.Type().String()
}

func (vm *VM) objectMeta(L *lua.LState) *lua.LTable {
	meta := L.NewTable()
	meta.RawSetString("__index", L.NewFunction(func(L *lua.LState) int {
		o, _ := asObject(L.Get(1))
		key, ok := L.Get(2).(lua.LString)
		if !ok {
			L.Push(lua.LNil)
			return 1
		}
		L.Push(vm.get(o, string(key)))
		return 1
	}))
	meta.RawSetString("__newindex", L.NewFunction(func(L *lua.LState) int {
		vm.raise(L, action.Errorf(action.CodeInvalid, "cannot set %q: an object that came from outside is read-only", L.ToString(2)).
			Try("local mine = copy(object), and change that"))
		return 0
	}))
	meta.RawSetString("__eq", L.NewFunction(func(L *lua.LState) int {
		a, okA := asObject(L.Get(1))
		b, okB := asObject(L.Get(2))
		L.Push(lua.LBool(okA && okB && equal(a, b)))
		return 1
	}))
	meta.RawSetString("__tostring", L.NewFunction(func(L *lua.LState) int {
		o, _ := asObject(L.Get(1))
		L.Push(lua.LString(vm.objectText(o)))
		return 1
	}))
	meta.RawSetString("__len", L.NewFunction(func(L *lua.LState) int {
		o, _ := asObject(L.Get(1))
		vm.raise(L, action.Errorf(action.CodeInvalid, "# counts a list, and this is an object with names%s", named(o)))
		return 0
	}))
	meta.RawSetString("__metatable", lua.LString("object"))
	return meta
}

// namesToShow is how many names of an object stand in an error.
const namesToShow = 8

// named are the names of an object, for an error.
func named(o *object) string {
	names := o.keys()
	switch {
	case len(names) == 0:
		return ""
	case len(names) > namesToShow:
		names = append(slices.Clone(names[:namesToShow]), "…")
	}
	return ": " + strings.Join(names, ", ")
}

func luaType(L *lua.LState) int {
	v := L.CheckAny(1)
	if _, ok := asObject(v); ok {
		L.Push(lua.LString("table"))
		return 1
	}
	if _, ok := asSecret(v); ok {
		L.Push(lua.LString(secretWord))
		return 1
	}
	L.Push(lua.LString(v.Type().String()))
	return 1
}

// pairs goes through the names of an object that are there now, in order.
func (vm *VM) pairs(L *lua.LState, o *object) int {
	keys, i := o.keys(), 0
	L.Push(L.NewFunction(func(L *lua.LState) int {
		if i >= len(keys) {
			L.Push(lua.LNil)
			return 1
		}
		key := keys[i]
		i++
		L.Push(lua.LString(key))
		L.Push(vm.get(o, key))
		return 2
	}))
	return 1
}

func (vm *VM) next(L *lua.LState, base *lua.LFunction) int {
	o, ok := asObject(L.Get(1))
	if !ok {
		vm.goesThrough(L, "next", "a table")
		return forward(L, base)
	}
	keys, i := o.keys(), 0
	if after, ok := L.Get(2).(lua.LString); ok {
		if at, found := slices.BinarySearch(keys, string(after)); found {
			i = at + 1
		}
	}
	if i >= len(keys) {
		L.Push(lua.LNil)
		return 1
	}
	L.Push(lua.LString(keys[i]))
	L.Push(vm.get(o, keys[i]))
	return 2
}

// forward calls the library function that was replaced, with the same arguments.
func forward(L *lua.LState, fn *lua.LFunction) int {
	args := arguments(L, 1)
	top := L.GetTop()
	L.Push(fn)
	for _, a := range args {
		L.Push(a)
	}
	L.Call(len(args), lua.MultRet)
	return L.GetTop() - top
}

// copyValue makes tables of objects, all the way down. A null becomes json.null, so that what is written again is what was read.
func (vm *VM) copyValue(L *lua.LState, v lua.LValue, depth int) lua.LValue {
	if depth > maxDepth {
		vm.raise(L, action.Errorf(action.CodeInvalid, "copy: a table is nested more than %d deep, or contains itself", maxDepth))
	}
	if o, ok := asObject(v); ok {
		return vm.copyJSON(gjson.Parse(o.raw))
	}
	t, ok := v.(*lua.LTable)
	if !ok {
		return v
	}
	out := vm.state.NewTable()
	out.Metatable = t.Metatable
	t.ForEach(func(k, item lua.LValue) { out.RawSet(k, vm.copyValue(L, item, depth+1)) })
	return out
}

func (vm *VM) copyJSON(r gjson.Result) lua.LValue {
	switch {
	case r.Type == gjson.Null:
		return vm.meta.null
	case r.IsArray():
		t := vm.newArray(0)
		for _, item := range r.Array() {
			t.Append(vm.copyJSON(item))
		}
		return t
	case r.IsObject():
		fields := r.Map()
		t := vm.newTable(len(fields))
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			t.RawSetString(name, vm.copyJSON(fields[name]))
		}
		return t
	}
	return vm.fromJSON(r)
}
