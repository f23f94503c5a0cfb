package script

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"
	"unsafe"

	"github.com/tidwall/gjson"
	lua "github.com/yuin/gopher-lua"

	"runbook/engine/action"
	"runbook/engine/module"
)

// maxDepth bounds how deep a value may be nested on its way to Go; a table that contains itself ends here.
const maxDepth = 100

var errTooDeep = fmt.Errorf("a table is nested more than %d deep, or contains itself", maxDepth)

// metatables mark host values. Lua cannot tell {} the array from {} the object: tables that came from the host, or from
// json.array and json.object, carry which they are.
type metatables struct {
	object      *lua.LTable // lazily decoded JSON objects
	secret      *lua.LTable // texts that never print
	array       *lua.LTable // tables that are arrays even when empty
	table       *lua.LTable // tables that are objects even when empty
	errorString *lua.LFunction
	null        *lua.LUserData
}

func (vm *VM) newArray(size int) *lua.LTable {
	t := vm.state.CreateTable(size, 0)
	t.Metatable = vm.meta.array
	return t
}

func (vm *VM) newTable(size int) *lua.LTable {
	t := vm.state.CreateTable(0, size)
	t.Metatable = vm.meta.table
	return t
}

// toLua makes a Lua value of a Go value; package module lists the types. The caller holds the lock.
func (vm *VM) toLua(v any) (lua.LValue, error) {
	switch x := v.(type) {
	case nil:
		return lua.LNil, nil
	case bool:
		return lua.LBool(x), nil
	case string:
		return lua.LString(x), nil
	case int:
		return fromInt(int64(x)), nil
	case int64:
		return fromInt(x), nil
	case float64:
		return lua.LNumber(x), nil
	case time.Duration:
		return lua.LNumber(x.Seconds()), nil
	case module.Null:
		return vm.meta.null, nil
	case action.Secret:
		return vm.newSecret(x), nil
	case json.RawMessage:
		return vm.fromRaw(x)
	case map[string]any:
		return vm.fromMap(x)
	case lua.LValue:
		return x, nil
	}
	return vm.fromSlice(v)
}

func (vm *VM) fromSlice(v any) (lua.LValue, error) {
	switch x := v.(type) {
	case []any:
		return fill(vm, x, vm.toLua)
	case []string:
		return fill(vm, x, func(s string) (lua.LValue, error) { return lua.LString(s), nil })
	case []json.RawMessage:
		return fill(vm, x, vm.fromRaw)
	}
	return nil, fmt.Errorf("a value of type %T cannot go to Lua", v)
}

func fill[T any](vm *VM, items []T, convert func(T) (lua.LValue, error)) (lua.LValue, error) {
	t := vm.newArray(len(items))
	for _, item := range items {
		v, err := convert(item)
		if err != nil {
			return nil, err
		}
		if v == lua.LNil {
			v = vm.meta.null
		}
		t.Append(v)
	}
	return t, nil
}

func (vm *VM) fromMap(m map[string]any) (lua.LValue, error) {
	t := vm.newTable(len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		v, err := vm.toLua(m[k])
		if err != nil {
			return nil, err
		}
		t.RawSetString(k, v)
	}
	return t, nil
}

// fromRaw takes JSON text that nobody changes afterwards; objects keep it and decode what is looked at.
func (vm *VM) fromRaw(raw json.RawMessage) (lua.LValue, error) {
	if len(raw) == 0 {
		return lua.LNil, nil
	}
	text := unsafe.String(unsafe.SliceData(raw), len(raw))
	if raw[0] == '{' {
		return vm.newObject(text), nil
	}
	if !gjson.Valid(text) {
		return nil, fmt.Errorf("not JSON: %.40q", text)
	}
	return vm.fromJSON(gjson.Parse(text)), nil
}

func fromInt(n int64) lua.LValue {
	if n > maxInteger || n < -maxInteger {
		return lua.LString(strconv.FormatInt(n, 10))
	}
	return lua.LNumber(n)
}

