package script

import (
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unsafe"

	"github.com/tidwall/gjson"
	lua "github.com/yuin/gopher-lua"
)

// An object is a JSON object from outside as Lua sees it: read-only, and decoded only where it is looked at, so that ten thousand
// pods cost next to nothing until a script reads a field of one. Arrays inside it become real tables when first read, because on
// userdata #, ipairs, table.sort and unpack do not work.
type object struct {
	raw    string // valid JSON, an object
	fields map[string]lua.LValue
}

// newObject wraps valid JSON. The text must not change afterwards.
func (vm *VM) newObject(raw string) *lua.LUserData {
	return &lua.LUserData{Value: &object{raw: raw}, Metatable: vm.meta.object}
}

func asObject(v lua.LValue) (*object, bool) {
	ud, ok := v.(*lua.LUserData)
	if !ok {
		return nil, false
	}
	o, ok := ud.Value.(*object)
	return o, ok
}

// get returns a field, nil if it is absent or null. What was returned once is returned again.
func (vm *VM) get(o *object, key string) lua.LValue {
	if v, ok := o.fields[key]; ok {
		return v
	}
	v := vm.fromJSON(gjson.Get(o.raw, gjson.Escape(key)))
	if o.fields == nil {
		o.fields = map[string]lua.LValue{}
	}
	o.fields[key] = v
	return v
}

// keys lists the object's names in order: the order must not vary from run to run.
func (o *object) keys() []string {
	var keys []string
	gjson.Parse(o.raw).ForEach(func(k, v gjson.Result) bool {
		if v.Type != gjson.Null {
			keys = append(keys, k.String())
		}
		return true
	})
	slices.Sort(keys)
	return slices.Compact(keys)
}

// fromJSON makes a Lua value of a JSON value: an object lazily, everything else at once.
func (vm *VM) fromJSON(r gjson.Result) lua.LValue {
	switch r.Type {
	case gjson.False:
		return lua.LFalse
	case gjson.True:
		return lua.LTrue
	case gjson.String:
		return lua.LString(r.Str)
	case gjson.Number:
		return fromNumber(r.Raw)
	case gjson.JSON:
		if r.IsArray() {
			return vm.fromArray(r)
		}
		return vm.newObject(r.Raw)
	}
	return lua.LNil
}

func (vm *VM) fromArray(r gjson.Result) lua.LValue {
	items := r.Array()
	t := vm.newArray(len(items))
	for _, item := range items {
		v := vm.fromJSON(item)
		if v == lua.LNil {
			v = vm.meta.null // a hole would cut the array short
		}
		t.Append(v)
	}
	return t
}

// maxInteger is the largest integer up to which a Lua number holds every integer: 2^53.
const maxInteger = 1 << 53

// fromNumber keeps an integer that a Lua number cannot hold as a string, with all its digits.
func fromNumber(raw string) lua.LValue {
	if n, err := strconv.ParseInt(raw, 10, 64); err == nil {
		return fromInt(n)
	}
	f, err := strconv.ParseFloat(raw, 64)
	if err != nil || !strings.ContainsAny(raw, ".eE") {
		return lua.LString(raw)
	}
	return lua.LNumber(f)
}

// objectToGo is the object for Go: its text as it came, which nobody may change, unless an array of it was handed out, which the
// script may have changed.
func (vm *VM) objectToGo(o *object, depth int) (any, error) {
	if !o.handedOut() {
		return json.RawMessage(unsafe.Slice(unsafe.StringData(o.raw), len(o.raw))), nil
	}
	out := map[string]any{}
	var failed error
	gjson.Parse(o.raw).ForEach(func(k, v gjson.Result) bool {
		field, ok := o.fields[k.String()]
		if !ok || field == lua.LNil {
			out[k.String()] = json.RawMessage(v.Raw)
			return true
		}
		out[k.String()], failed = vm.toGo(field, depth+1)
		return failed == nil
	})
	return out, failed
}

func (o *object) handedOut() bool {
	for _, v := range o.fields {
		if _, ok := v.(*lua.LTable); ok {
			return true
		}
		if inner, ok := asObject(v); ok && inner.handedOut() {
			return true
		}
	}
	return false
}

func equal(a, b *object) bool {
	if a.raw == b.raw {
		return true
	}
	return reflect.DeepEqual(gjson.Parse(a.raw).Value(), gjson.Parse(b.raw).Value())
}

// objectText is how an object prints: its JSON, cut where it would flood a screen.
func (vm *VM) objectText(o *object) string {
	const most = 400
	if len(o.raw) <= most {
		return o.raw
	}
	raw := vm.opts.Clean(o.raw)
	return strings.ToValidUTF8(raw[:min(most, len(raw))], "") + "…"
}
