package builtin

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"github.com/tidwall/gjson"

	"runbook/engine/module"
)

func jsonModule() *module.Module {
	value := module.Param{Name: "value", Kind: module.Any, Doc: "a table, an object from outside, or a single value"}
	return &module.Module{
		Name: "json",
		Doc:  "JSON text to values and back.",
		Funcs: []module.Func{
			{
				Name: "decode",
				Doc: "Reads JSON text. Objects come as read-only objects, as from every other module: copy(object) makes a table.\n" +
					"A null reads as nil, and is kept when the object is written again. A name given twice is an error.",
				Params:   []module.Param{{Name: "text", Kind: module.String, Required: true}},
				Returns:  module.Result{Type: "any"},
				Examples: []string{`json.decode('{"replicas": 3}').replicas`},
				Pure:     pure(func(a module.Args) (any, error) { return decodeJSON(a.String("text")) }),
			},
			{
				Name: "encode",
				Doc: "Writes a value as JSON text, object names in order. A table without entries is written as {}: say json.array{} where\n" +
					"[] is meant.",
				Params: []module.Param{value, {Name: "options", Kind: module.Object, Fields: []module.Param{
					{Name: "indent", Kind: module.Integer, Min: module.Bound(0), Max: module.Bound(16), Doc: "spaces per level; one line without it"},
				}}},
				Returns:  module.Result{Type: "string"},
				Examples: []string{`json.encode({ cores = 4, names = json.array{} })`},
				Pure:     pure(encodeJSON),
			},
			{
				Name:     "array",
				Doc:      "Marks a table as a list, so that it is written as [] even when it is empty.",
				Params:   []module.Param{{Name: "items", Kind: module.List, Default: []any{}}},
				Returns:  module.Result{Type: "any[]"},
				Examples: []string{`json.array{}`},
				Pure:     pure(func(a module.Args) (any, error) { return a["items"], nil }),
			},
			{
				Name:     "object",
				Doc:      "Marks a table as an object, which is how a table without entries is written anyway; it says so to the reader.",
				Params:   []module.Param{{Name: "fields", Kind: module.Object, Default: map[string]any{}}},
				Returns:  module.Result{Type: "table"},
				Examples: []string{`json.object{}`},
				Pure:     pure(func(a module.Args) (any, error) { return a["fields"], nil }),
			},
		},
		Consts: []module.Const{{Name: "null", Doc: "JSON's null, to be written: nil cannot stand in a table.", Value: module.Null{}}},
	}
}

func decodeJSON(text string) (any, error) {
	if strings.TrimSpace(text) == "" {
		return nil, invalid("json.decode: the text is empty")
	}
	var raw json.RawMessage
	err := json.Unmarshal([]byte(text), &raw)
	if wrong, ok := errors.AsType[*json.SyntaxError](err); ok {
		before := text[:wrong.Offset]
		line, column := strings.Count(before, "\n")+1, len(before)-strings.LastIndex(before, "\n")-1
		return nil, invalid("json.decode: line %d, byte %d: %w", line, column, err)
	}
	if err != nil {
		return nil, invalid("json.decode: %w", err)
	}
	if name, twice := givenTwice(gjson.ParseBytes(raw)); twice {
		return nil, invalid("json.decode: the name %q is given twice in one object", name)
	}
	return raw, nil
}

// givenTwice finds a name that an object has twice. Whoever reads such an object takes the first or the last, by luck.
func givenTwice(v gjson.Result) (name string, twice bool) {
	seen := map[string]bool{}
	v.ForEach(func(key, value gjson.Result) bool {
		if v.IsObject() {
			name, twice = key.String(), seen[key.String()]
			seen[key.String()] = true
		}
		if !twice && value.Type == gjson.JSON {
			name, twice = givenTwice(value)
		}
		return !twice
	})
	return name, twice
}

func encodeJSON(a module.Args) (any, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if indent, ok := a.Int("indent"); ok {
		encoder.SetIndent("", string(bytes.Repeat([]byte(" "), int(indent))))
	}
	if err := encoder.Encode(a["value"]); err != nil {
		return nil, unwritable("json.encode", err)
	}
	return string(bytes.TrimRight(text.Bytes(), "\n")), nil
}

// unwritable says why a value is not JSON.
func unwritable(function string, err error) error {
	if value, ok := errors.AsType[*json.UnsupportedValueError](err); ok {
		return invalid("%s: the number %s cannot be written", function, value.Str).
			Try("look for a division by zero; where there is no value, write json.null")
	}
	if _, ok := errors.AsType[*json.UnsupportedTypeError](err); ok {
		return invalid("%s: a function cannot be written", function)
	}
	return invalid("%s: %w", function, err)
}
