package script

import (
	lua "github.com/yuin/gopher-lua"

	"runbook/engine/action"
)

// secretWord is what type says of a secret.
const secretWord = "secret"

func asSecret(v lua.LValue) (action.Secret, bool) {
	ud, ok := v.(*lua.LUserData)
	if !ok {
		return action.Secret{}, false
	}
	s, ok := ud.Value.(action.Secret)
	return s, ok
}

func (vm *VM) newSecret(s action.Secret) *lua.LUserData {
	return &lua.LUserData{Value: s, Metatable: vm.meta.secret}
}

// secretMeta lets a script do with a secret what it takes to pass it on: put it together with text, which makes a secret of it all, and
// compare two. Nothing gives its text, its length or a part of it.
func (vm *VM) secretMeta(L *lua.LState) *lua.LTable {
	meta := L.NewTable()
	meta.RawSetString("__tostring", L.NewFunction(func(L *lua.LState) int {
		L.Push(lua.LString(action.Masked))
		return 1
	}))
	meta.RawSetString("__concat", L.NewFunction(func(L *lua.LState) int {
		L.Push(vm.newSecret(action.NewSecret(vm.secretPart(L, 1) + vm.secretPart(L, 2))))
		return 1
	}))
	meta.RawSetString("__eq", L.NewFunction(func(L *lua.LState) int {
		a, okA := asSecret(L.Get(1))
		b, okB := asSecret(L.Get(2))
		L.Push(lua.LBool(okA && okB && a == b))
		return 1
	}))
	for _, name := range []string{"__index", "__newindex", "__len", "__call", "__lt", "__le"} {
		meta.RawSetString(name, L.NewFunction(func(L *lua.LState) int {
			vm.raise(L, action.Errorf(action.CodeInvalid, "a secret cannot be looked into").
				Try("pass it on as it is, alone or put together with text: \"Bearer \" .. token"))
			return 0
		}))
	}
	meta.RawSetString("__metatable", lua.LString(secretWord))
	return meta
}

// secretPart is one side of a concatenation with a secret.
func (vm *VM) secretPart(L *lua.LState, arg int) string {
	v := L.Get(arg)
	if s, ok := asSecret(v); ok {
		return s.Reveal()
	}
	if !lua.LVCanConvToString(v) {
		vm.raise(L, action.Errorf(action.CodeInvalid, "a secret cannot be put together with a %s", v.Type()))
	}
	return lua.LVAsString(v)
}
