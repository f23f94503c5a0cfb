package s3

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"runbook/engine/action"
	"runbook/engine/files"
)

// longestName is how many bytes the name of a file may have, nearly everywhere.
const longestName = 255

// writable is an error for what cannot be written where it is to be: a key that can be no file below a folder, one that is a file where another
// one wants a folder, and one in whose way there is something else. A sync would else find out in its middle.
func (s *syncing) writable(j *job, there map[string]item) error {
	folders := map[string]string{} // by what is in them
	for _, c := range j.copies {
		if err := s.nameable(c.rel); err != nil {
			return err
		}
		for folder := path.Dir(c.rel); folder != "."; folder = path.Dir(folder) {
			folders[folder] = c.rel
		}
	}
	var links []string
	for _, c := range j.copies {
		if inside, both := folders[c.rel]; both {
			return s.inTheWay("%q would be a file, and for %q a folder", c.rel, inside).Try("leave one of them out: { exclude = %q }", c.rel)
		}
		switch other, is := j.others[c.rel]; {
		case is && other.Kind == files.Link:
			links = append(links, c.rel)
		case is:
			return s.inTheWay("%q is a %s there", c.rel, other.Kind).Try("look what it is, ls -ld %s; then move it away, or leave it out: { exclude = %q }", s.to.spelt(c.rel), c.rel)
		}
	}
	if err := s.enterable(j, there, folders); err != nil {
		return err
	}
	if n := len(links); n > 0 {
		verb := "are replaced by files"
		if n == 1 {
			verb = "is replaced by a file"
		}
		j.warnings = append(j.warnings, fmt.Sprintf("%s in %s %s: %s", counted(n, "symbolic link"), s.to, verb, few(links)))
	}
	return nil
}

// few are some of the names.
func few(names []string) string {
	spelt := make([]string, 0, named)
	for _, name := range names[:min(len(names), named)] {
		spelt = append(spelt, files.Spell(name))
	}
	text := strings.Join(spelt, ", ")
	if more := len(names) - named; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// nameable is an error for a key that can be no file below a folder.
func (s *syncing) nameable(rel string) error {
	if path.Clean("/"+rel) != "/"+rel || strings.ContainsRune(rel, 0) || rel == "." {
		return s.inTheWay("the key %q can be no file below a folder", rel).Try("leave it out: { exclude = %q }", rel)
	}
	for part := range strings.SplitSeq(rel, "/") {
		if len(part) > longestName {
			return s.inTheWay("the key %q can be no file: a part of it has %d bytes, and a file's name at most %d", rel, len(part), longestName).
				Try("leave it out: { exclude = %q }", rel)
		}
		if files.IsDraft(part) {
			return s.inTheWay("the key %q has the name of a file that is not whole yet", rel).Try("leave it out: { exclude = %q }", rel)
		}
	}
	return nil
}

// longestKey is how many bytes a key may have.
const longestKey = 1024

// storable is an error for a name that can be no key of an object.
func (s *syncing) storable(j *job) error {
	for _, c := range j.copies {
		switch key := s.to.at.key + c.rel; {
		case !utf8.ValidString(key):
			return s.inTheWay("the name %s is no text in UTF-8, and a key has to be", files.Spell(c.rel)).
				Try("give the file another name, or leave it out: { exclude = %q }", strings.ToValidUTF8(c.rel, "*"))
		case len(key) > longestKey:
			return s.inTheWay("the key %q would have %d bytes, and may have %d at most", key, len(key), longestKey).
				Try("give the file a shorter name, or leave it out: { exclude = %q }", c.rel)
		}
	}
	return nil
}

// enterable is an error for what is there where a folder has to be.
func (s *syncing) enterable(j *job, there map[string]item, folders map[string]string) error {
	for _, folder := range slices.Sorted(maps.Keys(folders)) {
		kind := j.others[folder].Kind
		if _, is := there[folder]; is {
			kind = files.File
		}
		if kind != "" && kind != files.Folder {
			return s.inTheWay("%q is a %s there, and has to be a folder for %q", folder, kind, folders[folder]).
				Try("look what it is, ls -ld %s; then move it away, or leave out what would be in it: { exclude = %q }", s.to.spelt(folder), folder+"/*")
		}
	}
	return nil
}

func (s *syncing) inTheWay(format string, args ...any) *action.Error {
	return action.Errorf(action.CodeRejected, "cannot sync %s to %s: %s", s.from, s.to, fmt.Sprintf(format, args...)).On(s.from.target())
}

// link is what is replaced where a link is in a file's place; nil where none is.
func (j *job) link(rel string) *item {
	if there, is := j.others[rel]; is && there.Kind == files.Link {
		return &item{rel: rel, entry: there}
	}
	return nil
}