// toGo makes a Go value of a Lua value: nil, bool, float64, string, []any, map[string]any, json.RawMessage, module.Null, action.Secret or
// module.Callback. The caller holds the lock.
func (vm *VM) toGo(v lua.LValue, depth int) (any, error) {
	if depth > maxDepth {
		return nil, errTooDeep
	}
	switch x := v.(type) {
	case *lua.LNilType:
		return nil, nil
	case lua.LBool:
		return bool(x), nil
	case lua.LNumber:
		return float64(x), nil
	case lua.LString:
		return string(x), nil
	case *lua.LTable:
		return vm.tableToGo(x, depth)
	case *lua.LFunction:
		return vm.callback(x), nil
	case *lua.LUserData:
		if x == vm.meta.null {
			return module.Null{}, nil
		}
		switch inner := x.Value.(type) {
		case *object:
			return vm.objectToGo(inner, depth)
		case action.Secret:
			return inner, nil
		}
	}
	return nil, action.Errorf(action.CodeInvalid, "a %s cannot leave the script", v.Type())
}

// tableToGo decides what a table is by its mark, and without one by its keys; an empty table without a mark is an object.
func (vm *VM) tableToGo(t *lua.LTable, depth int) (any, error) {
	n := t.Len()
	names, stray := tableKeys(t, n)
	switch {
	case stray != nil:
		return nil, action.Errorf(action.CodeInvalid, "a table has the key %s: keys are names, or 1, 2, 3 … without gaps", stray)
	case n > 0 && len(names) > 0:
		return nil, action.Errorf(action.CodeInvalid, "a table has both list items and the name %q: it must be a list or an object", names[0])
	case n > 0 || t.Metatable == vm.meta.array && len(names) == 0:
		return vm.listToGo(t, n, depth)
	}
	out := make(map[string]any, len(names))
	for _, k := range names {
		v, err := vm.toGo(t.RawGetString(k), depth+1)
		if err != nil {
			return nil, under(k, err)
		}
		out[k] = v
	}
	return out, nil
}

func (vm *VM) listToGo(t *lua.LTable, n, depth int) (any, error) {
	out := make([]any, 0, n)
	for i := 1; i <= n; i++ {
		item := t.RawGetInt(i)
		if item == lua.LNil {
			return nil, action.Errorf(action.CodeInvalid, "a list has nothing at [%d]: its keys are 1, 2, 3 … without gaps, and a null is json.null", i)
		}
		v, err := vm.toGo(item, depth+1)
		if err != nil {
			return nil, under("["+strconv.Itoa(i)+"]", err)
		}
		out = append(out, v)
	}
	return out, nil
}

// tableKeys lists the names of a table in order, and a key that is neither a name nor an index up to n, if there is one.
func tableKeys(t *lua.LTable, n int) (names []string, stray lua.LValue) {
	t.ForEach(func(k, _ lua.LValue) {
		switch key := k.(type) {
		case lua.LString:
			names = append(names, string(key))
		case lua.LNumber:
			if f := float64(key); f != math.Trunc(f) || f < 1 || f > float64(n) {
				stray = k
			}
		default:
			stray = k
		}
	})
	slices.Sort(names)
	return names, stray
}

// under names the place in a table at which something is wrong, but not all the places down to where it became too deep.
func under(place string, err error) error {
	if errors.Is(err, errTooDeep) {
		return err
	}
	return action.Errorf(action.CodeInvalid, "at %s: %w", place, err)
}

// callback makes a Lua function callable from Go: on the thread that waits in the call that ctx belongs to, or, when no script is
// running (a clean-up at the end), on the main one.
func (vm *VM) callback(fn *lua.LFunction) module.Callback {
	return func(ctx context.Context, args ...any) (any, error) {
		L, waiting := ctx.Value(threadKey{}).(*lua.LState)
		if !waiting {
			L = vm.state
		}
		vm.enter(L)
		defer vm.leave()
		if !waiting {
			L.SetContext(ctx)
		}
		values := make([]lua.LValue, len(args))
		for i, a := range args {
			v, err := vm.toLua(a)
			if err != nil {
				return nil, err
			}
			values[i] = v
		}
		result, err := vm.call(L, fn, values...) //nolint:contextcheck // the thread carries it
		if err != nil {
			return nil, err
		}
		return vm.toGo(result, 0)
	}
}

// A threadKey is the context key of the Lua thread that waits in a call.
type threadKey struct{}
