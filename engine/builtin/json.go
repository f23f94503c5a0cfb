package builtin

import (
	"bytes"
	"encoding/json"

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
					"A null reads as nil, and is kept when the object is written again.",
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
	var raw json.RawMessage
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		return nil, invalid("json.decode: %w", err)
	}
	return raw, nil
}

func encodeJSON(a module.Args) (any, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if indent, ok := a.Int("indent"); ok {
		encoder.SetIndent("", string(bytes.Repeat([]byte(" "), int(indent))))
	}
	if err := encoder.Encode(a["value"]); err != nil {
		return nil, invalid("json.encode: %w", err)
	}
	return string(bytes.TrimRight(text.Bytes(), "\n")), nil
}
