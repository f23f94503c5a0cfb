package builtin

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"

	yamlv3 "go.yaml.in/yaml/v3"
	"sigs.k8s.io/yaml"

	"runbook/engine/module"
)

func yamlModule() *module.Module {
	text := module.Param{Name: "text", Kind: module.String, Required: true}
	return &module.Module{
		Name: "yaml",
		Doc:  "YAML text to values and back.",
		Funcs: []module.Func{
			{
				Name:     "decode",
				Doc:      "Reads one YAML document; a name given twice is an error. Values come as from json.decode.",
				Params:   []module.Param{text},
				Returns:  module.Result{Type: "any"},
				Examples: []string{`yaml.decode("cache:\n  size_gb: 20").cache.size_gb`},
				Pure:     pure(func(a module.Args) (any, error) { return decodeYAML([]byte(a.String("text"))) }),
			},
			{
				Name:     "decode_all",
				Doc:      "Reads every document of a text with --- between them. Empty documents are left out.",
				Params:   []module.Param{text},
				Returns:  module.Result{Type: "any[]"},
				Examples: []string{`#yaml.decode_all("a: 1\n---\nb: 2")`},
				Pure:     pure(func(a module.Args) (any, error) { return decodeAllYAML(a.String("text")) }),
			},
			{
				Name:     "encode",
				Doc:      "Writes a value as YAML, names in order.",
				Params:   []module.Param{{Name: "value", Kind: module.Any}},
				Returns:  module.Result{Type: "string"},
				Examples: []string{`yaml.encode({ replicas = 3 })`},
				Pure:     pure(encodeYAML),
			},
		},
	}
}

func decodeYAML(text []byte) (any, error) {
	raw, err := yaml.YAMLToJSONStrict(text)
	if err != nil {
		return nil, invalid("yaml.decode: %w", err)
	}
	return json.RawMessage(raw), nil
}

func decodeAllYAML(text string) (any, error) {
	documents := yamlv3.NewDecoder(bytes.NewReader([]byte(text)))
	all := []any{}
	for {
		var node yamlv3.Node
		err := documents.Decode(&node)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, invalid("yaml.decode_all: %w", err)
		}
		one, err := yamlv3.Marshal(&node)
		if err != nil {
			return nil, invalid("yaml.decode_all: %w", err)
		}
		value, err := decodeYAML(one)
		if err != nil {
			return nil, err
		}
		if !bytes.Equal(value.(json.RawMessage), []byte("null")) {
			all = append(all, value)
		}
	}
}

func encodeYAML(a module.Args) (any, error) {
	text, err := yaml.Marshal(a["value"])
	if err != nil {
		return nil, invalid("yaml.encode: %w", err)
	}
	return string(text), nil
}
