package builtin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
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
				Pure:     pure(func(a module.Args) (any, error) { return decodeYAML(a.String("text")) }),
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

func decodeYAML(text string) (any, error) {
	all := documents(text)
	switch len(all) {
	case 0:
		return nil, nil
	case 1:
		value, err := all[0].decode("yaml.decode")
		if err != nil {
			return nil, err
		}
		return value, nil
	}
	return nil, invalid("yaml.decode: line %d: a second document begins here", all[1].line).Try("yaml.decode_all(text) reads a list of documents")
}

func decodeAllYAML(text string) (any, error) {
	all := []any{}
	for _, one := range documents(text) {
		value, err := one.decode("yaml.decode_all")
		if err != nil {
			return nil, err
		}
		if !bytes.Equal(value, []byte("null")) {
			all = append(all, value)
		}
	}
	return all, nil
}

// A document is one of those that a YAML text consists of.
type document struct {
	text string
	line int // of the whole text, where it begins
}

// documents splits a text at its document marks, which are the same whatever stands around them. Documents without content are
// left out.
func documents(text string) []document {
	var all []document
	var one strings.Builder
	line, first, begun, content := 0, 1, false, false
	end := func(next int) {
		if content {
			all = append(all, document{text: one.String(), line: first})
		}
		one.Reset()
		first, begun, content = next, false, false
	}
	for text := range strings.Lines(text) {
		line++
		if ends, _ := mark(text, "..."); ends {
			end(line + 1)
			continue
		}
		begins, rest := mark(text, "---")
		switch {
		case begins:
			if begun || content { // else comments and directives stand before it, and belong to it
				end(line)
			}
			begun, content = true, !blank(rest)
		case !blank(text) && (begun || !strings.HasPrefix(text, "%")):
			content = true
		}
		one.WriteString(text)
	}
	end(line)
	return all
}

// mark tells whether a line begins with a document mark, and what stands behind it.
func mark(line, mark string) (is bool, rest string) {
	rest, is = strings.CutPrefix(line, mark)
	return is && (rest == "" || strings.ContainsRune(" \t\r\n", rune(rest[0]))), rest
}

func blank(line string) bool {
	line = strings.TrimSpace(line)
	return line == "" || line[0] == '#'
}

// lineNumber is how the parser names a line of one document.
var lineNumber = regexp.MustCompile(`\bline (\d+)`)

func (d document) decode(function string) (json.RawMessage, error) {
	raw, err := yaml.YAMLToJSONStrict([]byte(d.text))
	if err == nil {
		return raw, nil
	}
	if value, ok := errors.AsType[*json.UnsupportedValueError](err); ok {
		return nil, invalid("%s: the number %s has no place in JSON, nor in a script", function, value.Str).Try("quote it where it is meant as a text")
	}
	if strings.Contains(err.Error(), "map key") {
		return nil, invalid("%s: a name must be a text, and not null, a list or an object", function)
	}
	message := strings.TrimPrefix(strings.TrimPrefix(err.Error(), "yaml: "), "unmarshal errors:\n  ")
	message = lineNumber.ReplaceAllStringFunc(message, func(found string) string {
		n, _ := strconv.Atoi(strings.TrimPrefix(found, "line "))
		return fmt.Sprintf("line %d", n+d.line-1)
	})
	return nil, invalid("%s: %s", function, message)
}

// encodeYAML writes the value's JSON as YAML, number by number as it stands: a detour over floats would lose digits.
func encodeYAML(a module.Args) (any, error) {
	raw, err := json.Marshal(a["value"])
	if err != nil {
		return nil, unwritable("yaml.encode", err)
	}
	var text bytes.Buffer
	encoder := yamlv3.NewEncoder(&text)
	encoder.SetIndent(2)
	encoder.CompactSeqIndent()
	if err := errors.Join(encoder.Encode(yamlNode(gjson.ParseBytes(raw))), encoder.Close()); err != nil {
		return nil, invalid("yaml.encode: %w", err)
	}
	return text.String(), nil
}

func yamlNode(v gjson.Result) *yamlv3.Node {
	switch {
	case v.IsArray():
		list := &yamlv3.Node{Kind: yamlv3.SequenceNode}
		for _, item := range v.Array() {
			list.Content = append(list.Content, yamlNode(item))
		}
		return list
	case v.IsObject():
		fields := v.Map()
		object := &yamlv3.Node{Kind: yamlv3.MappingNode}
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			object.Content = append(object.Content, yamlText(name), yamlNode(fields[name]))
		}
		return object
	case v.Type == gjson.String:
		return yamlText(v.Str)
	}
	return &yamlv3.Node{Kind: yamlv3.ScalarNode, Value: v.Raw} // a number, true, false or null is written as in JSON
}

// yamlText is a text, in quotes where it would be read as something else: yes, 12:30, <<.
func yamlText(text string) *yamlv3.Node {
	node := &yamlv3.Node{}
	if err := node.Encode(text); err != nil {
		return &yamlv3.Node{Kind: yamlv3.ScalarNode, Style: yamlv3.DoubleQuotedStyle, Tag: "!!str", Value: text}
	}
	return node
}
