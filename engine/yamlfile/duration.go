package yamlfile

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"runbook/engine/module"
)

// withDurations is a text with its durations as yaml reads them, which knows no days: 168h0m0s in the place of 7d. They stay on their lines.
// A text that is none of a T stays as it is.
func withDurations[T any](text []byte) []byte {
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil || len(root.Content) == 0 {
		return text
	}
	s := search{seen: map[place]bool{}}
	if s.look(root.Content[0], reflect.TypeFor[T]()); len(s.found) == 0 {
		return text
	}
	// From the last to the first: what comes after one on its line does not move.
	slices.SortFunc(s.found, func(a, b *yaml.Node) int { return cmp.Or(cmp.Compare(b.Line, a.Line), cmp.Compare(b.Column, a.Column)) })
	lines := strings.SplitAfter(string(text), "\n")
	for _, node := range s.found {
		if node.Line <= len(lines) {
			lines[node.Line-1] = replaced(lines[node.Line-1], node)
		}
	}
	return []byte(strings.Join(lines, ""))
}

// replaced is a line with what stands at a node written as yaml reads it.
func replaced(line string, node *yaml.Node) string {
	d, err := module.ParseDuration(node.Value)
	runes := []rune(line)
	if err != nil || node.Column > len(runes) {
		return line
	}
	before, rest := string(runes[:node.Column-1]), string(runes[node.Column-1:])
	for strings.HasPrefix(rest, "&") || strings.HasPrefix(rest, "!") { // an anchor, or a tag
		name, after, _ := strings.Cut(rest, " ")
		before, rest = before+name+" ", after
	}
	at := strings.Index(rest, node.Value)
	if at < 0 || strings.Trim(rest[:at], `"' `) != "" {
		return line
	}
	return before + rest[:at] + d.String() + rest[at+len(node.Value):]
}

// A search finds the durations of a type that are not written as yaml reads them.
type search struct {
	seen  map[place]bool // aliases lead to one again and again, or into itself
	found []*yaml.Node
}

type place struct {
	node *yaml.Node
	is   reflect.Type
}

var (
	durationType = reflect.TypeFor[time.Duration]()
	readsItself  = reflect.TypeFor[yaml.Unmarshaler]()
)

func (s *search) look(node *yaml.Node, t reflect.Type) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	if s.seen[place{node, t}] || reflect.PointerTo(t).Implements(readsItself) {
		return
	}
	s.seen[place{node, t}] = true
	switch {
	case t == durationType && node.Kind == yaml.ScalarNode:
		if _, err := time.ParseDuration(node.Value); err != nil || node.ShortTag() == "!!int" { // a bare 0 is a number to yaml
			s.found = append(s.found, node)
		}
	case t.Kind() == reflect.Slice && node.Kind == yaml.SequenceNode:
		s.each(node, t.Elem())
	case node.Kind == yaml.MappingNode && (t.Kind() == reflect.Map || t.Kind() == reflect.Struct):
		s.fields(node, t)
	}
}

func (s *search) each(list *yaml.Node, t reflect.Type) {
	for _, one := range list.Content {
		s.look(one, t)
	}
}

func (s *search) fields(mapping *yaml.Node, t reflect.Type) {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		switch key, value := mapping.Content[i].Value, mapping.Content[i+1]; {
		case key == "<<" && value.Kind == yaml.SequenceNode:
			s.each(value, t)
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
