package module

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"runbook/engine/action"
)

// Kind is the type of a parameter.
type Kind string

// The kinds of parameter.
const (
	String   Kind = "string"
	Integer  Kind = "integer"
	Number   Kind = "number"
	Boolean  Kind = "boolean"
	Duration Kind = "duration"          // "90s", "5m", "7d", or a number of seconds; arrives as time.Duration
	Object   Kind = "object"            // a table with names, or an object that came from outside; arrives as map[string]any or json.RawMessage
	List     Kind = "list"              // arrives as []any
	Strings  Kind = "strings"           // a list of strings; arrives as []string
	Texts    Kind = "string or strings" // one, or a list of them; arrives as []string
	Ref      Kind = "ref"               // "kind/name", or an object that came from outside; arrives as string, map[string]any or json.RawMessage
	Any      Kind = "any"
	Function Kind = "function" // arrives as Callback
)

// A Callback is a Lua function that was passed as an argument.
type Callback func(ctx context.Context, args ...any) (any, error)

// A Param is one parameter of a function: positional, or, inside Fields of the last parameter, an option by name.
type Param struct {
	Name     string
	Doc      string // with units
	Kind     Kind
	Required bool
	Default  any      // what arrives when it is left out; nil for nothing
	Enum     []string // for String: the values allowed
	Min, Max *float64 // for Integer and Number, both inclusive
	Fields   []Param  // for Object: the options allowed; nil allows any field
	Payload  bool     // may differ between a plan and its application
}

// Bound makes a pointer for Min and Max.
func Bound(v float64) *float64 { return &v }

// Check converts v, as it came from Lua, to the parameter's kind, or says what is wrong with it. where names the function and
// the argument for messages: "kubernetes.list: selector".
func (p *Param) Check(v any, where string) (any, error) {
	if v == nil {
		if p.Required {
			return nil, invalid("%s is missing: %s", where, p.expectation())
		}
		return p.Default, nil
	}
	out, ok := convert(p.Kind, v)
	if !ok {
		return nil, invalid("%s must be %s, not %s", where, p.expectation(), describe(v))
	}
	return out, p.checkRange(out, where)
}

func (p *Param) checkRange(v any, where string) error {
	switch n := v.(type) {
	case int64:
		return p.checkBounds(float64(n), where)
	case float64:
		return p.checkBounds(n, where)
	case time.Duration:
		if n < 0 {
			return invalid("%s must not be negative, got %s", where, n)
		}
	case string:
		if len(p.Enum) > 0 && !slices.Contains(p.Enum, n) {
			return invalid("%s must be one of %s, got %q%s", where, strings.Join(p.Enum, ", "), n, DidYouMean(n, p.Enum))
		}
	}
	return nil
}

func (p *Param) checkBounds(n float64, where string) error {
	if math.IsNaN(n) && (p.Min != nil || p.Max != nil) {
		return invalid("%s must be a number, got NaN", where)
	}
	if p.Min != nil && n < *p.Min {
		return invalid("%s must be at least %v, got %v", where, *p.Min, n)
	}
	if p.Max != nil && n > *p.Max {
		return invalid("%s must be at most %v, got %v", where, *p.Max, n)
	}
	return nil
}

func (p *Param) expectation() string {
	names := map[Kind]string{
		String: "a string", Integer: "a whole number", Number: "a number", Boolean: "true or false",
		Duration: `a duration such as "90s", "5m" or "7d", or a number of seconds`, Object: "a table", List: "a list",
		Strings: "a list of strings", Texts: "a string or a list of strings", Ref: `"kind/name" or an object`, Any: "a value", Function: "a function",
	}
	return names[p.Kind]
}

func convert(kind Kind, v any) (any, bool) {
	switch kind {
	case Integer:
		f, ok := v.(float64)
		return int64(f), ok && f == math.Trunc(f) && math.Abs(f) <= 1<<53
	case Duration:
		return convertDuration(v)
	case Object:
		switch v.(type) {
		case map[string]any, json.RawMessage:
			return v, true
		}
		return nil, false
	case Ref:
		switch v.(type) {
		case string, map[string]any, json.RawMessage:
			return v, true
		}
		return nil, false
	case List:
		return convertList(v)
	case Strings:
		return convertStrings(v)
	case Texts:
		if text, one := v.(string); one {
			return []string{text}, true
		}
		return convertStrings(v)
	case Any:
		return v, true
	}
	return v, scalarIs(kind, v)
}

func scalarIs(kind Kind, v any) bool {
	switch v.(type) {
	case string:
		return kind == String
	case float64:
		return kind == Number
	case bool:
		return kind == Boolean
	case Callback:
		return kind == Function
	}
	return false
}

// longest is a bit less than the longest duration in seconds that Go can hold: 285 years.
const longest = 9e9

func convertDuration(v any) (any, bool) {
	switch d := v.(type) {
	case float64:
		return time.Duration(d * float64(time.Second)), math.Abs(d) < longest
	case string:
		out, err := ParseDuration(d)
		return out, err == nil
	}
	return nil, false
}

// convertList accepts an empty table without a mark as the empty list: Lua cannot tell {} the list from {} the object.
func convertList(v any) (any, bool) {
	switch l := v.(type) {
	case []any:
		return l, true
	case map[string]any:
		return []any{}, len(l) == 0
	}
	return nil, false
}

func convertStrings(v any) (any, bool) {
	list, ok := convertList(v)
	if !ok {
		return nil, false
	}
	out := make([]string, 0, len(list.([]any)))
	for _, item := range list.([]any) {
		s, ok := item.(string)
		if !ok {
			return nil, false
		}
		out = append(out, s)
	}
	return out, true
}

func describe(v any) string {
	switch x := v.(type) {
	case string:
		return fmt.Sprintf("the string %q", x)
	case float64:
		return fmt.Sprintf("the number %v", x)
	case bool:
		return fmt.Sprint(x)
	case Callback:
		return "a function"
	case []any:
		return "a list"
	case action.Secret:
		return "a secret"
	}
	return "a table"
}

func invalid(format string, args ...any) *action.Error {
	return action.Errorf(action.CodeInvalid, format, args...)
}
