package remote

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"runbook/engine/files"
)

// findTests are what find is to leave out by itself, as findScript takes it, so that a large tree need not come over to be left out here. It is what
// find means the same by, or more than is wanted.
func findTests(only files.Filter) (out []string) {
	for _, pattern := range only.Without {
		if loose, exact := loosened(pattern); exact {
			out = append(out, "without:"+loose)
		}
	}
	if kind := letter(only); kind != "" {
		out = append(out, "type:"+kind)
	}
	if !only.Before.IsZero() {
		out = append(out, "before:"+second(only.Before, 1))
	}
	if !only.After.IsZero() {
		out = append(out, "after:"+second(only.After, -1))
	}
	if only.AtLeast > 0 {
		out = append(out, "size:+"+strconv.FormatInt(only.AtLeast-1, 10)+"c")
	}
	if only.AtMost > 0 && only.AtMost+1 > 0 {
		out = append(out, "size:-"+strconv.FormatInt(only.AtMost+1, 10)+"c")
	}
	for _, pattern := range only.Names {
		loose, _ := loosened(pattern)
		out = append(out, "name:"+loose)
	}
	return out
}

var letters = map[files.Kind]string{files.File: "f", files.Folder: "d", files.Link: "l"}

// letter is how find calls the one kind that is wanted, "" where it is not one that find can tell.
func letter(only files.Filter) string {
	if len(only.Kinds) != 1 {
		return ""
	}
	return letters[only.Kinds[0]]
}

// second is a time as find reads it, a bit later or earlier for what find rounds.
func second(t time.Time, by int64) string { return "@" + strconv.FormatInt(t.Unix()+by, 10) }

// loosened is a pattern of names as every find understands it, with a star for what they differ about: what one letter is that is no ASCII, and
// what is between brackets. Exact is whether it has none, and so fits the same names.
func loosened(pattern string) (loose string, exact bool) {
	var b strings.Builder
	exact = true
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '\\' && i+1 < len(pattern) && pattern[i+1] < utf8.RuneSelf:
			b.WriteString(pattern[i : i+2])
			i++
		case c == '[':
			b.WriteByte('*')
			i, exact = bracketsEnd(pattern, i), false
		case c == '?' || c == '\\' || c >= utf8.RuneSelf:
			b.WriteByte('*')
			exact = false
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), exact
}

// bracketsEnd is where the brackets end that begin at a place of a pattern, its end if they do not.
func bracketsEnd(pattern string, from int) int {
	for i := from + 1; i < len(pattern); i++ {
		switch pattern[i] {
		case '\\':
			i++
		case ']':
			return i
		}
	}
	return len(pattern)
}
