package yamlfile

import (
	"reflect"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"runbook/engine/module"
)

// A withDays is a T whose durations may have days, of which yaml knows nothing: what was read is decoded with 168h0m0s in the place of 7d.
type withDays[T any] struct{ is T }

// UnmarshalYAML is of the form that has the decoder go on as strictly as it began.
func (w *withDays[T]) UnmarshalYAML(into func(any) error) error {
	if err := into(&search{of: reflect.TypeFor[T](), seen: map[place]bool{}}); err != nil {
		return err
	}
	return into(&w.is)
}

// A search finds the durations of a type that are not written as yaml reads them, and puts others in their place.
type search struct {
	of   reflect.Type
	seen map[place]bool // aliases lead to one again and again, or into itself
}

// UnmarshalYAML is given what was read, which is decoded after that.
func (s *search) UnmarshalYAML(root *yaml.Node) error {
	s.look(&root, s.of)
	return nil
}

type place struct {
	node *yaml.Node
	is   reflect.Type
}

var (
	durationType = reflect.TypeFor[time.Duration]()
	readsItself  = reflect.TypeFor[yaml.Unmarshaler]()
)

// look looks through what stands somewhere. A duration is replaced there alone: an anchor may be that of a text elsewhere.
func (s *search) look(at **yaml.Node, t reflect.Type) {
	node := *at
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	if t == durationType && node.Kind == yaml.ScalarNode {
		if d, err := module.ParseDuration(node.Value); err == nil {
			*at = &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: d.String(), Line: node.Line, Column: node.Column}
		}
		return
	}
	if s.seen[place{node, t}] || reflect.PointerTo(t).Implements(readsItself) {
		return
	}
	s.seen[place{node, t}] = true
	switch {
	case t.Kind() == reflect.Slice && node.Kind == yaml.SequenceNode:
		s.each(node, t.Elem())
	case node.Kind == yaml.MappingNode && (t.Kind() == reflect.Map || t.Kind() == reflect.Struct):
		s.fields(node, t)
	}
}

func (s *search) each(list *yaml.Node, t reflect.Type) {
	for i := range list.Content {
		s.look(&list.Content[i], t)
	}
}

func (s *search) fields(mapping *yaml.Node, t reflect.Type) {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		switch key, value := mapping.Content[i].Value, &mapping.Content[i+1]; {
		case key == "<<" && (*value).Kind == yaml.SequenceNode:
			s.each(*value, t)
		case key == "<<":
			s.look(value, t)
		case t.Kind() == reflect.Map:
			s.look(value, t.Elem())
		default:
			if field := fieldNamed(t, key); field != nil {
				s.look(value, field)
			}
		}
	}
}

// fieldNamed is the type of the field of that name in a file; nil if there is none.
func fieldNamed(t reflect.Type, name string) reflect.Type {
	for field := range t.Fields() {
		key, options, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		if options == "inline" && field.Type.Kind() == reflect.Struct {
			if inner := fieldNamed(field.Type, name); inner != nil {
				return inner
			}
		}
		if key == name && key != "-" {
			return field.Type
		}
	}
	return nil
}
