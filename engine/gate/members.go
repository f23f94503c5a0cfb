package gate

import (
	"fmt"
	"slices"
	"strings"
)

// members are the members of a set, which may have been written down and read again.
func members(value any) []string {
	if list, ok := value.([]string); ok {
		return list
	}
	list, _ := value.([]any)
	out := make([]string, 0, len(list))
	for _, item := range list {
		if s, ok := item.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

func common(planned, now []string) []string {
	was := make(map[string]bool, len(planned))
	for _, member := range planned {
		was[member] = true
	}
	return slices.DeleteFunc(slices.Clone(now), func(member string) bool { return !was[member] })
}

// named is how many members of a set are told of one by one.
const named = 5

// tellFewer tells whoever carries out a plan which members of a planned set it is not carried out on, because they are not found any more.
func (pass *passage) tellFewer() {
	if pass.planned == nil || pass.planned.Intent == nil {
		return
	}
	gone := missing(pass.planned.Intent.Members, pass.predicted.Members)
	for _, arg := range pass.planned.Call.Identity {
		if now, _ := pass.desc.Arg(arg.Name); arg.Set {
			gone = append(gone, missing(members(arg.Value), members(now))...)
		}
	}
	if len(gone) == 0 {
		return
	}
	text := strings.Join(gone[:min(named, len(gone))], ", ")
	if more := len(gone) - named; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	pass.intent.Warnings = append(slices.Clone(pass.intent.Warnings), "planned, and left out, because it is gone, has changed, or is as wanted already: "+text)
}

// missing are the planned members that are not there now.
func missing(planned, now []string) []string {
	is := make(map[string]bool, len(now))
	for _, member := range now {
		is[member] = true
	}
	return slices.DeleteFunc(slices.Clone(planned), func(member string) bool { return is[member] })
}
