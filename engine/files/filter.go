package files

import (
	"path"
	"slices"
	"strings"

	"runbook/engine/action"
)

// Check refuses a filter with a pattern that is none. function is who was called with it.
func (f Filter) Check(function string) error {
	for _, pattern := range slices.Concat(f.Names, f.Without) {
		if _, err := path.Match(standard(pattern), ""); err != nil {
			return action.Errorf(action.CodeInvalid, "%s: %q is no pattern of names: %w", function, pattern, err).
				Try(`"*" stands for any letters, "?" for one, "[ab]" for one of these, "[!ab]" for any other; a backslash before one of them takes it literally`)
		}
		if strings.Contains(pattern, "/") { // it would fit nothing, and what was to be left out would not be
			return action.Errorf(action.CodeInvalid, "%s: %q has a slash in it, and a pattern is of the last part of a path alone", function, pattern).
				Try("for what is in one folder alone, name that as the root")
		}
	}
	return nil
}

// LeavesOut tells whether nothing of that name is wanted, nor anything in it.
func (f Filter) LeavesOut(name string) bool { return matches(f.Without, name) }

// Named tells whether an entry may be wanted as far as its name and kind tell.
func (f Filter) Named(name string, kind Kind) bool {
	return (f.Kinds == nil || slices.Contains(f.Kinds, kind)) && (f.Names == nil || matches(f.Names, name))
}

// Fits tells whether an entry is wanted as far as its size and time tell.
func (f Filter) Fits(e *Entry) bool {
	return (f.Before.IsZero() || e.Modified.Before(f.Before)) && (f.After.IsZero() || !e.Modified.Before(f.After)) &&
		e.Size >= f.AtLeast && (f.AtMost == 0 || e.Size <= f.AtMost)
}

// Reaches tells whether what is so many levels below the root is looked at.
func (f Filter) Reaches(depth int) bool { return f.Depth == 0 || depth <= f.Depth }

func matches(patterns []string, name string) bool {
	for _, pattern := range patterns {
		if ok, err := path.Match(standard(pattern), name); ok && err == nil { // Check has refused those that are none
			return true
		}
	}
	return false
}

// standard is a pattern as path.Match has it, which begins what none of some letters is with [^. Shells and find begin it with [!, which
// would be taken for the very opposite.
func standard(pattern string) string {
	if !strings.Contains(pattern, "[!") {
		return pattern
	}
	out := []byte(pattern)
	class := false // between brackets
	for i := 0; i < len(out); i++ {
		switch c := out[i]; {
		case c == '\\':
			i++
		case class:
			class = c != ']'
		case c == '[':
			class = true
			if i+1 < len(out) && out[i+1] == '!' {
				out[i+1] = '^'
			}
		}
	}
	return string(out)
}

// Wants tells whether an entry is wanted, by all that a walk goes by except for file systems.
func (f Filter) Wants(e *Entry) bool {
	parts := strings.Split(e.Path, "/")
	return f.Reaches(len(parts)) && !slices.ContainsFunc(parts, f.LeavesOut) && f.Named(parts[len(parts)-1], e.Kind) && f.Fits(e)
}

// Anywhere is the filter without what depends on where an entry is, and how it is called.
func (f Filter) Anywhere() Filter {
	f.Names, f.Without, f.Depth = nil, nil, 0
	return f
}
