package host

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"
	kyaml "sigs.k8s.io/yaml"

	"runbook/engine/action"
	"runbook/engine/files"
	"runbook/engine/module"
)

func (b *binding) yamlFunc() module.Func {
	return b.dataFunc("yaml", "YAML", `local size = host.yaml("/etc/photon-mlir/config.yaml").cache.size_gb`,
		"One document: a file with several is an error. A key that stands twice is one too.", fromYAML)
}

func (b *binding) jsonFunc() module.Func {
	return b.dataFunc("json", "JSON", `local release = host.json("/etc/photon-mlir/release.json").version`,
		"One value: what follows it is an error.", fromJSON)
}

// dataFunc is a function that reads a file of a form.
func (b *binding) dataFunc(name, form, example, rule string, read func([]byte) (json.RawMessage, error)) module.Func {
	verb := "host." + name
	return module.Func{
		Name: name,
		Doc:  "Reads a " + form + " file as data.\n\n" + rule + " A null is nil.",
		Params: []module.Param{
			pathParam("path", "the file"),
			{Name: "options", Kind: module.Object, Doc: "where, and how much", Fields: []module.Param{onParam, maxBytesParam}},
		},
		Returns:  module.Result{Type: "any", Doc: "what it says; objects are read-only, and copy makes a table of one"},
		Errors:   append([]action.Code{}, lookErrors...),
		Examples: []string{example},
		Read: func(args module.Args) (action.Read, error) {
			return b.content(verb, args, func(path string, text []byte) (any, error) {
				value, err := read(text)
				if err != nil {
					return nil, action.Errorf(action.CodeRejected, "%s is no %s that can be read: %w", files.Spell(path), form, err).
						Try("look at it: host.read(%q)", files.Spell(path))
				}
				return value, nil
			})
		},
	}
}

func fromYAML(text []byte) (json.RawMessage, error) {
	documents := yaml.NewDecoder(bytes.NewReader(text))
	var first, second yaml.Node
	if err := documents.Decode(&first); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch err := documents.Decode(&second); {
	case err == nil:
		return nil, fmt.Errorf("there is a second document in it, in line %d", second.Line)
	case !errors.Is(err, io.EOF):
		return nil, err
	}
	value, err := kyaml.YAMLToJSONStrict(text)
	return value, err
}

func fromJSON(text []byte) (json.RawMessage, error) {
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, errors.New("it is empty")
	}
	var value json.RawMessage
	err := json.Unmarshal(text, &value)
	if wrong, ok := errors.AsType[*json.SyntaxError](err); ok {
		before := text[:min(max(wrong.Offset, 1)-1, int64(len(text)))] // the offset is that of the byte after
		return nil, fmt.Errorf("line %d: %w", bytes.Count(before, []byte("\n"))+1, err)
	}
	return value, err
}
