// Package yamlfile reads the YAML files that people write, strictly: an unknown field, a wrong type or a second document is an error
// that names its line, says what would be right, and suggests what was meant.
//
// It opens no files, and knows no file in particular: site reads the site file with it, scenario the simulated sites. Read next:
// explain.go.
package yamlfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"

	"runbook/engine/action"
)

// Decode reads a text into a T. what is the file as errors call it: "a site file". An empty text gives an empty T.
func Decode[T any](text []byte, what string) (*T, error) {
	v, err := decode[T](text, what)
	if err != nil {
		return nil, explain[T](text, what, err)
	}
	return v, nil
}

func decode[T any](text []byte, what string) (*T, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	v := new(withDays[T])
	if err := decoder.Decode(v); err != nil {
		if errors.Is(err, io.EOF) {
			return &v.is, nil // an empty file
		}
		return nil, err
	}
	var second yaml.Node
	switch err := decoder.Decode(&second); {
	case errors.Is(err, io.EOF):
		return &v.is, nil
	case err != nil:
		return nil, err
	}
	return nil, action.Errorf(action.CodeInvalid, "line %d: %s is one document, and here a second one begins", second.Line, what)
}

// LineOf is the line of what stands at a path of names and indexes: LineOf(text, "commands", "reads", 0).
func LineOf(text []byte, path ...any) int { return LinesOf(text).Of(path...) }

// Lines tells of many things in one text where each stands.
type Lines struct{ root *yaml.Node }

// LinesOf reads a text for that.
func LinesOf(text []byte) Lines {
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil || len(root.Content) == 0 {
		return Lines{}
	}
	return Lines{root.Content[0]}
}

// Of is the line of what stands at a path.
func (l Lines) Of(path ...any) int {
	if l.root == nil {
		return 1
	}
	node := l.root
	for _, at := range path {
		next := child(node, at)
		if next == nil {
			break // it came by a merge or an alias: the line of what it came into
		}
		node = next
	}
	return node.Line
}

func child(node *yaml.Node, at any) *yaml.Node {
	if node.Alias != nil {
		node = node.Alias
	}
	switch key := at.(type) {
	case int:
		if node.Kind == yaml.SequenceNode && key < len(node.Content) {
			return node.Content[key]
		}
	case string:
		for i := 0; node.Kind == yaml.MappingNode && i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == key {
				return node.Content[i+1]
			}
		}
	}
	return nil
}

// Spelled is a path as a person reads it: timeline[2].become.
func Spelled(where []any) string {
	var b strings.Builder
	for _, at := range where {
		switch at := at.(type) {
		case int:
			fmt.Fprintf(&b, "[%d]", at)
		case string:
			if b.Len() > 0 && at != "" {
				b.WriteByte('.')
			}
			b.WriteString(at)
		}
	}
	return b.String()
}
