package workload

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"time"
)

// Dig returns what is at a path of an object, nil if nothing is.
func Dig(o Object, path ...string) any {
	var v any = o
	for _, key := range path {
		m, ok := v.(Object)
		if !ok {
			return nil
		}
		v = m[key]
	}
	return v
}

// Text returns the string at a path, "" if there is none.
func Text(o Object, path ...string) string {
	s, _ := Dig(o, path...).(string)
	return s
}

// Map returns the object at a path, nil if there is none. It is not a copy.
func Map(o Object, path ...string) Object {
	m, _ := Dig(o, path...).(Object)
	return m
}

// Texts are the strings of the list at a path.
func Texts(o Object, path ...string) []string {
	list, _ := Dig(o, path...).([]any)
	var out []string
	for _, item := range list {
		if s, ok := item.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// Time is the timestamp at a path. One that is not there or cannot be read counts as unknown, which is the zero time.
func Time(o Object, path ...string) time.Time {
	t, err := time.Parse(time.RFC3339, Text(o, path...))
	if err != nil {
		return time.Time{}
	}
	return t
}

// Maps returns the objects of the list at a path. They are not copies.
func Maps(o Object, path ...string) []Object {
	list, _ := Dig(o, path...).([]any)
	out := make([]Object, 0, len(list))
	for _, item := range list {
		if m, ok := item.(Object); ok {
			out = append(out, m)
		}
	}
	return out
}

// Int returns the whole number at a path and whether there is one, whichever Go type its decoder chose.
func Int(o Object, path ...string) (int64, bool) {
	switch n := Dig(o, path...).(type) {
	case int64:
		return n, true
	case int:
		return int64(n), true
	case int32:
		return int64(n), true
	case float64:
		return int64(n), true
	case json.Number:
		i, err := n.Int64()
		return i, err == nil
	}
	return 0, false
}

// Merge returns o after a JSON merge patch (RFC 7386). Only the objects that it goes into are copied.
func Merge(o, patch Object) Object {
	out := maps.Clone(o)
	if out == nil {
		out = Object{}
	}
	for key, value := range patch {
		inner, isObject := value.(Object)
		switch {
		case value == nil:
			delete(out, key)
		case isObject:
			out[key] = Merge(Map(out, key), inner)
		default:
			out[key] = value
		}
	}
	return out
}

// With returns a copy of o that has value at path; nil removes what is there. Only the objects along the path are copied.
func With(o Object, value any, path ...string) Object {
	out := maps.Clone(o)
	if out == nil {
		out = Object{}
	}
	if len(path) > 1 {
		inner := Map(o, path[0])
		if value == nil && inner == nil {
			return out
		}
		out[path[0]] = With(inner, value, path[1:]...)
		return out
	}
	if value == nil {
		delete(out, path[0])
	} else {
		out[path[0]] = value
	}
	return out
}

// Clone returns a copy of o that shares nothing with it.
func Clone(o Object) Object {
	if o == nil {
		return nil
	}
	return cloneValue(o).(Object)
}

func cloneValue(v any) any {
	switch v := v.(type) {
	case Object:
		out := make(Object, len(v))
		for k, inner := range v {
			out[k] = cloneValue(inner)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, inner := range v {
			out[i] = cloneValue(inner)
		}
		return out
	}
	return v
}

// Equal compares two values as JSON, where 3 and 3.0 are the same number.
func Equal(a, b any) bool {
	switch x := a.(type) {
	case Object:
		if y, ok := b.(Object); ok && x != nil && y != nil {
			return maps.EqualFunc(x, y, Equal)
		}
	case []any:
		if y, ok := b.([]any); ok && x != nil && y != nil {
			return slices.EqualFunc(x, y, Equal)
		}
	case string:
		if y, ok := b.(string); ok {
			return x == y
		}
	case int64:
		if y, ok := b.(int64); ok {
			return x == y
		}
	case nil:
		if b == nil {
			return true
		}
	}
	x, errX := json.Marshal(a) // other types, and what is empty in one way or another: seldom
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// ControllerUID returns the uid of the object that controls o, "" if nothing does.
func ControllerUID(o Object) string { return Text(Controller(o), "uid") }

// Controller returns the owner reference of the object that controls o, nil if nothing does.
func Controller(o Object) Object {
	for _, ref := range Maps(o, "metadata", "ownerReferences") {
		if ref["controller"] == true {
			return ref
		}
	}
	return nil
}

// Released is o without the reference to what controls it.
func Released(o Object) Object {
	var rest []any
	for _, ref := range Maps(o, "metadata", "ownerReferences") {
		if ref["controller"] != true {
			rest = append(rest, ref)
		}
	}
	if rest == nil {
		return With(o, nil, "metadata", "ownerReferences")
	}
	return With(o, rest, "metadata", "ownerReferences")
}

// WithoutNulls is a copy of a value without the fields that are null.
func WithoutNulls(v any) any {
	switch v := v.(type) {
	case Object:
		out := make(Object, len(v))
		for key, value := range v {
			if value != nil {
				out[key] = WithoutNulls(value)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, value := range v {
			out[i] = WithoutNulls(value)
		}
		return out
	}
	return v
}

func name(o Object) string { return Text(o, "metadata", "name") }
func uid(o Object) string  { return Text(o, "metadata", "uid") }

func byName(list []Object) map[string]Object {
	out := make(map[string]Object, len(list))
	for _, o := range list {
		out[name(o)] = o
	}
	return out
}

func sortedUnion(a, b map[string]Object) []string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return slices.Sorted(maps.Keys(all))
}
