package overlay

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
)

// copyObject returns a JSON object of which nobody else holds anything; nil for one that does not exist.
func copyObject(v any) (map[string]any, error) {
	if m, ok := v.(map[string]any); v == nil || ok && m == nil {
		return nil, nil
	}
	plain, err := normal(v)
	if err != nil {
		return nil, err
	}
	object, ok := plain.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("a %T is no object", v)
	}
	return object, nil
}

// normal returns a copy of a JSON-compatible value, made only of the types that decoded JSON has, with integers as int64:
// bindings also hand over map[string]string, []string, int32 or json.RawMessage.
func normal(v any) (any, error) {
	switch v := v.(type) {
	case nil, bool, string, int64, float64:
		return v, nil
	case int:
		return int64(v), nil
	case int32:
		return int64(v), nil
	case map[string]any:
		return normalObject(v)
	case []any:
		return normalList(v)
	}
	return reencode(v)
}

func normalObject(m map[string]any) (any, error) {
	out := make(map[string]any, len(m))
	for name, member := range m {
		plain, err := normal(member)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out[name] = plain
	}
	return out, nil
}

func normalList(list []any) (any, error) {
	out := make([]any, len(list))
	for i, item := range list {
		plain, err := normal(item)
		if err != nil {
			return nil, fmt.Errorf("item %d: %w", i+1, err)
		}
		out[i] = plain
	}
	return out, nil
}

func reencode(v any) (any, error) {
	if n, ok := v.(json.Number); ok {
		return number(n), nil
	}
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber() // a float64 would lose the last digits of a large integer
	var plain any
	if err := dec.Decode(&plain); err != nil {
		return nil, err
	}
	return normal(plain)
}

// number keeps what neither an int64 nor a float64 can hold as it is written.
func number(n json.Number) any {
	if i, err := n.Int64(); err == nil {
		return i
	}
	if f, err := n.Float64(); err == nil {
		return f
	}
	return n
}

// duplicate copies a normal value.
func duplicate(v any) any {
	switch v := v.(type) {
	case map[string]any:
		return duplicateObject(v)
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = duplicate(item)
		}
		return out
	}
	return v
}

func duplicateObject(m map[string]any) map[string]any {
	out := make(map[string]any, len(m))
	for name, member := range m {
		out[name] = duplicate(member)
	}
	return out
}

// equal compares two normal values. A whole number is the same as an integer or as a float: one side may come from the
// server, the other from Lua.
func equal(a, b any) bool {
	switch x := a.(type) {
	case int64:
		if y, ok := b.(float64); ok {
			return float64(x) == y
		}
	case float64:
		if y, ok := b.(int64); ok {
			return x == float64(y)
		}
	case map[string]any:
		y, ok := b.(map[string]any)
		return ok && equalObjects(x, y)
	case []any:
		y, ok := b.([]any)
		return ok && equalLists(x, y)
	}
	return reflect.DeepEqual(a, b)
}

func equalObjects(a, b map[string]any) bool {
	if len(a) != len(b) {
		return false
	}
	for name, member := range a {
		other, there := b[name]
		if !there || !equal(member, other) {
			return false
		}
	}
	return true
}

func equalLists(a, b []any) bool {
	if len(a) != len(b) {
		return false
	}
	for i, item := range a {
		if !equal(item, b[i]) {
			return false
		}
	}
	return true
}
