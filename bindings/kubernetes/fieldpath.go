package kubernetes

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"runbook/engine/workload"
)

// A fieldPath leads to one field of an object, as evidence and errors spell it:
//
//	spec.template.spec.containers[name="web"].image
//	metadata.annotations["example.com/owner"]
type fieldPath []fieldStep

// A fieldStep goes into a member of an object, or into the element of a list that has this name.
type fieldStep struct {
	name    string
	element bool
}

// plainName is a member's name that is written without quotes.
var plainName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*`)

func (p fieldPath) String() string {
	var out strings.Builder
	for i, step := range p {
		switch {
		case step.element:
			out.WriteString("[name=" + strconv.Quote(step.name) + "]")
		case plainName.FindString(step.name) != step.name:
			out.WriteString("[" + strconv.Quote(step.name) + "]")
		case i == 0:
			out.WriteString(step.name)
		default:
			out.WriteString("." + step.name)
		}
	}
	return out.String()
}

// parseFieldPath reads what String writes.
func parseFieldPath(text string) (fieldPath, error) {
	var p fieldPath
	for rest := text; rest != ""; {
		step, after, ok := cutStep(rest, len(p) == 0)
		if !ok {
			return nil, fmt.Errorf("%q is no path of a field", text)
		}
		p, rest = append(p, step), after
	}
	return p, nil
}

func cutStep(text string, first bool) (step fieldStep, rest string, ok bool) {
	inner, bracketed := strings.CutPrefix(text, "[")
	if !bracketed {
		member, dotted := strings.CutPrefix(text, ".")
		name := plainName.FindString(member)
		return fieldStep{name: name}, member[len(name):], name != "" && dotted != first
	}
	inner, step.element = strings.CutPrefix(inner, "name=")
	quoted, err := strconv.QuotedPrefix(inner)
	if err != nil {
		return step, "", false
	}
	step.name, err = strconv.Unquote(quoted)
	rest, closed := strings.CutPrefix(inner[len(quoted):], "]")
	return step, rest, err == nil && closed
}

// in is what the path leads to, nil if nothing is there.
func (p fieldPath) in(v any) any {
	for _, step := range p {
		switch {
		case step.element:
			v = elements(v)[step.name]
		default:
			members, _ := v.(object)
			v = members[step.name]
		}
	}
	return v
}

func (p fieldPath) step(s fieldStep) fieldPath { return append(slices.Clone(p), s) }

// elements are the elements of a list by their names; nil if it is a list in which they do not have one each.
func elements(v any) map[string]any {
	list, ok := v.([]any)
	if !ok || len(list) == 0 {
		return nil
	}
	out := make(map[string]any, len(list))
	for _, item := range list {
		o, _ := item.(object)
		name := workload.Text(o, "name")
		if name == "" || out[name] != nil {
			return nil
		}
		out[name] = o
	}
	return out
}

// written lists the fields that differ between an object and what a write makes of it, as far as they are the write's: not what the
// server keeps for itself, and the status only where it is what is written.
func written(before, after object, part string) []fieldPath {
	return differing(nil, meant(before, part), meant(after, part))
}

// meant is the part of an object that says how it is meant to be.
func meant(o object, part string) object {
	for _, field := range bookkeeping {
		o = workload.With(o, nil, splitPath(field)...)
	}
	if part != "status" {
		o = workload.With(o, nil, "status")
	}
	return workload.With(o, nil, "metadata", "annotations", workload.TemplateGeneration)
}

// differing goes as deep as it can: what somebody else writes beside a field is none of our business.
func differing(at fieldPath, before, after any) []fieldPath {
	if workload.Equal(before, after) {
		return nil
	}
	var inner []fieldPath
	from, wasObject := before.(object)
	to, isObject := after.(object)
	switch {
	case wasObject && isObject, wasObject && after == nil, before == nil && isObject:
		for _, name := range namesOfBoth(from, to) {
			inner = append(inner, differing(at.step(fieldStep{name: name}), from[name], to[name])...)
		}
	case elements(before) != nil && elements(after) != nil:
		inner = differingElements(at, elements(before), elements(after))
	}
	if len(inner) == 0 {
		return []fieldPath{at}
	}
	return inner
}

// differingElements does not go into an element that comes or goes: it does so as a whole.
func differingElements(at fieldPath, before, after map[string]any) (out []fieldPath) {
	for _, name := range namesOfBoth(before, after) {
		inner := at.step(fieldStep{name, true})
		if before[name] == nil || after[name] == nil {
			out = append(out, inner)
			continue
		}
		out = append(out, differing(inner, before[name], after[name])...)
	}
	return out
}

func namesOfBoth(a, b map[string]any) []string {
	var names []string
	for name := range a {
		names = append(names, name)
	}
	for name := range b {
		names = append(names, name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// spelt are paths as a person reads them, not all of them where there are many.
func spelt(paths []fieldPath) string {
	const most = 4
	var names []string
	for _, p := range paths[:min(most, len(paths))] {
		names = append(names, p.String())
	}
	if more := len(paths) - most; more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return strings.Join(names, ", ")
}
