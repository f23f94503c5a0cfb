package module

import "encoding/json"

// Values cross between Go and Lua as: nil, bool, string, int, int64, float64, time.Duration (to Lua as seconds),
// json.RawMessage (to Lua as a lazy read-only object, a real table for an array, or the scalar), map[string]any, []any,
// []string, []json.RawMessage, Null and action.Secret. Integers beyond 2^53, which a Lua number cannot hold, go to Lua as strings.

// Null is JSON's null where it has to be kept: as a value in an object to be written. A null that is read is nil in Lua.
type Null struct{}

// MarshalJSON writes null.
func (Null) MarshalJSON() ([]byte, error) { return []byte("null"), nil }

// Raw encodes a value for Lua as lazily decoded JSON.
func Raw(v any) (json.RawMessage, error) { return json.Marshal(v) }
